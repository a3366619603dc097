"""Who holds which role in the caller's org, as `contract-graph roles review` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import asyncpg

from api.limits import too_large
from api.planner.record_ids import RECORD_KEY
from api.review.question import Answer, Question
from auth.review.access import HeldRole, review_access

MOST_HELD: Final = 5_000


async def access_review(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell every role that is held. Raises QueryTooComplex where there are too many for an answer."""
    found = await review_access(connection, question.org_id, question.now, MOST_HELD + 1)
    if len(found.held) > MOST_HELD:
        raise too_large("roles held", MOST_HELD)
    return {
        "madeAt": found.made_at,
        "logSince": found.log_since,
        "held": [_told(each, found.made_at) for each in found.held],
    }


def _told(held: HeldRole, now: datetime) -> Mapping[str, Any]:
    record = {} if held.grant_id is None else {RECORD_KEY: str(held.grant_id)}
    return record | {
        "role": held.role,
        "subject": held.subject,
        "standing": held.standing,
        "name": held.name,
        "holderKind": held.holder_kind,
        "holderId": held.holder_id,
        "since": held.since,
        "grantedBy": held.granted_by,
        "reason": held.reason,
        "endsAt": held.ends_at,
        "lastUsedAt": held.last_used_at,
        "unused": held.is_unused(now),
    }
