"""Which records Salesforce lets a user read, as it said: kept for minutes, forgotten when that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import asyncpg
import sqlalchemy as sa

from domain.crm import User
from domain.field import Entity
from domain.reach import shared_by
from storage.memo import memoized
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import any_of, of_org

BELIEVED_FOR: Final = timedelta(minutes=10)
"""How long an answer of Salesforce counts: whatever changes there holds here after that at the latest."""

RENEWED_AFTER: Final = timedelta(minutes=5)
"""After how long an answer that somebody needs is asked for again, so that nobody has to wait for it."""

_KEPT_FOR: Final = timedelta(days=2)

_KEEP = """
    INSERT INTO salesforce_access AS a (org_id, id, user_id, record_id, may_read, asked_at)
    SELECT $1, told.id, $2, told.record_id, told.may_read, $3
      FROM unnest($4::uuid[], $5::text[], $6::boolean[]) AS told (id, record_id, may_read) ORDER BY told.id
        ON CONFLICT (org_id, id) DO UPDATE
       SET may_read = excluded.may_read, asked_at = excluded.asked_at
     WHERE a.org_id = excluded.org_id AND a.asked_at < excluded.asked_at"""
# Of anybody: whoever has left asks no more.
_DROP_OLD = """
    DELETE FROM salesforce_access WHERE org_id = $1 AND id IN (
        SELECT id FROM salesforce_access WHERE org_id = $1 AND asked_at < $2
         ORDER BY asked_at LIMIT 1000 FOR UPDATE SKIP LOCKED)"""
_NOTE = """
    INSERT INTO salesforce_reader AS r (org_id, id, user_id, whole, asked_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (org_id, id) DO UPDATE SET whole = excluded.whole, asked_at = excluded.asked_at
     WHERE r.org_id = excluded.org_id AND r.asked_at < excluded.asked_at"""
_KNOWN = """
    SELECT record_id, asked_at FROM salesforce_access
     WHERE org_id = $1 AND user_id = $2 AND record_id = ANY ($3) AND may_read IS NOT NULL"""
_UNASKED = """
    s.salesforce_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM salesforce_access AS a
         WHERE a.org_id = $1 AND a.user_id = $2 AND a.record_id = s.salesforce_id
           AND a.may_read IS NOT NULL AND a.asked_at > $3)"""
_HAS_CONTRACT = "EXISTS (SELECT FROM contract AS c WHERE c.org_id = $1 AND c.opportunity_id = o.id)"
# What a contract or one of its parties hangs on, the latest first.
_AT_STAKE = f"""
    SELECT s.salesforce_id FROM (
        SELECT o.id, o.salesforce_id FROM opportunity AS o WHERE o.org_id = $1 AND {_HAS_CONTRACT}
         UNION ALL
        SELECT t.id, t.salesforce_id FROM account AS t WHERE t.org_id = $1 AND (
               EXISTS (SELECT FROM contract AS c WHERE c.org_id = $1 AND c.account_id = t.id)
            OR EXISTS (SELECT FROM contract_party AS p WHERE p.org_id = $1 AND p.account_id = t.id)
            OR EXISTS (SELECT FROM opportunity AS o
                        WHERE o.org_id = $1 AND o.account_id = t.id AND {_HAS_CONTRACT}))) AS s
     WHERE {_UNASKED}
     ORDER BY s.id DESC LIMIT $4"""  # noqa: S608 - own names
# What contracts of the account of what was named, or of its deals, hang on, and their parties.
_BESIDE = f"""
    WITH named AS (
        SELECT id FROM account WHERE org_id = $1 AND salesforce_id = ANY ($4)
         UNION
        SELECT account_id FROM opportunity WHERE org_id = $1 AND salesforce_id = ANY ($4)
    ), deals AS (
        SELECT id FROM opportunity WHERE org_id = $1 AND salesforce_id = ANY ($4)
         UNION
        SELECT id FROM opportunity WHERE org_id = $1 AND account_id IN (SELECT id FROM named)
    ), here AS (
        SELECT id, account_id, opportunity_id FROM contract
         WHERE org_id = $1 AND account_id IN (SELECT id FROM named)
         UNION
        SELECT id, account_id, opportunity_id FROM contract
         WHERE org_id = $1 AND opportunity_id IN (SELECT id FROM deals)
    ), accounts AS (
        SELECT id FROM named UNION SELECT account_id FROM here UNION
        SELECT p.account_id FROM contract_party AS p JOIN here ON p.contract_id = here.id WHERE p.org_id = $1
    )
    SELECT s.salesforce_id FROM (
        SELECT t.id, t.salesforce_id FROM account AS t
         WHERE t.org_id = $1 AND t.id IN (SELECT id FROM accounts)
         UNION ALL
        SELECT o.id, o.salesforce_id FROM opportunity AS o
         WHERE o.org_id = $1 AND o.id IN (SELECT opportunity_id FROM here)) AS s
     WHERE {_UNASKED} AND s.salesforce_id <> ALL ($4)
     ORDER BY s.id DESC LIMIT $5"""  # noqa: S608 - own names
# Whoever was told of a record is asked about anew: the latest answer may have been another. They are held
# in the order in which answers are kept.
_FORGET_RECORDS = """
    UPDATE salesforce_access AS a SET may_read = NULL, asked_at = $3
      FROM (SELECT id FROM salesforce_access WHERE org_id = $1 AND record_id = ANY ($2) AND asked_at <= $3
             ORDER BY id FOR UPDATE) AS held
     WHERE a.org_id = $1 AND a.id = held.id RETURNING a.user_id"""
_FORGET_USERS = """
    UPDATE salesforce_access AS a SET may_read = NULL, asked_at = $3
      FROM (SELECT id FROM salesforce_access WHERE org_id = $1 AND user_id = ANY ($2) AND asked_at <= $3
             ORDER BY id FOR UPDATE) AS held
     WHERE a.org_id = $1 AND a.id = held.id"""
_FORGET_READERS = """
    INSERT INTO salesforce_reader AS r (org_id, id, user_id, whole, asked_at)
    SELECT $1, u.id, u.user_id, NULL, $2 FROM unnest($3::uuid[], $4::text[]) AS u (id, user_id) ORDER BY u.id
        ON CONFLICT (org_id, id) DO UPDATE SET whole = NULL, asked_at = excluded.asked_at
     WHERE r.org_id = excluded.org_id AND r.asked_at <= excluded.asked_at"""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """When it was begun to ask about all that contracts hang on; `whole` says that it was not too much."""

    at: datetime
    whole: bool


async def keep_access(
    connection: asyncpg.Connection,
    org_id: UUID,
    user_id: str,
    answers: Mapping[str, bool],
    asked_at: datetime,
) -> None:
    """Keep what Salesforce said of a user by record, unless something later is known."""
    records = sorted(answers)
    ids = [_id(org_id, user_id, record) for record in records]
    said = [answers[record] for record in records]
    await connection.execute(_KEEP, org_id, user_id, asked_at, ids, records, said)
    await connection.execute(_DROP_OLD, org_id, asked_at - _KEPT_FOR)


async def known_access(
    connection: asyncpg.Connection, org_id: UUID, user_id: str, records: Sequence[str]
) -> Mapping[str, datetime]:
    """Return when Salesforce was asked about each of these records, of those that something is known of."""
    rows = await connection.fetch(_KNOWN, org_id, user_id, list(records))
    return {row["record_id"]: row["asked_at"] for row in rows}


async def unasked(
    connection: asyncpg.Connection, org_id: UUID, user_id: str, since: datetime, most: int
) -> Sequence[str]:
    """Return records that contracts hang on, and of which Salesforce said nothing since that moment."""
    rows = await connection.fetch(_AT_STAKE, org_id, user_id, since, most)
    return [row["salesforce_id"] for row in rows]


async def unasked_beside(  # noqa: PLR0913, PLR0917 - whose, and which
    connection: asyncpg.Connection,
    org_id: UUID,
    user_id: str,
    named: Sequence[str],
    since: datetime,
    most: int,
) -> Sequence[str]:
    """Return records that are seen together with those, and of which nothing was said since that moment."""
    rows = await connection.fetch(_BESIDE, org_id, user_id, since, list(named), most)
    return [row["salesforce_id"] for row in rows]


async def note_asked(connection: asyncpg.Connection, org_id: UUID, user_id: str, asked: AskedFor) -> None:
    """Note that Salesforce was asked about all that contracts hang on, unless that was forgotten since."""
    await connection.execute(_NOTE, org_id, _id(org_id, user_id), user_id, asked.whole, asked.at)


async def asked_for(connection: asyncpg.Connection, org_id: UUID, user_id: str) -> AskedFor | None:
    """Return when Salesforce was last asked for a user about all that contracts hang on."""
    row = await connection.fetchrow(
        "SELECT asked_at, whole FROM salesforce_reader WHERE org_id = $1 AND user_id = $2"
        " AND whole IS NOT NULL",
        org_id,
        user_id,
    )
    return None if row is None else AskedFor(row["asked_at"], row["whole"])


async def forget(
    connection: asyncpg.Connection,
    org_id: UUID,
    now: datetime,
    *,
    records: Iterable[str] = (),
    users: Iterable[str] = (),
) -> None:
    """Forget what Salesforce said of these records for anybody, and of anything for these users.

    For whoever learns of a change of sharing: an owner, a member of a team, a role. Salesforce ids of 18
    characters. Until it is asked again nobody reads a record for what is forgotten, and answers that were
    under way do not count.
    """
    named, told = sorted(set(records)), set(users)
    if named:
        rows = await connection.fetch(_FORGET_RECORDS, org_id, named, now)
        told |= {row["user_id"] for row in rows}
    everything = sorted(set(users))
    if everything:
        await connection.execute(_FORGET_USERS, org_id, everything, now)
    if told:
        readers = sorted(told)
        ids = [_id(org_id, each) for each in readers]
        await connection.execute(_FORGET_READERS, org_id, now, ids, readers)


async def forget_everything(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Forget all that Salesforce said of an org."""
    for table in ("salesforce_access", "salesforce_reader"):
        await connection.execute(f"DELETE FROM {table} WHERE org_id = $1", org_id)  # noqa: S608 - own names


async def forget_changed(
    connection: asyncpg.Connection,
    org_id: UUID,
    changed: Mapping[type[Entity], Collection[UUID]],
    now: datetime,
) -> None:
    """Forget what was said of stored deals, accounts and users that changed, with their ids by entity.

    An owner, a member of a team or a profile may have: what else it was costs a question more.
    """
    named: dict[str, list[str]] = {"records": [], "users": []}
    for entity, ids in changed.items():
        if ids and (entity is User or shared_by(entity.__name__) is not None):
            statement = _salesforce_ids(entity)
            rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, ids=list(ids)))
            named["users" if entity is User else "records"] += [row["salesforce_id"] for row in rows]
    await forget(connection, org_id, now, **named)


@memoized
def _salesforce_ids(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    chosen = table.c.id == any_of("ids", sa.Uuid()), table.c.salesforce_id.is_not(None)
    return Statement.of(sa.select(table.c.salesforce_id).where(of_org(table), *chosen))


def _id(org_id: UUID, *names: str) -> UUID:
    return uuid5(org_id, "/".join(names))
