"""The engine against an evaluator of its own kind, which knows nothing but what the file's header says."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

from auth.policy import cell_of
from auth.policy_file import SHIPPED
from auth.review.situation import Situation, word_in
from auth.rows import Scope
from tests.reference.policy import REACHES, Evaluator, Facts, belongs_to_a_contract, field_at, is_nobodys
from tests.reference.random_policies import FIELDS, random_contract, random_policy, spoken_of, text

DECISIONS = int(os.environ.get("CONTRACT_GRAPH_DECISIONS", "50000"))
PER_POLICY = 250
PER_CALLER = 25
AT_RULES = 0.4
"""How many of the questions are about fields that exceptions and forbids name."""


def test_random_decisions_of_random_policies_are_those_of_the_reference() -> None:
    random, differences, words = Random(20261127), [], {"show": 0, "mask": 0, "deny": 0}
    for _ in range(DECISIONS // PER_POLICY):
        policy, said = random_policy(random)
        pools = (FIELDS, spoken_of(said) or FIELDS)
        for _ in range(PER_POLICY // PER_CALLER):
            roles = sorted({random.choice([*policy.roles, "unknown"]) for _ in range(random.randint(0, 3))})
            evaluator = Evaluator(said, roles)
            for _ in range(PER_CALLER):
                coordinate = random.choice(pools[random.random() < AT_RULES])
                declared = field_at(coordinate)
                facts = random_facts(random, declared.entity)
                # People and products are nobody's: no scope may make a difference.
                scopes = {Scope.ORG} if is_nobodys(declared.entity) else map(Scope, facts.scopes)
                situation = Situation(frozenset(scopes), facts.contract or ())
                ours = word_in(cell_of(policy, roles, coordinate), situation)
                words[ours] += 1
                if ours != evaluator.word(coordinate, facts):
                    differences.append((text(said), roles, coordinate, facts, ours))
    print(f"\n{sum(words.values()):,} random decisions: {words}, {len(differences)} differences")  # noqa: T201
    assert differences[:1] == []
    assert min(words.values()) > sum(words.values()) // 50


def random_facts(random: Random, entity: str) -> Facts:
    scopes = REACHES[-1] if is_nobodys(entity) else random.choice(REACHES)
    return Facts(scopes, random_contract(random) if belongs_to_a_contract(entity) else None)


CELLS = """
import hashlib
from auth.policy_file import load_policy
from auth.view import view_for
from itertools import combinations
policy = load_policy()
callers = [{role} for role in policy.roles] + [set(pair) for pair in combinations(policy.roles, 2)]
told = [
    (coordinate, *map(str, cell.shown), "|", *map(str, cell.masked), cell.show, cell.mask, cell.hidden)
    for roles in callers
    for coordinate, cell in view_for(policy, frozenset(roles)).cells.items()
]
print(policy.digest, hashlib.sha256(repr(told).encode()).hexdigest())
"""


def test_cold_starts_agree_on_every_cell_record_by_record() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", CELLS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=SHIPPED.parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3", "12345")
    }
    assert len(told) == 1
