"""What a target is told in one go: how often something of a kind happened, where, and what to do about it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.alert import ABOUT, About, AlertKind
from domain.identity import uuid7
from domain.org import Org
from storage.alerts import Tally

MOST_GROUPS: Final = 10
"""Of how many queues and errors an alert tells apart; of the others it says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How often it happened in one queue by one kind of error, and the latest that it happened to."""

    queue: str
    error: str
    count: int
    example: UUID | None
    correlation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as every shape of body is made from it: ids, kinds and counts, and the org's own name."""

    id: UUID
    kind: AlertKind
    org: Org
    count: int
    standing: int | None
    since: datetime
    at: datetime
    groups: Sequence[Group]
    other_groups: int = 0

    @property
    def about(self) -> About:
        """How the kind is told."""
        return ABOUT[self.kind]

    @property
    def advice(self) -> str:
        """What to do about it, or to type."""
        example = self.groups[0].example if self.groups else None
        return self.about.advice.format(org=self.org.id, example=example or "ID")


def alert_of(
    kind: AlertKind, org: Org, tallied: Sequence[Tally], standing: int | None, now: datetime
) -> Alert:
    """Put together what a target was not told of yet; sent again with nothing added it has the same id."""
    untold = [each for each in tallied if each.raised > each.told]
    times = ",".join(f"{each.id}:{each.told}:{each.raised}" for each in sorted(untold, key=lambda it: it.id))
    return Alert(
        id=UUID(bytes=hashlib.sha256(times.encode()).digest()[:16]),
        kind=kind,
        org=org,
        count=(standing or 0) if ABOUT[kind].passes else sum(each.raised - each.told for each in untold),
        standing=standing,
        since=min(each.since for each in untold).astimezone(UTC),
        at=now.astimezone(UTC),
        groups=[
            Group(
                queue=each.queue, error=each.error, count=each.raised - each.told, example=each.example,
                correlation=each.correlation,
            )
            for each in untold[:MOST_GROUPS]
        ],
        other_groups=max(0, len(untold) - MOST_GROUPS),
    )  # fmt: skip


def a_test(org: Org, now: datetime) -> Alert:
    """Return an alert that says that alerts arrive."""
    return Alert(
        id=uuid7(), kind=AlertKind.TEST, org=org, count=1, standing=None, since=now, at=now, groups=()
    )
