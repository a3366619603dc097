from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from auth.decision import Deny, Mask, Show
from auth.policy import Allow, Command, Policy, PolicyError, decide, decide_claim, decide_command
from auth.policy_file import SHIPPED, check_coverage, load_policy
from auth.view import view_for
from domain.field import ENTITIES, Audience, DeclaredField, fields_of
from domain.mask import mask_of

# Written from the needs of each role, not from policy.toml: columns in the order of AUDIENCES.
# x is shown, m is masked.
AUDIENCES = [
    "EVERYONE", "SCHEDULE", "COMMERCIAL", "LEGAL", "RISK", "EVIDENCE", "DELIVERY", "PERSONAL", "OVERSIGHT",
    "ACCESS",
]  # fmt: skip
EXPECTED = {
    "sales_rep":         "x x x - - x - m - -",
    "sales_manager":     "x x x - x x x m - -",
    "legal":             "x x x x x x x - x -",
    "finance":           "x x x - - x x - - -",
    "customer_success":  "x x m - x x x x - -",
    "integrator":        "x x x x - x x - x -",
    "security_reviewer": "x - - - - x - - x x",
    "admin":             "x - - - - - - - x x",
}  # fmt: skip
EXAMPLE = {
    "EVERYONE": "Contract.title",
    "SCHEDULE": "Contract.expirationDate",
    "COMMERCIAL": "Contract.totalValue",
    "LEGAL": "Contract.governingLaw",
    "RISK": "Contract.riskScore",
    "EVIDENCE": "Document.sha256",
    "DELIVERY": "Obligation.deliverable",
    "PERSONAL": "Contact.email",
    "OVERSIGHT": "FieldChange.reason",
    "ACCESS": "RoleGrant.holderId",
}
KINDS = {"x": Show, "m": Mask, "-": Deny}
INHERITED = {"sales_manager": "sales_rep"}
EXCEPTIONS = {("finance", "Contract.liabilityCap"): "x"}
CELLS = [
    (role, audience, mark)
    for role, marks in EXPECTED.items()
    for audience, mark in zip(AUDIENCES, marks.split(), strict=True)
]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.mark.parametrize(("role", "audience", "mark"), CELLS)
def test_each_role_sees_its_audiences_and_no_other(
    policy: Policy,
    role: str,
    audience: str,
    mark: str,
) -> None:
    decision = decide(policy, [role], EXAMPLE[audience])
    said = [f"{holder}.{audience} = " for holder in (role, INHERITED.get(role, role))]
    assert isinstance(decision, KINDS[mark])
    word = {"x": "show", "m": "mask", "-": "deny"}[mark]
    assert decision.rule in {*(line + word for line in said), *(["default"] if mark == "-" else [])}
    if not isinstance(decision, Show):
        assert decision.reason.startswith(f"{EXAMPLE[audience]} is for {audience}; {role} sees EVERYONE")


def test_the_table_speaks_of_every_role_and_audience(policy: Policy) -> None:
    assert set(policy.roles) == set(EXPECTED)
    assert list(Audience) == AUDIENCES
    assert {a: policy.fields[c] for a, c in EXAMPLE.items()} == {a: Audience(a) for a in AUDIENCES}


@pytest.mark.parametrize("role", EXPECTED)
def test_every_field_follows_its_audience_ids_too(policy: Policy, role: str) -> None:
    seen = dict(zip(AUDIENCES, EXPECTED[role].split(), strict=True))
    declared = [f for entity in ENTITIES.values() for f in fields_of(entity)]
    assert any(f.coordinate == "Contract.id" for f in declared)
    wrong = [
        f.coordinate
        for f in declared
        if not isinstance(decide(policy, {role}, f.coordinate), expected(role, f, seen[f.field.audience]))
    ]
    assert wrong == []


def expected(role: str, field: DeclaredField, mark: str) -> type:
    """Say how a role sees a field: what has no mask is denied where its audience is masked."""
    mark = EXCEPTIONS.get((role, field.coordinate), mark)
    return Deny if mark == "m" and mask_of(field) is None else KINDS[mark]


def test_a_denial_says_whom_the_field_is_for_and_what_the_role_sees(policy: Policy) -> None:
    sees = "sales_rep sees EVERYONE, SCHEDULE, COMMERCIAL, EVIDENCE, PERSONAL masked"
    assert decide(policy, ["sales_rep"], "Contract.liabilityCap") == Deny(
        "sales_rep.LEGAL = deny", f"Contract.liabilityCap is for LEGAL; {sees}"
    )
    assert decide(policy, ["sales_rep"], "Obligation.deliverable") == Deny(
        "default", f"Obligation.deliverable is for DELIVERY; {sees}"
    )


@pytest.mark.parametrize("second", EXPECTED)
@pytest.mark.parametrize("first", EXPECTED)
def test_two_roles_see_what_either_shows(policy: Policy, first: str, second: str) -> None:
    marks = zip(EXPECTED[first].split(), EXPECTED[second].split(), strict=True)
    either = {audience for audience, pair in zip(AUDIENCES, marks, strict=True) if "x" in pair}
    assert {a for a, c in EXAMPLE.items() if isinstance(decide(policy, [first, second], c), Show)} == either


def test_a_denial_to_two_roles_speaks_of_both(policy: Policy) -> None:
    decision = decide(policy, ["sales_rep", "admin"], "Contract.riskScore")
    assert isinstance(decision, Deny)
    assert decision.rule == "sales_rep.RISK = deny"
    assert "admin sees EVERYONE, OVERSIGHT, ACCESS; sales_rep sees EVERYONE" in decision.reason


def test_the_order_of_roles_changes_nothing(policy: Policy) -> None:
    for coordinate in EXAMPLE.values():
        one = decide(policy, ["legal", "admin"], coordinate)
        assert one == decide(policy, ["admin", "legal"], coordinate)


def test_a_caller_without_a_role_sees_nothing(policy: Policy) -> None:
    assert decide(policy, [], "Contract.id") == Deny(
        "default", "Contract.id is for EVERYONE; the caller has no role"
    )
    assert not any(isinstance(decide(policy, [], c), Show) for c in policy.fields)


def test_an_unknown_role_alone_sees_nothing(policy: Policy) -> None:
    assert decide(policy, ["owner"], "Contract.id") == Deny(
        "default", "Contract.id is for EVERYONE; the policy knows no role owner"
    )


@pytest.mark.parametrize("unknown", ["owner", "LEGAL", "legal ", "", "rows", "sales_rep.EVERYONE", "default"])
def test_an_unknown_role_adds_nothing_to_a_known_one(policy: Policy, unknown: str) -> None:
    for coordinate in policy.fields:
        assert decide(policy, ["finance", unknown], coordinate) == decide(policy, ["finance"], coordinate)
        assert isinstance(decide(policy, [unknown], coordinate), Deny)


@pytest.mark.parametrize(
    "coordinate",
    ["", "Contract", "Contract.", ".id", "contract.title", "Contract.total_value", "id", "Contract.x"],
)
def test_an_unknown_field_is_denied_to_every_role(policy: Policy, coordinate: str) -> None:
    decision = decide(policy, EXPECTED, coordinate)
    assert decision == Deny("default", f"{coordinate} is no field of the contract graph")


@pytest.mark.parametrize("roles", [None, 5, [["legal"]], [None, "legal"]])
def test_an_error_while_deciding_denies(policy: Policy, roles: object) -> None:
    decision = decide(policy, roles, "Contract.title")  # type: ignore[arg-type]
    assert decision == Deny("error", "the field could not be decided about: TypeError")


def test_an_error_about_the_field_denies_too(policy: Policy) -> None:
    assert isinstance(decide(policy, ["legal"], ["Contract.title"]), Deny)  # type: ignore[arg-type]


def test_a_policy_and_its_decisions_cannot_be_changed(policy: Policy) -> None:
    with pytest.raises(TypeError):
        policy.roles["mine"] = policy.roles["legal"]  # type: ignore[index]
    with pytest.raises(TypeError):
        policy.roles["admin"].words[Audience.LEGAL] = "show"  # type: ignore[index]
    with pytest.raises(AttributeError):
        decide(policy, ["legal"], "Contract.title").rule = "mine"  # type: ignore[misc]


def test_the_digest_names_the_bytes_of_the_file(policy: Policy, tmp_path: Path) -> None:
    assert policy.digest == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    other = tmp_path / "policy.toml"
    other.write_bytes(SHIPPED.read_bytes() + b"\n")
    assert load_policy(other).digest != policy.digest


def test_the_shipped_policy_covers_every_field(policy: Policy) -> None:
    check_coverage(policy)
    assert set(policy.fields) == {f.coordinate for entity in ENTITIES.values() for f in fields_of(entity)}


def test_coverage_refuses_an_audience_that_no_role_mentions(policy: Policy) -> None:
    silent = {
        name: replace(role, words=MappingProxyType({a: w for a, w in role.words.items() if a != "PERSONAL"}))
        for name, role in policy.roles.items()
    }
    with pytest.raises(PolicyError, match=r'is for PERSONAL, which no role mentions; add PERSONAL = "show"'):
        check_coverage(replace(policy, roles=silent))


def test_coverage_refuses_a_field_declared_after_the_policy_was_read(policy: Policy) -> None:
    earlier = {c: a for c, a in policy.fields.items() if c != "Contract.title"}
    with pytest.raises(PolicyError, match=r"Contract\.title was declared after the policy was read"):
        check_coverage(replace(policy, fields=earlier))
    with pytest.raises(PolicyError, match=r"Contract\.title was declared after"):
        check_coverage(replace(policy, fields={**policy.fields, "Contract.title": Audience.LEGAL}))


SPEAKERS = {"sales_rep": "sales_rep", "sales_manager": "sales_rep", "customer_success": "customer_success"}
LINES = {
    Command.CLAIM_CONTRACTS: {"integrator": "integrator"},
    Command.GRANT_ROLE: {"admin": "admin"},
    Command.REVOKE_ROLE: {"admin": "admin"},
    Command.REPLAY_HELD: {"admin": "admin"},
    Command.DISCARD_HELD: {"admin": "admin"},
    Command.ACKNOWLEDGE_RENEWAL: SPEAKERS,
    Command.FLAG_VALUE: SPEAKERS | {"legal": "legal", "finance": "finance"},
    Command.REQUEST_ACCESS: SPEAKERS | {"legal": "legal", "finance": "finance"},
    Command.SETTLE_CONFLICT: {"legal": "legal"},
    Command.SETTLE_DRIFT: {"legal": "legal"},
    Command.SETTLE_FLAG: {"legal": "legal", "finance": "finance"},
    Command.SETTLE_ACCESS_REQUEST: {"admin": "admin"},
}
"""Which roles have each command, and the role in whose line it stands."""


@pytest.mark.parametrize("command", Command)
def test_a_command_is_for_those_whose_line_has_it_and_nobody_else(policy: Policy, command: Command) -> None:
    able = " or ".join(role for role in policy.roles if role in LINES[command])
    for role in policy.roles:
        decision = decide_command(policy, [role], command)
        if role in LINES[command]:
            assert decision == Allow(f"{LINES[command][role]}.commands has {command}")
        else:
            assert decision == Deny("default", f"{command} is for {able}; the caller is {role}")
        assert isinstance(decide_command(policy, [role, *LINES[command]], command), Allow)
    assert decide_command(policy, [], command) == Deny(
        "default", f"{command} is for {able}; the caller has no role"
    )


@pytest.mark.parametrize("command", ["", "grantrole", "grant_role", "GRANT_ROLE", "dropEverything"])
def test_a_command_that_is_not_named_is_for_nobody(policy: Policy, command: str) -> None:
    assert decide_command(policy, ["admin"], command) == Deny(
        "default", f"{command} is for nobody; the caller is admin"
    )


def test_only_the_integrator_claims_values_and_of_its_audiences_alone(policy: Policy) -> None:
    claimed = {"EVERYONE", "SCHEDULE", "COMMERCIAL", "LEGAL", "EVIDENCE", "DELIVERY"}
    for audience, coordinate in EXAMPLE.items():
        assert isinstance(decide_claim(policy, ["integrator"], coordinate), Allow) is (audience in claimed)
        others = set(policy.roles) - {"integrator"}
        assert isinstance(decide_claim(policy, others, coordinate), Deny)
    assert isinstance(decide_claim(policy, ["integrator"], "Contract.nothing"), Deny)


VECTOR = """
import hashlib
from auth.policy_file import load_policy
from auth.view import view_for
policy = load_policy()
views = [view_for(policy, frozenset({role})) for role in sorted(policy.roles)]
vector = [sorted(view.cells.items()) for view in views]
both = view_for(policy, frozenset(policy.roles)).cells
print(policy.digest, hashlib.sha256(repr((vector, list(both.items()))).encode()).hexdigest())
"""


def vector() -> str:
    policy = load_policy()
    single = [sorted(view_for(policy, frozenset({role})).cells.items()) for role in sorted(policy.roles)]
    both = view_for(policy, frozenset(policy.roles)).cells
    return f"{policy.digest} {hashlib.sha256(repr((single, list(both.items()))).encode()).hexdigest()}"


def test_a_hundred_cold_loads_give_one_digest_and_one_decision_vector() -> None:
    told = {vector() for _ in range(96)}
    for seed in ("0", "1", "2", "12345"):
        ran = subprocess.run(
            [sys.executable, "-c", VECTOR],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=SHIPPED.parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        told.add(ran.stdout.strip())
    assert len(told) == 1


@pytest.mark.parametrize("module", ["auth.policy", "auth.view"])
def test_policy_and_view_import_only_the_domain(module: str) -> None:
    script = (
        f"import sys; import {module}; print(*sorted({{m.split('.')[0] for m in sys.modules}}"
        " - sys.stdlib_module_names - {'__main__'}))"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", script],
        cwd=SHIPPED.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["auth", "domain"]
