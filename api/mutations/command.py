"""What every mutation is: an input that was checked, and the work that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self
from uuid import UUID

import asyncpg

from api.errors import BadUserInput
from auth.principal import Principal

LONGEST_LINE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asks to have changed: the input as coerced, and what is known while it is judged."""

    given: Mapping[str, Any]
    roles: frozenset[str]
    """The roles that the policy has."""
    now: datetime


class Command(Protocol):
    """A change that is ready to be made: a frozen dataclass of JSON values; equal ones ask the same."""

    @classmethod
    def read(cls, asked: Asked) -> Self:
        """Check an input. Raises BadUserInput, which names what is wrong and where."""

    async def run(
        self, connection: asyncpg.Connection, principal: Principal, now: datetime
    ) -> Sequence[UUID]:
        """Make the change inside a transaction bound to the org, and return the ids of what was changed.

        Raises BadUserInput.
        """


def line(given: Mapping[str, Any], name: str) -> str:
    """Return a member that is a line of text. Raises BadUserInput."""
    text = str(given[name]).strip()
    if not text or not text.isprintable() or len(text) > LONGEST_LINE:
        raise wrong(name, f"a line of text is expected, of at most {LONGEST_LINE} characters")
    return text


def wrong(member: str, what: str) -> BadUserInput:
    """Say of a member of the input what is wrong with it."""
    return BadUserInput(f"input.{member}: {what}", field=f"input.{member}")
