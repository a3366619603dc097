from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from domain.identity import uuid7
from domain.org import Org
from storage.orgs import save_org
from tests.sync.feeds.feed_graphs import Graphs


@pytest.fixture
def graphs(database_url: str, owner_url: str, superuser_url: str, tmp_path: Path) -> Graphs:
    org = Org(id=uuid7(), name="Importers")

    async def make() -> None:
        connection = await asyncpg.connect(owner_url)
        await save_org(connection, org)
        await connection.close()

    asyncio.run(make())
    return Graphs(url=database_url, superuser_url=superuser_url, org=org, folder=tmp_path)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of the test's own and give its path."""

    def write(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write
