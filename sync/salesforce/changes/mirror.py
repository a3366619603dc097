"""A change of a record that Salesforce owns, brought into the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg

from domain.crm import User
from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.identity import uuid7
from domain.reach import leading, owning, whole_of
from storage.identities import ids_of
from storage.mirrored import (
    Stamp,
    find_mirrored,
    hold_stamps,
    keep_mirrored,
    keep_stamps,
    mirror_key,
    remove_mirrored,
)
from storage.records import entity_named
from storage.sealing import Vault
from sync.salesforce.changes import change as changes
from sync.salesforce.changes.reading import Reading
from sync.salesforce.mapping import mapped
from sync.salesforce.types import Unfit, from_salesforce

_BY = "salesforce_id"


async def mirror(
    connection: asyncpg.Connection, org_id: UUID, reading: Reading, now: datetime, vault: Vault
) -> Entity | None:
    """Bring the graph's record up to date, in a transaction bound to the org.

    Returns it where Salesforce may share it, or share with it, otherwise than before. A whole record that
    the graph does not hold is made; of one that was deleted it keeps what it knew, as contracts may point at
    it, but for parts of another, such as the lines of an opportunity.
    """
    change = reading.change
    entity = changes.mirrored(change.object)
    if entity is None:
        return None
    held_stamps = await hold_stamps(connection, org_id, change.object, [change.record])
    stamps, gone_at = held_stamps[change.record]
    held = await find_mirrored(connection, org_id, entity, change.record, vault)
    if change.kind is changes.Kind.GONE:
        await keep_stamps(
            connection, org_id, change.object, change.record, _gone(stamps, change.stamp), gone_at or now
        )
        if held is not None and whole_of(entity.__name__) is not None:
            await remove_mirrored(connection, org_id, held)
        return held
    newer = {name: value for name, value in reading.values.items() if change.stamp >= _stamp(stamps, name)}
    values = await _values(connection, org_id, entity, reading, newer)
    whole = change.creates or change.kind is changes.Kind.WHOLE
    after = replace(held, **values) if held is not None else _made(entity, change.record, values, whole=whole)
    known = dict(stamps) | dict.fromkeys(newer, change.stamp)
    if after is not None and after != held:
        await keep_mirrored(connection, org_id, after, now, vault)
    if after is not None:
        # What was said before it was deleted does not bring it back.
        since = None if newer else gone_at
        await keep_stamps(connection, org_id, change.object, change.record, known, since)
    return after if after is not None and _is_shared_otherwise(held, after) else None


def _is_shared_otherwise(before: Entity | None, after: Entity) -> bool:
    """Whether a record has another owner, or hangs on another one; of a user, whether anything is other."""
    if before is None or isinstance(after, User):
        return before is not None and before != after
    names = (each.name for each in (*owning(type(after).__name__), *leading(type(after).__name__)))
    return any(getattr(before, name) != getattr(after, name) for name in names)


async def missing_references(
    connection: asyncpg.Connection, org_id: UUID, reading: Reading
) -> list[tuple[DeclaredField, str]]:
    """Return the references of a change that lead to records which the graph does not hold."""
    entity = changes.mirrored(reading.change.object)
    found: list[tuple[DeclaredField, str]] = []
    for place in mapped(entity).values() if entity else ():
        raw = reading.values.get(place.name)
        if place.declared.kind is Kind.REFERENCE and isinstance(raw, str) and raw:
            target = entity_named(place.declared.target)
            if not await ids_of(connection, org_id, target, [raw], _BY):
                found.append((place.declared, raw))
    return found


async def _values(
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[Entity],
    reading: Reading,
    newer: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the values of the graph's fields; what has no form here leaves what was known."""
    values: dict[str, Any] = {}
    for place in mapped(entity).values():
        declared = place.declared
        if place.name not in newer or place.name == "Id":
            continue
        try:
            value = from_salesforce(place, newer[place.name], reading.currency)
        except Unfit:
            continue
        if declared.kind is Kind.REFERENCE and value is not None:
            target = entity_named(declared.target)
            value = (await ids_of(connection, org_id, target, [value], _BY)).get(value)
        if value is not None or declared.optional:
            values[declared.name] = value
    return values


def _made(entity: type[Entity], record_id: str, values: Mapping[str, Any], *, whole: bool) -> Entity | None:
    """Return a new record, None where not all is known that it must have."""
    must = {each.name for each in fields(cast("Any", entity)) if each.default is MISSING} - {"id"}
    if not whole or not must <= values.keys():
        return None
    named = {_BY: record_id} if any(each.name == _BY for each in fields_of(entity)) else {}
    return entity(**{"id": uuid7(), "source_key": mirror_key(record_id), **named, **values})


def _stamp(stamps: Mapping[str, Stamp], name: str) -> Stamp:
    return max(stamps.get(name, (0, 0)), stamps.get("", (0, 0)))


def _gone(stamps: Mapping[str, Stamp], stamp: Stamp) -> Mapping[str, Stamp]:
    """Return stamps by which all that was said before a record was deleted is older."""
    return {**stamps, "": max(stamp, stamps.get("", (0, 0)))}
