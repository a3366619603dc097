from __future__ import annotations

import pytest

from auth.policy import declared_at
from auth.policy_file import read_policy
from auth.review.sight import Sight
from auth.review.situation import Situation, situations, terms_of, values_of, word_in
from auth.rows import Rows, Scope, Terms
from auth.view import view_for
from domain.field import Audience

DRAFTS = Terms((("status", ("DRAFT", "IN_REVIEW")),))
SIGNED_FRAMEWORKS = Terms((("status", ("EXECUTED",)), ("type", ("MSA",))))
EVERY_SCOPE = frozenset(Scope)


@pytest.mark.parametrize(
    ("rows", "scopes", "contract", "holds"),
    [
        (Rows(), {Scope.ORG}, {}, True),
        (Rows(Scope.OWN), {Scope.ORG, Scope.ACCOUNT_TEAM}, {}, False),
        (Rows(Scope.OWN), EVERY_SCOPE, {}, True),
        (Rows(when=frozenset({DRAFTS})), EVERY_SCOPE, {"status": "DRAFT"}, True),
        (Rows(when=frozenset({DRAFTS})), EVERY_SCOPE, {"status": "ACTIVE"}, False),
        (Rows(when=frozenset({DRAFTS})), EVERY_SCOPE, {"status": None}, False),
        (Rows(when=frozenset({DRAFTS})), EVERY_SCOPE, {}, False),
        (Rows(unless=frozenset({DRAFTS})), EVERY_SCOPE, {"status": "DRAFT"}, False),
        (Rows(unless=frozenset({DRAFTS})), EVERY_SCOPE, {}, True),
        (
            Rows(when=frozenset({SIGNED_FRAMEWORKS})),
            EVERY_SCOPE,
            {"status": "EXECUTED", "type": "NDA"},
            False,
        ),
        (Rows(when=frozenset({SIGNED_FRAMEWORKS})), EVERY_SCOPE, {"status": "EXECUTED", "type": "MSA"}, True),
    ],
)
def test_a_record_is_in_a_set_by_its_scopes_and_its_contract(
    rows: Rows, scopes: set[Scope], contract: dict[str, object], *, holds: bool
) -> None:
    assert rows.holds(scopes, contract) is holds


def test_values_that_no_term_tells_apart_are_one_kind_of_record() -> None:
    found = situations("Contract", frozenset({DRAFTS}))
    assert len(found) == 3 * 2
    assert {each.values["status"] in ("DRAFT", "IN_REVIEW") for each in found} == {True, False}
    assert len(situations("Contract", frozenset({DRAFTS, SIGNED_FRAMEWORKS}))) == 3 * 3 * 2


def test_what_salesforce_shares_is_told_apart_where_a_role_asks_for_it() -> None:
    found = situations("Contract", frozenset({DRAFTS}), shared=True)
    assert len(found) == 2 * 3 * 2
    assert {str(each).split(", status")[0] for each in found} == {
        "any other record of the org",
        "a record that Salesforce lets the caller read",
        "a record of an account that the caller works on",
        "a record of an account that the caller works on, and one that Salesforce lets them read",
        "a record of the caller's own",
        "a record of the caller's own, and one that Salesforce lets them read",
    }
    said = '[roles.%s]\nrows = "%s"\nEVERYONE = "show"\n' + SEEING
    shared, own = (
        read_policy((said % each).encode(), "p.toml") for each in (("a", "salesforce"), ("b", "own"))
    )
    assert len(Sight(shared, ["a"]).situations("Account.name")) == 6
    assert len(Sight(own, ["b"]).situations("Account.name")) == 3
    assert len(Sight(own, ["b"], shared).situations("Account.name")) == 6
    assert Sight(shared, ["a"]).words("Account.name") == {"show"}
    assert [str(each) for each in Sight(shared, ["a"]).there("Account.name")] == [
        "a record that Salesforce lets the caller read",
        "a record of an account that the caller works on, and one that Salesforce lets them read",
        "a record of the caller's own, and one that Salesforce lets them read",
    ]


def test_a_record_of_no_contract_has_no_terms_and_people_are_everybodys() -> None:
    terms = frozenset({DRAFTS})
    assert situations("Account", terms) == situations("Account", frozenset())
    assert [each.narrowest for each in situations("Account", terms)] == [
        Scope.ORG, Scope.ACCOUNT_TEAM, Scope.OWN,
    ]  # fmt: skip
    assert situations("User", terms) == (Situation(EVERY_SCOPE),)
    assert len(situations("Measurement", terms)) == 6


def test_absent_is_a_value_where_a_field_may_be_absent() -> None:
    assert None in values_of("riskLevel")
    assert None not in values_of("status")
    assert values_of("liabilityUncapped") == (True, False, None)


SEEING = "".join(f'{audience} = "show"\n' for audience in Audience if audience is not Audience.EVERYONE)


def test_nothing_is_seen_of_a_record_that_is_not_there() -> None:
    said = f'[roles.blind]\nrows = "org"\n{SEEING}[roles.seeing]\nrows = "own"\nEVERYONE = "show"\n'
    policy = read_policy(said.encode(), "p.toml")
    blind, own = Sight(policy, ["blind"]), situations("Contract", terms_of(policy))[-1]
    assert own.narrowest is Scope.OWN
    assert word_in(blind.cell("Contract.totalValue"), own) == "show"
    assert blind.word("Contract.totalValue", own) == "deny"
    assert blind.hidden("Contract.totalValue").reason.startswith("Contract.id is for EVERYONE; blind sees")
    assert Sight(policy, ["blind", "seeing"]).word("Contract.totalValue", own) == "show"


def test_a_reference_to_records_that_are_not_there_shows_nothing() -> None:
    said = f'[roles.seeing]\nrows = "own"\nEVERYONE = "show"\n{SEEING}'
    said += '[[forbid]]\nroles = ["seeing"]\nfields = ["Account.id"]\nwhy = "w"\n'
    policy = read_policy(said.encode(), "p.toml")
    sight, own = Sight(policy, ["seeing"]), situations("Contract", terms_of(policy))[-1]
    assert sight.word("Contract.title", own) == "show"
    assert sight.word("Contract.account", own) == "deny"
    assert sight.decision("Contract.account", own).rule == "forbid Account.id to seeing"
    assert view_for(policy, frozenset({"seeing"})).reach(declared_at("Contract.account")) == sight.hidden(
        "Contract.account"
    )
