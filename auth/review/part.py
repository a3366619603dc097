"""What is seen of one field in one set of records, and by which line of the policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auth.policy import Word
from auth.review.sight import Rulebook, Sight
from auth.rows import Rows


@dataclass(frozen=True, slots=True)
class Part:
    """A word about a field and the records that it holds for; `line` is 0 where no line grants it."""

    word: Word
    rows: str
    rule: str
    line: int
    reason: str


def parts_of(sight: Sight, book: Rulebook, coordinate: str) -> tuple[Part, ...]:
    """Tell what is shown of a field, then what is masked, then what is denied."""
    cell, words = sight.cell(coordinate), sight.words(coordinate)
    parts: list[Part] = []
    if Word.SHOW in words and cell.show:
        rule = book.rule(cell.show.rule)
        reason = rule.why or f"{coordinate} is for {sight.policy.fields[coordinate]}"
        parts.append(Part(Word.SHOW, told(cell.shown), cell.show.rule, rule.line, reason))
    if Word.MASK in words and cell.mask:
        line = book.rule(cell.mask.rule).line
        reason = f"{cell.mask.kind}: {cell.mask.reason}"
        parts.append(Part(Word.MASK, told(cell.masked), cell.mask.rule, line, reason))
    if Word.DENY in words or not words:
        hidden, rows = sight.hidden(coordinate), "in the rest" if parts else "in every record"
        parts.append(Part(Word.DENY, rows, hidden.rule, book.rule(hidden.rule).line, hidden.reason))
    return tuple(parts)


def told(sets: Iterable[Rows]) -> str:
    """Tell sets of records in words."""
    return "in " + "; and in ".join(map(str, sets))
