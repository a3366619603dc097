"""What seals the audit log of an org: the leaves of its tree, in order, and the heads that were signed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

_LOCK = 0x61756469
_CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """A signed head as it is stored: `frontier` is what a tree needs to grow on from it."""

    id: UUID
    org_id: UUID
    size: int
    root: bytes
    frontier: bytes
    sealed_at: datetime
    kid: str
    signature: bytes


class Leaf(NamedTuple):
    """An event's place in the tree, with the event itself unless it is gone."""

    position: int
    id: UUID
    hash: bytes
    body: str | None = None


async def lock_tree(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Let nobody else seal the org until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK, str(org_id))


async def find_unsealed(
    connection: asyncpg.Connection, org_id: UUID, since: UUID, most: int
) -> Sequence[tuple[UUID, str]]:
    """Return events that have no leaf yet, in the order of their ids, none before `since`."""
    # By ids, which indexes have, and of leaves no more than of events: both are read from `since` to the end.
    rows = await connection.fetch(
        "SELECT id, body FROM audit_event WHERE org_id = $1 AND id = ANY (ARRAY("
        "SELECT e.id FROM audit_event e WHERE e.org_id = $1 AND e.id >= $2 AND NOT EXISTS"
        " (SELECT FROM audit_leaf l WHERE l.org_id = $1 AND l.id >= $2 AND l.id = e.id)"
        " ORDER BY e.id LIMIT $3)) ORDER BY id",
        org_id, since, most,
    )  # fmt: skip
    return [(row["id"], row["body"]) for row in rows]


async def count_events(connection: asyncpg.Connection, org_id: UUID, since: UUID, most: int) -> int:
    """Count the events from an id on, up to a number."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM (SELECT FROM audit_event WHERE org_id = $1 AND id >= $2 LIMIT $3) AS e",
            org_id, since, most,
        )
    )  # fmt: skip


async def add_leaves(connection: asyncpg.Connection, org_id: UUID, leaves: Sequence[Leaf]) -> None:
    """Give sealed events their places."""
    positions, ids, hashes, _ = zip(*leaves, strict=True)
    await connection.execute(
        "INSERT INTO audit_leaf (org_id, position, id, hash)"
        " SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bytea[])",
        org_id, positions, ids, hashes,
    )  # fmt: skip


async def add_head(connection: asyncpg.Connection, head: StoredHead) -> None:
    """Store a signed head."""
    await connection.execute(
        "INSERT INTO audit_head (id, org_id, size, root, frontier, sealed_at, kid, signature)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        head.id, head.org_id, head.size, head.root, head.frontier, head.sealed_at, head.kid, head.signature,
    )  # fmt: skip


async def list_heads(connection: asyncpg.Connection, org_id: UUID, above: int = 0) -> Sequence[StoredHead]:
    """Return the heads of an org larger than a size, the smallest first."""
    rows = await connection.fetch(
        "SELECT id, org_id, size, root, frontier, sealed_at, kid, signature FROM audit_head"
        " WHERE org_id = $1 AND size > $2 ORDER BY size, id", org_id, above,
    )  # fmt: skip
    return [StoredHead(**dict(row)) for row in rows]


async def last_head(connection: asyncpg.Connection, org_id: UUID) -> StoredHead | None:
    """Return the largest head of an org."""
    row = await connection.fetchrow(
        "SELECT id, org_id, size, root, frontier, sealed_at, kid, signature FROM audit_head"
        " WHERE org_id = $1 ORDER BY size DESC, id DESC LIMIT 1", org_id,
    )  # fmt: skip
    return StoredHead(**dict(row)) if row else None


async def find_leaf(connection: asyncpg.Connection, org_id: UUID, event_id: UUID) -> Leaf | None:
    """Return the leaf of an event, with the event unless it is gone."""
    row = await connection.fetchrow(
        "SELECT l.position, l.id, l.hash, e.body FROM audit_leaf l"
        " LEFT JOIN audit_event e ON e.org_id = $1 AND e.id = $2 WHERE l.org_id = $1 AND l.id = $2",
        org_id, event_id,
    )  # fmt: skip
    return Leaf(*row) if row else None


async def list_hashes(connection: asyncpg.Connection, org_id: UUID, size: int) -> Sequence[bytes]:
    """Return the hashes of the first leaves of an org."""
    rows = await connection.fetch(
        "SELECT hash FROM audit_leaf WHERE org_id = $1 AND position < $2 ORDER BY position", org_id, size
    )
    return [row["hash"] for row in rows]


async def read_leaves(
    connection: asyncpg.Connection, org_id: UUID, *, first: int = 0, below: int | None = None
) -> AsyncIterator[Leaf]:
    """Give the leaves of an org with their events, in order, a few thousand at a time."""
    after = first - 1
    while True:
        rows = await connection.fetch(
            "SELECT l.position, l.id, l.hash, e.body FROM audit_leaf l"
            " LEFT JOIN audit_event e ON e.org_id = $1 AND e.id = l.id"
            " WHERE l.org_id = $1 AND l.position > $2 AND l.position < coalesce($3, l.position + 1)"
            " ORDER BY l.position LIMIT $4", org_id, after, below, _CHUNK,
        )  # fmt: skip
        for row in rows:
            yield Leaf(*row)
        if len(rows) < _CHUNK:
            return
        after = rows[-1]["position"]


async def read_accesses(connection: asyncpg.Connection, org_id: UUID) -> Sequence[tuple[UUID, str]]:
    """Return every access of an org."""
    rows = await connection.fetch("SELECT id, body FROM audit_access WHERE org_id = $1", org_id)
    return [(row["id"], row["body"]) for row in rows]
