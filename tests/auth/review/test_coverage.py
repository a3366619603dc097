from __future__ import annotations

from pathlib import Path

from auth.policy_file import load_policy, read_policy
from auth.review.coverage import Finding, cover
from domain.field import Audience

HARD = Path(__file__).parents[2] / "reference" / "hard.toml"
LEGAL = '[roles.legal]\nrows = "org"\n' + "".join(f'{audience} = "show"\n' for audience in Audience)
IDLE = "the rule never changes a decision:"
SALES = '[roles.sales]\nrows = "org"\nEVERYONE = "show"\n'
NEXT = (LEGAL + SALES).count("\n") + 1


def findings(said: str) -> list[str]:
    policy = read_policy(said.encode(), "p.toml")
    return [f"{each.line} {each.problem}" for each in cover(policy).findings if each.stops]


def notes(said: str) -> list[str]:
    policy = read_policy(said.encode(), "p.toml")
    noted = [each for each in cover(policy).findings if not each.stops]
    return [f"{each.line} {each.problem}; {each.suggestion}" for each in noted]


def test_the_shipped_policy_decides_about_everything_and_has_no_idle_line() -> None:
    coverage = cover(load_policy())
    assert coverage.findings == ()
    assert coverage.undecided == 0
    assert coverage.decisions == len(coverage.policy.roles) * len(coverage.policy.fields)
    assert all(sum(words.values()) == len(coverage.policy.fields) for words in coverage.words.values())


def test_a_policy_that_uses_all_that_can_be_said_has_none_either() -> None:
    assert cover(load_policy(HARD)).findings == ()


def test_an_exception_that_a_forbid_outweighs_is_found() -> None:
    said = LEGAL + SALES + exception("sales", "Contract.totalValue") + forbid("sales", "Contract.totalValue")
    # The forbid stays: without it the exception would show the field.
    assert findings(said) == [f"{NEXT} {IDLE} exception sales Contract.totalValue = show"]


def test_an_exception_that_another_covers_is_found() -> None:
    wide = exception("sales", "Contract.totalValue")
    narrow = exception("sales", "Contract.totalValue", when='when = { status = "ACTIVE" }\n')
    assert findings(LEGAL + SALES + wide + narrow) == [
        f"{NEXT + 5} {IDLE} exception sales Contract.totalValue = show where status is ACTIVE"
    ]


def test_an_exception_that_stands_before_an_inherited_one_does_something() -> None:
    heir = '[roles.trainee]\ninherits = "sales"\nrows = "org"\n'
    own = exception("trainee", "Contract.arr", word="mask")
    assert findings(LEGAL + SALES + heir + exception("sales", "Contract.arr") + own) == []


def test_a_forbid_behind_another_is_found() -> None:
    everywhere = forbid("sales", "Contract.title")
    sometimes = forbid("sales", "Contract.title", when='when = { status = "DRAFT" }\n')
    assert findings(LEGAL + SALES + everywhere + sometimes) == [
        f"{NEXT + 4} {IDLE} forbid Contract.title to sales where status is DRAFT"
    ]


def test_a_forbid_that_only_bites_beside_a_second_role_does_something() -> None:
    narrow = '[roles.drafts]\nrows = "org"\nwhen = { status = "DRAFT" }\nEVERYONE = "show"\n'
    elsewhere = forbid("drafts", "Contract.title", when='when = { status = "ACTIVE" }\n')
    assert findings(LEGAL + narrow + elsewhere) == []


def test_a_word_whose_every_field_is_forbidden_is_found() -> None:
    said = LEGAL + SALES + 'RISK = "show"\n[[forbid]]\naudiences = ["RISK"]\nroles = ["sales"]\nwhy = "w"\n'
    assert findings(said) == [f"{NEXT} the word is overridden everywhere: sales.RISK = show"]


def test_an_audience_forbidden_to_everybody_is_found() -> None:
    said = LEGAL + '[[forbid]]\naudiences = ["RISK"]\nwhy = "w"\n'
    assert "1 nobody may see the audience RISK" in findings(said)


def test_a_field_that_nobody_sees_and_a_role_that_sees_nothing_are_noted() -> None:
    idle = '[roles.idle]\nrows = "org"\nLEGAL = "deny"\n'
    said = LEGAL + idle + '[[forbid]]\nfields = ["Contract.arr"]\nwhy = "w"\n'
    assert cover(read_policy(said.encode(), "p.toml")).findings == (
        Finding(1, "nobody may see Contract.arr", "show it, if it was forgotten", stops=False),
        Finding(LEGAL.count("\n") + 1, "role idle sees nothing", "remove it, or show it some", stops=False),
    )


def test_a_hidden_field_of_which_shown_ones_tell_is_noted() -> None:
    said = LEGAL + SALES + 'SCHEDULE = "show"\n' + forbid("sales", "Contract.expirationDate")
    [note] = notes(said)
    assert note == (
        f"{NEXT + 1} sales sees Contract.renewalDate, Contract.noticeDeadline, Contract.inNoticeWindow,"
        " Contract.daysToExpiration, computed from Contract.expirationDate, which is not shown there;"
        " hide what tells of Contract.expirationDate too, or show it"
    )


def test_a_masked_field_of_which_a_shown_one_tells_is_noted_and_so_is_one_that_no_line_shows() -> None:
    masked = exception("sales", "Milestone.targetDate", word="mask", when='when = { status = "DRAFT" }\n')
    said = LEGAL + SALES + 'SCHEDULE = "show"\n' + masked + exception("sales", "Contract.amendmentCount")
    assert [each.partition(" ")[2].partition(", which")[0] for each in notes(said)] == [
        "sales sees Contract.amendmentCount, computed from Contract.amendments",
        "sales sees Milestone.varianceDays, computed from Milestone.targetDate",
    ]


def test_a_field_that_is_hidden_where_what_is_computed_from_it_is_hidden_is_not_noted() -> None:
    shown = 'SCHEDULE = "show"\nCOMMERCIAL = "show"\n'
    named = 'Contract.assignedArr", "Contract.arr", "Contract.mrr'
    assert notes(LEGAL + SALES + shown + forbid("sales", named)) == []
    assert notes(LEGAL + SALES + 'COMMERCIAL = "mask"\n') == []
    drafts = 'when = { status = "DRAFT" }\n'
    fields = ("Milestone.varianceDays", "Milestone.targetDate", "Milestone.actualDate")
    seen = [exception("sales", field, when=drafts) for field in fields]
    assert notes(LEGAL + SALES + "".join(seen)) == []
    assert len(notes(LEGAL + SALES + "".join(seen[:2]))) == 1


def exception(role: str, field: str, word: str = "show", when: str = "") -> str:
    return f'[[exceptions]]\nrole = "{role}"\nfield = "{field}"\nword = "{word}"\n{when}why = "w"\n'


def forbid(role: str, field: str, when: str = "") -> str:
    return f'[[forbid]]\nfields = ["{field}"]\nroles = ["{role}"]\n{when}why = "w"\n'
