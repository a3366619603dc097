from __future__ import annotations

from itertools import pairwise, product

import pytest

from domain.decision import Allowed, Refused
from domain.lifecycle import IN_FORCE, MOVES, ContractStatus, is_signed, move

S = ContractStatus


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *pairwise(
            [S.DRAFT, S.IN_REVIEW, S.PENDING_SIGNATURE, S.EXECUTED, S.ACTIVE, S.EXPIRING_SOON, S.RENEWED]
        ),
        (S.DRAFT, S.EXECUTED),
        (S.DRAFT, S.TERMINATED),
        (S.ACTIVE, S.AMENDED),
        (S.AMENDED, S.ACTIVE),
        (S.ACTIVE, S.SUSPENDED),
        (S.SUSPENDED, S.ACTIVE),
        (S.EXPIRING_SOON, S.ACTIVE),
        (S.RENEWED, S.ACTIVE),
        (S.SUSPENDED, S.TERMINATED),
    ],
)
def test_a_contract_may_move_on(before: ContractStatus, after: ContractStatus) -> None:
    assert move(before, after) == Allowed()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.IN_REVIEW, S.DRAFT),
        (S.PENDING_SIGNATURE, S.IN_REVIEW),
        (S.EXECUTED, S.DRAFT),
        (S.EXECUTED, S.PENDING_SIGNATURE),
        (S.ACTIVE, S.EXECUTED),
        (S.AMENDED, S.EXECUTED),
        (S.SUSPENDED, S.DRAFT),
        (S.RENEWED, S.IN_REVIEW),
    ],
)
def test_a_contract_may_not_go_back_and_the_reason_names_what_it_may(
    before: ContractStatus, after: ContractStatus
) -> None:
    decision = move(before, after)
    assert isinstance(decision, Refused)
    assert f"from {before} to {after}" in decision.reason
    assert all(status in decision.reason for status in MOVES[before])


@pytest.mark.parametrize("after", [status for status in S if status is not S.TERMINATED])
def test_terminated_is_final(after: ContractStatus) -> None:
    decision = move(S.TERMINATED, after)
    assert decision == Refused(f"a contract cannot go from TERMINATED to {after}: TERMINATED is final")


@pytest.mark.parametrize("status", S)
def test_staying_is_no_move(status: ContractStatus) -> None:
    assert move(status, status) == Allowed()


def test_no_way_leads_from_a_signed_state_to_an_unsigned_one() -> None:
    assert not [
        pair for pair in product(S, S) if is_signed(pair[0]) and not is_signed(pair[1]) and move(*pair)
    ]


def test_no_way_leads_round_before_signature() -> None:
    unsigned = [status for status in S if not is_signed(status)]
    assert all(not (move(a, b) and move(b, a)) for a, b in product(unsigned, unsigned) if a is not b)


def test_every_state_has_its_moves_and_its_own_meaning() -> None:
    assert set(MOVES) == set(S)
    assert len({status.meaning for status in S}) == len(S) == 10


def test_a_status_is_its_text() -> None:
    assert S("ACTIVE") is S.ACTIVE
    assert str(S.PENDING_SIGNATURE) == "PENDING_SIGNATURE"


def test_fields_change_owner_at_execution() -> None:
    assert [status for status in S if not is_signed(status)] == [S.DRAFT, S.IN_REVIEW, S.PENDING_SIGNATURE]


def test_only_signed_contracts_that_still_bind_are_in_force() -> None:
    assert {status for status in S if status not in IN_FORCE} == {
        S.DRAFT, S.IN_REVIEW, S.PENDING_SIGNATURE, S.RENEWED, S.TERMINATED
    }  # fmt: skip
