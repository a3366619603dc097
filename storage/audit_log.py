"""The audit log in the database: events added in groups, and looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from storage.database import BUSY, LOST, Database, DatabaseUnavailable

# The orgs are named in the statement that adds their events, which row-level security holds it to. OFFSET 0
# keeps the naming from being pulled apart: it must have run before the first row is looked at.
_NAMING = "FROM (SELECT set_config('app.log_orgs', $1, true) AS orgs OFFSET 0) AS named,"
_ROWS = "unnest($2::uuid[], $3::uuid[], $4::text[]) AS row (org_id, id, body) WHERE named.orgs IS NOT NULL"
_COLUMNS = "(org_id, id, body) SELECT row.org_id, row.id, row.body"
ADD_EVENTS = f"INSERT INTO audit_event {_COLUMNS} {_NAMING} {_ROWS}"
ADD_ACCESSES = f"INSERT INTO audit_access {_COLUMNS} {_NAMING} {_ROWS} ON CONFLICT DO NOTHING"


class LogEntry(NamedTuple):
    """A row of the log: an event by its id, or an access by the beginning of its digest."""

    org_id: UUID
    id: UUID
    body: str


async def add_events(database: Database, events: Sequence[LogEntry]) -> None:
    """Add events of any orgs; once this returns they are durable. Raises DatabaseUnavailable."""
    try:
        await _add(database, ADD_EVENTS, events)
    except asyncpg.UniqueViolationError:
        # The connection was lost after they had been committed, and they were added a second time.
        return


async def add_accesses(database: Database, accesses: Sequence[LogEntry]) -> None:
    """Add what is not there yet. Raises DatabaseUnavailable."""
    await _add(database, ADD_ACCESSES, accesses)


async def add_event_within(connection: asyncpg.Connection, event: LogEntry) -> None:
    """Add an event in a transaction that is bound to its org: it is durable when the transaction is."""
    await connection.execute("INSERT INTO audit_event (org_id, id, body) VALUES ($1, $2, $3)", *event)


async def _add(database: Database, statement: str, entries: Sequence[LogEntry]) -> None:
    orgs, ids, bodies = zip(*entries, strict=True)
    named = ",".join(map(str, dict.fromkeys(orgs)))
    try:
        await database.read(statement, (named, orgs, ids, bodies))
    except (*LOST, *BUSY) as error:
        raise DatabaseUnavailable("the audit log cannot be written") from error
