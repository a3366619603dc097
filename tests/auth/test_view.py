from __future__ import annotations

from pathlib import Path

import pytest

from auth.decision import Deny, Show
from auth.policy import Allow, Policy, decide, decide_claim
from auth.policy_file import SHIPPED, load_policy
from auth.view import Views, view_for
from domain.field import field_named


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


def test_a_view_holds_the_decision_about_every_declared_field(policy: Policy) -> None:
    view = view_for(policy, frozenset({"finance", "legal"}))
    assert view.decisions == {c: decide(policy, ["finance", "legal"], c) for c in policy.fields}
    for coordinate, decision in view.decisions.items():
        assert view.decision(coordinate) is decision
        assert view.shows(coordinate) == isinstance(decision, Show)


def test_a_view_shows_and_denies_as_the_policy_says(policy: Policy) -> None:
    view = view_for(policy, frozenset({"sales_rep"}))
    assert view.shows("Contract.totalValue")
    assert view.decision("Contract.totalValue") == Show("sales_rep.COMMERCIAL = show")
    assert not view.shows("Contract.liabilityCap")
    assert isinstance(view.decision("Contract.liabilityCap"), Deny)


@pytest.mark.parametrize("coordinate", ["", "Contract.nothing", "Contract.total_value", "__typename"])
def test_a_field_that_was_never_declared_is_denied(policy: Policy, coordinate: str) -> None:
    view = view_for(policy, frozenset(policy.roles))
    assert not view.shows(coordinate)
    assert view.decision(coordinate) == Deny("default", f"{coordinate} is no field of the contract graph")


@pytest.mark.parametrize("roles", [frozenset[str](), frozenset({"owner"})])
def test_the_view_of_no_known_role_shows_nothing(policy: Policy, roles: frozenset[str]) -> None:
    view = view_for(policy, roles)
    assert view.decisions.keys() == policy.fields.keys()
    assert not any(view.shows(coordinate) for coordinate in view.decisions)


def test_views_of_the_same_policy_and_roles_are_one_key(policy: Policy) -> None:
    one = view_for(policy, frozenset({"legal", "admin"}))
    same = view_for(load_policy(), frozenset({"admin", "legal"}))
    assert one is not same
    assert one == same
    assert {one: "plan"}[same] == "plan"


def test_views_of_other_roles_are_other_keys(policy: Policy) -> None:
    views = {view_for(policy, frozenset(roles)) for roles in ([], ["legal"], ["admin"], ["admin", "legal"])}
    assert len(views) == 4
    assert view_for(policy, frozenset()) != "view"


def test_views_of_another_policy_are_other_keys(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(SHIPPED.read_bytes() + b"# changed\n")
    roles = frozenset({"legal"})
    assert view_for(policy, roles) != view_for(load_policy(path), roles)


def test_who_may_claim_a_field_and_sees_it_everywhere_may_claim_it(policy: Policy) -> None:
    view = view_for(policy, frozenset({"integrator"}))
    assert view.claim(field_named("Contract", "total_value")) == Allow("integrator.claims has COMMERCIAL")


@pytest.mark.parametrize("name", ["risk_score", "arr", "version"])
def test_whom_the_policy_lets_claim_nothing_of_an_audience_claims_none_of_its_fields(
    policy: Policy, name: str
) -> None:
    field = field_named("Contract", name)
    may = isinstance(decide_claim(policy, ["integrator"], field.coordinate), Allow)
    assert isinstance(view_for(policy, frozenset({"integrator"})).claim(field), Allow) is may
    assert isinstance(view_for(policy, frozenset({"legal"})).claim(field), Deny)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('COMMERCIAL = "show"', 'COMMERCIAL = "deny"'),
        ('COMMERCIAL = "show"', 'COMMERCIAL = "mask"'),
        ('rows = "org"', 'rows = "account_team"'),
        ('rows = "org"', 'rows = "org"\nwhen = { status = ["ACTIVE"] }'),
    ],
)
def test_what_became_of_a_claim_tells_so_who_does_not_see_a_field_everywhere_claims_none_of_it(
    tmp_path: Path, before: str, after: str
) -> None:
    start, header, rest = SHIPPED.read_text(encoding="utf-8").partition("[roles.integrator]")
    own, following, others = rest.partition("[roles.security_reviewer]")
    path = tmp_path / "policy.toml"
    text = start + header + own.replace(before, after) + following + others
    path.write_text(text, encoding="utf-8")
    view = view_for(load_policy(path), frozenset({"integrator"}))
    assert isinstance(view.claim(field_named("Contract", "total_value")), Deny)


def test_a_view_cannot_be_changed(policy: Policy) -> None:
    view = view_for(policy, frozenset({"admin"}))
    with pytest.raises(TypeError):
        view.cells["Contract.liabilityCap"] = view.cell("Contract.id")  # type: ignore[index]
    with pytest.raises(AttributeError):
        view.roles = ("legal",)  # type: ignore[misc]


def test_views_are_made_once_and_the_least_used_is_dropped(policy: Policy) -> None:
    views = Views(policy, capacity=2)
    legal, admin = views.of(frozenset({"legal"})), views.of(frozenset({"admin"}))
    assert views.of(frozenset({"legal"})) is legal
    views.of(frozenset({"finance"}))
    assert views.of(frozenset({"legal"})) is legal
    assert views.of(frozenset({"admin"})) is not admin
    assert views.of(frozenset({"admin"})) == admin
