"""The graph that is asked about: an embedded PostgreSQL with contracts in 20 orgs, made or found again."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from storage import migrate
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE

SEED = Path(__file__).parent / "seed.sql"
KEPT = Path(__file__).resolve().parents[2] / ".cache" / "bench"
SUPERUSER = "postgres"
UNBOUND = "bench_unbound"
"""What an application without row-level security connects as: no superuser, whose rights go unchecked."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Where the graph lies: as row-level security binds the reader, and as it does not."""

    home: Path
    url: str
    unbound_url: str
    superuser_url: str
    postmaster: int


@contextmanager
def open_graph(contracts: int, *, keep: bool) -> Iterator[Graph]:
    """Start the cluster, make the graph if it is not there yet, and stop the cluster afterwards."""
    with open_graphs([contracts], keep=keep) as (graph,):
        yield graph


@contextmanager
def open_graphs(sizes: Sequence[int], *, keep: bool) -> Iterator[list[Graph]]:
    """Do so for graphs of several sizes, in one cluster."""
    home = KEPT if keep else Path(tempfile.mkdtemp(prefix="contract-graph-bench-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)  # for root: the account that runs PostgreSQL has to pass
    cluster = Cluster(home)  # durable: ours answers once its audit log is on the disk
    try:
        cluster.start()
        pid = cluster.status().pid
        assert pid is not None
        yield [
            Graph(
                home=home,
                url=cluster.dsn(READ_WRITE, database),
                unbound_url=cluster.dsn(UNBOUND, database),
                superuser_url=cluster.dsn(SUPERUSER, database),
                postmaster=pid,
            )
            for database in [asyncio.run(_make(cluster, contracts)) for contracts in sizes]
        ]
    finally:
        cluster.stop("fast" if keep else "immediate")
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


async def _make(cluster: Cluster, contracts: int) -> str:
    """Return the name of a database with the graph; its name says what it was made from, and on which day."""
    made_from = [SEED, *sorted((migrate.MIGRATIONS / "versions").glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_from)).hexdigest()[:8]
    made_as = f"{datetime.now(UTC):%Y%m%d}_{digest}"
    name = f"bench_{contracts}_{made_as}"
    administrator = await asyncpg.connect(cluster.dsn(SUPERUSER, "postgres"))
    try:
        if not await administrator.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", UNBOUND):
            await administrator.execute(f"CREATE ROLE {UNBOUND} LOGIN NOSUPERUSER BYPASSRLS")
            await administrator.execute(f"GRANT {READ_WRITE} TO {UNBOUND}")
        if await administrator.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return name
        for stale in await administrator.fetch(
            "SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%' AND right(datname, $2) <> $1",
            made_as,
            len(made_as),
        ):
            await administrator.execute(f'DROP DATABASE "{stale[0]}" WITH (FORCE)')
        await administrator.execute(f"CREATE DATABASE bench_draft OWNER {OWNER}")
        await migrate.upgrade(cluster.dsn(OWNER, "bench_draft"))
        await seed(cluster.dsn(SUPERUSER, "bench_draft"), contracts)
        await administrator.execute(f"ALTER DATABASE bench_draft RENAME TO {name}")
    finally:
        await administrator.close()
    return name


async def seed(url: str, contracts: int) -> None:
    """Make the graph in a database that has the tables and nothing of the same ids, as a superuser."""
    settings = {"bench.contracts": str(contracts), "jit": "off"}
    connection = await asyncpg.connect(url, server_settings=settings)
    try:
        await connection.execute(SEED.read_text())
        await connection.execute("VACUUM (ANALYZE, FREEZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
