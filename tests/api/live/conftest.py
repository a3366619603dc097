from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from api.settings import Settings
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.api.graph import OURS, THEIRS, graph_over
from tests.api.live.hall import Hall
from tests.api.mutations.office import Office
from tests.api.small import store
from tests.keys import new_vault

NAME = "live_hall"


@pytest.fixture(scope="module")
def hall(
    cluster: Cluster, template: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hall]:
    """One application for the tests of a module: each leaves it as it was, but for what contracts hold."""
    superuser_url = cluster.dsn("postgres", NAME)

    async def prepare() -> None:
        admin = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await admin.execute(f"CREATE DATABASE {NAME} TEMPLATE {template} OWNER {OWNER} STRATEGY FILE_COPY")
        await admin.close()
        superuser = await connect(superuser_url)
        for small in (OURS, THEIRS):
            await store(superuser, small, new_vault())
        await superuser.close()

    loop.run(prepare())
    home: Path = tmp_path_factory.mktemp("home")
    with graph_over(Settings(home=home, pool_size=6), cluster.dsn(READ_WRITE, NAME), loop) as graph:
        yield Hall(Office(graph, superuser_url))
