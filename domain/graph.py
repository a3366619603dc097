"""The whole graph: importing it registers every entity."""

from __future__ import annotations

from domain import contract, crm, role_grant
from domain.field import ENTITIES, DeclaredField, Entity, Kind, fields_of

__all__ = [
    "ENTITIES",
    "DeclaredField",
    "Entity",
    "Kind",
    "contract",
    "crm",
    "fields_of",
    "role_grant",
    "save_order",
]


def save_order() -> tuple[type[Entity], ...]:
    """Return the entities so that each comes after all that it points at, itself aside."""
    placed: dict[str, type[Entity]] = {}

    def place(name: str) -> None:
        if name in placed:
            return
        for declared in fields_of(ENTITIES[name]):
            if declared.kind is Kind.REFERENCE and declared.target != name:
                place(declared.target)
        placed[name] = ENTITIES[name]

    for name in ENTITIES:
        place(name)
    return tuple(placed.values())
