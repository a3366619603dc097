"""What was found to differ between contracts and Salesforce, as it is kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

import asyncpg

from domain.drift import DriftFinding, DriftState
from storage.few_rows import put
from storage.records import from_row, to_row

_PAGE = """
    SELECT id FROM contract
     WHERE org_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"""
_OF = "SELECT * FROM drift_finding WHERE org_id = $1 AND contract_id = ANY ($2) ORDER BY id"
_FORGET = "DELETE FROM drift_finding WHERE org_id = $1 AND id = ANY ($2)"
_REPORT = """
    SELECT object, name, state, count(*) AS n FROM drift_finding
     WHERE org_id = $1 GROUP BY object, name, state ORDER BY object, name, state"""
_DIFFERING = """
    SELECT object, count(*) FILTER (WHERE state = ANY ($2))::int AS count, max(seen_at) AS at
      FROM drift_finding WHERE org_id = $1 GROUP BY object ORDER BY object"""
_CHOSEN = """
    SELECT * FROM drift_finding
     WHERE org_id = $1 AND state = ANY ($2) AND ($3::uuid[] IS NULL OR id = ANY ($3))
     ORDER BY object, name, changed_at, id LIMIT $4"""


async def page_of_contracts(
    connection: asyncpg.Connection, org_id: UUID, after: UUID | None, size: int
) -> Sequence[UUID]:
    """Return the ids of the next contracts, in their order."""
    return [row["id"] for row in await connection.fetch(_PAGE, org_id, after, size)]


async def findings_of(
    connection: asyncpg.Connection, org_id: UUID, contracts: Sequence[UUID]
) -> Mapping[UUID, Mapping[UUID, DriftFinding]]:
    """Return what was found of contracts, by contract and by id."""
    found: defaultdict[UUID, dict[UUID, DriftFinding]] = defaultdict(dict)
    for row in await connection.fetch(_OF, org_id, list(contracts)):
        finding = _finding(row)
        found[finding.contract_id][finding.id] = finding
    return found


async def keep_findings(
    connection: asyncpg.Connection, org_id: UUID, findings: Sequence[DriftFinding], today: date
) -> None:
    """Keep findings in place of what was known of them."""
    await put(connection, DriftFinding, [to_row(each, org_id, today) for each in findings])


async def forget_findings(connection: asyncpg.Connection, org_id: UUID, ids: Sequence[UUID]) -> None:
    """Forget findings that nothing is left to be said of."""
    await connection.execute(_FORGET, org_id, list(ids))


async def report(
    connection: asyncpg.Connection, org_id: UUID
) -> Mapping[tuple[str, str], Counter[DriftState]]:
    """Count the findings of an org by object and field, and by how they stand."""
    counted: defaultdict[tuple[str, str], Counter[DriftState]] = defaultdict(Counter)
    for row in await connection.fetch(_REPORT, org_id):
        counted[row["object"], row["name"]][DriftState(row["state"])] = row["n"]
    return counted


@dataclass(frozen=True, slots=True)
class Differing:
    """How many fields of an object differ, and when one was last looked at."""

    object: str
    count: int
    at: datetime


async def differing(connection: asyncpg.Connection, org_id: UUID) -> Sequence[Differing]:
    """Count by object what drifted and is not put right, without what waits to be written or is accepted."""
    states = [DriftState.DRIFTED, DriftState.REPAIRING]
    return [Differing(**dict(row)) for row in await connection.fetch(_DIFFERING, org_id, states)]


async def chosen(
    connection: asyncpg.Connection,
    org_id: UUID,
    states: Sequence[DriftState],
    ids: Sequence[UUID] | None = None,
    most: int = 1000,
) -> Sequence[DriftFinding]:
    """Return findings that stand so, those of some ids or all, by object, field and when it was changed."""
    wanted = [each.value for each in states]
    rows = await connection.fetch(_CHOSEN, org_id, wanted, None if ids is None else list(ids), most)
    return [_finding(row) for row in rows]


def _finding(row: asyncpg.Record) -> DriftFinding:
    return cast("DriftFinding", from_row(DriftFinding, row))
