"""The keys of orgs: made once, kept for five minutes, rotated, destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from auth.crypto import Sealer
from auth.key_encryption import LocalKeys, NotDecrypted, UnknownKeyEncryption
from auth.org_keys import NOTHING
from auth.vault import KEPT, ROTATED_AFTER, Vault, rewrap, shred
from domain.crm import Contact, User
from domain.field import field_named
from domain.org import Org
from storage import data_keys
from storage.database import Database
from storage.orgs import save_org
from storage.tenancy import bind_org
from tests.storage.connections import ONE, OTHER, connected, opened

EMAIL = field_named("Contact", "email")
ROW = UUID(int=10)
ORGS = (Org(id=ONE, name="One"), Org(id=OTHER, name="Other"))


class Counted(LocalKeys):
    """Key-encryption keys that say how often they were asked."""

    asked = 0

    def unwrap(self, wrapped: bytes, kid: str, context: Mapping[str, str]) -> bytes:
        self.asked += 1
        return super().unwrap(wrapped, kid, context)


@dataclass
class Bench:
    """A vault whose clocks the test sets, a database, and a connection of the owner."""

    database: Database
    owner: asyncpg.Connection
    keys: Counted = field(default_factory=lambda: Counted([b"k" * 32]))
    clock: float = 0.0
    today: datetime = datetime(2026, 11, 21, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.vault = self.another()

    def another(self, *keys: bytes) -> Vault:
        """A vault of another process, with other key-encryption keys if they are given."""
        sealer = Sealer(LocalKeys(keys) if keys else self.keys)
        return Vault(sealer, clock=lambda: self.clock, now=lambda: self.today)

    async def sealed(self, text: str = "ada@example.com", org: UUID = ONE) -> str:
        async with self.database.transaction(org) as connection:
            keys = await self.vault.seals(connection, org, {Contact})
            return keys.seal(EMAIL, ROW, text).ciphertext

    async def opened(self, ciphertext: str, vault: Vault | None = None, org: UUID = ONE) -> str | None:
        kid = ciphertext.split(".")[1]
        return (await (vault or self.vault).keys(self.database, org, {kid})).open(EMAIL, ROW, ciphertext)

    async def stored(self, org: UUID = ONE) -> list[data_keys.DataKey]:
        async with self.database.transaction(org) as connection:
            return list(await data_keys.load(connection, org))

    async def in_org(self, work: Callable[[asyncpg.Connection], Awaitable[Any]], org: UUID = ONE) -> Any:
        async with self.owner.transaction():
            await bind_org(self.owner, org)
            return await work(self.owner)


Test = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def on(database_url: str, owner_url: str) -> Callable[[Test], None]:
    def run(test: Test) -> None:
        async def inside() -> None:
            async with opened(database_url, 4) as database, connected(owner_url) as owner:
                for org in ORGS:
                    await save_org(owner, org)
                await test(Bench(database, owner))

        asyncio.run(inside())

    return run


def test_the_first_write_makes_a_key_for_its_table_and_one_for_indexes(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        assert await bench.opened(await bench.sealed()) == "ada@example.com"
        assert [each.table_name for each in await bench.stored()] == [None, "contact"]
        await bench.sealed()
        assert len(await bench.stored()) == 2
        assert await bench.stored(OTHER) == []
        async with bench.database.transaction(ONE) as connection:
            await bench.vault.seals(connection, ONE, {User, Contact})
        assert [each.table_name for each in await bench.stored()] == [None, "contact", "user"]

    on(test)


def test_of_writers_that_start_together_one_makes_the_keys(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        await asyncio.gather(*(bench.sealed() for _ in range(8)))
        assert [each.table_name for each in await bench.stored()] == [None, "contact"]

    on(test)


def test_what_is_stored_of_a_key_opens_nothing_by_itself(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        sealed = await bench.sealed()
        for wrong in (bench.another(b"x" * 32), bench.another(b"y" * 32, b"z" * 32)):
            with pytest.raises(UnknownKeyEncryption):
                await bench.opened(sealed, wrong)
        assert await bench.opened(sealed, bench.another(b"x" * 32, b"k" * 32)) == "ada@example.com"

    on(test)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE data_key SET table_name = 'user' WHERE table_name = 'contact'",
        (
            "UPDATE data_key SET wrapped = other.wrapped FROM data_key AS other"
            " WHERE data_key.table_name = 'contact' AND other.table_name IS NULL"
        ),
    ],
)
def test_a_key_that_was_moved_is_refused(on: Callable[[Test], None], change: str) -> None:
    async def test(bench: Bench) -> None:
        sealed = await bench.sealed()
        await bench.in_org(lambda owner: owner.execute(change))
        with pytest.raises(NotDecrypted):
            await bench.opened(sealed, bench.another())

    on(test)


def test_a_key_is_asked_for_once_in_five_minutes(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        sealed = await bench.sealed()
        bench.vault, bench.keys.asked = bench.another(), 0
        for _ in range(20):
            await bench.opened(sealed)
        assert bench.keys.asked == 1
        bench.clock = KEPT - 1
        await bench.opened(sealed)
        assert bench.keys.asked == 1
        bench.clock = KEPT
        await bench.opened(sealed)
        assert bench.keys.asked == 2

    on(test)


def test_a_key_that_was_made_a_moment_ago_opens_at_once(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        other = bench.another()
        first = await bench.sealed()
        assert await bench.opened(first, other) == "ada@example.com"
        await bench.in_org(lambda owner: bench.vault.rotate(owner, ONE, "ada"))
        second = await bench.sealed()
        assert first.split(".")[1] != second.split(".")[1]
        assert await bench.opened(second, other) == "ada@example.com"
        assert await bench.opened(first, other) == "ada@example.com"

    on(test)


def test_what_a_filter_looks_for_is_indexed_as_soon_as_there_is_a_key(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        reader = bench.another()

        async def blind() -> str:
            return (await reader.keys(bench.database, ONE, index=True)).blind(EMAIL, "ada@example.com")

        assert await blind() == NOTHING
        await bench.sealed()
        found = await blind()
        assert len(found) == 22
        async with bench.database.transaction(ONE) as connection:
            keys = await bench.vault.seals(connection, ONE, {Contact})
        assert keys.blind(EMAIL, "ada@example.com") == found

    on(test)


def test_an_old_key_seals_no_more_and_opens_on(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        first = await bench.sealed()
        bench.today += ROTATED_AFTER - timedelta(days=1)
        assert (await bench.sealed()).split(".")[1] == first.split(".")[1]
        bench.today += timedelta(days=1)
        second = await bench.sealed()
        assert second.split(".")[1] != first.split(".")[1]
        assert [each.table_name for each in await bench.stored()] == [None, "contact", "contact"]
        assert await bench.opened(first) == await bench.opened(second) == "ada@example.com"

    on(test)


def test_keys_that_were_wrapped_anew_open_under_the_new_key_alone(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        ours, theirs = await bench.sealed(), await bench.sealed(org=OTHER)
        both = Sealer(LocalKeys([b"n" * 32, b"k" * 32]))
        assert await bench.in_org(lambda owner: rewrap(owner, ONE, both)) == 2
        assert await bench.in_org(lambda owner: rewrap(owner, ONE, both)) == 0
        assert await bench.opened(ours, bench.another(b"n" * 32)) == "ada@example.com"
        with pytest.raises(UnknownKeyEncryption):
            await bench.opened(ours, bench.another(b"k" * 32))
        assert await bench.opened(theirs, bench.another(b"k" * 32), OTHER) == "ada@example.com"

    on(test)


def test_destroyed_keys_are_gone_and_only_those_of_that_org(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        ours, theirs = await bench.sealed(), await bench.sealed(org=OTHER)
        other = bench.another()
        assert await bench.opened(ours, other) == "ada@example.com"
        assert await bench.in_org(lambda owner: shred(owner, ONE, "ada")) == 2
        assert await bench.opened(ours, bench.another()) is None
        # A worker that knew the key knows it for as long as it keeps it.
        assert await bench.opened(ours, other) == "ada@example.com"
        bench.clock = KEPT
        assert await bench.opened(ours, other) is None
        assert [(each.wrapped, each.shredded_by) for each in await bench.stored()] == [(None, "ada")] * 2
        assert await bench.opened(theirs, org=OTHER) == "ada@example.com"
        # What is written from now on has new keys.
        assert await bench.opened(await bench.sealed("new")) == "new"

    on(test)


def test_whoever_destroys_waits_for_those_who_write(on: Callable[[Test], None]) -> None:
    async def test(bench: Bench) -> None:
        async with bench.database.transaction(ONE) as connection:
            await bench.vault.seals(connection, ONE, {Contact})
            shredding = asyncio.create_task(bench.in_org(lambda owner: shred(owner, ONE, "ada")))
            await asyncio.sleep(0.2)
            assert not shredding.done()
        assert await shredding == 2

    on(test)
