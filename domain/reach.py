"""Whose a record is: how the users, accounts and wholes that it points at lead to it."""

from __future__ import annotations

from functools import cache

from domain.field import ENTITIES, DeclaredField, Kind, fields_of


@cache
def owning(entity: str) -> tuple[DeclaredField, ...]:
    """Return the fields that name a user whose own the record is."""
    return tuple(f for f in fields_of(ENTITIES[entity]) if f.field.owns)


@cache
def leading(entity: str) -> tuple[DeclaredField, ...]:
    """Return the references by which whoever holds the other end reaches the record."""
    return tuple(f for f in _references(entity) if f.field.via or f.field.part)


@cache
def whole_of(entity: str) -> DeclaredField | None:
    """Return the reference to the whole that a record is a part of."""
    return next((f for f in _references(entity) if f.field.part), None)


@cache
def team_of(entity: str) -> DeclaredField | None:
    """Return the field, of a part of an entity, that names a user of the record's team."""
    for name in ENTITIES:
        whole = whole_of(name)
        if whole is not None and whole.target == entity:
            joining = next((f for f in fields_of(ENTITIES[name]) if f.field.joins), None)
            if joining is not None:
                return joining
    return None


@cache
def shared_by(entity: str) -> DeclaredField | None:
    """Return the key by which Salesforce is asked who may read a record of this entity, if it is."""
    return next((f for f in fields_of(ENTITIES[entity]) if f.field.shared), None)


@cache
def narrowest_first(entity: str) -> tuple[DeclaredField, ...]:
    """Return what leads to a record, the deal before the account that the deal leads on to.

    Where Salesforce decides, the first of them that is set does.
    """
    found = leading(entity)

    def leads_on(to: DeclaredField) -> int:
        return sum(f.target == to.target for other in found for f in leading(other.target))

    return tuple(sorted(found, key=leads_on))


@cache
def beneath(entity: str) -> tuple[DeclaredField, ...]:
    """Return the references of other entities that lead from a record to theirs and are no parts of it.

    Whoever owns a record at such a reference sees the one it points at: the account of one's own deal.
    """
    return tuple(
        f
        for name in ENTITIES
        for f in leading(name)
        if f.target == entity and not f.field.part and owning(name)
    )


@cache
def is_directory(entity: str) -> bool:
    """Whether nothing says whose a record is: people, their parts and products are everybody's."""
    return not owning(entity) and all(f.field.part and is_directory(f.target) for f in leading(entity))


@cache
def parts_of(entity: str) -> tuple[str, ...]:
    """Return the entities of a record's parts, and of the parts of those."""
    wholes = {name: whole_of(name) for name in ENTITIES}
    own = [name for name, whole in wholes.items() if whole is not None and whole.target == entity]
    return tuple(dict.fromkeys([*own, *(each for name in own for each in parts_of(name))]))


@cache
def root_of(entity: str) -> str:
    """Return the entity that a record is in the end a part of: its own where it is a part of nothing."""
    whole = whole_of(entity)
    return entity if whole is None else root_of(whole.target)


def _references(entity: str) -> list[DeclaredField]:
    return [f for f in fields_of(ENTITIES[entity]) if f.kind is Kind.REFERENCE]
