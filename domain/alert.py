"""What an operator is told of, by kind: the one place to add a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

LATE: Final = timedelta(minutes=15)
"""The age of a message that waits from which on its queue counts as stuck."""


class AlertKind(StrEnum):
    """What happened."""

    MESSAGE_QUARANTINED = "MESSAGE_QUARANTINED"
    QUEUE_STUCK = "QUEUE_STUCK"
    SALESFORCE_BREAKER_OPEN = "SALESFORCE_BREAKER_OPEN"
    SALESFORCE_LIMIT = "SALESFORCE_LIMIT"
    SALESFORCE_NOT_AUTHORISED = "SALESFORCE_NOT_AUTHORISED"
    SALESFORCE_NOT_HEARD = "SALESFORCE_NOT_HEARD"
    TEST = "TEST"


class Standing(StrEnum):
    """What is counted at the moment of telling, as it stands then."""

    HELD = "Held in quarantine now"
    LATE = "Waiting for too long now"
    OUTBOX = "Waiting for Salesforce now"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """How a kind is told.

    A target is told of it once in `every` at most, with how often it happened since. What `passes` is a state
    and no event: it is told as it stands, and not at all once that is nought. `advice` names `{org}` and
    `{example}`, the id of a message or lane.
    """

    title: str
    every: timedelta
    advice: str
    standing: Standing | None = None
    passes: bool = False


_SALESFORCE: Final = (
    "See the worker's log by the correlation id. What is to be written waits, and is not lost."
)

ABOUT: Final[Mapping[AlertKind, About]] = MappingProxyType(
    {
        AlertKind.MESSAGE_QUARANTINED: About(
            title="Messages put into quarantine",
            every=timedelta(minutes=1),
            standing=Standing.HELD,
            advice="contract-graph held show --org {org} {example}",
        ),
        AlertKind.QUEUE_STUCK: About(
            title="Messages that wait for too long",
            every=LATE,
            standing=Standing.LATE,
            passes=True,
            advice="See that contract-graph worker runs, and what its log says of lane {example}.",
        ),
        AlertKind.SALESFORCE_BREAKER_OPEN: About(
            title="Salesforce fails, and is left alone for a while",
            every=timedelta(minutes=15),
            standing=Standing.OUTBOX,
            advice=_SALESFORCE,
        ),
        AlertKind.SALESFORCE_LIMIT: About(
            title="Salesforce's limit is used up",
            every=timedelta(minutes=15),
            standing=Standing.OUTBOX,
            advice=_SALESFORCE,
        ),
        AlertKind.SALESFORCE_NOT_AUTHORISED: About(
            title="Salesforce does not let us in",
            every=timedelta(minutes=15),
            standing=Standing.OUTBOX,
            advice=_SALESFORCE,
        ),
        AlertKind.SALESFORCE_NOT_HEARD: About(
            title="Salesforce's stream of changes is refused, or was silent for too long",
            every=timedelta(minutes=15),
            advice="See `contract-graph crm events --show` and `crm check`: Salesforce keeps events for 72"
            " hours.",
        ),
        AlertKind.TEST: About(
            title="A test: alerts arrive here", every=timedelta(0), advice="Nothing is to be done."
        ),
    }
)

WANTED: Final = tuple(each for each in AlertKind if each is not AlertKind.TEST)
"""The kinds that a target may choose from; a test reaches every target."""
