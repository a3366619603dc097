from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import Settings
from tests.api.graph import graph_over
from tests.api.mutations.office import Office


@pytest.fixture
def office(
    small_orgs: str,  # noqa: ARG001 - the database has them
    database_url: str,
    superuser_url: str,
    loop: asyncio.Runner,
    tmp_path: Path,
) -> Iterator[Office]:
    with graph_over(Settings(home=tmp_path / "home", pool_size=4), database_url, loop) as graph:
        yield Office(graph, superuser_url)
