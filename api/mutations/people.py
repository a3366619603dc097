"""Mutations that are for people: a program acts in nobody's name."""

from __future__ import annotations

from uuid import UUID

from api.errors import AccessDenied
from api.planner.standing import Standing
from auth.policy import Command


def person(standing: Standing, command: Command) -> UUID:
    """Return the user of the caller. Raises AccessDenied for a subject whom Salesforce does not know."""
    if standing.user is None:
        raise AccessDenied(
            f"{command} is for people: the token's subject is no user that is known here from Salesforce",
            field=f"Mutation.{command}",
            rule="known user",
        )
    return standing.user
