from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from domain.money import Money


class AmendmentLike(Protocol):
    """What the rules read of an amendment."""

    @property
    def number(self) -> str: ...
    @property
    def signed_date(self) -> date | None: ...
    @property
    def recorded_at(self) -> datetime | None: ...
    @property
    def value_change(self) -> Money | None: ...
    @property
    def value_after(self) -> Money | None: ...
    @property
    def expiration_after(self) -> date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What amendments change, as it stands at one moment; None is unknown."""

    total_value: Money | None = None
    expiration_date: date | None = None


@dataclass(frozen=True, slots=True)
class FieldDelta:
    """One field that an amendment changed, as text: money as `12.50 USD`, dates as ISO 8601."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One amendment in its turn: the terms before and after it, and what does not add up."""

    amendment: AmendmentLike
    before: Terms
    after: Terms
    findings: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[FieldDelta, ...]:
        """The fields that differ before and after, by name."""
        names = ("total_value", "expiration_date")
        pairs = ((name, getattr(self.before, name), getattr(self.after, name)) for name in names)
        return tuple(FieldDelta(name, _text(old), _text(new)) for name, old, new in pairs if old != new)


def amendment_count(amendments: Sequence[AmendmentLike]) -> int:
    """How many amendments the contract has."""
    return len(amendments)


def latest_amendment_date(amendments: Iterable[AmendmentLike]) -> date | None:
    """The latest day on which an amendment was signed.

    Effective dates are not asked: sources repeat the base contract's date in them.
    """
    return max((each.signed_date for each in amendments if each.signed_date), default=None)


def amended_total(base_value: Money | None, amendments: Iterable[AmendmentLike]) -> Money | None:
    """The base value plus every change, in the order in which they were signed.

    None where it cannot be reckoned: no base value, or a change in another currency, and no later amendment
    that states the value after it. `field_by_field` gives the reasons.
    """
    replayed = field_by_field(Terms(total_value=base_value), amendments)
    return replayed[-1].after.total_value if replayed else base_value


def field_by_field(base: Terms, amendments: Iterable[AmendmentLike]) -> tuple[Replayed, ...]:
    """The amendments replayed on the base: by day of signature, then of recording, then by number.

    A change is added to the value. A value after, stated without a change, is taken as it is said;
    stated beside a change, it is compared, and a disagreement becomes a finding: the sum is kept.
    """
    replayed: list[Replayed] = []
    terms = base
    for amendment in sorted(amendments, key=_turn):
        value, findings = _value_after(terms.total_value, amendment)
        expiration = amendment.expiration_after or terms.expiration_date
        after = Terms(total_value=value, expiration_date=expiration)
        replayed.append(Replayed(amendment=amendment, before=terms, after=after, findings=findings))
        terms = after
    return tuple(replayed)


def _value_after(value: Money | None, amendment: AmendmentLike) -> tuple[Money | None, tuple[str, ...]]:
    change, stated = amendment.value_change, amendment.value_after
    where = f"amendment {amendment.number}"
    if change is None:
        if stated and value and stated.currency != value.currency:
            return stated, (f"{where} restates {value} as {stated}: the currency changed",)
        return stated or value, ()
    if value is None:
        reason = f"{where} changes an unknown value by {change}"
        return (stated, ()) if stated else (None, (f"{reason}: the value after it is unknown",))
    if change.currency != value.currency:
        reason = f"{where} changes {value} by {change}: two currencies cannot be added"
        return stated, (reason,)
    computed = value + change
    if stated and stated != computed:
        return computed, (f"{where} states {stated} after it, but {value} changed by {change} is {computed}",)
    return computed, ()


def _turn(amendment: AmendmentLike) -> tuple[date, datetime, tuple[tuple[int, str], ...]]:
    """The place of an amendment in the order; an unsigned one stands where it was recorded, or last."""
    recorded = amendment.recorded_at
    if recorded is None:
        moment = datetime.max.replace(tzinfo=UTC)
    else:
        moment = recorded if recorded.tzinfo else recorded.replace(tzinfo=UTC)
    return amendment.signed_date or moment.date(), moment, _natural(amendment.number)


def _natural(number: str) -> tuple[tuple[int, str], ...]:
    """Digits compare as numbers, so that amendment 10 follows amendment 9."""
    parts = re.findall(r"[0-9]+|[^0-9]+", number)
    return tuple((int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in parts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
