from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from domain.counted import counted
from domain.lifecycle import IN_FORCE, ContractStatus
from domain.money import Money
from domain.renewal import RenewalType

HIGHEST_SCORE: Final = 100

HIGH_VALUE: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        code: Decimal(amount)
        for code, amount in {
            "AUD": 1_500_000,
            "BRL": 5_000_000,
            "CAD": 1_500_000,
            "CHF": 1_000_000,
            "COP": 4_000_000_000,
            "EUR": 1_000_000,
            "GBP": 1_000_000,
            "INR": 100_000_000,
            "JPY": 150_000_000,
            "MXN": 20_000_000,
            "PYG": 7_000_000_000,
            "SGD": 1_500_000,
            "USD": 1_000_000,
        }.items()
    }
)
"""From which value on a contract is called high, by currency: orders of magnitude, not rates of exchange."""


class RiskLevel(StrEnum):
    """How risky a contract is, in a word."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


LEVEL_FROM: Final[Mapping[RiskLevel, int]] = MappingProxyType(
    {RiskLevel.CRITICAL: 75, RiskLevel.HIGH: 50, RiskLevel.MEDIUM: 25, RiskLevel.LOW: 0}
)
"""The lowest score of each level, highest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFacts:
    """What is known of a contract when its risk is assessed; None is always: not known."""

    status: ContractStatus | None = None
    renewal_type: RenewalType | None = None
    days_to_expiration: int | None = None
    in_notice_window: bool | None = None
    total_value: Money | None = None
    liability_uncapped: bool | None = None
    liability_cap: Money | None = None
    governing_law_missing: bool | None = None
    termination_for_convenience_missing: bool | None = None
    template_deviations: int | None = None
    open_redlines: int | None = None
    breached_service_levels: int | None = None
    overdue_obligations: int | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason of a score: at most `weight` points; None points where the answer is not known."""

    name: str
    weight: int
    points: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A risk score from 0 to 100, its level, and the factors that make it up, unknown ones among them.

    Score and level are None if nothing at all is known.
    """

    score: int | None
    level: RiskLevel | None
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at the facts gave: a share of the weight from 0 to 1, or None where it cannot be told."""

    share: Decimal | None
    reason: str


Look: TypeAlias = Callable[[RiskFacts], Finding]

_WHOLE: Final = Decimal(1)
_NOTHING: Final = Decimal(0)


def assess(facts: RiskFacts) -> Assessment:
    """The score: the points of all factors that apply, 100 at most.

    A factor that does not apply adds no points and is left out. One that cannot be told adds none either,
    and is listed with points None and what was missing.
    """
    looked = [(name, weight, look(facts)) for name, (weight, look) in FACTORS.items()]
    factors = tuple(_factor(name, weight, finding) for name, weight, finding in looked if finding.share != 0)
    if all(finding.share is None for _, _, finding in looked):
        return Assessment(None, None, factors)
    score = min(sum(factor.points or 0 for factor in factors), HIGHEST_SCORE)
    return Assessment(score, level_of(score), factors)


def level_of(score: int) -> RiskLevel:
    """The score in a word, by the table LEVEL_FROM."""
    return next(level for level, lowest in LEVEL_FROM.items() if score >= lowest)


def _factor(name: str, weight: int, finding: Finding) -> Factor:
    points = None if finding.share is None else round(weight * finding.share)
    return Factor(name, weight, points, finding.reason)


def _when(answer: bool | None, *, reason: str, unknown: str) -> Finding:  # noqa: FBT001 - the fact itself
    if answer is None:
        return Finding(None, unknown)
    return Finding(_WHOLE, reason) if answer else Finding(_NOTHING, "")


def _count(count: int | None, *, most: int, one: str, many: str) -> Finding:
    """A share for each of them, up to the whole weight when there are `most`."""
    if count is None:
        return Finding(None, f"it is not known how many {many} there are")
    reason = f"there is 1 {one}" if count == 1 else f"there are {count} {many}"
    return Finding(Decimal(min(max(count, 0), most)) / most, reason)


def _liability_uncapped(facts: RiskFacts) -> Finding:
    return _when(
        False if facts.liability_uncapped is None and facts.liability_cap else facts.liability_uncapped,
        reason="liability has no cap",
        unknown="it is not known whether liability has a cap",
    )


def _high_value_without_cap(facts: RiskFacts) -> Finding:
    if facts.liability_cap or facts.liability_uncapped is False:
        return Finding(_NOTHING, "")
    value = facts.total_value
    if value is None:
        return Finding(None, "the total value is not known")
    threshold = HIGH_VALUE.get(value.currency)
    if threshold is None:
        return Finding(None, f"from what value on a contract in {value.currency} is high is not set")
    if value.amount < threshold:
        return Finding(_NOTHING, "")
    if facts.liability_uncapped is None:
        return Finding(None, "its value is high, and it is not known whether liability has a cap")
    return Finding(_WHOLE, "its value is high, and liability has no cap")


def _expired_but_active(facts: RiskFacts) -> Finding:
    if facts.status is not None and facts.status not in IN_FORCE:
        return Finding(_NOTHING, "")
    if facts.renewal_type in {RenewalType.AUTO_RENEW, RenewalType.EVERGREEN}:
        return Finding(_NOTHING, "")
    left = facts.days_to_expiration
    if left is not None and left >= 0:
        return Finding(_NOTHING, "")
    missing = {"status": facts.status, "renewal type": facts.renewal_type, "expiration date": left}
    unknown = [name for name, value in missing.items() if value is None]
    if left is None or unknown:
        return Finding(None, f"not known: {', '.join(unknown)}")
    ago = counted(-left, "day")
    return Finding(_WHOLE, f"it is {facts.status}, but expired {ago} ago and does not renew by itself")


def _renewal_near(facts: RiskFacts) -> Finding:
    if facts.renewal_type not in {None, RenewalType.AUTO_RENEW, RenewalType.EVERGREEN}:
        return Finding(_NOTHING, "")
    if facts.in_notice_window is False:
        return Finding(_NOTHING, "")
    if facts.renewal_type is None or facts.in_notice_window is None:
        return Finding(None, "it is not known whether it renews by itself, or by when one must speak")
    return Finding(_WHOLE, "it renews by itself, and the last day to give notice is near")


def _governing_law_missing(facts: RiskFacts) -> Finding:
    return _when(
        facts.governing_law_missing,
        reason="no governing law is agreed",
        unknown="it is not known whether a governing law is agreed",
    )


def _no_termination_for_convenience(facts: RiskFacts) -> Finding:
    return _when(
        facts.termination_for_convenience_missing,
        reason="it cannot be ended for convenience",
        unknown="it is not known whether it can be ended for convenience",
    )


def _template_deviations(facts: RiskFacts) -> Finding:
    return _count(
        facts.template_deviations,
        most=5,
        one="deviation from the template",
        many="deviations from the template",
    )


def _open_redlines(facts: RiskFacts) -> Finding:
    return _count(facts.open_redlines, most=5, one="open redline", many="open redlines")


def _breached_service_levels(facts: RiskFacts) -> Finding:
    return _count(
        facts.breached_service_levels, most=2, one="breached service level", many="breached service levels"
    )


def _overdue_obligations(facts: RiskFacts) -> Finding:
    return _count(facts.overdue_obligations, most=4, one="overdue obligation", many="overdue obligations")


FACTORS: Final[Mapping[str, tuple[int, Look]]] = MappingProxyType(
    {
        "liability uncapped": (30, _liability_uncapped),
        "high value without cap": (20, _high_value_without_cap),
        "expired but active": (20, _expired_but_active),
        "service level breached": (20, _breached_service_levels),
        "obligations overdue": (20, _overdue_obligations),
        "template deviations": (20, _template_deviations),
        "automatic renewal near": (15, _renewal_near),
        "redlines open": (10, _open_redlines),
        "governing law missing": (10, _governing_law_missing),
        "no termination for convenience": (10, _no_termination_for_convenience),
    }
)
"""Every factor with the most points that it can add, and the look at the facts that decides."""
