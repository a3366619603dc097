"""How who changes something stands to it: what it names is there for them, and shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.errors import AccessDenied, BadUserInput
from api.mutations.command import Act, wrong
from api.planner.parameters import identity
from api.planner.standing import Standing, standing_of
from auth.policy import Command, Word
from domain.field import DeclaredField


def named_id(given: Mapping[str, Any], member: str) -> str:
    """Return a member that is an id of the graph. Raises BadUserInput."""
    try:
        return str(identity(given[member]))
    except BadUserInput as error:
        raise wrong(member, error.message) from None


async def stands(act: Act, contract: UUID, field: DeclaredField) -> Standing | None:
    """Return how the caller stands to a field of a contract; None where it is not there for them."""
    return await standing_of(act.connection, act.view, act.principal, contract, field, act.shared_since)


def person(standing: Standing, command: Command) -> UUID:
    """Return the user of the caller. Raises AccessDenied for a subject whom Salesforce does not know."""
    if standing.user is None:
        raise AccessDenied(
            f"{command} is for people: the token's subject is no user that is known here from Salesforce",
            field=f"Mutation.{command}",
            rule="known user",
        )
    return standing.user


def require_shown(standing: Standing, field: DeclaredField, so: str) -> None:
    """Refuse whoever does not see a value as it is; `so` says what cannot be done. Raises AccessDenied."""
    if standing.word is not Word.SHOW:
        raise AccessDenied(
            f"{field.coordinate} of this contract is not shown to you as it is, so {so}",
            field=field.coordinate,
            rule="shown values alone",
        )
