"""Where reviews are answered: beside the statement that carries them, by what the command line tells too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from api.health.answer import sync_health
from api.planner.parameters import Environment, given_value
from api.planner.plan import Literally, Member, Review
from api.planner.review import picked
from api.review.access import access_review
from api.review.contested import contested_part
from api.review.decisions import DECISIONS
from api.review.held import held
from api.review.log import audit_events, audit_proof
from api.review.question import Answer, Question
from api.review.versions import compared, history, policy_in_force, trial
from auth.policy import Policy
from storage.database import Database

STORED: Final[Mapping[str, Callable[[asyncpg.Connection, Question], Awaitable[Answer]]]] = {
    "syncHealth": sync_health,
    "policy": policy_in_force,
    "difference": compared,
    "trial": trial,
    "history": history,
    "auditEvents": audit_events,
    "auditProof": audit_proof,
    "accessReview": access_review,
    "held": held,
    "contestedPart": contested_part,
}


class ReviewDesk:
    """Answers reviews one after the other: whoever reviews must not keep a worker from everybody else."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._turn = asyncio.Semaphore(1)

    async def answers(
        self, reviews: Sequence[Review], policy: Policy, org_id: UUID, environment: Environment
    ) -> dict[str, str]:
        """Return the JSON of each review by its response key. Raises ApiError, and as Database does."""
        now = self._clock()
        asked = [
            (part, Question(policy, org_id, given_value(part.given, environment), now))
            for review in reviews
            for _, part in review.parts
            if isinstance(part, Member)
        ]
        async with self._turn:
            found = [
                await asyncio.to_thread(DECISIONS[member.name], question)
                if member.name in DECISIONS
                else None
                for member, question in asked
            ]

            async def work(connection: asyncpg.Connection) -> None:
                for place, (member, question) in enumerate(asked):
                    if member.name in STORED:
                        found[place] = await STORED[member.name](connection, question)

            if any(member.name in STORED for member, _ in asked):
                # Nothing is written: it is `write` that asks anew when its connection was lost.
                await self._database.write(org_id, work)
        values = iter(found)
        return {review.key: _told(review, values) for review in reviews}


def _told(review: Review, values: Iterator[Answer]) -> str:
    whole: Any = {
        key: orjson.Fragment(part.json) if isinstance(part, Literally) else picked(next(values), part)
        for key, part in review.parts
    }
    return orjson.dumps(whole[review.key] if review.bare else whole).decode()
