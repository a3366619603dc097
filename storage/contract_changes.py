"""Which contracts changed in what, read forward: nothing is passed over, however late its writer commits.

A transaction is numbered when it begins to write, and commits when it pleases: who reads by number, or by
moment, would pass over what was written early and committed late. So nothing is read of a transaction that is
younger than the oldest which still runs: below that mark no change can come any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from domain.identity import uuid7

KEPT: Final = timedelta(days=7)
"""For how long one can read on from where one was."""

_LAST: Final = UUID(int=2**128 - 1)

# Each writer lets go of a few that are old: there is never much to be let go at once.
_ADD = """
    WITH gone AS (
        DELETE FROM contract_change WHERE org_id = $1 AND id IN (
            SELECT id FROM contract_change WHERE org_id = $1 AND id < $6 ORDER BY id LIMIT 10
               FOR UPDATE SKIP LOCKED))
    INSERT INTO contract_change (org_id, id, contract_id, fields, at, xid)
    SELECT $1, n.id, n.contract_id, string_to_array(n.fields, ' '), n.at, pg_current_xact_id()::text::bigint
      FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) AS n (id, contract_id, fields, at)"""
_MARK = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# The mark and the rows are of one snapshot, as they are of one statement.
_READ = f"""
    SELECT m.mark, c.id, c.contract_id, c.fields, c.at, c.xid
      FROM (SELECT ({_MARK}) AS mark) AS m LEFT JOIN LATERAL (
        SELECT * FROM contract_change WHERE org_id = $1 AND (xid, id) > ($2, $3) AND xid < m.mark
           AND ($5::bigint IS NULL OR (xid, id) <= ($5, $6))
         ORDER BY xid, id LIMIT $4) AS c ON true
     ORDER BY c.xid, c.id"""  # noqa: S608 - all of it stands above
_FIND = "SELECT xid, id FROM contract_change WHERE org_id = $1 AND id = $2"
_FIND_MANY = """
    SELECT id, contract_id, fields, at, xid FROM contract_change
     WHERE org_id = $1 AND id = ANY ($2) ORDER BY xid, id"""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the order of an org's changes: all up to it were read."""

    xid: int
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChange:
    """That a contract changed: in which fields, by their names in the graph, and when it was recorded."""

    id: UUID
    contract_id: UUID
    fields: Sequence[str]
    at: datetime
    xid: int

    @property
    def position(self) -> Position:
        """Where it stands in their order."""
        return Position(self.xid, self.id)


@dataclass(frozen=True, slots=True)
class Read:
    """Changes in their order, and up to where all were read."""

    changes: Sequence[ContractChange]
    until: Position


async def add_changes(
    connection: asyncpg.Connection, org_id: UUID, changes: Sequence[tuple[UUID, Collection[str], datetime]]
) -> None:
    """Note which contracts changed in what and when, in the transaction that did it, bound to the org."""
    if not changes:
        return
    contracts, fields, moments = zip(*changes, strict=True)
    old = UUID(int=int((max(moments) - KEPT).timestamp() * 1000) << 80)
    named = [" ".join(sorted(each)) for each in fields]
    await connection.execute(
        _ADD, org_id, [uuid7() for _ in changes], list(contracts), named, list(moments), old
    )


async def present(connection: asyncpg.Connection) -> Position:
    """Return the place behind which all comes that is committed from now on, and little else."""
    return Position(await connection.fetchval(_MARK) - 1, _LAST)


async def position_of(connection: asyncpg.Connection, org_id: UUID, change_id: UUID) -> Position | None:
    """Return the place of a change, in a transaction bound to its org; None where it is not kept."""
    row = await connection.fetchrow(_FIND, org_id, change_id)
    return None if row is None else Position(row["xid"], row["id"])


async def find_changes(
    connection: asyncpg.Connection, org_id: UUID, ids: Sequence[UUID]
) -> Sequence[ContractChange]:
    """Return those of these changes that are kept, in a transaction bound to their org."""
    return [_change(row) for row in await connection.fetch(_FIND_MANY, org_id, ids)]


async def read_on(
    connection: asyncpg.Connection,
    org_id: UUID,
    after: Position,
    most: int,
    up_to: Position | None = None,
) -> Read:
    """Read changes after a place, and `up_to` one, `most` at a time, in a transaction bound to the org."""
    bound = (None, None) if up_to is None else (up_to.xid, up_to.id)
    rows = await connection.fetch(_READ, org_id, after.xid, after.id, most, *bound)
    changes = [_change(row) for row in rows if row["id"] is not None]
    if len(changes) == most:
        return Read(changes, changes[-1].position)
    mark = Position(rows[0]["mark"] - 1, _LAST)
    # Of what lies behind `up_to` nothing was read, be it there already.
    return Read(changes, max(after, mark if up_to is None else min(mark, up_to)))


def _change(row: asyncpg.Record) -> ContractChange:
    return ContractChange(
        id=row["id"], contract_id=row["contract_id"], fields=row["fields"], at=row["at"], xid=row["xid"]
    )
