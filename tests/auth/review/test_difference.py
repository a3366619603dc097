from __future__ import annotations

from auth.policy_file import read_policy
from auth.review.difference import Difference, difference
from tests.auth.review.test_coverage import LEGAL, NEXT, SALES, exception, forbid


def between(before: str, after: str) -> Difference:
    return difference(read_policy(before.encode(), "a.toml"), read_policy(after.encode(), "b.toml"))


def told(found: Difference) -> dict[str, tuple[int, int]]:
    return {role.name: (role.gains, role.loses) for role in found.roles}


def test_another_wording_of_the_same_is_no_difference() -> None:
    same = LEGAL + "# as before\n" + SALES + 'RISK = "deny"\n'
    assert not between(LEGAL + SALES, same)


def test_a_word_more_is_a_gain_and_back_a_loss() -> None:
    more = LEGAL + SALES + 'RISK = "show"\n'
    (role,) = between(LEGAL + SALES, more).roles
    assert role.name == "sales"
    assert role.gains == len(role.changes) > 5
    assert role.loses == 0
    assert {change.audience for change in role.changes} == {"RISK"}
    (change, *_) = role.changes
    assert [(part.word, part.rule, part.line) for part in change.before] == [("deny", "default", 0)]
    assert [(part.word, part.rule, part.line) for part in change.after] == [
        ("show", "sales.RISK = show", NEXT)
    ]
    assert told(between(more, LEGAL + SALES)) == {"sales": (0, role.gains)}


def test_other_rows_may_be_a_gain_and_a_loss_at_once() -> None:
    own = SALES.replace('"org"', '"own"')
    drafts = SALES + 'when = { status = ["DRAFT"] }\n'
    (role,) = between(LEGAL + own, LEGAL + drafts).roles
    assert role.rows_differ
    both = {change.coordinate for change in role.changes if change.gains and change.loses}
    assert "Contract.title" in both
    assert "Account.name" not in both


def test_a_role_that_comes_or_goes_is_a_difference() -> None:
    (new,) = between(LEGAL, LEGAL + SALES).roles
    assert new.is_new
    assert new.gains > 0
    (gone,) = between(LEGAL + SALES, LEGAL).roles
    assert gone.is_gone
    assert gone.loses == new.gains


def test_commands_and_claims_count_too() -> None:
    more = LEGAL + SALES + 'commands = ["grantRole"]\nclaims = ["RISK", "LEGAL"]\n'
    (role,) = between(LEGAL + SALES, more).roles
    assert role.changes == ()
    assert [rule.text for rule in role.allowed] == [
        "sales.commands has grantRole", "sales.claims has RISK", "sales.claims has LEGAL",
    ]  # fmt: skip
    (back,) = between(more, LEGAL + SALES).roles
    assert len(back.refused) == 3


def test_an_exception_changes_one_field() -> None:
    (role,) = between(LEGAL + SALES, LEGAL + SALES + exception("sales", "Contract.arr")).roles
    assert [change.coordinate for change in role.changes] == ["Contract.arr"]


def test_what_a_forbid_takes_only_from_whoever_has_a_second_role_is_found() -> None:
    drafts = '[roles.drafts]\nrows = "org"\nwhen = { status = "DRAFT" }\nEVERYONE = "show"\n'
    elsewhere = forbid("drafts", "Contract.title", when='when = { status = "ACTIVE" }\n')
    assert told(between(LEGAL + drafts, LEGAL + drafts + elsewhere)) == {"legal + drafts": (0, 1)}
