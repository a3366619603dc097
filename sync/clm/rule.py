"""How one field is read from what a source sends."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, cast

from domain.claim import Unreadable
from domain.error import DomainError
from domain.field import DeclaredField, Kind
from domain.money import LARGEST
from domain.term import Period
from sync.clm.members import as_moment, as_name
from sync.clm.path import NOTHING_THERE, Here, Path
from sync.feeds.reject import Place
from sync.feeds.values import Values

_LONGEST_SHOWN: Final = 200
# Whole millions of years are no length of a contract, and a period is written with at most five digits.
_LONGEST_COUNT: Final = 99_999
_NUMBER: Final = re.compile(r"-?[0-9]{1,28}(?:\.[0-9]{1,28})?")
UNITS: Final = ("days", "weeks", "months", "years")

Said = Any
"""The value that a field holds, None for "it has none", Unreadable, or NOTHING_THERE for nothing said."""


class Form(StrEnum):
    """In which form a text stands for another."""

    PLAIN = "plain"
    SHA256_OF_BASE64 = "sha256 of base64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One field, and where its value is found.

    The first of the `paths` counts at which something is said; `always` is what is said where none leads
    anywhere. `values` turn the source's words, in lower case, into ours; `otherwise` stands for all others,
    which say nothing where it is empty, as an `unsaid` word does, and a null, unless that `clears`.
    """

    declared: DeclaredField
    paths: tuple[Path, ...] = ()
    always: str | None = None
    currency: Path | str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    unsaid: frozenset[str] = frozenset()
    clears: bool = False
    date_format: str | None = None
    unit: str | None = None
    form: Form = Form.PLAIN

    def read(self, here: Here) -> Said:
        """Return what is said of the field here."""
        for path in self.paths:
            raw = path.first(here)
            if raw is NOTHING_THERE:
                continue
            if raw is None or (isinstance(raw, str) and not raw.strip()):
                if self.clears:
                    return self._none(raw)
                continue
            if isinstance(raw, dict | list) or not self._says_nothing(plain_word(raw)):
                return self._typed(raw, here)
        return NOTHING_THERE if self.always is None else self._typed(self.always, here)

    def _says_nothing(self, word: str) -> bool:
        return word in self.unsaid or (self.otherwise == "" and word not in self.values)

    def _none(self, raw: object) -> Said:
        return (
            None if self.declared.optional else Unreadable(_shown(raw), "the field cannot be without a value")
        )

    def _typed(self, raw: Any, here: Here) -> Said:  # noqa: ANN401 - any JSON
        if isinstance(raw, dict | list):
            return Unreadable(_shown(raw), "a single value is expected here: let the path lead to one")
        if isinstance(raw, bool) and self.declared.type is not bool and not self.values:
            return Unreadable(_shown(raw), "yes or no is not what this field holds")
        raw = self.values.get(plain_word(raw), raw if self.otherwise is None else self.otherwise)
        if self.form is Form.SHA256_OF_BASE64:
            return _digest(raw)
        if self.declared.kind is Kind.REFERENCE:
            return as_name(raw) or Unreadable(_shown(raw), "the name of another record is expected here")
        if self.declared.kind is Kind.MONEY:
            return self._money(raw, here)
        if issubclass(self.declared.type, StrEnum):
            return self._word(raw)
        if self.declared.type is date:
            return self._day(raw)
        if self.declared.type is datetime:
            return as_moment(raw) or Unreadable(
                _shown(raw), "it is no date and time like 2026-01-31T12:00:00Z"
            )
        if self.declared.type is Period and self.unit is not None:
            return self._counted(raw, self.unit)
        return _read(self.declared, raw)

    def _money(self, raw: Any, here: Here) -> Said:  # noqa: ANN401 - any JSON
        currency = self.currency.first(here) if isinstance(self.currency, Path) else self.currency
        if not isinstance(currency, str):
            currency = None
        values = _values()
        money = values.money("", raw, currency)
        shown = raw if currency is None else f"{raw} {currency}"
        return money if not values.rejects else Unreadable(_shown(shown), _reason(values))

    def _word(self, raw: Any) -> Said:  # noqa: ANN401 - any JSON
        known = {word.value.lower(): word for word in cast("type[StrEnum]", self.declared.type)}
        found = known.get(plain_word(raw))
        if found is None:
            where = f"add it to the values of {self.declared.name}"
            return Unreadable(_shown(raw), f"the mapping has no word of ours for it: {where}")
        return found

    def _day(self, raw: Any) -> Said:  # noqa: ANN401 - any JSON
        text = str(raw).strip()
        try:
            if self.date_format is not None:
                return datetime.strptime(text, self.date_format).replace(tzinfo=UTC).date()
            # With a time, its own day counts: who signs at night, signs on that day.
            return datetime.fromisoformat(text).date()
        except ValueError:
            wanted = self.date_format or "2026-01-31"
            return Unreadable(_shown(raw), f"it is no date like {wanted}: correct it, or the date_format")

    def _counted(self, raw: Any, unit: str) -> Said:  # noqa: ANN401 - any JSON
        values = _values()
        count = values.whole("", raw)
        if count is None or not 0 <= count <= _LONGEST_COUNT:
            return Unreadable(_shown(raw), f"it is no number of {unit}")
        try:
            return Period(**{unit: count})
        except DomainError as error:
            return Unreadable(_shown(raw), str(error))


def _read(declared: DeclaredField, raw: Any) -> Said:  # noqa: ANN401 - any JSON
    """Read what no rule needs to say more of."""
    values = _values()
    readers = {
        bool: values.flag,
        int: values.whole,
        Decimal: values.number,
        Period: values.period,
        str: values.text,
    }
    found = readers[declared.type]("", raw)
    if isinstance(found, Decimal) and found.copy_abs() >= LARGEST:
        return Unreadable(_shown(raw), "it is too large")
    return Unreadable(_shown(raw), _reason(values)) if values.rejects else found


def _digest(raw: Any) -> Said:  # noqa: ANN401 - any JSON
    try:
        return sha256(b64decode(str(raw), validate=True)).hexdigest()
    except ValueError:
        return Unreadable("...", "it is no base64")


def _values() -> Values:
    return Values(Place(path=""), None)


def _reason(values: Values) -> str:
    return values.rejects[-1].reason


def plain_word(raw: object) -> str:
    """A word or number as it is looked up: case does not matter, and 0 and 0.00 are one."""
    text = str(raw).strip().lower()
    if not _NUMBER.fullmatch(text):
        return text
    return f"{Decimal(text).normalize():f}"


def _shown(raw: object) -> str:
    if isinstance(raw, dict | list):
        # Written out, it could be nested deeper than Python follows.
        return "{...}" if isinstance(raw, dict) else "[...]"
    text = "null" if raw is None else str(raw)
    text = text.encode(errors="backslashreplace").decode().replace("\0", "\\0")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
