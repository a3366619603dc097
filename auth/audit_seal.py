"""Sealing: events that are not yet in the tree of their org are put there, and its head is signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from auth.audit import event_hash
from auth.audit_head import ExportedHead, SealKey, SealKeys, SignedHead
from auth.merkle import Frontier
from domain.identity import uuid7
from storage.audit_months import floor_of
from storage.audit_tree import (
    Leaf,
    StoredHead,
    add_head,
    add_leaves,
    find_unsealed,
    last_head,
    list_heads,
    lock_tree,
    read_leaves,
)

MOST_EVENTS: Final = 1000
"""Under one head; who asks where a log was changed is told to within these."""

LATE: Final = timedelta(hours=1)
"""How long after its time an event may still come in, unless every event is looked for."""

SOON: Final = timedelta(minutes=1)
"""Within what time nearly all come in. Who seals many events looks only so far back at most heads: at each it
would be all that came in within LATE."""


class NotOurHead(Exception):
    """The last head of {org}, of {size} events, {reason}: nothing is sealed; run `audit verify`."""


async def seal(
    connection: asyncpg.Connection,
    org_id: UUID,
    key: SealKey,
    now: datetime,
    *,
    late: timedelta | None = LATE,
) -> Sequence[SignedHead]:
    """Seal what an org's log has gained, in the transaction that is bound to it, and return the new heads.

    Without `late` every event is looked for, however old. Raises NotOurHead for a log that does not go on
    from a head that this key signed.
    """
    await lock_tree(connection, org_id)
    last = await last_head(connection, org_id)
    tree = Frontier() if last is None else _grown(last, key)
    since = UUID(int=0) if last is None or late is None else floor_of(last.sealed_at - late)
    signed = []
    while events := await find_unsealed(connection, org_id, since, MOST_EVENTS):
        leaves = []
        for event_id, body in events:
            leaves.append(Leaf(tree.size, event_id, event_hash(body.encode())))
            tree.append(leaves[-1].hash)
        await add_leaves(connection, org_id, leaves)
        head = key.sign(org_id, tree.size, tree.root(), now)
        await add_head(
            connection,
            StoredHead(
                id=uuid7(), org_id=org_id, size=tree.size, root=head.root, frontier=tree.to_bytes(),
                sealed_at=now, kid=head.kid, signature=head.signature,
            ),
        )  # fmt: skip
        signed.append(head)
        if len(events) < MOST_EVENTS:
            break  # what comes meanwhile is for the next time: there may be no end of it
        since = events[-1][0]
    return signed


def head_of(stored: StoredHead) -> SignedHead:
    """Return a stored head as it was signed."""
    return SignedHead(
        org_id=stored.org_id, size=stored.size, root=stored.root, sealed_at=stored.sealed_at, kid=stored.kid,
        signature=stored.signature,
    )  # fmt: skip


async def export_heads(
    connection: asyncpg.Connection, org_id: UUID, above: int = 0
) -> Sequence[ExportedHead]:
    """Return the heads of an org larger than a size, with what lies between them."""
    exported, first = [], above
    for stored in await list_heads(connection, org_id, above):
        leaves = read_leaves(connection, org_id, first=first, below=stored.size)
        exported.append(ExportedHead(head_of(stored), tuple([(each.id, each.hash) async for each in leaves])))
        first = stored.size
    return exported


def _grown(last: StoredHead, key: SealKey) -> Frontier:
    """Return the tree of the last head: what is added must go on from what this key signed."""
    known = SealKeys([key.public])

    def refuse(reason: str) -> NotOurHead:
        return NotOurHead((NotOurHead.__doc__ or "").format(org=last.org_id, size=last.size, reason=reason))

    if not known.signed(head_of(last)):
        raise refuse("is not signed by this key")
    try:
        tree = Frontier.from_bytes(last.size, last.frontier)
    except ValueError:
        raise refuse("has a damaged frontier") from None
    if tree.root() != last.root:
        raise refuse("has another root than its frontier")
    return tree
