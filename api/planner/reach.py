"""Whether a caller reaches one very contract, by which roles and ways, and how they see a field there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from api.planner.plan import ORG, SHARED_SINCE, SUBJECT
from api.planner.ways_sql import NUMBER, WayWriter
from auth.policy import Policy, Word
from auth.rows import SUBJECT_OF_TERMS
from auth.view import view_for
from storage.salesforce_access import BELIEVED_FOR
from storage.statement import Statement


@dataclass(frozen=True, slots=True)
class Reached:
    """Which roles reach the contract, by which ways it is the caller's, and how they see the field there."""

    roles: Mapping[str, bool]
    ways: tuple[str, ...]
    word: Word


async def reach_of(  # noqa: PLR0913, PLR0917 - each is another part of the question
    connection: asyncpg.Connection,
    policy: Policy,
    roles: list[str],
    subject: str | None,
    org_id: UUID,
    number: str,
    coordinate: str,
) -> Reached | None:
    """Ask as this caller, with the planner's own conditions; None where there is no such contract."""
    view = view_for(policy, frozenset(roles))
    writer = WayWriter(view)
    row = writer.alias(SUBJECT_OF_TERMS)
    cell, entity = view.cell(coordinate), coordinate.partition(".")[0]
    asked = {
        "there": writer.holds(view.rows(SUBJECT_OF_TERMS), row),
        "part": writer.holds(view.rows(entity), row),
        "shown": writer.holds(cell.shown, row),
        "masked": writer.holds(cell.masked, row),
    }
    known = [role.name for role in policy.known(roles)]
    for index, role in enumerate(known):
        sets = view_for(policy, frozenset({role})).rows(SUBJECT_OF_TERMS)
        asked[f"role_{index}"] = writer.holds(sets, row)
    ways = list(writer.ways(row))
    asked |= {f"way_{index}": led for index, (_, led) in enumerate(ways)}
    statement = Statement.of(writer.statement(asked, row))
    environment = {
        ORG[0]: org_id, SUBJECT[0]: subject or "", SHARED_SINCE[0]: datetime.now(UTC) - BELIEVED_FOR,
        NUMBER.path[0]: number,
    }  # fmt: skip
    arguments = [writer.parameters.by_name[name].resolve(environment) for name in statement.names]
    found = await connection.fetchrow(statement.text, *arguments)
    if found is None:
        return None
    word = Word.DENY
    if found["there"] and found["part"]:
        word = Word.SHOW if found["shown"] else Word.MASK if found["masked"] else Word.DENY
    return Reached(
        {role: found[f"role_{index}"] for index, role in enumerate(known)},
        tuple(told for index, (told, _) in enumerate(ways) if found[f"way_{index}"]),
        word,
    )
