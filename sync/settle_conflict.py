"""A conflict between claims, decided by a person: their decision is a claim of its own, and told like any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.claim import Claim
from domain.contract import Contract
from domain.field import HERE, Kind
from domain.history import Decision, FieldChange
from domain.ledger import claim_of, judge
from storage.claims import TICK, ClaimStore
from storage.sealing import NO_KEYS, Vault
from sync.apply import Applied

PEOPLE: Final = "people"
"""The source of what people decide; the event of a decision is the line of history that it is about."""


class NothingToDecide(Exception):
    """The claim waits for no decision: {what}."""

    def __init__(self, what: str) -> None:
        super().__init__((type(self).__doc__ or "").format(what=what))


class CannotHold(Exception):
    """What was claimed cannot be taken: {reason}."""

    def __init__(self, reason: str) -> None:
        super().__init__((type(self).__doc__ or "").format(reason=reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a person decides: whether what was claimed is taken, or what is known kept; and why."""

    by: str
    takes: bool
    because: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to, and the line of history that keeps it."""

    applied: Applied
    line: UUID


async def settle_conflict(  # noqa: PLR0913 - what is decided where, each by name
    connection: asyncpg.Connection,
    org_id: UUID,
    line: FieldChange,
    ruling: Ruling,
    *,
    now: datetime,
    vault: Vault = NO_KEYS,
) -> Decided:
    """Decide about the claim of a line, in a transaction that is bound to the org.

    Raises NothingToDecide and CannotHold; then nothing is to be kept of the transaction.
    """
    store = ClaimStore(connection, org_id, now, vault)
    locked = await store.lock_known(line.contract_id)
    if locked is None:
        raise LookupError(line.contract_id)
    await _require_open(store, line)
    claim = _claim(line, locked.contract, ruling, locked.at)
    (stored,) = await store.stored([locked])
    outcome = judge(stored, [claim], locked.at)
    verdict = outcome.verdicts[claim]
    if verdict.decision is not Decision.ACCEPTED:
        raise CannotHold(verdict.reason)
    await store.write([(locked, outcome)])
    [kept] = [each.id for each in outcome.lines if (each.source, each.event) == (PEOPLE, str(line.id))]
    return Decided(Applied(contract=locked.contract, outcome=outcome), kept)


async def _require_open(store: ClaimStore, line: FieldChange) -> None:
    if line.decision is not Decision.CONFLICT:
        raise NothingToDecide(f"it is {line.decision.lower()}")
    if line.part is not None:
        raise NothingToDecide("a part of a list is not decided upon: have its source send it anew")
    if await store.lines_of(line.contract_id, line.field, str(line.id)):
        raise NothingToDecide("it was decided before")
    told = await store.lines_of(line.contract_id, line.field, line.event or "")
    last = [each for each in told if claim_of(each) == claim_of(line) and each.stale == line.stale][-1]
    if last.decision is not Decision.CONFLICT:
        raise NothingToDecide(f"it was {last.decision.lower()} when a claim came late")


def _claim(line: FieldChange, contract: Contract, ruling: Ruling, now: datetime) -> Claim:
    claimed = claim_of(line)
    known = getattr(contract, claimed.field.name) if claimed.field.kind is not Kind.LIST else None
    return Claim(
        field=claimed.field,
        value=claimed.value if ruling.takes else known,
        system=HERE,
        source=PEOPLE,
        event=str(line.id),
        # The clock of a source may be ahead of ours: whoever decides has seen what it said.
        claimed_at=max(now, line.claimed_at + TICK),
        decided_by=ruling.by,
        because=ruling.because,
    )
