"""What a contract promises and how it is kept: milestones, service levels and obligations."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from domain.milestone import Milestone
from domain.obligation import Obligation
from domain.service_level import Measurement, ServiceLevel
from domain.term import Period
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.rows import ContractRow, LevelRow


def milestones(desk: Desk, row: ContractRow) -> Iterator[Milestone]:
    """The milestones of a contract, in the order of its table."""
    for place, said in enumerate(row.milestones, start=1):
        key = f"{row.name}:{place}"
        yield Milestone(
            id=desk.keys.id_of("milestone", key),
            source_key=desk.keys.source_key("milestone", key),
            contract_id=desk.keys.id_of("contract", row.name),
            name=said.name,
            status=said.status,
            target_date=desk.calendar.maybe(said.target),
            actual_date=desk.calendar.maybe(said.actual),
            amount=desk.money(said.amount, row.currency),
        )


def service_levels(desk: Desk, row: ContractRow) -> Iterator[ServiceLevel]:
    """The service levels of a contract with their monthly measurements, the last one of last month."""
    for place, said in enumerate(row.levels, start=1):
        key = f"{row.name}:{place}"
        yield ServiceLevel(
            id=desk.keys.id_of("service-level", key),
            source_key=desk.keys.source_key("service-level", key),
            contract_id=desk.keys.id_of("contract", row.name),
            metric=said.metric,
            target=Decimal(said.target),
            unit=said.unit,
            period=Period(months=1),
            credit_threshold=None if said.threshold is None else Decimal(said.threshold),
            service_credit_eligible=said.eligible,
            liquidated_damages=desk.money(said.damages, row.currency),
            state=said.state,
            measurements=tuple(_measurements(desk, key, said)),
        )


def _measurements(desk: Desk, level: str, said: LevelRow) -> Iterator[Measurement]:
    for place, value in enumerate(said.values, start=1):
        key = f"{level}:{place}"
        first, last = desk.calendar.month(place - 1 - len(said.values))
        yield Measurement(
            id=desk.keys.id_of("measurement", key),
            source_key=desk.keys.source_key("measurement", key),
            service_level_id=desk.keys.id_of("service-level", level),
            period_start=first,
            period_end=last,
            value=Decimal(value),
        )


def obligations(desk: Desk, row: ContractRow, ours: UUID, theirs: UUID) -> Iterator[Obligation]:
    """The obligations of a contract; `ours` and `theirs` are the two parties that may owe them."""
    for place, said in enumerate(row.obligations, start=1):
        key = f"{row.name}:{place}"
        yield Obligation(
            id=desk.keys.id_of("obligation", key),
            source_key=desk.keys.source_key("obligation", key),
            contract_id=desk.keys.id_of("contract", row.name),
            kind=said.kind,
            status=said.status,
            deliverable=said.deliverable,
            responsible_party_id={True: ours, False: theirs, None: None}[said.ours],
            frequency=None if said.frequency is None else Period.parse(said.frequency),
            due_date=desk.calendar.maybe(said.due),
            source_clause=said.clause,
            confidence=None if said.confidence is None else Decimal(said.confidence),
            reviewer_id=None if said.reviewer is None else desk.keys.id_of("user", said.reviewer),
        )
