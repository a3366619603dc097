from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.embedded import Cluster


@contextmanager
def open_folder() -> Iterator[Path]:
    """Not tmp_path: for root that is closed to the account that runs PostgreSQL."""
    path = Path(tempfile.mkdtemp(prefix="cg-pg-", dir="/tmp")).resolve()
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def pg_folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


@pytest.fixture(scope="session")
def pg_sql() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one statement through psql, as the owner unless told otherwise."""

    def sql(
        cluster: Cluster, statement: str, user: str = "contract_graph_owner"
    ) -> subprocess.CompletedProcess[str]:
        command = [str(cluster.program("psql")), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", cluster.dsn(user)]
        return subprocess.run(
            [*command, "-c", statement], capture_output=True, text=True, check=False, cwd="/"
        )

    return sql
