"""What the policy decides about a field, for one caller: on the whole, and record by record."""

from __future__ import annotations

from dataclasses import dataclass

from auth.rows import Rows
from domain.mask import MaskKind


@dataclass(frozen=True, slots=True)
class Show:
    """The field is shown; `rule` is the line that says so, such as `finance.COMMERCIAL = show`."""

    rule: str


@dataclass(frozen=True, slots=True)
class Mask:
    """The field is shown made coarse, as `kind` says."""

    rule: str
    reason: str
    kind: MaskKind


@dataclass(frozen=True, slots=True)
class Deny:
    """The field is denied; `rule` is a line of the policy, or `default` where no line grants it."""

    rule: str
    reason: str


Decision = Show | Mask | Deny


@dataclass(frozen=True, slots=True)
class Cell:
    """A field as one caller sees it: shown in some records, masked in others, and hidden in the rest.

    `shown` and `masked` are sets of records; `hidden` is what is told of the rest.
    """

    shown: tuple[Rows, ...]
    masked: tuple[Rows, ...]
    show: Show | None
    mask: Mask | None
    hidden: Deny

    @property
    def decision(self) -> Decision:
        """The best that any record gets."""
        return self.show or self.mask or self.hidden


def denied(rule: str, reason: str) -> Cell:
    """Return the cell of a field that is hidden everywhere."""
    return Cell((), (), None, None, Deny(rule, reason))
