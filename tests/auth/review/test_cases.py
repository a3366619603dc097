from __future__ import annotations

from pathlib import Path

import pytest

from api.planner.access import access_of
from auth.policy import Policy, PolicyError
from auth.review.cases import read_cases
from auth.review.trial import Trial

SOUND = """\
[[cases]]
why = "w"
roles = ["finance"]
"""


def failures(folder: Path, policy: Policy, said: str) -> list[str]:
    file = folder / "cases.toml"
    file.write_text(SOUND + said)
    trial = Trial(policy, access_of)
    found = [failure for case in read_cases([file]) for failure in trial.of(case).failures]
    return [str(failure).removeprefix(f"{file}:") for failure in found]


MET = [
    'show = ["COMMERCIAL"]',
    'show = ["COMMERCIAL"]\nrules = ["finance.COMMERCIAL = show"]',
    'deny = ["LEGAL"]\nshow = ["Contract.liabilityCap"]',
    'deny = ["RISK"]\nrules = ["default"]',
    'may_not = ["grantRole"]\nclaim_not = ["EVERYONE", "Contract.title"]',
    'operation = "{ contracts { nodes { riskScore title } } }"\ndenied = ["Contract.riskScore"]',
    'operation = "{ contracts(orderBy: {field: riskLevel}) { totalCount } }"\nrefused = "Contract.riskLevel"',
    'record = { scope = "org", status = "DRAFT" }\nshow = ["Contract.totalValue"]',
    # Rules of the policy tell nothing of its type apart, so that the case holds for each.
    'record = { type = "NDA" }\nshow = ["Contract.totalValue"]',
]
FAILED = {
    'mask = ["SCHEDULE"]': "4: expected mask of Amendment.signedDate (and of",
    'show = ["RISK"]\n': "4: expected show of RiskFactor.",
    'show = ["LEGAL"]\ndeny = ["Contract.governingLaw"]': "4: expected show of ",
    'deny = ["LEGAL"]': "4: expected deny of Contract.liabilityCap; the policy shows it in any",
    'show = ["COMMERCIAL"]\nrules = ["default"]': "1: expected the rules default; decided by finance",
    'record = { status = "DRAFT" }\nshow = ["PERSONAL"]': (
        "5: expected show of PERSONAL; the policy shows them no record that has a field of it"
    ),
    'may = ["grantRole"]': "4: expected may grantRole; the policy denies it by default: no line grants it",
    'claim = ["RISK"]': "4: expected claim RISK; the policy denies it by default",
    'operation = "{ contracts { nodes { title } } }"\ndenied = ["Contract.title"]': (
        "4: expected denied: Contract.title; masked: nothing; the operation has denied: nothing"
    ),
    'operation = "{ contracts { totalCount } }"\nrefused = "Contract.id"': (
        "4: expected a refusal because of Contract.id; the operation has denied: nothing"
    ),
}
MISTAKES = {
    'shwo = ["RISK"]': "4: a case has the unknown key shwo; did you mean show?",
    'show = ["RISKS"]': "4: show names 'RISKS'; did you mean RISK?",
    'show = "RISK"': '4: show is no list of texts; write show = ["..."]',
    'show = ["Contract.titel"]': "4: show names 'Contract.titel'; did you mean Contract.title?",
    'may = ["grantRoles"]': "4: may names 'grantRoles'; did you mean grantRole?",
    'show = ["RISK"]\nrecord = { scope = "team" }': "5: record says scope = 'team'",
    'show = ["RISK"]\nrecord = { status = "DRAFTY" }': "5: record says status = 'DRAFTY'; did you mean",
    'show = ["RISK"]\nrecord = { title = "x" }': "5: record says title = 'x'",
    'show = ["RISK"]\nrecord = { stat = "x" }': "5: record says stat = 'x'",
    'show = ["RISK"]\nrecord = "own"': "5: record is no table",
    'operation = "{}"\nrefused = "Contract.nothing"': "5: refused says 'Contract.nothing'",
    'operation = "{}"\ndenied = ["RISK"]': "5: denied names 'RISK'",
    "": "1: a case expects nothing; add show, mask, deny or operation",
    '[[cases]]\nroles = []\nshow = ["RISK"]': "1: a case expects nothing",
    'show = ["RISK"]\n[[cases]]\nroles = []': "5: a case lacks why or roles",
    'show = ["RISK"]\n[other]\nx = 1': "5: unknown key other; begin each case with [[cases]]",
    "show = [": "4: ",
}


@pytest.mark.parametrize("said", MET)
def test_a_case_that_the_policy_meets_passes(tmp_path: Path, policy: Policy, said: str) -> None:
    assert failures(tmp_path, policy, said) == []


@pytest.mark.parametrize("said", FAILED)
def test_a_case_that_it_does_not_meet_says_where_and_by_which_rule(
    tmp_path: Path, policy: Policy, said: str
) -> None:
    (failure,) = failures(tmp_path, policy, said)
    assert failure.startswith(FAILED[said])


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_in_a_case_is_refused_with_its_line(tmp_path: Path, policy: Policy, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        failures(tmp_path, policy, said)
    assert str(refused.value).removeprefix(f"{tmp_path / 'cases.toml'}:").startswith(MISTAKES[said])


def test_a_record_may_be_of_a_kind_that_only_its_own_value_tells(tmp_path: Path, policy: Policy) -> None:
    said = (
        'roles = ["customer_success"]\nwhy = "w"\nrecord = { status = "IN_REVIEW" }\ndeny = ["Contract.arr"]'
    )
    assert failures(tmp_path, policy, f'show = ["EVERYONE"]\n[[cases]]\n{said}') == []
    masked = said.replace("deny", "mask")
    (failure,) = failures(tmp_path, policy, f'show = ["EVERYONE"]\n[[cases]]\n{masked}')
    assert "status is IN_REVIEW, by forbid COMMERCIAL to customer_success" in failure
