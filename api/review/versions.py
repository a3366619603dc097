"""The policy in force, those before it, and one that may follow, as `contract-graph policy` tells them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

import asyncpg

from api.errors import BadUserInput
from api.limits import too_large
from api.review.decisions import part_told, rules_told
from api.review.question import Answer, Question
from auth.policy import Policy, PolicyError
from auth.policy_change import version
from auth.policy_file import read_policy
from auth.review.difference import Difference, RoleDifference, difference, steps_of
from storage.policy_versions import IN_FORCE, digest_beginning, list_differences, list_events, standing

LONGEST_POLICY: Final = 32 * 1024
MOST_TABLES: Final = 200
MOST_STEPS: Final = 100_000
"""A comparison of more takes longer than a worker should have: the command line takes its time."""
MOST_CHANGES: Final = 3_000
MOST_EVENTS: Final = 500

_DIGEST = re.compile(r"[0-9a-f]{6,64}")


async def policy_in_force(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell the policy that decides about this very request."""
    policy, events = question.policy, await list_events(connection)
    since = None
    if standing(events).in_force == policy.digest:
        since = next(event.happened_at for event in reversed(events) if event.kind in IN_FORCE)
    return {
        "digest": policy.digest,
        "source": PurePath(policy.source).name,
        "inForceSince": since,
        "text": policy.text,
    }


async def trial(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell the policy that is proposed, and what it would have decided otherwise; None where none is."""
    candidate = standing(await list_events(connection)).candidate
    if candidate is None:
        return None
    found = await list_differences(connection, candidate.digest, question.policy.digest)
    return {
        "digest": candidate.digest,
        "proposedBy": candidate.by,
        "proposedAt": candidate.happened_at,
        "reason": candidate.reason,
        "differences": [
            {
                "roles": each.roles,
                "subject": each.subject,
                "was": each.was,
                "wouldBe": each.would_be,
                "requests": each.requests,
                "example": _hash(each.example),
            }
            for each in found[:MOST_CHANGES]
        ],
    }


def _hash(example: str) -> str:
    """Return the hash of an example without its name, which may be another org's: all count together."""
    return example.rpartition(" (")[2].removesuffix(")")


async def history(connection: asyncpg.Connection, _: Question) -> Answer:
    """Tell what was decided about policies, the latest first."""
    events = await list_events(connection)
    return [
        {
            "digest": event.digest,
            "kind": event.kind,
            "at": event.happened_at,
            "by": event.by,
            "reason": event.reason,
        }
        for event in events[: -MOST_EVENTS - 1 : -1]
    ]


async def compared(connection: asyncpg.Connection, question: Question) -> Answer:
    """Compare another policy with the one in force. Raises BadUserInput, QueryTooComplex."""
    given = question.text("candidate", LONGEST_POLICY) or ""
    try:
        if _DIGEST.fullmatch(given):
            candidate = await version(connection, await digest_beginning(connection, given))
        else:
            candidate = await asyncio.to_thread(_read, given)
    except LookupError:
        raise BadUserInput(f"no policy is stored whose digest begins with {given}, or several are") from None
    except PolicyError as error:
        raise BadUserInput(str(error)) from None
    return await asyncio.to_thread(_compared, question.policy, candidate)


def _read(text: str) -> Policy:
    if sum(line.lstrip().startswith("[") for line in text.splitlines()) > MOST_TABLES:
        raise too_large("tables of a policy", MOST_TABLES)
    return read_policy(text.encode(), "candidate")


def _compared(before: Policy, after: Policy) -> Answer:
    if steps_of(before, after) > MOST_STEPS:
        raise too_large("steps of a comparison", MOST_STEPS)
    found = difference(before, after)
    if sum(len(role.changes) for role in found.roles) > MOST_CHANGES:
        raise too_large("changes of a difference", MOST_CHANGES)
    return _told(found)


def _told(found: Difference) -> Mapping[str, Any]:
    return {
        "before": found.before.digest,
        "after": found.after.digest,
        "gains": [role.name for role in found.roles if role.gains or role.allowed],
        "loses": [role.name for role in found.roles if role.loses or role.refused],
        "roles": [_role(role) for role in found.roles],
    }


def _role(role: RoleDifference) -> Mapping[str, Any]:
    return {
        "role": role.name,
        "isNew": role.is_new,
        "isGone": role.is_gone,
        "rowsBefore": role.was and str(role.was.rows),
        "rowsAfter": role.now and str(role.now.rows),
        "gains": role.gains,
        "loses": role.loses,
        "changes": [
            {
                "field": change.coordinate,
                "audience": change.audience,
                "gains": change.gains,
                "loses": change.loses,
                "before": [part_told(part) for part in change.before],
                "after": [part_told(part) for part in change.after],
            }
            for change in role.changes
        ],
        "allowed": rules_told(role.allowed),
        "refused": rules_told(role.refused),
    }
