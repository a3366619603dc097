"""What Salesforce is to be told of a contract, and what it was told: read before a write, kept after it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID, uuid5

import asyncpg
import sqlalchemy as sa

from domain.contract import Contract
from domain.field import DeclaredField, Kind
from domain.lifecycle import ContractStatus
from domain.salesforce_write import SalesforceRefusal, SalesforceWrite
from storage.few_rows import put
from storage.memo import memoized
from storage.records import from_row, to_row
from storage.statement import Statement
from storage.tables import column_names, table_of
from storage.upsert import any_of, of_org

# Whoever begins puts what was told in doubt, until it is settled what became of it: what a worker that was
# lost in between has written is known to nobody.
_BEGIN = """
    UPDATE salesforce_record AS r SET in_doubt = true
      FROM (SELECT id, in_doubt FROM salesforce_record
             WHERE org_id = $1 AND contract_id = $2 ORDER BY id FOR UPDATE) AS before
     WHERE r.org_id = $1 AND r.id = before.id
    RETURNING r.object, r.salesforce_id, r.told, before.in_doubt"""
_TOLD = """
    SELECT object, salesforce_id, told, in_doubt FROM salesforce_record
     WHERE org_id = $1 AND contract_id = $2"""
_SETTLE = """
    INSERT INTO salesforce_record (org_id, id, contract_id, object, salesforce_id, told, told_at, in_doubt,
                                   correlation)
    VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8)
        ON CONFLICT (org_id, id) DO UPDATE
       SET salesforce_id = excluded.salesforce_id, told = excluded.told, told_at = excluded.told_at,
           in_doubt = false, correlation = excluded.correlation"""
_WRITE = """
    INSERT INTO salesforce_write AS w (org_id, id, contract_id, object, salesforce_id, state, reason,
                                       written_at, contract_version, correlation)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (org_id, id) DO UPDATE
       SET salesforce_id = coalesce(excluded.salesforce_id, w.salesforce_id), state = excluded.state,
           reason = excluded.reason, written_at = coalesce(excluded.written_at, w.written_at),
           contract_version = coalesce(excluded.contract_version, w.contract_version),
           correlation = excluded.correlation"""
_NO_LONGER = "DELETE FROM salesforce_refusal WHERE org_id = $1 AND write_id = $2 AND NOT id = ANY ($3)"


_DOUBT = "UPDATE salesforce_record SET in_doubt = true WHERE org_id = $1 AND NOT in_doubt"
_DOUBT_ONE = _DOUBT + " AND contract_id = $2 AND ($3::text[] IS NULL OR object = ANY ($3))"
# What is held waits for a decision about it, see storage/quarantine.py.
_UNWRITTEN = """
    SELECT c.id FROM contract AS c
     WHERE c.org_id = $1
       AND ($2 OR NOT EXISTS (SELECT FROM salesforce_write AS w WHERE w.org_id = $1 AND w.contract_id = c.id)
            OR EXISTS (SELECT FROM salesforce_write AS w WHERE w.org_id = $1 AND w.contract_id = c.id
                          AND w.state IN ('PENDING', 'REFUSED')))
     ORDER BY c.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """What a record of Salesforce was last told; `in_doubt` says that more may have been written since."""

    object: str
    salesforce_id: str
    told: Mapping[str, Any] = field(repr=False)
    in_doubt: bool = False


def write_id(contract_id: UUID, object_name: str) -> UUID:
    """Return the id of what is kept about a contract in one object."""
    return uuid5(contract_id, object_name)


async def contract_row(connection: asyncpg.Connection, org_id: UUID, contract_id: UUID) -> Contract | None:
    """Return a contract as it is now, without its lists."""
    statement = _contract()
    row = await connection.fetchrow(statement.text, *statement.arguments(org_id=org_id, id=contract_id))
    return None if row is None else cast("Contract", from_row(Contract, row))


async def begin(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID
) -> Mapping[str, StoredRecord]:
    """Return by object what Salesforce was told of a contract, which is in doubt from now until `settle`."""
    return _records(await connection.fetch(_BEGIN, org_id, contract_id))


async def told(connection: asyncpg.Connection, org_id: UUID, contract_id: UUID) -> Mapping[str, StoredRecord]:
    """Return the same, and leave it as it is: nothing is about to be written."""
    return _records(await connection.fetch(_TOLD, org_id, contract_id))


async def records_told(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID, object_name: str, record_id: str
) -> Mapping[str, Any]:
    """Return what a record was last told of a contract; nothing where it was told nothing."""
    found = (await told(connection, org_id, contract_id)).get(object_name)
    return found.told if found is not None and found.salesforce_id == record_id else {}


async def settle(  # noqa: PLR0913 - what was told, of what, when and by which event
    connection: asyncpg.Connection,
    org_id: UUID,
    contract_id: UUID,
    record: StoredRecord,
    *,
    correlation: str,
    now: datetime,
) -> None:
    """Keep what a record was told; nothing of it is in doubt any more."""
    await connection.execute(
        _SETTLE, org_id, write_id(contract_id, record.object), contract_id, record.object,
        record.salesforce_id, json.dumps(dict(record.told)), now, correlation,
    )  # fmt: skip


async def show(
    connection: asyncpg.Connection,
    org_id: UUID,
    write: SalesforceWrite,
    today: date,
    *,
    keep_refusals: bool = False,
) -> None:
    """Keep for readers of the contract how things stand; what is None of it stays as it was."""
    await connection.execute(
        _WRITE, org_id, write.id, write.contract_id, write.object, write.salesforce_id, write.state.value,
        write.reason, write.written_at, write.contract_version, write.correlation,
    )  # fmt: skip
    if keep_refusals:
        return
    await connection.execute(_NO_LONGER, org_id, write.id, [each.id for each in write.refusals])
    await put(connection, SalesforceRefusal, [to_row(each, org_id, today) for each in write.refusals])


async def doubt(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID, objects: Sequence[str] | None = None
) -> None:
    """Put what objects were told of a contract in doubt, all unless said: the next write writes it whole."""
    await connection.execute(_DOUBT_ONE, org_id, contract_id, None if objects is None else list(objects))


async def unwritten(connection: asyncpg.Connection, org_id: UUID, *, anew: bool) -> Sequence[UUID]:
    """Return the contracts that Salesforce was never told of, that wait, or that it refuses in part.

    With `anew` every contract, and what was told of it is in doubt: all is written again.
    """
    if anew:
        await connection.execute(_DOUBT, org_id)
    return [row["id"] for row in await connection.fetch(_UNWRITTEN, org_id, anew)]


async def salesforce_ids(
    connection: asyncpg.Connection, org_id: UUID, references: Sequence[tuple[DeclaredField, UUID]]
) -> Mapping[UUID, str]:
    """Return the Salesforce ids of the records that references lead to, by their ids here."""
    found: dict[UUID, str] = {}
    for declared, target in references:
        statement = _salesforce_id(declared.target)
        known = await connection.fetchval(statement.text, *statement.arguments(org_id=org_id, id=target))
        if known is not None:
            found[target] = known
    return found


async def others_speak(
    connection: asyncpg.Connection,
    org_id: UUID,
    contract: Contract,
    place: tuple[DeclaredField, DeclaredField],
    statuses: Sequence[ContractStatus],
) -> bool:
    """Whether another contract in one of the statuses has a value for the same place.

    The place is a field, and the reference that leads to where it lives.
    """
    declared, via = place
    statement = _others(declared, via)
    arguments = statement.arguments(
        org_id=org_id, id=contract.id, target=getattr(contract, via.name),
        statuses=[each.value for each in statuses],
    )  # fmt: skip
    return bool(await connection.fetchval(statement.text, *arguments))


def _records(rows: Sequence[asyncpg.Record]) -> Mapping[str, StoredRecord]:
    return {
        row["object"]: StoredRecord(
            object=row["object"], salesforce_id=row["salesforce_id"],
            told=json.loads(row["told"]), in_doubt=row["in_doubt"],
        )
        for row in rows
    }  # fmt: skip


@memoized
def _contract() -> Statement:
    table = table_of("Contract")
    return Statement.of(
        sa.select(table).where(of_org(table), table.c.id == sa.bindparam("id", type_=sa.Uuid()))
    )


@memoized
def _salesforce_id(entity: str) -> Statement:
    table = table_of(entity)
    chosen = table.c.id == sa.bindparam("id", type_=sa.Uuid())
    return Statement.of(sa.select(table.c.salesforce_id).where(of_org(table), chosen))


@memoized
def _others(declared: DeclaredField, via: DeclaredField) -> Statement:
    table = table_of("Contract")
    if via.kind is not Kind.REFERENCE:
        raise TypeError(f"{via.coordinate} leads nowhere")
    return Statement.of(
        sa.select(sa.literal_column("1"))
        .where(
            of_org(table),
            table.c[via.name] == sa.bindparam("target", type_=sa.Uuid()),
            table.c.id != sa.bindparam("id", type_=sa.Uuid()),
            table.c[column_names(declared)[0]].is_not(None),
            table.c.status == any_of("statuses", sa.Text()),
        )
        .limit(sa.literal_column("1"))
    )
