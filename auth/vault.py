"""The data keys of every org: made when they are first needed, decrypted, and kept for five minutes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from anyio import to_thread
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.crypto import Place, Sealer, kid_of
from auth.org_keys import OrgKeys
from domain.field import Entity
from domain.identity import uuid7
from storage import data_keys
from storage.data_keys import DataKey
from storage.database import Database
from storage.sealed_rows import empty_masks, sealed_tables
from storage.tables import table_name

KEPT = 300.0
"""Seconds for which a worker knows a key: what was destroyed it opens no longer than that."""

ROTATED_AFTER = timedelta(days=90)
"""The age at which a key seals no more: 2^28 values in that time would be 34 a second, day and night."""

ITSELF = "contract-graph"


@dataclass(slots=True)
class _Kept:
    """Keys as they are stored, until when that is believed."""

    keys: Sequence[DataKey]
    until: float


@dataclass(slots=True)
class _Unwrapped:
    """A key that can be used, until when."""

    key: bytes = field(repr=False)
    until: float


class Vault:
    """Gives the keys of an org to readers and writers; a key service is asked once in five minutes."""

    def __init__(
        self,
        sealer: Sealer,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sealer = sealer
        self._clock = clock
        self._now = now
        self._stored: dict[UUID, _Kept] = {}
        self._unwrapped: dict[UUID, _Unwrapped] = {}

    async def seals(
        self, connection: asyncpg.Connection, org_id: UUID, entities: Collection[type[Entity]]
    ) -> OrgKeys:
        """Give a writer the keys of today, made where there are none or they are old.

        Until the end of the transaction nobody destroys them. Raises a KeyEncryptionError.
        """
        tables = {table_name(entity.__name__) for entity in entities}
        await data_keys.hold(connection, org_id)
        stored = await data_keys.load(connection, org_id)
        if self._missing(stored, tables):
            await data_keys.alone_in_making(connection, org_id)
            stored = await data_keys.load(connection, org_id)
            for table in self._missing(stored, tables):
                await self._make(connection, org_id, table, ITSELF)
            stored = await data_keys.load(connection, org_id)
        self._forget_old()
        return await self._org_keys(org_id, stored, {each.kid for each in stored}, index=True)

    async def keys(
        self, database: Database, org_id: UUID, kids: Collection[str] = (), *, index: bool = False
    ) -> OrgKeys:
        """Give a reader the keys of these kids, and that of blind indexes if it is asked for.

        A key that is not known is looked for at once; one that is not there is left out. Raises a
        KeyEncryptionError, DatabaseUnavailable or one of BUSY.
        """
        kept = self._stored.get(org_id)
        if kept is None or kept.until <= self._clock() or not _are_among(kept.keys, kids, index=index):
            until = self._clock() + KEPT
            kept = _Kept(await data_keys.read(database, org_id), until)
            self._forget_old()
            self._stored[org_id] = kept
        return await self._org_keys(org_id, kept.keys, kids, index=index)

    async def rotate(self, connection: asyncpg.Connection, org_id: UUID, by: str) -> Sequence[str]:
        """Make a new key for every table that has one or will; returns their names. The old ones open on.

        Must run in a transaction that is bound to the org.
        """
        await data_keys.alone_in_making(connection, org_id)
        tables = sealed_tables()
        for table in tables:
            await self._make(connection, org_id, table, by)
        return tables

    def _missing(self, stored: Sequence[DataKey], tables: Iterable[str]) -> list[str | None]:
        """Say which tables have no key that seals; None stands for blind indexes, whose key never ages."""
        living = [each for each in stored if each.wrapped is not None]
        oldest = self._now() - ROTATED_AFTER
        young = {each.table_name for each in living if each.made_at > oldest or each.table_name is None}
        return [table for table in (None, *sorted(tables)) if table not in young]

    async def _make(self, connection: asyncpg.Connection, org_id: UUID, table: str | None, by: str) -> None:
        id_ = uuid7()
        key, place = AESGCM.generate_key(256), _place(org_id, id_, table)
        wrapped = await to_thread.run_sync(self._sealer.seal, key, place)
        made = DataKey(id=id_, table_name=table, wrapped=wrapped, made_at=self._now(), made_by=by)
        await data_keys.add(connection, org_id, made)

    async def _org_keys(
        self, org_id: UUID, stored: Sequence[DataKey], kids: Collection[str], *, index: bool
    ) -> OrgKeys:
        opening: dict[str, bytes | None] = {}
        sealing: dict[str, str] = {}
        index_key: bytes | None = None
        for each in stored:
            if each.table_name is None:
                index_key = await self._unwrap(org_id, each) if index and each.wrapped else index_key
            elif each.kid in kids:
                opening[each.kid] = await self._unwrap(org_id, each)
                if each.wrapped is not None:
                    sealing[each.table_name] = each.kid
        return OrgKeys(org_id=org_id, opening=opening, sealing=sealing, index_key=index_key)

    async def _unwrap(self, org_id: UUID, stored: DataKey) -> bytes | None:
        if stored.wrapped is None:
            return None
        known = self._unwrapped.get(stored.id)
        if known is None or known.until <= self._clock():
            until = self._clock() + KEPT
            place = _place(org_id, stored.id, stored.table_name)
            # A key service is asked over the network.
            key = await to_thread.run_sync(self._sealer.open, stored.wrapped, place)
            known = self._unwrapped[stored.id] = _Unwrapped(key, until)
        return known.key

    def _forget_old(self) -> None:
        now = self._clock()
        self._stored = {org: kept for org, kept in self._stored.items() if kept.until > now}
        self._unwrapped = {id_: key for id_, key in self._unwrapped.items() if key.until > now}


async def rewrap(connection: asyncpg.Connection, org_id: UUID, sealer: Sealer) -> int:
    """Encrypt the keys of an org under the key-encryption key in use; returns how many another had encrypted.

    The keys stay the same, and so does every value. Must run in a transaction that is bound to the org, as
    the owner of the tables. Raises a KeyEncryptionError.
    """
    await data_keys.hold(connection, org_id)
    stored = await data_keys.load(connection, org_id)
    living = [(each, each.wrapped) for each in stored if each.wrapped is not None]
    others = [(each, old) for each, old in living if kid_of(old) != sealer.kid]
    for each, old in others:
        place = _place(org_id, each.id, each.table_name)
        key = await to_thread.run_sync(sealer.open, old, place)
        wrapped = await to_thread.run_sync(sealer.seal, key, place)
        await data_keys.replace_wrapped(connection, org_id, each, wrapped)
    return len(others)


async def shred(connection: asyncpg.Connection, org_id: UUID, by: str) -> int:
    """Destroy every key of an org, and what masks show of its values; returns how many keys there were.

    Needs no key itself. Writers are waited for; workers read on for as long as they keep a key. Must run
    in a transaction that is bound to the org, as the owner of the tables.
    """
    await data_keys.hold_alone(connection, org_id)
    await empty_masks(connection, org_id)
    return await data_keys.shred(connection, org_id, datetime.now(UTC), by)


def _are_among(stored: Sequence[DataKey], kids: Collection[str], *, index: bool) -> bool:
    indexes = any(each.table_name is None and each.wrapped is not None for each in stored)
    return (indexes or not index) and {each.kid for each in stored}.issuperset(kids)


def _place(org_id: UUID, id_: UUID, table: str | None) -> Place:
    """A key opens for the table that it was made for, and in its own row."""
    return Place(str(org_id), "data_key", str(id_), f"wrapped for {table or 'blind indexes'}")
