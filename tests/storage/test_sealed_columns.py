"""What lies in the tables of personal values: nothing in clear, and nothing rewritten that did not change."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from domain.crm import Account, Contact, User
from domain.field import Entity
from domain.identity import uuid7
from domain.org import Org
from storage.aggregate import load_many
from storage.embedded import Cluster
from storage.ingest import Ingest, Saved
from storage.orgs import save_org
from storage.sealing import NoKeysGiven
from storage.tenancy import bind_org
from sync.feeds.sample import sample_orgs
from tests.api.graph import OURS, THEIRS
from tests.keys import new_vault
from tests.storage.connections import connected

ORG = Org(id=uuid7(), name="One")
ACME = Account(id=uuid7(), source_key="a", name="Acme")
ADA = Contact(
    id=uuid7(),
    source_key="c",
    name="Ada",
    account_id=ACME.id,
    email="ada@example.com",
    phone="+49 431 123456",
)
BEN = Contact(id=uuid7(), source_key="d", name="Ben", account_id=ACME.id)
STORED = (
    "SELECT name, email, email_index, email_clear, phone, phone_index, phone_clear FROM contact ORDER BY name"
)


class Store:
    """Saves records of one org and looks at its rows as they lie."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.vault = new_vault()

    async def save(self, *records: Entity) -> Saved:
        ingest = Ingest(self.connection, ORG.id, lambda: datetime.now(UTC), self.vault)
        return await ingest.save([ACME, *records])

    async def rows(self) -> Sequence[asyncpg.Record]:
        async with self.connection.transaction():
            await bind_org(self.connection, ORG.id)
            return list(await self.connection.fetch(STORED))

    async def load(self, *ids: UUID) -> list[Contact]:
        async with self.connection.transaction():
            await bind_org(self.connection, ORG.id)
            found = await load_many(self.connection, ORG.id, Contact, ids, self.vault)
            return [found[each] for each in ids]


@pytest.fixture
def on(database_url: str, owner_url: str) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
    def run(test: Callable[[Store], Awaitable[None]]) -> None:
        async def inside() -> None:
            async with connected(owner_url) as owner, connected(database_url) as connection:
                await save_org(owner, ORG)
                await test(Store(connection))

        asyncio.run(inside())

    return run


def test_a_value_lies_encrypted_beside_its_index_and_its_masked_part(
    on: Callable[[Callable[[Store], Awaitable[None]]], None],
) -> None:
    async def test(store: Store) -> None:
        await store.save(ADA, BEN)
        ada, ben = await store.rows()
        assert ada["email"].startswith("v1.")
        assert (len(ada["email_index"]), ada["email_clear"], ada["phone_clear"]) == (
            22,
            "…@example.com",
            "…3456",
        )
        assert list(ben.values()) == ["Ben", *[None] * 6]
        assert await store.load(ADA.id, BEN.id) == [ADA, BEN]

    on(test)


def test_the_same_again_writes_nothing(on: Callable[[Callable[[Store], Awaitable[None]]], None]) -> None:
    async def test(store: Store) -> None:
        await store.save(ADA, BEN)
        before = await store.rows()
        for vault in (store.vault, new_vault()):
            store.vault = vault
            saved = await store.save(ADA, BEN, replace(BEN, email=None))
            assert (saved.updated.total(), saved.inserted.total()) == (0, 0)
            assert saved.unchanged["Contact"] == 2
            assert await store.rows() == before

    on(test)


def test_what_changed_is_written_and_what_is_absent_stays(
    on: Callable[[Callable[[Store], Awaitable[None]]], None],
) -> None:
    async def test(store: Store) -> None:
        await store.save(ADA, BEN)
        moved = replace(ADA, email="ada@example.org", phone=None)
        assert (await store.save(moved)).updated["Contact"] == 1
        assert await store.load(ADA.id) == [replace(ADA, email="ada@example.org")]
        renamed = replace(ADA, name="Ada L.", email=None, phone="12")
        assert (await store.save(renamed)).updated["Contact"] == 1
        assert await store.load(ADA.id) == [replace(ADA, name="Ada L.", email="ada@example.org", phone="12")]
        assert (await store.rows())[0]["phone_clear"] == "…"

    on(test)


def test_a_text_that_differs_in_case_or_outer_spaces_only_is_the_same_value(
    on: Callable[[Callable[[Store], Awaitable[None]]], None],
) -> None:
    async def test(store: Store) -> None:
        await store.save(ADA)
        assert (await store.save(replace(ADA, email=" ADA@example.com "))).updated["Contact"] == 0
        assert (await store.load(ADA.id))[0].email == "ada@example.com"

    on(test)


def test_without_keys_a_record_with_personal_values_is_refused_and_others_are_not(
    on: Callable[[Callable[[Store], Awaitable[None]]], None],
) -> None:
    async def test(store: Store) -> None:
        without = Ingest(store.connection, ORG.id, lambda: datetime.now(UTC))
        with pytest.raises(NoKeysGiven, match=r"Contact\.email"):
            await without.save([ACME, ADA])
        assert (await without.save([ACME, BEN])).inserted["Contact"] == 1

    on(test)


@pytest.mark.parametrize(
    "change",
    [
        "email = 'ada@example.com'",
        "email = 'v1.ada@example.com'",
        "email = NULL",
        "email_index = NULL",
        "phone_clear = NULL",
    ],
)
def test_the_database_itself_takes_nothing_in_clear_and_nothing_by_halves(
    on: Callable[[Callable[[Store], Awaitable[None]]], None], change: str
) -> None:
    async def test(store: Store) -> None:
        await store.save(ADA)
        async with store.connection.transaction():
            await bind_org(store.connection, ORG.id)
            with pytest.raises(asyncpg.CheckViolationError):
                await store.connection.execute(f"UPDATE contact SET {change}")

    on(test)


def test_a_dump_of_the_database_holds_no_e_mail_and_no_telephone_number(
    cluster: Cluster, seeded_superuser_url: str
) -> None:
    people = [record for sample in sample_orgs(date(2026, 11, 21)) for record in sample.records]
    people += [record for small in (OURS, THEIRS) for record in small.records()]
    known = [each for each in people if isinstance(each, Contact | User)]
    personal = {text for each in known for text in (each.email, getattr(each, "phone", None)) if text}
    assert len(personal) > 50
    command = [str(cluster.program("pg_dump")), "-d", seeded_superuser_url]
    dump = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout
    assert "COPY public.contact " in dump
    assert all(each.name in dump for each in known)
    assert {text for text in personal if text.casefold() in dump.casefold()} == set()
    mailboxes = {text.partition("@")[0] + "@" for text in personal if "@" in text}
    assert {text for text in mailboxes if text in dump} == set()
