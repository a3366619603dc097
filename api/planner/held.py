"""What is asked of `held`: for whom the policy shows every trail and gives a command to decide."""

from __future__ import annotations

from typing import Final

from graphql import FieldNode

from api.planner.from_graphql import NULL, SelectionReader
from api.planner.plan import Literally, Review
from api.planner.review import member_of
from auth.decision import Deny
from auth.policy import Command
from auth.view import View
from domain.field import DeclaredField, field_named

DECIDING: Final = (Command.REPLAY_HELD, Command.DISCARD_HELD)
_ENTITY: Final = "FieldChange"
_TELLS: Final = ("contract_id", "source", "event", "recorded_at", "reason")
"""What a held message tells of a contract is what a line of its history does."""


def hidden(view: View) -> Deny | None:
    """Return why nothing of what is held is told to the caller; None where it is."""
    return view.withholds(_fields())


def read_held(reader: SelectionReader, nodes: list[FieldNode], key: str) -> Review | Literally:
    """Read the list of what is held, which is null to whom it is hidden and who may decide nothing about it.

    What a system answered may quote a value: so it is for those alone who put it right.
    """
    rights = [reader.view.command(each) for each in DECIDING]
    denied = hidden(reader.view)
    if denied is None and all(isinstance(each, Deny) for each in rights):
        denied = next(each for each in rights if isinstance(each, Deny))
    if denied is not None:
        reader.note(key, field_named(_ENTITY, "reason"), denied, "all")
        return NULL
    member = member_of(reader, nodes, "Query")
    return Review(key, ((key, member),), tuple(_fields()), bare=True)


def _fields() -> list[DeclaredField]:
    return [field_named(_ENTITY, name) for name in _TELLS]
