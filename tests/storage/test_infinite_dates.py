"""Days that an older release stored as infinities are found, and stored as the days that they are read as."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from domain.claim import Report
from domain.field import CLM
from storage.infinite_dates import find_infinite, mend_infinite
from sync.apply import apply_report
from tests.storage.lane_work import ONE, OTHER, Test, Work, runner

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> Callable[[Test], None]:
    return runner(database_url, owner_url, superuser_url)


async def have(work: Work, org: UUID) -> None:
    """Store a contract as an older release did: its last and its first day are infinities."""
    fields = {"expiration_date": date.max, "effective_date": date.min, "title": "For ever"}
    report = Report(contract="A-1", system=CLM, source="clm", event="e", claimed_at=NOW, fields=fields)
    async with work.database.transaction(org) as connection:
        await apply_report(connection, org, report, now=NOW)
    await work.superuser.execute(
        "UPDATE contract SET expiration_date = 'infinity', effective_date = '-infinity' WHERE org_id = $1",
        org,
    )


async def within(work: Work, org: UUID, ask: Callable[[asyncpg.Connection], Awaitable[object]]) -> object:
    async with work.database.transaction(org) as connection:
        return await ask(connection)


def test_an_orgs_infinities_are_counted_and_mended_and_no_other_orgs(on: Callable[[Test], None]) -> None:
    async def check(work: Work) -> None:
        await have(work, ONE)
        await have(work, OTHER)
        wrong: Mapping[str, int] = {"contract.effective_date": 1, "contract.expiration_date": 1}
        assert await within(work, ONE, find_infinite) == wrong
        history = await work.superuser.fetch("SELECT * FROM field_change ORDER BY id")
        known = await work.superuser.fetchrow(
            "SELECT version, updated_at FROM contract WHERE org_id = $1", ONE
        )
        await within(work, ONE, mend_infinite)
        assert await within(work, ONE, find_infinite) == {}
        assert await within(work, OTHER, find_infinite) == wrong
        days = "SELECT effective_date::text, expiration_date::text FROM contract WHERE org_id = $1"
        assert tuple(await work.superuser.fetchrow(days, ONE)) == ("0001-01-01", "9999-12-31")
        after = "SELECT version, updated_at FROM contract WHERE org_id = $1"
        assert await work.superuser.fetchrow(after, ONE) == known, "to its readers it is as it was"
        assert await work.superuser.fetch("SELECT * FROM field_change ORDER BY id") == history
        said = {row["after"] for row in history if row["field"] == "expirationDate"}
        assert said == {"9999-12-31"}, "history had the day all along"

    on(check)
