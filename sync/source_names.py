"""Names and ids of what a source tells of, made of the source's own names: the same whenever it is told."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from storage.vanished import SEPARATOR

_IDS: Final = UUID("019ad2f2-6c5e-7c7e-9f8e-1d6f3c1c6f10")


def part_key(owner: str, entity: str, key: str) -> str:
    """Return the source key of a part by that of its owner, its kind, and the source's own name for it."""
    return f"{owner}{SEPARATOR}{entity.lower()}:{key}"


def provisional_id(source_key: str) -> UUID:
    """Return an id that stands for what has this source key, until it is known whether it is stored."""
    return uuid5(_IDS, source_key)
