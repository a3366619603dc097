"""What every mutation is: an input that was checked, and the work that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, Self
from uuid import UUID

import asyncpg

from api.errors import BadUserInput
from auth.principal import Principal
from auth.view import View

LONGEST_LINE = 1000
KEY = "Names this request: sent again with the same input it changes nothing more, and is answered alike."
"""What is said of the idempotencyKey of every input."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asks to have changed: the input as coerced, and what is known while it is judged."""

    given: Mapping[str, Any]
    roles: frozenset[str]
    """The roles that the policy has."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a request, what the policy decides for them, and the id that the request is known by."""

    principal: Principal
    view: View
    request: str


@dataclass(frozen=True, slots=True)
class Act:
    """A change under way: in whose name, as they see the graph, and when.

    `connection` is inside the transaction of the change, which is bound to the org.
    """

    connection: asyncpg.Connection
    principal: Principal
    view: View
    now: datetime
    today: date
    """The day on which the request is answered."""
    request: str
    """The id that the request is known by."""
    shared_since: datetime
    """The moment after which what Salesforce said of its sharing counts."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made or changed: ids, and as JSON what became of each of several things, in their order."""

    ids: Sequence[UUID]
    told: Sequence[Mapping[str, Any]] = ()


class Command(Protocol):
    """A change that is ready to be made: a frozen dataclass of JSON values; equal ones ask the same."""

    @classmethod
    def read(cls, asked: Asked) -> Self:
        """Check an input. Raises BadUserInput, which names what is wrong and where."""

    async def run(self, act: Act) -> Made:
        """Make the change, and return what it made. Raises AccessDenied, BadUserInput."""


def line(given: Mapping[str, Any], name: str) -> str:
    """Return a member that is a line of text. Raises BadUserInput."""
    text = str(given[name]).strip()
    if not text or not text.isprintable() or len(text) > LONGEST_LINE:
        raise wrong(name, f"a line of text is expected, of at most {LONGEST_LINE} characters")
    return text


def wrong(member: str, what: str) -> BadUserInput:
    """Say of a member of the input what is wrong with it."""
    return BadUserInput(f"input.{member}: {what}", field=f"input.{member}")
