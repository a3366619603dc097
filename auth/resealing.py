"""Values encrypted anew under the key of today, and those encrypted that once lay in clear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from auth.org_keys import OrgKeys
from auth.vault import Vault
from domain.field import ENTITIES, DeclaredField, sealed_fields
from storage.sealed_rows import FIRST, columns_of, encrypted_by_others, in_clear, rewrite
from storage.sealing import DamagedValue, SealedText
from storage.tables import column_names, index_name, table_name
from storage.tenancy import bind_org

BATCH = 500
"""Rows that one transaction locks and rewrites."""

Rows = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Resealed:
    """How many values were encrypted anew, and those that do not open: they were left as they are."""

    values: int = 0
    damaged: list[DamagedValue] = field(default_factory=list)


async def reseal(connection: asyncpg.Connection, org_id: UUID, vault: Vault) -> Resealed:
    """Encrypt under today's key every value of an org that an older one encrypted; readers go on."""
    done = Resealed()
    for fields in _by_table():

        async def one_batch(after: UUID, fields: Sequence[DeclaredField] = fields) -> Rows:
            keys = await vault.seals(connection, org_id, {ENTITIES[fields[0].entity]})
            kid = keys.sealing[table_name(fields[0].entity)]
            rows = await encrypted_by_others(connection, org_id, fields, kid, after, BATCH)
            for declared in fields:
                anew = _sealed_anew(declared, rows, keys, kid, done)
                await rewrite(connection, org_id, declared, anew)
            return rows

        await _in_batches(connection, org_id, one_batch)
    return done


async def seal_what_is_clear(
    connection: asyncpg.Connection, org_id: UUID, open_vault: Callable[[], Awaitable[Vault]]
) -> int:
    """Encrypt values that were stored before their fields were encrypted, and return how many there were.

    The vault is opened when there is one. A database between two revisions lacks fields of later ones.
    """
    sealed = 0
    vault: Vault | None = None
    for every in _by_table():
        there = await columns_of(connection, every)
        fields = [each for each in every if there.issuperset(column_names(each))]

        async def one_batch(after: UUID, fields: Sequence[DeclaredField] = fields) -> Rows:
            nonlocal sealed, vault
            rows = await in_clear(connection, org_id, fields, after, BATCH)
            if rows:
                vault = vault or await open_vault()
                keys = await vault.seals(connection, org_id, {ENTITIES[fields[0].entity]})
                for declared in fields:
                    new = _first_sealed(declared, rows, keys)
                    await rewrite(connection, org_id, declared, new)
                    sealed += len(new)
            return rows

        if fields:
            await _in_batches(connection, org_id, one_batch)
    return sealed


def _by_table() -> Sequence[Sequence[DeclaredField]]:
    return [fields for entity in ENTITIES.values() if (fields := sealed_fields(entity))]


async def _in_batches(
    connection: asyncpg.Connection, org_id: UUID, one_batch: Callable[[UUID], Awaitable[Rows]]
) -> None:
    """Run batches from id to id, each in a transaction of its own, until one finds nothing."""
    after: UUID | None = FIRST
    while after is not None:
        async with connection.transaction():
            await bind_org(connection, org_id)
            rows = await one_batch(after)
        after = rows[-1]["id"] if rows else None


def _sealed_anew(
    declared: DeclaredField, rows: Rows, keys: OrgKeys, kid: str, done: Resealed
) -> dict[UUID, SealedText]:
    anew: dict[UUID, SealedText] = {}
    for row in rows:
        ciphertext = row[declared.name]
        if ciphertext is None or ciphertext.startswith(f"v1.{kid}."):
            continue
        try:
            text = keys.open(declared, row["id"], ciphertext)
        except DamagedValue as damaged:
            done.damaged.append(damaged)
            continue
        if text is not None:
            anew[row["id"]] = keys.seal(declared, row["id"], text)
    done.values += len(anew)
    return anew


def _first_sealed(declared: DeclaredField, rows: Rows, keys: OrgKeys) -> dict[UUID, SealedText]:
    return {
        row["id"]: keys.seal(declared, row["id"], row[declared.name])
        for row in rows
        if row[declared.name] is not None and row[index_name(declared)] is None
    }
