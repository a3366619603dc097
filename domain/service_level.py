"""Levels of service that a contract promises, and how they are kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import CLM, COMMERCIAL, DELIVERY, HERE, Entity, Field, entity
from domain.money import Money
from domain.term import Period


class ServiceLevelState(StrEnum):
    """How a promised level of service stands."""

    ON_TRACK = "ON_TRACK"
    AT_RISK = "AT_RISK"
    BREACHED = "BREACHED"


@entity
class Measurement(Entity):
    """A service level as measured over one period."""

    service_level_id: Annotated[
        UUID, Field("Service level that was measured.", HERE, DELIVERY, to="ServiceLevel", part=True)
    ]
    period_start: Annotated[date, Field("First day measured.", HERE, DELIVERY)]
    period_end: Annotated[date, Field("Last day measured.", HERE, DELIVERY)]
    value: Annotated[Decimal, Field("What was measured, in the unit of the service level.", HERE, DELIVERY)]


@entity
class ServiceLevel(Entity):
    """A level of service that was promised, and what follows if it is missed."""

    contract_id: Annotated[UUID, Field("Contract that promises it.", CLM, DELIVERY, to="Contract", part=True)]
    metric: Annotated[str, Field("What is measured.", CLM, DELIVERY)]
    target: Annotated[Decimal | None, Field("Value that was promised.", CLM, DELIVERY)] = None
    unit: Annotated[str | None, Field("Unit of target and measurements.", CLM, DELIVERY)] = None
    period: Annotated[Period | None, Field("Period over which it is measured.", CLM, DELIVERY)] = None
    credit_threshold: Annotated[
        Decimal | None, Field("Value from which a credit is owed.", CLM, DELIVERY)
    ] = None
    service_credit_eligible: Annotated[
        bool | None, Field("Whether missing it earns the customer a credit.", CLM, DELIVERY)
    ] = None
    liquidated_damages: Annotated[Money | None, Field("Damages agreed for missing it.", CLM, COMMERCIAL)] = (
        None
    )
    state: Annotated[ServiceLevelState | None, Field("How it stands.", HERE, DELIVERY)] = None
    measurements: Annotated[
        tuple[Measurement, ...], Field("What was measured, period by period.", HERE, DELIVERY)
    ] = ()
