"""Exceptions, forbids, terms and inheritance: read strictly, and what they come to."""

from __future__ import annotations

import pytest

from auth.decision import Deny, Mask, Show
from auth.policy import Policy, PolicyError, cell_of, decide
from auth.policy_file import read_policy
from auth.rows import Rows, Scope
from domain.field import Audience

EVERYTHING = "\n".join(f'{audience} = "show"' for audience in Audience)
SOUND = f"""\
[roles.legal]
rows = "org"
{EVERYTHING}
[roles.rep]
rows = "own"
EVERYONE = "show"
COMMERCIAL = "show"
[roles.lead]
rows = "account_team"
inherits = "rep"
LEGAL = "mask"

[[exceptions]]
role = "rep"
field = "Contract.governingLaw"
word = "show"
why = "It is in every offer."

[[exceptions]]
role = "rep"
field = "Contract.paymentTerms"
word = "mask"
when = {{ status = ["DRAFT", "IN_REVIEW"] }}
why = "Not agreed yet."

[[forbid]]
fields = ["Contract.liabilityCap"]
roles = ["rep"]
why = "Negotiated by others."
"""


def policy(text: str = SOUND) -> Policy:
    return read_policy(text.encode(), "policy.toml")


def changed(old: str, new: str) -> str:
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new)


MISTAKES = {
    "role of an exception": (
        'role = "rep"\nfield = "Contract.governingLaw"',
        'role = "rp"\nfield = "Contract.governingLaw"',
        "exceptions.0 says role = 'rp'",
        "did you mean rep?",
    ),
    "field of an exception": (
        '"Contract.governingLaw"',
        '"Contract.governingLw"',
        "Contract.governingLw",
        "did you mean Contract.governingLaw?",
    ),
    "word of an exception": (
        'word = "show"',
        'word = "shw"',
        "exceptions says word = 'shw'",
        "did you mean show?",
    ),
    "exception without a why": ('why = "It is in every offer."\n', "", "lacks why", "add why"),
    "empty why": ('why = "It is in every offer."', 'why = " "', "why is no line of text", "say why"),
    "key of an exception": (
        'why = "Not agreed yet."',
        'wy = "x"\nwhy = "y"',
        "unknown key wy",
        "did you mean why?",
    ),
    "exception that changes nothing": (
        'field = "Contract.governingLaw"\nword = "show"',
        'field = "Contract.governingLaw"\nword = "deny"',
        "never applies",
        "remove it",
    ),
    "exception twice": (
        "[[forbid]]",
        '[[exceptions]]\nrole = "rep"\nfield = "Contract.governingLaw"\nword = "mask"\nwhy = "x"\n[[forbid]]',
        "two exceptions of rep",
        "remove one",
    ),
    "mask of what has none": (
        'field = "Contract.governingLaw"\nword = "show"',
        'field = "Contract.liabilityUncapped"\nword = "mask"',
        "has no mask",
        "show it or deny it",
    ),
    "term of another field": (
        'status = ["DRAFT", "IN_REVIEW"]',
        'title = ["x"]',
        "when asks for title",
        "known are type",
    ),
    "term of no value": (
        'status = ["DRAFT", "IN_REVIEW"]',
        "status = []",
        "gives status no value",
        "name one",
    ),
    "term of an unknown value": (
        '"IN_REVIEW"]',
        '"IN_REVEW"]',
        "status = 'IN_REVEW'",
        "did you mean IN_REVIEW?",
    ),
    "term of every value": (
        'status = ["DRAFT", "IN_REVIEW"]',
        'side = ["CUSTOMER", "VENDOR"]',
        "names every value",
        "leave it out",
    ),
    "terms of no contract": (
        'field = "Contract.paymentTerms"',
        'field = "Account.duns"',
        "belongs to no contract",
        "leave",
    ),
    "empty terms": (
        'when = { status = ["DRAFT", "IN_REVIEW"] }',
        "when = {}",
        "when is no table",
        "write when",
    ),
    "forbid of nothing": (
        'fields = ["Contract.liabilityCap"]\n',
        "",
        "either fields or audiences",
        "say one of the two",
    ),
    "forbid of both": (
        'roles = ["rep"]\nwhy',
        'audiences = ["LEGAL"]\nroles = ["rep"]\nwhy',
        "either fields or audiences",
        "say one",
    ),
    "forbid to a role that is not there": (
        'roles = ["rep"]\nwhy',
        'roles = ["reps"]\nwhy',
        "roles = 'reps'",
        "did you mean rep?",
    ),
    "forbid to nobody": (
        'roles = ["rep"]\nwhy',
        "roles = []\nwhy",
        "roles is no list of names",
        "write roles",
    ),
    "forbid twice of a field": (
        '["Contract.liabilityCap"]',
        '["Contract.liabilityCap", "Contract.liabilityCap"]',
        "names one of them twice",
        "say it once",
    ),
    "ids forbidden to everybody": (
        'fields = ["Contract.liabilityCap"]\nroles = ["rep"]',
        'fields = ["Contract.id"]',
        "forbidden to everybody",
        "name the roles",
    ),
    "heir of nobody": ('inherits = "rep"', 'inherits = "reps"', "inherits = 'reps'", "did you mean rep?"),
    "heir of itself": ('inherits = "rep"', 'inherits = "lead"', "lead inherits lead", "leave one"),
    "heirs in a circle": (
        'rows = "own"',
        'rows = "own"\ninherits = "lead"',
        "rep inherits lead inherits rep",
        "leave one",
    ),
    "heir without rows": ('rows = "account_team"\n', "", "does not say which rows", "never inherited"),
    "mask of everyone": (
        'rows = "own"\nEVERYONE = "show"',
        'rows = "own"\nEVERYONE = "mask"',
        "masks EVERYONE",
        "show it or deny it",
    ),
    "unknown command": (
        'LEGAL = "mask"',
        'LEGAL = "mask"\ncommands = ["grantrole"]',
        "commands = 'grantrole'",
        "did you mean grantRole?",
    ),
    "unknown claim": (
        'LEGAL = "mask"',
        'LEGAL = "mask"\nclaims = ["LEGL"]',
        "claims = 'LEGL'",
        "did you mean LEGAL?",
    ),
    "exceptions as a table": (
        "[[forbid]]",
        "[forbid]",
        "forbid is no list of tables",
        "begin each with [[forbid]]",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_line_and_a_suggestion(name: str) -> None:
    old, new, problem, suggestion = MISTAKES[name]
    with pytest.raises(PolicyError) as refused:
        policy(changed(old, new))
    said, _, suggested = str(refused.value).partition("; ")
    assert problem in said
    assert suggestion in suggested
    assert said.startswith(f"policy.toml:{refused.value.line}: ")
    assert refused.value.line > 1


def test_an_exception_outweighs_its_audience_and_is_inherited() -> None:
    read = policy()
    assert isinstance(decide(read, ["rep"], "Contract.governingLaw"), Show)
    assert isinstance(decide(read, ["rep"], "Contract.terminationForCause"), Deny)
    # The heir says a word about LEGAL itself, which replaces what it inherits about it, exceptions included.
    assert isinstance(decide(read, ["lead"], "Contract.governingLaw"), Mask)


def test_a_word_is_inherited_with_the_rows_of_the_heir() -> None:
    cell = cell_of(policy(), ["lead"], "Contract.totalValue")
    assert cell.show == Show("rep.COMMERCIAL = show")
    assert cell.shown == (Rows(Scope.ACCOUNT_TEAM),)


def test_an_exception_with_terms_tells_between_records() -> None:
    cell = cell_of(policy(), ["rep"], "Contract.paymentTerms")
    [shown], [masked] = cell.shown, cell.masked
    assert (str(shown), str(masked)) == (
        "the caller's own records, unless status is DRAFT or IN_REVIEW",
        "the caller's own records, where status is DRAFT or IN_REVIEW",
    )


def test_an_heir_may_take_back_what_an_exception_of_its_parent_gives() -> None:
    own = '[[exceptions]]\nrole = "lead"\nfield = "Contract.paymentTerms"\nword = "show"\nwhy = "x"\n'
    cell = cell_of(policy(own + SOUND.replace(own, "")), ["lead"], "Contract.paymentTerms")
    assert (cell.shown, cell.masked) == ((Rows(Scope.ACCOUNT_TEAM),), ())


def test_a_forbid_outweighs_every_permit_of_every_role() -> None:
    read = policy()
    assert isinstance(decide(read, ["legal"], "Contract.liabilityCap"), Show)
    told = decide(read, ["legal", "rep"], "Contract.liabilityCap")
    assert told == Deny(
        "forbid Contract.liabilityCap to rep",
        "Contract.liabilityCap is forbidden: Negotiated by others.",
    )


def test_a_forbid_holds_for_those_who_have_an_unknown_role_beside_it() -> None:
    assert isinstance(decide(policy(), ["legal", "rep", "nothing"], "Contract.liabilityCap"), Deny)


def test_a_forbid_that_bites_only_beside_another_role_is_a_rule() -> None:
    """Whoever sells must not see clauses, whatever else they are: rep alone sees none."""
    text = changed('fields = ["Contract.liabilityCap"]', 'audiences = ["LEGAL"]')
    assert isinstance(decide(policy(text), ["legal", "rep"], "Contract.terminationForCause"), Deny)


def test_roles_lend_each_other_no_rows() -> None:
    text = SOUND.replace("[roles.rep]", '[roles.desk]\nrows = "org"\nEVERYONE = "show"\n[roles.rep]')
    cell = cell_of(policy(text), ["desk", "rep"], "Contract.totalValue")
    assert cell.shown == (Rows(Scope.OWN),)
    assert cell_of(policy(text), ["desk", "rep"], "Contract.title").shown == (Rows(Scope.ORG),)


@pytest.mark.parametrize(
    ("wider", "narrower", "holds"),
    [
        (Scope.ORG, Scope.SALESFORCE, True),
        (Scope.ORG, Scope.OWN, True),
        (Scope.ACCOUNT_TEAM, Scope.OWN, True),
        (Scope.SALESFORCE, Scope.SALESFORCE, True),
        (Scope.SALESFORCE, Scope.OWN, False),
        (Scope.SALESFORCE, Scope.ACCOUNT_TEAM, False),
        (Scope.ACCOUNT_TEAM, Scope.SALESFORCE, False),
        (Scope.SALESFORCE, Scope.ORG, False),
    ],
)
def test_what_salesforce_shares_holds_nothing_else_for_sure(
    wider: Scope, narrower: Scope, *, holds: bool
) -> None:
    assert Rows(wider).covers(Rows(narrower)) is holds


def test_what_salesforce_shares_and_what_is_ones_own_are_both_reached() -> None:
    text = SOUND.replace("[roles.rep]", '[roles.desk]\nrows = "salesforce"\nCOMMERCIAL = "show"\n[roles.rep]')
    cell = cell_of(policy(text), ["desk", "rep"], "Contract.totalValue")
    assert cell.shown == (Rows(Scope.SALESFORCE), Rows(Scope.OWN))
    assert "; and in the caller's own records" in cell.hidden.reason


def test_the_rows_of_the_directory_are_everybodys() -> None:
    assert cell_of(policy(), ["rep"], "User.name").shown == (Rows(Scope.ORG),)
    assert cell_of(policy(), ["rep"], "Product.listPrice").shown == (Rows(Scope.ORG),)


def test_the_lines_of_rules_are_told() -> None:
    read = policy()
    [law, terms] = read.roles["rep"].exceptions
    lines = SOUND.splitlines()
    assert lines[law.said.rule.line - 1] == "[[exceptions]]"
    assert lines[terms.said.rule.line] == 'role = "rep"'
    assert lines[read.forbids[0].rule.line - 1] == "[[forbid]]"
    assert read.roles["lead"].words[Audience.COMMERCIAL].rule.chain == ("rep", "lead")
