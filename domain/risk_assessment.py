"""The risk of a contract as it was once assessed, with the reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from domain.field import HERE, RISK, Entity, Field, entity
from domain.risk import RiskLevel


@entity
class RiskFactor(Entity):
    """One reason of a risk assessment."""

    risk_assessment_id: Annotated[
        UUID, Field("Assessment that it is a reason of.", HERE, RISK, to="RiskAssessment", part=True)
    ]
    name: Annotated[str, Field("Name of the factor.", HERE, RISK)]
    weight: Annotated[int, Field("Most points that it can add.", HERE, RISK)]
    points: Annotated[int | None, Field("Points that it added; absent where unknown.", HERE, RISK)] = None
    reason: Annotated[str, Field("Why.", HERE, RISK)]


@entity
class RiskAssessment(Entity):
    """The risk of a contract at one moment."""

    contract_id: Annotated[UUID, Field("Contract that was assessed.", HERE, RISK, to="Contract", part=True)]
    score: Annotated[int | None, Field("From 0 to 100; absent if nothing is known.", HERE, RISK)] = None
    level: Annotated[RiskLevel | None, Field("The score in a word.", HERE, RISK)] = None
    assessed_at: Annotated[datetime, Field("When it was assessed.", HERE, RISK)]
    factors: Annotated[tuple[RiskFactor, ...], Field("The reasons of the score.", HERE, RISK)] = ()
