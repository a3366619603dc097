"""How many contracts the holders of a role reach, by the planner's own conditions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from api.planner.plan import ORG, SHARED_SINCE, SUBJECT
from api.planner.review_sql import ReviewWriter
from auth.rows import SUBJECT_OF_TERMS, Scope
from auth.view import View
from storage.salesforce_access import BELIEVED_FOR
from storage.statement import Statement


async def contracts_reached(
    connection: asyncpg.Connection, org_id: UUID, view: View, holders: Iterable[str]
) -> int:
    """Count the contracts that are there for at least one of these Salesforce users.

    What does not depend on who asks is counted though nobody holds the role; of what Salesforce lets them
    read, what it said in the last minutes.
    """
    sets = view.rows(SUBJECT_OF_TERMS)
    if not sets:
        return 0
    if all(rows.scope is Scope.ORG for rows in sets):
        holders = [""]
    found: set[UUID] = set()
    for holder in holders:
        found |= await _ids(connection, org_id, view, holder)
    return len(found)


async def _ids(connection: asyncpg.Connection, org_id: UUID, view: View, subject: str) -> set[UUID]:
    writer = ReviewWriter(view)
    row = writer.alias(SUBJECT_OF_TERMS)
    found = sa.select(row.c.id).select_from(writer.over(row)).where(*writer.seen(SUBJECT_OF_TERMS, row))
    statement = Statement.of(found)
    environment: dict[Any, Any] = {
        ORG[0]: org_id, SUBJECT[0]: subject, SHARED_SINCE[0]: datetime.now(UTC) - BELIEVED_FOR,
    }  # fmt: skip
    arguments = [writer.parameters.by_name[name].resolve(environment) for name in statement.names]
    return {each["id"] for each in await connection.fetch(statement.text, *arguments)}
