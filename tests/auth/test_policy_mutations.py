"""Whether the shipped cases notice whatever is changed in the shipped policy."""

from __future__ import annotations

import tomllib

from api.planner.access import access_of
from auth.policy import Policy, PolicyError
from auth.review.cases import SHIPPED_CASES, Case, read_cases
from auth.review.trial import Trial
from tests.reference.mutants import Mutant, mutants
from tests.reference.random_policies import read


def test_the_shipped_cases_notice_any_change_of_the_shipped_policy(policy: Policy) -> None:
    cases = read_cases([SHIPPED_CASES])
    refused, same, caught, missed = 0, 0, 0, []
    for mutant in mutants(tomllib.loads(policy.text)):
        try:
            changed = read(mutant.said)
        except PolicyError:
            refused += 1  # the strict reader notices it before any case does
            continue
        if what_it_says(changed) == what_it_says(policy):
            same += 1  # such as to inherit from a role whose every word is one's own already
        elif is_noticed(changed, mutant, cases):
            caught += 1
        else:
            missed.append(mutant.told)
    rate = caught / (caught + len(missed))
    print(  # noqa: T201
        f"\n{caught + len(missed)} mutants of the policy load and say something else, {same} say the same,"
        f" {refused} do not load; the cases notice {caught}: {rate:.2%}; not: {missed}"
    )
    assert caught > 500
    assert rate >= 0.98


def what_it_says(policy: Policy) -> list[object]:
    """Return all that a policy says, whichever line says it."""
    said: list[object] = [(f.rule.text, f.coordinates, f.roles, f.when) for f in policy.forbids]
    for role in policy.roles.values():
        words = {audience: (each.word, each.rule.text) for audience, each in role.words.items()}
        exceptions = {(e.coordinate, e.said.word, e.said.rule.text, e.when) for e in role.exceptions}
        allowed = {key: rule.text for key, rule in (*role.commands.items(), *role.claims.items())}
        said.append((role.name, role.rows, words, exceptions, allowed))
    return said


def is_noticed(changed: Policy, mutant: Mutant, cases: list[Case]) -> bool:
    trial = Trial(changed, access_of)
    nearest_first = sorted(cases, key=lambda case: (case.operation is not None, mutant.roles != case.roles))
    return any(trial.of(case).failures for case in nearest_first)


def test_the_shipped_policy_meets_its_cases(policy: Policy) -> None:
    trial = Trial(policy, access_of)
    verdicts = [trial.of(case) for case in read_cases([SHIPPED_CASES])]
    assert [str(failure) for verdict in verdicts for failure in verdict.failures] == []
    assert sum(verdict.decisions for verdict in verdicts) > 10_000


def test_the_shipped_cases_name_every_line_that_decides(policy: Policy) -> None:
    named = {rule for case in read_cases([SHIPPED_CASES]) for rule in case.rules or ()}
    lines = {forbid.rule.text for forbid in policy.forbids}
    for role in policy.roles.values():
        lines |= {said.rule.text for said in role.words.values()}
        lines |= {exception.said.rule.text for exception in role.exceptions}
        lines |= {rule.text for rule in (*role.commands.values(), *role.claims.values())}
    assert named == lines | {"default"}
