"""The partitions of the audit log: one a month, found by the time that begins every UUIDv7."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import asyncpg

from storage.audit_tables import IN_ONE_PIECE, SIZE_OF_A_PIECE
from storage.row_security import security_ddl
from storage.tenancy import bind_org

AHEAD = 3
"""For so many months there is a partition before they begin."""

_NAME = re.compile(r"audit_event_(\d{4})_(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of UTC."""

    first: date

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.replace(day=1))

    @classmethod
    def read(cls, text: str) -> Month:
        """Read `2026-11`. Raises ValueError."""
        return cls(date.fromisoformat(f"{text}-01"))

    @property
    def next(self) -> Month:
        year, month = divmod(self.first.year * 12 + self.first.month, 12)
        return Month(date(year, month + 1, 1))

    @property
    def partition(self) -> str:
        return f"audit_event_{self.first:%Y_%m}"

    @property
    def floor(self) -> UUID:
        """The least id that an event of the month can have."""
        return floor_of(datetime.combine(self.first, time(), UTC))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def floor_of(moment: datetime) -> UUID:
    """Return the least UUIDv7 of a moment."""
    return UUID(int=max(round(moment.timestamp() * 1000), 0) << 80)


def is_month(table: str) -> bool:
    """Whether a table holds the events of a month."""
    return _NAME.fullmatch(table) is not None


async def list_months(connection: asyncpg.Connection) -> Sequence[Month]:
    """Return the months that have a partition, the oldest first."""
    rows = await connection.fetch(
        "SELECT relid::regclass::text AS name FROM pg_partition_tree('audit_event') WHERE isleaf"
    )
    found = (_NAME.fullmatch(row["name"]) for row in rows)
    return sorted(Month(date(int(each[1]), int(each[2]), 1)) for each in found if each)


async def make_months(connection: asyncpg.Connection, today: date) -> Sequence[Month]:
    """Make the partitions of this month and the next ones as the owner, and return those that are new.

    Of a month that has events already they stay where they are, outside of partitions of months.
    """
    known = set(await list_months(connection))
    made, month = [], Month.of(today)
    for _ in range(AHEAD):
        if month not in known and await _make(connection, month):
            made.append(month)
        month = month.next
    return made


async def count_before(connection: asyncpg.Connection, org_id: UUID, month: Month) -> int:
    """Count the events of an org before a month, in a transaction that is bound to it."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM audit_event WHERE org_id = $1 AND id < $2", org_id, month.floor
        )
    )


async def drop_before(connection: asyncpg.Connection, orgs: Sequence[UUID], month: Month) -> None:
    """Drop the events before a month, as the owner."""
    for each in await list_months(connection):
        if each < month:
            await connection.execute(f'DROP TABLE "{each.partition}"')
    for org_id in orgs:  # what lies outside of partitions of months
        await bind_org(connection, org_id)
        await connection.execute("DELETE FROM audit_event WHERE org_id = $1 AND id < $2", org_id, month.floor)


async def _make(connection: asyncpg.Connection, month: Month) -> bool:
    try:
        async with connection.transaction():
            await connection.execute(
                f'CREATE TABLE "{month.partition}" PARTITION OF audit_event'
                f" FOR VALUES FROM ('{month.floor}') TO ('{month.next.floor}')"
                f" WITH ({IN_ONE_PIECE} = {SIZE_OF_A_PIECE})"
            )
            for ddl in security_ddl("audit_event_rest"):
                await connection.execute(ddl.replace("audit_event_rest", month.partition))
    except (asyncpg.CheckViolationError, asyncpg.DuplicateTableError, asyncpg.LockNotAvailableError):
        # Events of the month lie elsewhere already, or another process is at it.
        return False
    return True
