"""One request to the GraphQL endpoint, what has become known of it, and the answer that it gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from api.errors import ApiError
from api.planner.parameters import Environment
from api.planner.run import Plan
from api.request_tally import UNREAD
from auth.audit import Refusal
from auth.principal import Principal


class Answer(NamedTuple):
    """A response: its status and its JSON."""

    status: int
    body: bytes
    code: str | None = None
    scope: str | None = None
    """The scope that the token lacks, where that is why."""
    retry_after: int | None = None
    """Seconds to wait, where that is the remedy."""


def refusal(error: ApiError, request_id: str) -> Answer:
    """Return the answer that tells an error."""
    told = error.extensions
    return Answer(error.status, error.body(request_id), error.code, told.get("scope"), told.get("retryAfter"))


Admit = Callable[["Asked", Plan, Environment], Awaitable[None]]
"""Lets a subscription in, or raises an ApiError."""


@dataclass(slots=True)
class Asked:
    """One request, and what has become known of it for the audit log."""

    principal: Principal
    id: str
    began: int
    policy: str
    """The digest of the policy that decides."""
    strict: bool = False
    admit: Admit | None = None
    after: bytes | None = None
    """What the caller says that the answer must have reached."""
    request: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    operation: str | None = None
    plan: Plan | None = None
    records: Sequence[bytes] = ()
    refusal: Refusal | None = None
    is_recorded: bool = False
    counted_as: str = UNREAD
