"""What a system says of a contract: a claim for each field, until the rules have decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.field import Entity, System


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that its source gave in a form that the field cannot hold: it is refused, and shown as it came."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one event of a source says of one contract.

    `contract` is the name that the source has for the contract: its external reference. `source` is the
    connection it came by, `event` the source's own id of the event, `claimed_at` when the source says that
    it was so. `fields` are claims about the contract by Python name, `None` for "it has none"; a value that
    could not be read is `Unreadable`. `parts` are whole records that hang on it, each named by its source key.
    """

    contract: str
    system: System
    source: str
    event: str
    claimed_at: datetime
    fields: Mapping[str, Any]
    parts: tuple[Entity, ...] = ()
