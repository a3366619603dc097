"""Values of one record as a source writes them, turned into the domain's, or left out with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from domain.error import DomainError
from domain.money import Money
from domain.term import Period
from sync.feeds.reject import Place, Reject, What

LONGEST_TEXT = 100_000
_TRUE, _FALSE = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}
# JSON may write an exponent; one of three digits is no sum of money, and too large for a column.
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")
_SURROGATES = range(0xD800, 0xE000)
T = TypeVar("T")


class RecordRefusedError(Exception):
    """The record cannot be stored at all; `reject` says why."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.reason)
        self.reject = reject


class Values:
    """Reads the values of one record; each that is bad is noted in `rejects`, and read as absent."""

    def __init__(self, place: Place, record: str | None) -> None:
        self.place = place
        self.record = record
        self.rejects: list[Reject] = []

    def leave_out(self, field: str, value: object, reason: str, what: What = What.FIELD) -> None:
        """Note that a value was left out."""
        self.rejects.append(self._reject(field, value, reason, what))

    def refuse(self, field: str, value: object, reason: str) -> RecordRefusedError:
        """Return the error to raise where the record makes no sense without this value."""
        return RecordRefusedError(self._reject(field, value, reason, What.RECORD))

    def text(self, field: str, raw: object) -> str | None:
        """Text without the spaces around it; None for an empty one."""
        if raw is None:
            return None
        text = str(raw).strip() if isinstance(raw, str | int | Decimal) else None
        if text is None:
            return self._bad(field, raw, "a text is expected here, not a list or an object: check the export")
        if "\0" in text:
            return self._bad(field, raw, "it holds a NUL character: remove it")
        if len(text) > LONGEST_TEXT:
            return self._bad(field, raw, f"it is longer than {LONGEST_TEXT} characters: shorten it")
        if any(ord(letter) in _SURROGATES for letter in text):
            return self._bad(field, raw, "it holds half of a character (a lone surrogate): save it as UTF-8")
        return text or None

    def required(self, field: str, raw: object) -> str:
        """Text that the record cannot do without; raises RecordRefusedError."""
        text = self.text(field, raw)
        if text is None:
            reason = self.rejects.pop().reason if raw and self.rejects else "it is missing: fill it in"
            raise self.refuse(field, raw, reason)
        return text

    def day(self, field: str, raw: object, format_: str | None = None) -> date | None:
        """A date: ISO 8601, with or without a time, whose own day counts; or as `format_` says."""
        text = self.text(field, raw)
        if text is None:
            return None
        try:
            if format_ is not None:
                return datetime.strptime(text, format_).date()  # noqa: DTZ007 - a day has no zone
            return datetime.fromisoformat(text).date()
        except ValueError:
            wanted = f"like {format_}" if format_ else "like 2026-01-31, or as --date-format says"
            return self._bad(field, raw, f"it is no date {wanted}: correct it")

    def moment(self, field: str, raw: object) -> datetime | None:
        """A moment in ISO 8601; one without a zone is taken for UTC."""
        text = self.text(field, raw)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self._bad(field, raw, "it is no date and time like 2026-01-31T12:00:00Z: correct it")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def number(self, field: str, raw: object) -> Decimal | None:
        """A plain decimal number."""
        text = self.text(field, raw)
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            return self._bad(field, raw, "it is no number like 1234.50: correct it")
        return Decimal(text)

    def money(self, field: str, raw: object, currency: object) -> Money | None:
        """An amount with its currency; absent where there is no amount."""
        amount = self.number(field, raw)
        if amount is None:
            return None
        code = self.text(field, currency)
        if code is None:
            return self._bad(field, raw, "the amount has no currency: add an ISO 4217 code such as EUR")
        try:
            return Money(amount, code.upper())
        except DomainError as error:
            return self._bad(
                field, f"{raw} {currency}", f"{str(error).rstrip('.')}: correct the amount or its currency"
            )

    def period(self, field: str, raw: object) -> Period | None:
        """A length of time in ISO 8601, such as P12M."""
        text = self.text(field, raw)
        if text is None:
            return None
        try:
            return Period.parse(text.upper())
        except DomainError as error:
            return self._bad(field, raw, f"{error}: correct it")

    def flag(self, field: str, raw: object) -> bool | None:
        """Yes or no, in words or figures."""
        text = self.text(field, raw)
        if text is None:
            return None
        if text.lower() not in _TRUE | _FALSE:
            return self._bad(field, raw, "it is neither yes nor no: correct it")
        return text.lower() in _TRUE

    def whole(self, field: str, raw: object) -> int | None:
        """A whole number that a column can hold."""
        number = self.number(field, raw)
        if number is None:
            return None
        if number != number.to_integral_value() or abs(number) >= 2**31:
            return self._bad(field, raw, "it is no whole number below two thousand million: correct it")
        return int(number)

    def member(self, field: str, raw: object, choices: Mapping[str, T]) -> T | None:
        """What a word stands for, found without regard to case."""
        text = self.text(field, raw)
        if text is None:
            return None
        found = choices.get(text.lower())
        if found is None:
            known = ", ".join(sorted(choices)[:12])
            return self._bad(field, raw, f"it is not known: use one of {known}")
        return found

    def _bad(self, field: str, value: object, reason: str, absent: T | None = None) -> T | None:
        self.leave_out(field, value, reason)
        return absent

    def _reject(self, field: str, value: object, reason: str, what: What) -> Reject:
        shown = None if value is None else str(value)
        return Reject(
            place=self.place, what=what, record=self.record, field=field, value=shown, reason=reason
        )
