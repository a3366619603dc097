"""The changes of contracts read forward while others write: each once, and none passed over."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from domain.identity import uuid7
from domain.org import Org
from storage.contract_changes import KEPT, Position, add_changes, position_of, present, read_on
from storage.database import Database
from storage.orgs import save_org

ORG, OTHER = uuid7(), uuid7()
WRITERS, EACH = 8, 25


@pytest.fixture
def orgs(owner_url: str) -> None:
    async def make() -> None:
        owner = await asyncpg.connect(owner_url)
        for org_id in (ORG, OTHER):
            await save_org(owner, Org(id=org_id, name=f"Org {org_id}"))
        await owner.close()

    asyncio.run(make())


async def write(database: Database, chance: random.Random, committed: set[UUID]) -> None:
    """Commit some, and undo others, in transactions that begin to write long before they end."""
    for _ in range(EACH):
        contracts = [uuid7() for _ in range(chance.randint(1, 3))]
        keeps = chance.random() < 0.8
        try:
            async with database.transaction(chance.choice([ORG, ORG, OTHER])) as connection:
                org = UUID(await connection.fetchval("SELECT current_setting('app.org')"))
                for each in contracts:
                    await add_changes(connection, org, [(each, {"title"}, datetime.now(UTC))])
                    await asyncio.sleep(chance.random() * 0.01)
                if not keeps:
                    await connection.execute("SELECT 1 / 0")
        except asyncpg.DivisionByZeroError:
            continue
        if org == ORG:
            committed.update(contracts)


async def read(
    database: Database, after: Position, most: int, up_to: Position | None = None
) -> tuple[list[UUID], Position]:
    async with database.transaction(ORG) as connection:
        found = await read_on(connection, ORG, after, most, up_to)
    return [each.contract_id for each in found.changes], found.until


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.usefixtures("orgs")
def test_a_reader_has_every_committed_change_once_whatever_order_they_commit_in(
    database_url: str, seed: int
) -> None:
    async def run() -> None:
        database, chance = await Database.open(database_url, WRITERS + 1), random.Random(seed)
        committed: set[UUID] = set()
        async with database.transaction(ORG) as connection:
            began = at = await present(connection)
        writing = asyncio.gather(
            *(write(database, random.Random(chance.random()), committed) for _ in range(WRITERS))
        )
        heard: list[UUID] = []
        places: list[tuple[int, Position]] = []
        while True:
            over = writing.done()
            found, at = await read(database, at, chance.randint(1, 7))
            heard += found
            places.append((len(heard), at))
            if over and not found:
                break
        assert sorted(heard) == sorted(committed)
        # Who comes again from any place has the rest in the same order; up to a place, all until there.
        for already, place in chance.sample(places, 10):
            assert (await read(database, place, 10_000))[0] == heard[already:]
            assert await read(database, began, 10_000, up_to=place) == (heard[:already], place)
        await database.close()

    asyncio.run(run())


@pytest.mark.usefixtures("orgs")
def test_a_change_is_found_by_its_id_in_its_org_until_it_is_let_go(database_url: str) -> None:
    async def run() -> None:
        database, now = await Database.open(database_url, 2), datetime.now(UTC)
        async with database.transaction(ORG) as connection:
            before = await present(connection)
            await add_changes(connection, ORG, [(uuid7(), {"title", "status"}, now)])
        async with database.transaction(ORG) as connection:
            [change] = (await read_on(connection, ORG, before, 10)).changes
            assert change.fields == ["status", "title"]
            assert await position_of(connection, ORG, change.id) == change.position
        async with database.transaction(OTHER) as connection:
            assert await position_of(connection, OTHER, change.id) is None
        async with database.transaction(ORG) as connection:
            await add_changes(connection, ORG, [(uuid7(), {"title"}, now + KEPT + timedelta(minutes=1))])
            assert await position_of(connection, ORG, change.id) is None
        await database.close()

    asyncio.run(run())
