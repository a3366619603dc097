"""The proof that an event is in a log that was signed, for whoever does not trust this installation."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from uuid import UUID

import asyncpg
import orjson

from auth.audit_seal import head_of
from auth.merkle import inclusion_proof
from storage.audit_tree import find_leaf, list_hashes, list_heads


class NotProvable(Exception):
    """Event {event} {reason}."""

    def __init__(self, **facts: object) -> None:
        super().__init__((type(self).__doc__ or "").format(**facts).rstrip("."))


async def prove(connection: asyncpg.Connection, org_id: UUID, event_id: UUID) -> bytes:
    """Return the proof of an event by the first head that covers it, as JSON. Raises NotProvable.

    It reads every leaf up to that head.
    """
    leaf = await find_leaf(connection, org_id, event_id)
    if leaf is None:
        raise NotProvable(event=event_id, reason="is in no tree: it is not sealed yet, or never was there")
    heads = [each for each in await list_heads(connection, org_id) if each.size > leaf.position]
    if not heads:
        raise NotProvable(event=event_id, reason="is under no head: run `contract-graph audit verify`")
    head = head_of(heads[0])
    hashes = await list_hashes(connection, org_id, head.size)
    if len(hashes) != head.size:
        raise NotProvable(event=event_id, reason="has no whole tree: run `contract-graph audit verify`")
    # A long log is hashed beside other requests, and not before them.
    path = await asyncio.to_thread(inclusion_proof, hashes, leaf.position)
    return orjson.dumps(
        {
            "event": leaf.body,
            "head": head.facts(),
            "leaf": leaf.hash.hex(),
            "position": leaf.position,
            "proof": [each.hex() for each in path],
            "signature": b64encode(head.signature).decode(),
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )
