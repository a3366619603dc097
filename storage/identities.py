"""Which stored record each record of an import is: found by its source key, or made known by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from domain.field import Entity, field_named, fields_of
from storage.memo import memoized
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import any_of, of_org

_BY_NAME = "name"


class MissingSourceKeyError(ValueError):
    """a record of {entity} has no source key: an import could not find it again."""

    def __init__(self, entity: str) -> None:
        super().__init__((type(self).__doc__ or "").format(entity=entity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A value that must be unique in the org and already is another record's: it was left out."""

    entity: type[Entity]
    source_key: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Identities:
    """`ids` leads from provisional to stored ids; `existing` holds those that were stored before."""

    ids: dict[UUID, UUID] = field(default_factory=dict)
    existing: set[UUID] = field(default_factory=set)
    by_key: dict[tuple[type[Entity], str], UUID] = field(default_factory=dict)

    def learn(self, record: Entity, stored: UUID | None) -> None:
        """Take a record for the stored one, or for the first that was seen with its source key."""
        key = (type(record), key_of(record))
        if stored is not None:
            self.existing.add(stored)
        self.ids[record.id] = self.by_key.setdefault(key, stored or record.id)


def key_of(record: Entity) -> str:
    """Return the record's source key; raises MissingSourceKeyError."""
    if record.source_key is None:
        raise MissingSourceKeyError(type(record).__name__)
    return record.source_key


async def ids_of(
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[Entity],
    values: Iterable[str],
    by: str = "source_key",
) -> dict[str, UUID]:
    """Return the ids of the stored records that have one of these values in the text field `by`.

    Names are compared without regard to case and come back in lower case. A value that two records
    have leads nowhere. Must run in a transaction that is bound to the org.
    """
    wanted = sorted({value.lower() if by == _BY_NAME else value for value in values})
    if not wanted:
        return {}
    statement = statement_of_ids(entity, by)
    found: dict[str, UUID] = {}
    ambiguous: set[str] = set()
    for value, id_ in await connection.fetch(
        statement.text, *statement.arguments(org_id=org_id, values=wanted)
    ):
        if value in found:
            ambiguous.add(value)
        found[value] = id_
    return {value: id_ for value, id_ in found.items() if value not in ambiguous}


async def identify(
    connection: asyncpg.Connection, org_id: UUID, records: Iterable[Entity], known: Identities
) -> None:
    """Learn which stored record each of the records is."""
    by_entity: defaultdict[type[Entity], list[Entity]] = defaultdict(list)
    for record in records:
        by_entity[type(record)].append(record)
    for entity, members in by_entity.items():
        stored = await ids_of(connection, org_id, entity, map(key_of, members))
        for member in members:
            known.learn(member, stored.get(key_of(member)))


async def missing_links(
    connection: asyncpg.Connection,
    org_id: UUID,
    links: Iterable[Entity],
    known: Identities,
    *,
    by_name: bool,
) -> list[Entity]:
    """Learn what the links are, and return those that have to be stored, each once."""
    fresh: dict[tuple[type[Entity], str], Entity] = {}
    for link in links:
        if (type(link), key_of(link)) in known.by_key:
            known.learn(link, None)
        else:
            fresh.setdefault((type(link), key_of(link)), link)
    await identify(connection, org_id, fresh.values(), known)
    rest = [link for link in fresh.values() if known.ids[link.id] not in known.existing]
    for entity in {type(link) for link in rest} if by_name else ():
        names = [getattr(link, _BY_NAME) for link in rest if isinstance(link, entity)]
        stored = await ids_of(connection, org_id, entity, names, by=_BY_NAME)
        for link in rest:
            if isinstance(link, entity) and (found := stored.get(getattr(link, _BY_NAME).lower())):
                known.by_key[type(link), key_of(link)] = found
                known.ids[link.id] = found
                known.existing.add(found)
    for link in links:
        known.learn(link, None)
    return [link for link in rest if known.ids[link.id] not in known.existing]


async def clashes_of(
    connection: asyncpg.Connection, org_id: UUID, records: Sequence[Entity], known: Identities
) -> list[Clash]:
    """Return the unique values of the records that other records have, stored or earlier in the sequence."""
    clashes: list[Clash] = []
    for entity in {type(record): None for record in records}:
        members = [record for record in records if type(record) is entity]
        for name in _unique_fields(entity):
            values = [value for record in members if (value := getattr(record, name)) is not None]
            holders: dict[str, UUID] = await ids_of(connection, org_id, entity, values, by=name)
            for record in members:
                value = getattr(record, name)
                own = known.ids[record.id]
                if value is not None and holders.setdefault(value, own) != own:
                    clashes.append(Clash(entity=entity, source_key=key_of(record), field=name, value=value))
    return clashes


@memoized
def _unique_fields(entity: type[Entity]) -> tuple[str, ...]:
    return tuple(f.name for f in fields_of(entity) if f.field.key and f.name != "source_key")


@memoized
def statement_of_ids(entity: type[Entity], by: str) -> Statement:
    """Return the statement of `ids_of`: `values` and `org_id` in, rows of a value and an id out."""
    table = table_of(entity.__name__)
    if not field_named(entity.__name__, by).field.key:
        column = sa.func.lower(table.c[by]) if by == _BY_NAME else table.c[by]
        chosen = column == any_of("values", sa.Text())
        return Statement.of(sa.select(column, table.c.id).where(of_org(table), chosen))
    values = sa.bindparam("values", type_=ARRAY(sa.Text()))
    wanted = sa.func.unnest(values).table_valued("value").render_derived("wanted")
    # Of a table that grows faster than its statistics PostgreSQL would read the whole org to find a list of
    # keys. OFFSET 0 has it look for one after the other, and so by their index.
    found = (
        sa.select(table.c[by].label("value"), table.c.id)
        .where(of_org(table), table.c[by] == wanted.c.value)
        .offset(sa.literal_column("0"))
        .lateral("found")
    )
    return Statement.of(sa.select(found.c.value, found.c.id).select_from(wanted.join(found, sa.true())))
