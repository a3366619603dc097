from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.decision import Allowed, Refused


class ContractStatus(StrEnum):
    """Where a contract stands in its life."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    PENDING_SIGNATURE = "PENDING_SIGNATURE"
    EXECUTED = "EXECUTED"
    ACTIVE = "ACTIVE"
    EXPIRING_SOON = "EXPIRING_SOON"
    RENEWED = "RENEWED"
    AMENDED = "AMENDED"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"

    @property
    def meaning(self) -> str:
        """What the state means for automation."""
        return _MEANINGS[self]


_S = ContractStatus

_MEANINGS: Final = {
    _S.DRAFT: "Being written: Salesforce leads; nothing is billed, renewed or alerted.",
    _S.IN_REVIEW: "Before reviewers or the counterparty: as DRAFT, and approvals are counted.",
    _S.PENDING_SIGNATURE: "Sent for signature: its text is fixed, but does not bind.",
    _S.EXECUTED: "Signed by all: the CLM leads from here on; it binds from its effective date.",
    _S.ACTIVE: "In force: bill, measure and watch its dates.",
    _S.EXPIRING_SOON: "In force, and its end is near: tell its owners, prepare the renewal.",
    _S.RENEWED: "Carried on by a renewal: its successor is billed and watched in its place.",
    _S.AMENDED: "In force with changed terms: read its values after the latest amendment.",
    _S.SUSPENDED: "Still binding, but paused: stop billing, keep watching its dates.",
    _S.TERMINATED: "Ended for good: stop all automation, keep the record.",
}

_SIGNED_AND_LATER: Final = frozenset(
    {_S.ACTIVE, _S.EXPIRING_SOON, _S.RENEWED, _S.AMENDED, _S.SUSPENDED, _S.TERMINATED}
)

MOVES: Final[Mapping[ContractStatus, frozenset[ContractStatus]]] = MappingProxyType(
    {
        # A state may be skipped, as a source may tell us late; none before signature is ever entered again.
        _S.DRAFT: frozenset({_S.IN_REVIEW, _S.PENDING_SIGNATURE, _S.EXECUTED}) | _SIGNED_AND_LATER,
        _S.IN_REVIEW: frozenset({_S.PENDING_SIGNATURE, _S.EXECUTED}) | _SIGNED_AND_LATER,
        _S.PENDING_SIGNATURE: frozenset({_S.EXECUTED}) | _SIGNED_AND_LATER,
        _S.EXECUTED: _SIGNED_AND_LATER,
        # In force, a contract goes round: amended, suspended, resumed, renewed into its next term.
        _S.ACTIVE: _SIGNED_AND_LATER - {_S.ACTIVE},
        _S.EXPIRING_SOON: _SIGNED_AND_LATER - {_S.EXPIRING_SOON},
        _S.RENEWED: _SIGNED_AND_LATER - {_S.RENEWED},
        _S.AMENDED: _SIGNED_AND_LATER - {_S.AMENDED},
        _S.SUSPENDED: _SIGNED_AND_LATER - {_S.SUSPENDED},
        _S.TERMINATED: frozenset(),
    }
)
"""Which states each state may be followed by."""

IN_FORCE: Final = frozenset({_S.EXECUTED, _S.ACTIVE, _S.EXPIRING_SOON, _S.AMENDED, _S.SUSPENDED})
"""The states in which a contract binds its parties, so that its dates matter."""

_UNSIGNED: Final = frozenset({_S.DRAFT, _S.IN_REVIEW, _S.PENDING_SIGNATURE})


def move(before: ContractStatus, after: ContractStatus) -> Allowed | Refused:
    """Whether a contract may go from one state to another; to stay where it is changes nothing: allowed."""
    if before == after or after in MOVES[before]:
        return Allowed()
    if not MOVES[before]:
        return Refused(f"a contract cannot go from {before} to {after}: {before} is final")
    instead = ", ".join(status for status in ContractStatus if status in MOVES[before])
    return Refused(f"a contract cannot go back from {before} to {after}: it may become {instead}")


def is_signed(status: ContractStatus) -> bool:
    """Whether the signature is past, so that fields owned UNTIL_SIGNED have their second owner.

    A contract that was TERMINATED counts as signed: nobody writes drafts into a closed record.
    """
    return status not in _UNSIGNED
