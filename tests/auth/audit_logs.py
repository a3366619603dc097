"""A small sealed log whose every moment is chosen, and what somebody with all rights does to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.audit import Access, AuditEvent, Document, event_hash
from auth.audit_head import ExportedHead, SealKey, SealKeys
from auth.audit_seal import export_heads, seal
from auth.audit_verify import Report, verify
from auth.merkle import Frontier
from auth.principal import Principal

ORG = UUID("00000000-0000-7000-8000-000000000001")
WHO = Principal(
    ORG, "005 someone", "a client", frozenset({"legal"}), frozenset({"graph:read", "graph:documents"})
)
BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ACCESS = Access.of(["Contract.id"], [], [])
BATCHES = (17, 1, 30, 12)
SIZE = sum(BATCHES)


def event_at(moment: datetime, number: int, **changed: object) -> AuditEvent:
    """Return an event of a moment."""
    id_ = UUID(int=(round(moment.timestamp() * 1000) << 80) | 0x7000_8000_0000_0000_0000 | number)
    facts: dict[str, object] = {
        "id": id_, "who": WHO, "kind": "read", "document": Document.of("{ contracts { totalCount } }", None),
        "policy": "a digest", "request": f"request {number}", "latency": 100 + number,
        "access": ACCESS.sha256,
    }  # fmt: skip
    return AuditEvent(**facts | changed)  # type: ignore[arg-type]


@dataclass
class SealedLog:
    """Events of one org, sealed in batches a minute apart; `exported` is what lies in a second place."""

    connection: asyncpg.Connection
    key: SealKey = field(default_factory=lambda: SealKey(Ed25519PrivateKey.generate()))
    exported: Sequence[ExportedHead] = ()
    events: list[AuditEvent] = field(default_factory=list)

    async def add(self, event: AuditEvent) -> None:
        await self.connection.execute(
            "INSERT INTO audit_event VALUES ($1, $2, $3)",
            event.who.org_id, event.id, event.canonical().decode(),
        )  # fmt: skip

    async def fill(self) -> None:
        """Write and seal every batch, and export the heads."""
        await self.connection.execute(
            "INSERT INTO audit_access VALUES ($1, $2, $3)", ORG, ACCESS.id, ACCESS.body.decode()
        )
        for batch, count in enumerate(BATCHES):
            began = BEGAN + timedelta(minutes=10 * batch)
            for number in range(count):
                event = event_at(began + timedelta(seconds=number), len(self.events))
                self.events.append(event)
                await self.add(event)
            await self.seal(began + timedelta(minutes=1))
        self.exported = await export_heads(self.connection, ORG)

    async def seal(self, now: datetime, key: SealKey | None = None) -> None:
        await seal(self.connection, ORG, key or self.key, now, late=None)

    async def verify(self, exported: Sequence[ExportedHead] = ()) -> Report:
        now = BEGAN + timedelta(hours=5)
        return await verify(self.connection, ORG, SealKeys([self.key.public]), exported, now)

    # What somebody with every right may do

    async def edit(self, position: int, *, leaf: bool, **changed: object) -> None:
        """Change an event, and its leaf too if wanted."""
        event = self.events[position]
        said = json.loads(event.canonical()) | changed
        body = json.dumps(said, sort_keys=True, separators=(",", ":"))
        await self.connection.execute("UPDATE audit_event SET body = $2 WHERE id = $1", event.id, body)
        if leaf:
            hash_ = event_hash(body.encode())
            await self.connection.execute("UPDATE audit_leaf SET hash = $2 WHERE id = $1", event.id, hash_)

    async def delete(self, position: int, *, leaf: bool) -> None:
        event = self.events[position].id
        await self.connection.execute("DELETE FROM audit_event WHERE id = $1", event)
        if leaf:
            await self.connection.execute("DELETE FROM audit_leaf WHERE id = $1", event)

    async def close_gap(self, position: int) -> None:
        """Move every leaf behind a position one forward."""
        await self.connection.execute(
            "UPDATE audit_leaf SET position = -position WHERE position > $1", position
        )
        await self.connection.execute("UPDATE audit_leaf SET position = -position - 1 WHERE position < 0")

    async def swap(self, one: int, other: int) -> None:
        change = "UPDATE audit_leaf SET position = $2 WHERE id = $1"
        first, second = self.events[one].id, self.events[other].id
        for event, position in ((first, -1), (second, one), (first, other)):
            await self.connection.execute(change, event, position)

    async def truncate(self, position: int, *, events: bool = True, heads: bool = True) -> None:
        """Take away all from a position on."""
        gone = [event.id for event in self.events[position:]]
        await self.connection.execute("DELETE FROM audit_leaf WHERE id = ANY ($1)", gone)
        if events:
            await self.connection.execute("DELETE FROM audit_event WHERE id = ANY ($1)", gone)
        if heads:
            await self.connection.execute("DELETE FROM audit_head WHERE size > $1", position)

    async def sign_again(self, key: SealKey) -> None:
        """Make every head that of the leaves that there are now."""
        for head in await self.connection.fetch("SELECT id, size, sealed_at FROM audit_head ORDER BY size"):
            rows = await self.connection.fetch(
                "SELECT hash FROM audit_leaf WHERE position < $1 ORDER BY position", head["size"]
            )
            tree = Frontier.of([row["hash"] for row in rows])
            made = key.sign(ORG, tree.size, tree.root(), head["sealed_at"])
            await self.connection.execute(
                "UPDATE audit_head SET size = $2, root = $3, frontier = $4, kid = $5, signature = $6"
                " WHERE id = $1",
                head["id"], tree.size, made.root, tree.to_bytes(), made.kid, made.signature,
            )  # fmt: skip


@asynccontextmanager
async def sealed_log(url: str) -> AsyncIterator[SealedLog]:
    """Give a filled log inside a transaction that is undone in the end."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        log = SealedLog(connection)
        await log.fill()
        yield log
    finally:
        await transaction.rollback()
        await connection.close()
