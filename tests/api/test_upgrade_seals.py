"""A database from before personal values were encrypted: its upgrade leaves none in clear."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from api.graphql import Endpoint
from api.installation import Installation, migrated
from api.settings import Settings
from auth.key_encryption import BrokenKey
from auth.policy_file import load_policy
from auth.principal import Principal
from auth.scopes import DOCUMENTS
from auth.vault import Vault
from auth.view import Views
from storage import migrate
from storage.database import Database
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.api.graph import GENEROUS, OURS, THEIRS
from tests.api.sealed_graph import EVERYONE, SEES
from tests.api.small import TODAY
from tests.keys import KEY_ENCRYPTION, new_vault

BEFORE, BETWEEN = "6ef32374219b", "ba24cb6359dc"
MANY = 1_200
_numbers = count()


class OldDatabase:
    """A database at an older revision, with people of two orgs in it."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.superuser_url = cluster.dsn("postgres", name)
        self.installation = Installation(cluster.dsn(READ_WRITE, name), cluster.dsn(OWNER, name))

    def fill(self) -> None:
        async def run() -> None:
            await migrate.upgrade(self.installation.owner_url, BEFORE)
            connection = await asyncpg.connect(self.superuser_url)
            for small in (OURS, THEIRS):
                org, account = small.org.id, small.id("Account", 1)
                await connection.execute("INSERT INTO org (id, name) VALUES ($1, $2)", org, small.org.name)
                await connection.execute(
                    'INSERT INTO "user" (org_id, id, name, active, email) VALUES ($1, $2, $3, true, $4)',
                    org, small.id("User", 1), "Ada", "ada@example.com",
                )  # fmt: skip
                await connection.execute(
                    "INSERT INTO account (org_id, id, name, salesforce_id, owner_id)"
                    " VALUES ($1, $2, 'Acme', $3, $4)",
                    org, account, "001Hs00000AAAAAIA5", small.id("User", 1),
                )  # fmt: skip
                await connection.executemany(
                    "INSERT INTO contact (org_id, id, name, account_id, email, phone)"
                    " VALUES ($1, $2, $3, $4, $5, $6)",
                    [
                        (org, small.id("Contact", n), f"C{n:04}", account,
                         f"c{n}@{small.mark}.example" if n % 10 else None, None if n % 3 else f"0431 {n:06}")
                        for n in range(MANY)
                    ],
                )  # fmt: skip
            await connection.close()

        asyncio.run(run())

    def upgrade(self, key: str = KEY_ENCRYPTION) -> list[str]:
        settings = Settings(home=Path("/nowhere"), key_encryption_key=key)
        return asyncio.run(migrated(self.installation, settings))

    def in_clear(self) -> int:
        """How many values do not have the form of a ciphertext."""

        async def run() -> int:
            connection = await asyncpg.connect(self.superuser_url)
            found = 0
            for column in ("contact.email", "contact.phone", '"user".email'):
                table = column.partition(".")[0]
                found += await connection.fetchval(
                    f"SELECT count(*) FROM {table} WHERE {column} !~ '^v1[.][0-9a-f]{{32}}[.]'"
                )
            await connection.close()
            return found

        return asyncio.run(run())

    def answer(self, vault: Vault) -> tuple[int, dict[str, object]]:
        async def run() -> tuple[int, dict[str, object]]:
            database = await Database.open(self.installation.url, 2)
            endpoint = Endpoint(database, Views(load_policy()), lambda: TODAY, vault, limits=GENEROUS)
            principal = Principal(OURS.org.id, "someone", None, frozenset({SEES}), frozenset({DOCUMENTS}))
            query = EVERYONE.replace("contacts ", "contacts(first: 100, orderBy: {field: name}) ")
            answer = await endpoint.answer(principal, json.dumps({"query": query}).encode())
            await database.close()
            return answer.status, json.loads(answer.body)

        return asyncio.run(run())


@pytest.fixture
def old(cluster: Cluster) -> Iterator[OldDatabase]:
    name = f"before_sealing_{next(_numbers)}"
    _administer(cluster, f"CREATE DATABASE {name} OWNER {OWNER}")
    yield OldDatabase(cluster, name)
    _administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(cluster: Cluster, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def test_an_upgrade_encrypts_what_lies_in_clear_and_it_reads_as_before(old: OldDatabase) -> None:
    old.fill()
    assert old.in_clear() == 2 * (1 + MANY - MANY // 10 + MANY // 3)
    assert old.upgrade()[:2] == [BETWEEN, "5b1f0e2a7d94"]
    assert old.in_clear() == 0
    status, said = old.answer(new_vault())
    assert status == 200
    account = said["data"]["account"]  # type: ignore[index]
    assert account["owner"]["email"] == "ada@example.com"
    found = [(each["name"], each["email"], each["phone"]) for each in account["contacts"]["nodes"]]
    assert found[:2] == [("C0000", None, "0431 000000"), ("C0001", "c1@north.example", None)]
    assert found[99] == ("C0099", "c99@north.example", "0431 000099")
    assert old.upgrade() == []


def test_without_the_encryption_the_upgrade_goes_no_further(old: OldDatabase) -> None:
    old.fill()
    with pytest.raises(sa.exc.IntegrityError, match="violated by some row"):
        asyncio.run(migrate.upgrade(old.installation.owner_url))
    assert asyncio.run(migrate.current(old.installation.owner_url)) == BETWEEN
    # Even a program that is started at this point serves nothing: there is no log yet to tell of it.
    status, said = old.answer(new_vault())
    assert (status, said.keys()) == (503, {"errors", "extensions"})
    assert "example" not in json.dumps(said)


def test_an_upgrade_that_had_no_key_is_gone_on_with(old: OldDatabase) -> None:
    old.fill()
    with pytest.raises(BrokenKey):
        old.upgrade("nonsense")
    assert asyncio.run(migrate.current(old.installation.owner_url)) == BETWEEN
    assert old.upgrade()[0] == "5b1f0e2a7d94"
    assert old.in_clear() == 0


def test_a_new_database_needs_no_key_to_be_made(old: OldDatabase) -> None:
    assert BETWEEN in old.upgrade("nonsense")
    assert asyncio.run(migrate.stops_to_seal(old.installation.owner_url)) == []
