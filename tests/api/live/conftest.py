from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from api.settings import Settings
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.api.graph import graph_over
from tests.api.live.hall import Hall
from tests.api.mutations.office import Office

NAME = "live_hall"


@pytest.fixture(scope="module")
def hall(
    cluster: Cluster, small_orgs: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    """One application for the tests of a module: each leaves it as it was, but for what contracts hold."""
    superuser_url = cluster.dsn("postgres", NAME)

    async def prepare() -> None:
        admin = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await admin.execute(f"CREATE DATABASE {NAME} TEMPLATE {small_orgs} OWNER {OWNER} STRATEGY FILE_COPY")
        await admin.close()

    loop.run(prepare())
    home: Path = tmp_path_factory.mktemp("home")
    with graph_over(Settings(home=home, pool_size=6), cluster.dsn(READ_WRITE, NAME), loop) as graph:
        yield Hall(Office(graph, superuser_url))
