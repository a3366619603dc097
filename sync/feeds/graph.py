"""What a feed hands on: one whole record with what it needs around it."""

from __future__ import annotations

from dataclasses import dataclass

from domain.field import Entity
from domain.money import Money
from storage.ingest import Reference
from sync.feeds.reject import Place, Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A record with its parts, and with `rejects` for what of it was left out.

    `links` are records that it points at, to be made where they are missing. `reported` is the total value
    that the publisher states, where it states one independently of the changes. `notes` are counted by
    their text: facts that a source does not have, such as half of a date.
    """

    place: Place
    record: Entity
    links: tuple[Entity, ...] = ()
    references: tuple[Reference, ...] = ()
    rejects: tuple[Reject, ...] = ()
    reported: Money | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that the importer should know, though nothing was rejected."""

    text: str


Item = Graph | Reject | Note
