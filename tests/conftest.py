from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from storage import migrate
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE

pytest_plugins = ["tests.seeded", "tests.spread", "tests.heard"]

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A started PostgreSQL of our own; CONTRACT_GRAPH_PG_BINDIR chooses another than the wheel's."""
    # Not pytest's temporary folder: root's is closed to the account that runs PostgreSQL.
    home = Path(tempfile.mkdtemp(prefix="contract-graph-tests-"))
    home.chmod(0o711)
    bindir = os.environ.get("CONTRACT_GRAPH_PG_BINDIR")
    made = Cluster(home=home, bindir=Path(bindir) if bindir else None, durable=False)
    made.start()
    yield made
    made.stop("immediate")
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a migrated database that others are copied from."""
    _administer(cluster, f"CREATE DATABASE template_graph OWNER {OWNER}")
    asyncio.run(migrate.upgrade(cluster.dsn(OWNER, "template_graph")))
    return "template_graph"


@pytest.fixture
def database(request: pytest.FixtureRequest, cluster: Cluster, template: str) -> Iterator[str]:
    """The name of a database of this test's own, empty, or with the `small_orgs` that it asks for."""
    is_filled = "small_orgs" in request.fixturenames
    with copied(cluster, request.getfixturevalue("small_orgs") if is_filled else template) as name:
        yield name


@pytest.fixture
def database_url(cluster: Cluster, database: str) -> str:
    """Where the application connects to a database of this test's own."""
    return cluster.dsn(READ_WRITE, database)


@pytest.fixture
def owner_url(cluster: Cluster, database: str) -> str:
    """Where the owner of the tables connects to the same database."""
    return cluster.dsn(OWNER, database)


@pytest.fixture
def superuser_url(cluster: Cluster, database: str) -> str:
    """Where nothing is hidden: for looking at what the others must not see."""
    return cluster.dsn("postgres", database)


@pytest.fixture
def shared_data() -> Path:
    """Real data beside the repository; a user's machine has none."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"there is no {SHARED_DATA}: the tests on real data need it")
    return SHARED_DATA


@contextmanager
def copied(cluster: Cluster, template: str) -> Iterator[str]:
    """Make a database from another, and drop it in the end."""
    name = f"test_{next(_numbers)}"
    # Files are copied three times faster than pages go through the log, and dropped five times faster.
    _administer(cluster, f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY FILE_COPY")
    yield name
    _administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(cluster: Cluster, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())
