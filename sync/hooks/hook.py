"""A webhook that can be told: where, and signed with which keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import orjson

from auth.crypto import Place, Sealer
from domain.identity import uuid7
from storage.hooks import StoredHook, StoredHookKey
from sync.hooks.destination import Destination
from sync.hooks.networks import Network
from sync.hooks.signature import key_of, signed

CHANGED = "contract.changed"
TEST = "test"


class Noticed(Protocol):
    """A change as a webhook may know of it."""

    @property
    def cursor(self) -> str: ...
    @property
    def contract_id(self) -> str: ...
    @property
    def fields(self) -> Sequence[str]: ...
    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook with what is secret of it."""

    destination: Destination
    keys: Sequence[bytes] = field(repr=False)

    async def tell(self, noticed: Noticed, now: datetime) -> int:
        """Send a change once: known by the same id however often it is sent. Raises NotSent."""
        data = {"id": noticed.cursor, "contractId": noticed.contract_id, "fields": noticed.fields}
        return await self._send(noticed.cursor, CHANGED, noticed.at, data, now)

    async def test(self, now: datetime) -> int:
        """Send a message that tells nothing. Raises NotSent."""
        return await self._send(str(uuid7()), TEST, now, {}, now)

    async def _send(self, id_: str, kind: str, at: datetime, data: object, now: datetime) -> int:
        body = orjson.dumps({"type": kind, "timestamp": at, "data": data})
        return await self.destination.send(body, signed(self.keys, id_, now, body))


def opened_hook(
    sealer: Sealer, stored: StoredHook, keys: Sequence[StoredHookKey], allowed: Sequence[Network]
) -> Hook | None:
    """Decrypt what is secret of a webhook; None where it has ended. Raises a KeyEncryptionError.

    A key service is asked over the network: call it in a thread.
    """
    if stored.address is None:
        return None
    address = sealer.open(stored.address, _place(stored.org_id, "hook", stored.id, "address")).decode()
    opened = [sealer.open(each.secret, _place(stored.org_id, "hook_key", each.id, "secret")) for each in keys]
    return Hook(destination=Destination(address, allowed), keys=[key_of(each.decode()) for each in opened])


def sealed_address(sealer: Sealer, org_id: UUID, hook_id: UUID, address: str) -> str:
    """Encrypt the address of a webhook."""
    return sealer.seal(address.encode(), _place(org_id, "hook", hook_id, "address"))


def sealed_key(sealer: Sealer, org_id: UUID, hook_id: UUID, secret: str, now: datetime) -> StoredHookKey:
    """Encrypt a secret of a webhook."""
    id_ = uuid7()
    text = sealer.seal(secret.encode(), _place(org_id, "hook_key", id_, "secret"))
    return StoredHookKey(id=id_, hook_id=hook_id, secret=text, made_at=now)


def _place(org_id: UUID, table: str, row: UUID, column: str) -> Place:
    return Place(org=str(org_id), table=table, row=str(row), column=column)
