"""Connections of contract systems, ready to be used: who may send by them, what it means, how to ask back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from anyio import to_thread

from auth.crypto import Place, Sealer
from domain.identity import uuid7
from storage.connections import ConnectionKey, StoredConnection, find_connection, keys_of
from storage.database import Database
from sync.clm.connector import Connector
from sync.clm.connectors import Vendor, connector_of
from sync.clm.fetcher import Fetcher, HttpFetcher
from sync.clm.mapping_file import read_mapping
from sync.clm.signature import Key

KEPT: Final = 5.0
"""Seconds for which a connection is known: what an administrator changes holds everywhere after that."""

_MOST_KNOWN: Final = 1000
_NOT_KNOWN: Final = (0.0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connection that has not ended; `fetcher` is None where there is nothing to ask back."""

    org_id: UUID
    id: UUID
    name: str
    connector: Connector
    keys: Sequence[Key] = field(repr=False)
    fetcher: Fetcher | None


class Connections:
    """Knows connections for a few seconds, so that their keys are not decrypted for each delivery."""

    def __init__(self, sealer: Sealer, clock: Callable[[], float] = time.monotonic) -> None:
        self._sealer = sealer
        self._clock = clock
        self._known: dict[tuple[UUID, UUID], tuple[float, Connection | None]] = {}

    async def get(
        self, connection: asyncpg.Connection, org_id: UUID, connection_id: UUID
    ) -> Connection | None:
        """Return a connection, in a transaction bound to the org; None where it has ended or never was.

        Raises a KeyEncryptionError, and NotAConnection or MappingFileError for settings that went bad.
        """
        until, found = self._known.get((org_id, connection_id), _NOT_KNOWN)
        if self._clock() < until:
            return found
        stored = await find_connection(connection, org_id, connection_id)
        found = None
        if stored is not None and stored.ended_at is None:
            keys = [each for each in await keys_of(connection, org_id, stored.id) if each.ended_at is None]
            found = await to_thread.run_sync(self.read, stored, keys)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[org_id, connection_id] = self._clock() + KEPT, found
        return found

    async def opened(self, database: Database, org_id: UUID, connection_id: UUID) -> Connection | None:
        """Return a connection as `get` does; the database is asked only where it is not known."""
        until, found = self._known.get((org_id, connection_id), _NOT_KNOWN)
        if self._clock() < until:
            return found
        async with database.transaction(org_id) as connection:
            return await self.get(connection, org_id, connection_id)

    def read(self, stored: StoredConnection, keys: Sequence[ConnectionKey]) -> Connection:
        """Make a connection of what is stored of it, its secrets decrypted; waits for a key service."""
        mapping = None if stored.mapping is None else read_mapping(stored.mapping.encode(), stored.name)
        fetcher = None
        if stored.base_address is not None:
            headers = {}
            if stored.credentials is not None:
                place = _place_of_credentials(stored.org_id, stored.id)
                headers = json.loads(self._sealer.open(stored.credentials, place))
            fetcher = HttpFetcher(base=stored.base_address, headers=headers)
        return Connection(
            org_id=stored.org_id,
            id=stored.id,
            name=stored.name,
            connector=connector_of(Vendor(stored.vendor), stored.settings, mapping),
            keys=[
                Key(str(each.id), self._sealer.open(each.secret, _place_of_key(stored.org_id, each.id)))
                for each in keys
            ],
            fetcher=fetcher,
        )


def sealed_key(
    sealer: Sealer, org_id: UUID, connection_id: UUID, secret: bytes, now: datetime
) -> ConnectionKey:
    """Make a key of a connection, its secret encrypted."""
    id_ = uuid7()
    sealed = sealer.seal(secret, _place_of_key(org_id, id_))
    return ConnectionKey(id=id_, connection_id=connection_id, secret=sealed, made_at=now)


def sealed_credentials(sealer: Sealer, org_id: UUID, connection_id: UUID, headers: Mapping[str, str]) -> str:
    """Encrypt the headers that a connection fetches with."""
    return sealer.seal(json.dumps(dict(headers)).encode(), _place_of_credentials(org_id, connection_id))


def _place_of_key(org_id: UUID, key_id: UUID) -> Place:
    return Place(org=str(org_id), table="clm_key", row=str(key_id), column="secret")


def _place_of_credentials(org_id: UUID, connection_id: UUID) -> Place:
    return Place(org=str(org_id), table="clm_connection", row=str(connection_id), column="credentials")
