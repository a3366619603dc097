"""How a caller stands to one record: whether it is there for them, and how they see a field of a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from api.planner.parameters import as_is
from api.planner.plan import ORG, SHARED_SINCE, SUBJECT, Variable
from api.planner.reach_sql import ME, Row
from api.planner.review_sql import ReviewWriter
from auth.decision import Deny
from auth.policy import Word
from auth.principal import Principal
from auth.rows import SUBJECT_OF_TERMS
from auth.view import View
from domain.field import DeclaredField
from storage.statement import Statement

RECORD = Variable(("record",))


@dataclass(frozen=True, slots=True)
class Standing:
    """How the field is seen, and the caller's user; None for a caller whom Salesforce does not know."""

    word: Word
    user: UUID | None


async def standing_of(  # noqa: PLR0913, PLR0917 - each is another part of the question
    connection: asyncpg.Connection,
    view: View,
    principal: Principal,
    contract: UUID,
    field: DeclaredField,
    since: datetime,
) -> Standing | None:
    """Ask with the planner's own conditions; None where there is no such contract for this caller.

    The transaction must be bound to the caller's org; what Salesforce said of its sharing counts from
    `since` on.
    """
    writer = ReviewWriter(view)
    row = writer.alias(SUBJECT_OF_TERMS)
    cell = view.cell(field.coordinate)
    shown = () if isinstance(view.reach(field), Deny) else cell.shown
    asked = [
        ME.label("me"),
        sa.func.coalesce(writer.holds(shown, row), sa.false()).label("shown"),
        sa.func.coalesce(writer.holds(cell.masked, row), sa.false()).label("masked"),
    ]
    found = await _found(connection, writer, (SUBJECT_OF_TERMS, row), asked, (principal, contract, since))
    if found is None:
        return None
    word = Word.SHOW if found["shown"] else Word.MASK if found["masked"] else Word.DENY
    return Standing(word, found["me"])


async def is_there(  # noqa: PLR0913, PLR0917 - each is another part of the question
    connection: asyncpg.Connection,
    view: View,
    principal: Principal,
    entity: str,
    id_: UUID,
    since: datetime,
) -> bool:
    """Whether a record is there for this caller, asked as `standing_of` asks."""
    writer = ReviewWriter(view)
    row = writer.alias(entity)
    found = await _found(connection, writer, (entity, row), [row.c.id], (principal, id_, since))
    return found is not None


async def _found(
    connection: asyncpg.Connection,
    writer: ReviewWriter,
    of: tuple[str, Row],
    asked: Sequence[sa.ColumnElement[Any]],
    who: tuple[Principal, UUID, datetime],
) -> asyncpg.Record | None:
    (entity, row), (principal, id_, since) = of, who
    chosen = row.c.id == writer.parameters.bind(RECORD, as_is, sa.Uuid())
    there = writer.seen(entity, row)
    statement = Statement.of(sa.select(*asked).select_from(writer.over(row)).where(*there, chosen))
    environment = {
        ORG[0]: principal.org_id, SUBJECT[0]: principal.subject, SHARED_SINCE[0]: since, RECORD.path[0]: id_,
    }  # fmt: skip
    arguments = [writer.parameters.by_name[name].resolve(environment) for name in statement.names]
    return await connection.fetchrow(statement.text, *arguments)
