"""Events looked for in the audit log of an org."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from storage.audit_months import floor_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; what is None is not asked. `since` is included, `until` is not.

    `after` is the event after which a list goes on: all that come after it are older.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: UUID | None = None
    subject: str | None = None
    client: str | None = None
    record: UUID | None = None
    operation: str | None = None
    request: str | None = None
    decision: str | None = None


async def search(
    connection: asyncpg.Connection, org_id: UUID, wanted: Wanted, most: int
) -> Sequence[tuple[UUID, str]]:
    """Return events of the org that the transaction is bound to, the latest first.

    A record is found among the ids that an event names, and not in the hash of more of them.
    """
    asked: list[object] = [org_id]
    clauses = ["org_id = $1"]

    def ask(clause: str, value: object) -> None:
        if value is not None:
            asked.append(value)
            clauses.append(clause.format(f"${len(asked)}"))

    ask("id >= {}", wanted.since and floor_of(wanted.since))
    ask("id < {}", wanted.until and floor_of(wanted.until))
    ask("id < {}", wanted.after)
    ask("body::json ->> 'subject' = {}", wanted.subject)
    ask("body::json ->> 'client' = {}", wanted.client)
    ask("body::json ->> 'request' = {}", wanted.request)
    ask("body::json ->> 'decision' = {}", wanted.decision)
    ask("body::json -> 'operation' ->> 'name' = {}", wanted.operation)
    ask("strpos(body, {}) > 0", wanted.record and f'"{wanted.record}"')
    rows = await connection.fetch(
        f"SELECT id, body FROM audit_event WHERE {' AND '.join(clauses)} ORDER BY id DESC LIMIT {most:d}",  # noqa: S608 - clauses of our own
        *asked,
    )
    return [(row["id"], row["body"]) for row in rows]


async def find_accesses(
    connection: asyncpg.Connection, org_id: UUID, digests: Iterable[str]
) -> Mapping[str, str]:
    """Return the accesses that events name, by their digests; one that is gone is missing."""
    ids = {UUID(digest[:32]): digest for digest in digests}
    rows = await connection.fetch(
        "SELECT id, body FROM audit_access WHERE org_id = $1 AND id = ANY ($2)", org_id, list(ids)
    )
    return {ids[row["id"]]: row["body"] for row in rows}
