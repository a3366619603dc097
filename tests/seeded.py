"""The fixtures of a seeded database and of the application over it, for every folder of tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from api.graphql import Endpoint
from api.settings import Settings
from auth.policy import Policy
from auth.policy_file import load_policy
from auth.view import Views
from storage.database import Database, connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.ingest import Ingest
from storage.orgs import save_org
from sync.feeds.sample import sample_orgs
from tests.api.graph import GENEROUS, OURS, THEIRS, Graph, graph_over
from tests.api.small import TODAY, store
from tests.keys import KEY_ENCRYPTION, new_vault

SEEDED, SMALL = "seeded_graph", "small_orgs"


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for every test of the API: the application's connections live on it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def small_orgs(cluster: Cluster, template: str, loop: asyncio.Runner) -> str:
    """The name of a database with two small orgs, of which that of a test that asks for this is a copy."""
    loop.run(_fill(cluster, template, SMALL))
    return SMALL


@pytest.fixture(scope="session")
def seeded(cluster: Cluster, template: str, loop: asyncio.Runner) -> str:
    """The name of a database with the sample and two small orgs, which tests only read."""
    loop.run(_seed(cluster, template))
    return SEEDED


@pytest.fixture(scope="session")
def seeded_url(cluster: Cluster, seeded: str) -> str:
    return cluster.dsn(READ_WRITE, seeded)


@pytest.fixture(scope="session")
def seeded_superuser_url(cluster: Cluster, seeded: str) -> str:
    return cluster.dsn("postgres", seeded)


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy()


@pytest.fixture(scope="session")
def graph(seeded_url: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """The whole application over the seeded database, asked in this process."""
    home: Path = tmp_path_factory.mktemp("home")
    with graph_over(
        Settings(home=home, pool_size=4, key_encryption_key=KEY_ENCRYPTION), seeded_url, loop
    ) as running:
        yield running


@pytest.fixture(scope="session")
def reader(seeded_url: str, loop: asyncio.Runner) -> Iterator[Database]:
    opened = loop.run(Database.open(seeded_url, 2))
    yield opened
    loop.run(opened.close())


@pytest.fixture
def endpoint(reader: Database, policy: Policy) -> Endpoint:
    """An endpoint of this test's own over the seeded database, on a day that never passes."""
    return Endpoint(reader, Views(policy), lambda: TODAY, new_vault(), limits=GENEROUS)


async def _fill(cluster: Cluster, template: str, name: str) -> None:
    admin = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    await admin.close()
    superuser, vault = await asyncpg.connect(cluster.dsn("postgres", name)), new_vault()
    for small in (OURS, THEIRS):
        await store(superuser, small, vault)
    await superuser.close()


async def _seed(cluster: Cluster, template: str) -> None:
    await _fill(cluster, template, SEEDED)
    superuser, vault = await asyncpg.connect(cluster.dsn("postgres", SEEDED)), new_vault()
    samples = sample_orgs(datetime.now(UTC).date())
    for sample in samples:
        await save_org(superuser, sample.org)
    writer = await connect(cluster.dsn(READ_WRITE, SEEDED))
    for sample in samples:
        saved = await Ingest(writer, sample.org.id, lambda: datetime.now(UTC), vault).save(sample.records)
        assert not saved.clashes
    await writer.close()
    await superuser.execute("ANALYZE")
    await superuser.close()
