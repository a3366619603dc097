from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import Settings
from storage.database import connect
from tests.api.graph import OURS, THEIRS, graph_over
from tests.api.mutations.office import Office
from tests.api.small import store
from tests.keys import new_vault


@pytest.fixture
def office(database_url: str, superuser_url: str, loop: asyncio.Runner, tmp_path: Path) -> Iterator[Office]:
    async def prepare() -> None:
        superuser = await connect(superuser_url)
        for small in (OURS, THEIRS):
            await store(superuser, small, new_vault())
        await superuser.close()

    loop.run(prepare())
    with graph_over(Settings(home=tmp_path / "home", pool_size=4), database_url, loop) as graph:
        yield Office(graph, superuser_url)
