"""The audit log of the caller's org, as `contract-graph audit search|prove` tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import orjson

from api.entity_types import DEFAULT_PAGE
from api.errors import BadUserInput
from api.planner.parameters import identity, page_size
from api.review.question import LONGEST_NAME, Answer, Question
from auth.audit_proof import NotProvable, prove
from storage.audit_search import Wanted, find_accesses, search

AS_THEY_ARE: Final = (
    "id", "at", "kind", "subject", "client", "roles", "decision", "operation", "policy", "request", "refusal",
)  # fmt: skip


async def audit_events(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell a page of events of the org, the latest first. Raises BadUserInput."""
    given = question.given
    size = DEFAULT_PAGE if given.get("first") is None else page_size(given["first"])
    after, record = question.text("after", LONGEST_NAME), question.text("record", LONGEST_NAME)
    wanted = Wanted(
        since=given.get("since"),
        until=given.get("until"),
        after=None if after is None else identity(after),
        subject=question.text("subject", LONGEST_NAME),
        record=None if record is None else identity(record),
    )
    found = await search(connection, question.org_id, wanted, size + 1)
    events = [orjson.loads(body) for _, body in found[:size]]
    named = {event["access"] for event in events if event["access"]}
    accesses = await find_accesses(connection, question.org_id, named)
    return {
        "nodes": [_told(event, accesses) for event in events],
        "hasNextPage": len(found) > size,
        "endCursor": events[-1]["id"] if events else None,
    }


def _told(event: Mapping[str, Any], accesses: Mapping[str, str]) -> Mapping[str, Any]:
    records, body = event["records"], accesses.get(event["access"] or "")
    return {name: event[name] for name in AS_THEY_ARE} | {
        "latencyUs": event["latency_us"],
        "records": {"count": records["count"], "ids": records.get("ids"), "sha256": records.get("sha256")},
        # What was logged before `used` was says nothing of it.
        "access": None if body is None else {"used": [], **orjson.loads(body)},
    }


async def audit_proof(connection: asyncpg.Connection, question: Question) -> Answer:
    """Prove that an event of the org is in the sealed log. Raises BadUserInput where it cannot be."""
    event = identity(question.text("id", LONGEST_NAME))
    try:
        return (await prove(connection, question.org_id, event)).decode()
    except NotProvable as error:
        raise BadUserInput(str(error)) from None
