"""What Salesforce is to be told of a contract, and what it was told: read before a write, kept after it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
      FROM unnest($2::uuid[]) AS g (contract_id) CROSS JOIN LATERAL (
           SELECT id, in_doubt FROM salesforce_record
            WHERE org_id = $1 AND contract_id = g.contract_id ORDER BY id FOR UPDATE) AS before
     WHERE r.org_id = $1 AND r.id = before.id
    RETURNING r.contract_id, r.object, r.salesforce_id, r.told, before.in_doubt"""
_TOLD = """
    SELECT object, salesforce_id, told, in_doubt FROM salesforce_record
     WHERE org_id = $1 AND contract_id = $2"""
_TOLD_ALL = """
    SELECT contract_id, object, salesforce_id, told, in_doubt FROM salesforce_record
     WHERE org_id = $1 AND contract_id = ANY ($2)"""
# What a bulk job carries is our word, too: it comes back before the job is known to have ended.
_TOLD_RECORD = """
    SELECT coalesce(
        (SELECT r.told FROM salesforce_bulk_row AS r
           JOIN salesforce_bulk_job AS j ON j.org_id = $1 AND j.id = r.job_id AND j.state <> 'ENDED'
          WHERE r.org_id = $1 AND r.id = $2 AND j.object = $3),
        (SELECT told FROM salesforce_record
          WHERE org_id = $1 AND contract_id = $2 AND object = $3 AND salesforce_id = $4))"""
_SETTLE = """
    INSERT INTO salesforce_record (org_id, id, contract_id, object, salesforce_id, told, told_at, in_doubt,
                                   correlation)
    SELECT $1, g.id, g.contract_id, g.object, g.salesforce_id, g.told, g.told_at, false, g.correlation
      FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
           AS g (id, contract_id, object, salesforce_id, told, told_at, correlation) ORDER BY g.id
        ON CONFLICT (org_id, id) DO UPDATE
       SET salesforce_id = excluded.salesforce_id, told = excluded.told, told_at = excluded.told_at,
           in_doubt = false, correlation = excluded.correlation"""
_WRITE = """
    INSERT INTO salesforce_write AS w (org_id, id, contract_id, object, salesforce_id, state, reason,
                                       written_at, contract_version, correlation)
    SELECT $1, g.*
      FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                  $9::int[], $10::text[])
           AS g (id, contract_id, object, salesforce_id, state, reason, written_at, version, correlation)
     ORDER BY g.id
        ON CONFLICT (org_id, id) DO UPDATE
       SET salesforce_id = coalesce(excluded.salesforce_id, w.salesforce_id), state = excluded.state,
           reason = excluded.reason, written_at = coalesce(excluded.written_at, w.written_at),
           contract_version = coalesce(excluded.contract_version, w.contract_version),
           correlation = excluded.correlation"""
_NO_LONGER = """
    DELETE FROM salesforce_refusal WHERE org_id = $1 AND write_id = ANY ($2) AND NOT id = ANY ($3)"""
_DOUBT = "UPDATE salesforce_record SET in_doubt = true WHERE org_id = $1 AND NOT in_doubt"
_DOUBT_ONE = _DOUBT + " AND contract_id = $2 AND ($3::text[] IS NULL OR object = ANY ($3))"
# What a bulk job has was put in doubt as it was gathered: this is a doubt that outlasts the job.
_DOUBT_ROWS = "UPDATE salesforce_bulk_row SET doubted = true WHERE org_id = $1 AND NOT doubted"
_DOUBT_ROW = """
    UPDATE salesforce_bulk_row AS r SET doubted = true FROM salesforce_bulk_job AS j
     WHERE r.org_id = $1 AND r.id = $2 AND NOT r.doubted AND j.org_id = $1 AND j.id = r.job_id
       AND ($3::text[] IS NULL OR j.object = ANY ($3))"""
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
    return (await contract_rows(connection, org_id, [contract_id])).get(contract_id)


async def contract_rows(
    connection: asyncpg.Connection, org_id: UUID, contract_ids: Sequence[UUID]
) -> Mapping[UUID, Contract]:
    """Return contracts by their ids; those that are not there stay away."""
    statement = _contracts()
    rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, ids=list(contract_ids)))
    return {row["id"]: cast("Contract", from_row(Contract, row)) for row in rows}


async def begin(
    connection: asyncpg.Connection, org_id: UUID, contract_ids: Sequence[UUID]
) -> Mapping[UUID, Mapping[str, StoredRecord]]:
    """Return by object what Salesforce was told of contracts, which is in doubt from now until `settle`."""
    return _by_contract(contract_ids, await connection.fetch(_BEGIN, org_id, contract_ids))


async def told_of(
    connection: asyncpg.Connection, org_id: UUID, contract_ids: Sequence[UUID]
) -> Mapping[UUID, Mapping[str, StoredRecord]]:
    """Return the same, and leave it as it is: nothing is written yet."""
    return _by_contract(contract_ids, await connection.fetch(_TOLD_ALL, org_id, contract_ids))


async def told(connection: asyncpg.Connection, org_id: UUID, contract_id: UUID) -> Mapping[str, StoredRecord]:
    """Return the same, and leave it as it is: nothing is about to be written."""
    return _records(await connection.fetch(_TOLD, org_id, contract_id))


async def records_told(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID, object_name: str, record_id: str
) -> Mapping[str, Any]:
    """Return what a record was last told of a contract; nothing where it was told nothing."""
    found = await connection.fetchval(_TOLD_RECORD, org_id, contract_id, object_name, record_id)
    return {} if found is None else cast("Mapping[str, Any]", json.loads(found))


async def settle(
    connection: asyncpg.Connection,
    org_id: UUID,
    settled: Sequence[tuple[StoredRecord, SalesforceWrite, datetime]],
) -> None:
    """Keep what records were told by writes, and when; nothing of it is in doubt any more."""
    if settled:
        await connection.execute(
            _SETTLE, org_id, [write.id for _, write, _ in settled],
            [write.contract_id for _, write, _ in settled], [record.object for record, _, _ in settled],
            [record.salesforce_id for record, _, _ in settled],
            [json.dumps(dict(record.told)) for record, _, _ in settled], [at for _, _, at in settled],
            [write.correlation for _, write, _ in settled],
        )  # fmt: skip


async def show(
    connection: asyncpg.Connection,
    org_id: UUID,
    writes: Sequence[SalesforceWrite],
    today: date,
    *,
    keep_refusals: Collection[UUID] = (),
) -> None:
    """Keep for readers of contracts how things stand; what is None of a write stays as it was.

    So do the refusals of those writes whose ids are given.
    """
    if not writes:
        return
    await connection.execute(
        _WRITE, org_id, [each.id for each in writes], [each.contract_id for each in writes],
        [each.object for each in writes], [each.salesforce_id for each in writes],
        [each.state.value for each in writes], [each.reason for each in writes],
        [each.written_at for each in writes], [each.contract_version for each in writes],
        [each.correlation for each in writes],
    )  # fmt: skip
    renewed = [each for each in writes if each.id not in keep_refusals]
    refusals = [refusal for each in renewed for refusal in each.refusals]
    await connection.execute(
        _NO_LONGER, org_id, [each.id for each in renewed], [each.id for each in refusals]
    )
    await put(connection, SalesforceRefusal, [to_row(each, org_id, today) for each in refusals])


async def doubt(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID, objects: Sequence[str] | None = None
) -> None:
    """Put what objects were told of a contract in doubt, all unless said: the next write writes it whole."""
    named = None if objects is None else list(objects)
    # Rows first: where their job ends just now, what it told is in the record by the time that is doubted.
    await connection.execute(_DOUBT_ROW, org_id, contract_id, named)
    await connection.execute(_DOUBT_ONE, org_id, contract_id, named)


async def unwritten(connection: asyncpg.Connection, org_id: UUID, *, anew: bool) -> Sequence[UUID]:
    """Return the contracts that Salesforce was never told of, that wait, or that it refuses in part.

    With `anew` every contract, and what was told of it is in doubt: all is written again.
    """
    if anew:
        await connection.execute(_DOUBT_ROWS, org_id)
        await connection.execute(_DOUBT, org_id)
    return [row["id"] for row in await connection.fetch(_UNWRITTEN, org_id, anew)]


async def salesforce_ids(
    connection: asyncpg.Connection, org_id: UUID, references: Sequence[tuple[DeclaredField, UUID]]
) -> Mapping[UUID, str]:
    """Return the Salesforce ids of the records that references lead to, by their ids here."""
    wanted: defaultdict[str, set[UUID]] = defaultdict(set)
    for declared, id_ in references:
        wanted[declared.target].add(id_)
    found: dict[UUID, str] = {}
    for target, ids in wanted.items():
        statement = _salesforce_ids(target)
        asked = statement.arguments(org_id=org_id, ids=list(ids))
        found |= {row["id"]: row["salesforce_id"] for row in await connection.fetch(statement.text, *asked)}
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


def _by_contract(
    contract_ids: Sequence[UUID], rows: Sequence[asyncpg.Record]
) -> Mapping[UUID, Mapping[str, StoredRecord]]:
    found: defaultdict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[row["contract_id"]].append(row)
    return {id_: _records(found[id_]) for id_ in contract_ids}


def _records(rows: Sequence[asyncpg.Record]) -> Mapping[str, StoredRecord]:
    return {
        row["object"]: StoredRecord(
            object=row["object"], salesforce_id=row["salesforce_id"],
            told=json.loads(row["told"]), in_doubt=row["in_doubt"],
        )
        for row in rows
    }  # fmt: skip


@memoized
def _contracts() -> Statement:
    table = table_of("Contract")
    return Statement.of(sa.select(table).where(of_org(table), table.c.id == any_of("ids", sa.Uuid())))


@memoized
def _salesforce_ids(entity: str) -> Statement:
    table = table_of(entity)
    chosen = table.c.id == any_of("ids", sa.Uuid()), table.c.salesforce_id.is_not(None)
    return Statement.of(sa.select(table.c.id, table.c.salesforce_id).where(of_org(table), *chosen))


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
