"""Who sees which field: one cell for every role and field, with the line of the policy that decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from auth.policy import Policy, Word
from auth.review.part import Part, parts_of
from auth.review.sight import Rulebook, Sight
from domain.field import ENTITIES, Audience


class Mark(StrEnum):
    """A cell in one character, of the records that the role reaches."""

    SHOWN = "x"
    PARTLY_SHOWN = "*"
    MASKED = "~"
    PARTLY_MASKED = "%"
    DENIED = "."

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Mark.SHOWN: "shown in every record that the role reaches",
    Mark.PARTLY_SHOWN: "shown in some of them",
    Mark.MASKED: "masked: made coarse, such as 47,500.00 as 50,000.00",
    Mark.PARTLY_MASKED: "masked in some of them, denied in the rest",
    Mark.DENIED: "denied: null, and never read from the database",
}


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One role and one field: what is shown, then what is masked, then what is denied."""

    role: str
    coordinate: str
    audience: Audience
    mark: Mark
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The cells of some roles and entities, by role and coordinate; fields as declared, entities by name."""

    policy: Policy
    roles: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    cells: Mapping[tuple[str, str], MatrixCell]

    def __iter__(self) -> Iterator[MatrixCell]:
        return iter(self.cells.values())

    def row(self, coordinate: str) -> str:
        """The marks of a field, one role after the other."""
        return " ".join(self.cells[role, coordinate].mark for role in self.roles)

    def count(self, word: Word) -> int:
        """How many cells are at best of this word."""
        return sum(cell.parts[0].word is word for cell in self)


def matrix_of(policy: Policy, roles: Iterable[str] | None = None, entity: str | None = None) -> Matrix:
    """Decide every cell; of some roles only, or of one entity, where they are named."""
    named = tuple(policy.roles) if roles is None else tuple(dict.fromkeys(roles))
    fields = {
        name: tuple(c for c in policy.fields if c.partition(".")[0] == name) for name in _entities(entity)
    }
    sights = {role: Sight(policy, [role]) for role in named}
    book = Rulebook(policy)
    cells = {
        (role, coordinate): _cell(sights[role], book, role, coordinate)
        for role in named
        for coordinates in fields.values()
        for coordinate in coordinates
    }
    return Matrix(policy, named, fields, cells)


def _entities(only: str | None) -> list[str]:
    """Name entities with the contract first: it is what the graph is about."""
    return [only] if only else sorted(ENTITIES, key=lambda name: (name != "Contract", name))


def _cell(sight: Sight, book: Rulebook, role: str, coordinate: str) -> MatrixCell:
    mark, audience = _mark(sight.words(coordinate)), sight.policy.fields[coordinate]
    return MatrixCell(role, coordinate, audience, mark, parts_of(sight, book, coordinate))


def _mark(words: frozenset[Word]) -> Mark:
    if Word.SHOW in words:
        return Mark.SHOWN if len(words) == 1 else Mark.PARTLY_SHOWN
    if Word.MASK in words:
        return Mark.MASKED if len(words) == 1 else Mark.PARTLY_MASKED
    return Mark.DENIED
