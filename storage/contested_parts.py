"""What claims in conflict said of parts of contracts, kept for whoever decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import cast
from uuid import UUID

import asyncpg

from domain.contested import Contested, Named, names_in, part_of
from domain.contract import Contract
from domain.field import Entity, field_called
from domain.history import FieldChange
from storage.records import entity_named, from_row

_KEEP = """
    INSERT INTO contested_part (org_id, id, said)
    SELECT $1, g.id, g.said FROM unnest($2::uuid[], $3::text[]) AS g (id, said) ORDER BY g.id"""

_OPEN = """
    SELECT f.*, coalesce(c.external_reference, c.id::text) AS contract
      FROM field_change AS f JOIN contract AS c ON c.org_id = f.org_id AND c.id = f.contract_id
     WHERE f.org_id = $1 AND f.decision = 'CONFLICT'
       AND NOT EXISTS (SELECT FROM field_change AS d WHERE d.org_id = $1 AND d.contract_id = f.contract_id
                          AND d.field = f.field AND d.event = f.id::text)
     ORDER BY f.recorded_at, f.id LIMIT $2"""

Referred = Callable[[str, Collection[str]], Awaitable[Mapping[str, UUID]]]
"""Leads from source keys of an entity to the records that are known by them."""


class NotKept(Exception):
    """What the claim said of the part was not kept."""


class RefersElsewhere(Exception):
    """The part refers to {key!r}, which is not known here."""

    def __init__(self, key: str) -> None:
        super().__init__((type(self).__doc__ or "").format(key=key))
        self.key = key


async def keep_contested(connection: asyncpg.Connection, org_id: UUID, found: Sequence[Contested]) -> None:
    """Keep what was said of parts, in the transaction that keeps the lines."""
    if found:
        await connection.execute(_KEEP, org_id, [each.line for each in found], [each.text for each in found])


async def said_of(connection: asyncpg.Connection, org_id: UUID, line: UUID) -> str | None:
    """Return as JSON what was said of the part that a line is about; None where it was not kept."""
    said = await connection.fetchval(
        "SELECT said FROM contested_part WHERE org_id = $1 AND id = $2", org_id, line
    )
    return cast("str | None", said)


async def open_conflicts(
    connection: asyncpg.Connection, org_id: UUID, most: int
) -> Sequence[tuple[FieldChange, str]]:
    """Return claims in conflict that nobody has decided about, the oldest first, with what contracts are."""
    return [
        (cast("FieldChange", from_row(FieldChange, row)), row["contract"])
        for row in await connection.fetch(_OPEN, org_id, most)
    ]


async def claimed_part(
    connection: asyncpg.Connection, org_id: UUID, line: FieldChange, referred: Referred
) -> Entity:
    """Return the part that the claim of a line told. Raises NotKept and RefersElsewhere."""
    said = await said_of(connection, org_id, line.id)
    if said is None:
        raise NotKept(NotKept.__doc__)
    entity = entity_named(field_called(Contract.__name__, line.field).target)
    found: dict[Named, UUID] = {}
    for target, key in sorted(names_in(entity, said)):
        known = await referred(target, [key])
        if not known:
            raise RefersElsewhere(key)
        found[target, key] = next(iter(known.values()))
    return part_of(entity, said, found)
