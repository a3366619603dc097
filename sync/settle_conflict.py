"""A conflict between claims, decided by a person: their decision is a claim of its own, and told like any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.claim import Claim
from domain.field import HERE, Entity
from domain.history import Decision, FieldChange
from domain.ledger import claim_of, judge
from storage.claims import TICK, ClaimStore
from storage.contested_parts import NotKept, RefersElsewhere, claimed_part
from storage.lanes import Queue, enqueue
from storage.salesforce_records import doubt
from storage.sealing import NO_KEYS, Vault
from sync.apply import Applied
from sync.outbox import write_of

PEOPLE: Final = "people"
"""The source of what people decide; the event of a decision is the line of history that it is about."""


class NothingToDecide(Exception):
    """The claim waits for no decision: {what}."""

    def __init__(self, what: str) -> None:
        super().__init__((type(self).__doc__ or "").format(what=what))


class CannotHold(Exception):
    """What was claimed cannot be taken: {reason}."""

    def __init__(self, reason: str) -> None:
        super().__init__((type(self).__doc__ or "").format(reason=reason.removesuffix(".")))


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
    value: Any = None  # of a part: it stays as it is known, or not there
    if line.part is None:
        value = claim_of(line).value if ruling.takes else getattr(locked.contract, claim_of(line).field.name)
    elif ruling.takes:
        value = await _part(connection, org_id, store, line)
    claim = _claim(line, value, ruling, locked.at)
    (stored,) = await store.stored([locked])
    outcome = judge(stored, [claim], locked.at)
    verdict = outcome.verdicts[claim]
    if verdict.decision is not Decision.ACCEPTED:
        raise CannotHold(verdict.reason)
    await store.write([(locked, outcome)])
    [kept] = [each.id for each in outcome.lines if (each.source, each.event) == (PEOPLE, str(line.id))]
    return Decided(Applied(contract=locked.contract, outcome=outcome), kept)


async def decide(  # noqa: PLR0913 - as settle_conflict
    connection: asyncpg.Connection,
    org_id: UUID,
    line: FieldChange,
    ruling: Ruling,
    *,
    now: datetime,
    correlation: str,
) -> Decided:
    """Decide as `settle_conflict` does, and have Salesforce told of it, as the last of a transaction."""
    decided = await settle_conflict(connection, org_id, line, ruling, now=now)
    # Also where nothing changes here: Salesforce may have what was decided against.
    await doubt(connection, org_id, line.contract_id)
    await enqueue(connection, org_id, Queue.OUTBOX, [write_of(line.contract_id, correlation)], now)
    return decided


async def _require_open(store: ClaimStore, line: FieldChange) -> None:
    if line.decision is not Decision.CONFLICT:
        raise NothingToDecide(f"it is {line.decision.lower()}")
    if await store.lines_of(line.contract_id, line.field, str(line.id)):
        raise NothingToDecide("it was decided before")
    told = await store.lines_of(line.contract_id, line.field, line.event or "")
    last = [each for each in told if claim_of(each) == claim_of(line) and each.stale == line.stale][-1]
    if last.decision is not Decision.CONFLICT:
        raise NothingToDecide(f"it was {last.decision.lower()} when a claim came late")


async def _part(connection: asyncpg.Connection, org_id: UUID, store: ClaimStore, line: FieldChange) -> Entity:
    try:
        return await claimed_part(connection, org_id, line, store.referred)
    except NotKept:
        raise CannotHold("what was said of this part was not kept: have its source send it anew") from None
    except RefersElsewhere as error:
        raise CannotHold(
            f"it refers to {error.key!r}, which is not known here: decide about that first"
        ) from None


def _claim(line: FieldChange, value: object, ruling: Ruling, now: datetime) -> Claim:
    return Claim(
        field=claim_of(line).field,
        value=value,
        part=line.part,
        system=HERE,
        source=PEOPLE,
        event=str(line.id),
        # The clock of a source may be ahead of ours: whoever decides has seen what it said.
        claimed_at=max(now, line.claimed_at + TICK),
        decided_by=ruling.by,
        because=ruling.because,
    )
