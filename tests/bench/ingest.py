"""How fast an import stores contracts with their parts and amendments, beside COPY of the very same rows.

`python -m tests.bench.ingest`: in turns, both into the same tables with all their indexes, each batch in a
transaction that waits for its disk. The import is that of `contract-graph import` once a file is read: it
finds what is stored already, computes derived values, and runs under row-level security; COPY does none of
it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg

from domain.field import Entity
from domain.graph import save_order
from domain.org import Org
from storage import migrate
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.ingest import Ingest
from storage.orgs import save_org
from storage.records import layout_of, to_row, with_parts
from storage.tables import table_of
from sync.feeds.graph import Graph
from sync.feeds.importing import ROWS_PER_BATCH, Import
from sync.feeds.reject import RejectsFile
from tests.bench.graph import SUPERUSER
from tests.bench.made import graphs
from tests.bench.processes import usage

BAR = 0.2
ORG = UUID(int=1)
KINDS = {"copy": "COPY", "import": "import", "again": "imported again"}
Rows = Mapping[type[Entity], Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class Took:
    """Seconds that rows took to be stored, and of CPU, of this process and of PostgreSQL."""

    rows: int
    seconds: float
    client: float
    postgres: float


def main() -> int:
    """Measure, print, and say whether the bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ingest", description=__doc__)
    parser.add_argument("--contracts", type=int, default=2_000, help="of a round, 19 rows each (2000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts (5)")
    given = parser.parse_args()
    print(told(summary(measured(given.contracts, given.rounds))))
    return 0


def summary(rounds: Sequence[Mapping[str, Took]]) -> dict[str, Any]:
    """Return medians over the rounds, and of each round how much of COPY the import reached."""

    def per_row(kind: str, part: str) -> float:
        return median(1e6 * getattr(each[kind], part) / each[kind].rows for each in rounds)

    ratios = [each["copy"].seconds / each["import"].seconds for each in rounds]
    return {
        "kinds": {
            kind: {
                "rows_per_second": median(each[kind].rows / each[kind].seconds for each in rounds),
                "client_cpu": per_row(kind, "client"),
                "postgres_cpu": per_row(kind, "postgres"),
            }
            for kind in KINDS
        },
        "ratios": ratios,
        "bar": BAR,
        "met": median(ratios) >= BAR,
    }


def told(found: Mapping[str, Any]) -> str:
    """Write a summary for a person."""
    lines = [f"{'':<18}{'rows/s':>9}{'CPU us a row, client + PostgreSQL':>36}"]
    for kind, name in KINDS.items():
        row = found["kinds"][kind]
        lines.append(
            f"{name:<18}{row['rows_per_second']:>9,.0f}{row['client_cpu']:>25.1f} + {row['postgres_cpu']:.1f}"
        )
    rounds = ", ".join(f"{each:.2f}" for each in found["ratios"])
    lines.append(
        f"  import >= {found['bar']:g} x COPY: {'met' if found['met'] else 'missed'}"
        f" with {median(found['ratios']):.2f} (rounds: {rounds})"
    )
    return "\n".join(lines)


def measured(contracts: int, rounds: int) -> Sequence[Mapping[str, Took]]:
    """Store contracts in turns by COPY, by an import, and by the same import again; return each round."""
    with tempfile.TemporaryDirectory(prefix="contract-graph-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        cluster = Cluster(home)
        cluster.start()
        try:
            return asyncio.run(_measured(cluster, home, contracts, rounds))
        finally:
            cluster.stop("immediate")


async def _measured(
    cluster: Cluster, home: Path, contracts: int, rounds: int
) -> Sequence[Mapping[str, Took]]:
    await migrate.upgrade(cluster.dsn(OWNER))
    owner = await connect(cluster.dsn(OWNER))
    await save_org(owner, Org(id=ORG, name="Bench"))
    await owner.close()
    superuser = await connect(cluster.dsn(SUPERUSER))
    connection = await connect(cluster.dsn(READ_WRITE), statement_timeout="0")
    found = []
    for number in range(rounds + 1):
        rows, made = _rows(graphs(contracts, 2 * number)), list(graphs(contracts, 2 * number + 1))
        count = sum(map(len, rows.values()))
        watched = partial(_watched, cluster.status().pid or 0, count)
        found.append(
            {
                "copy": await watched(partial(_copy, superuser, rows)),
                "import": await watched(partial(_import, connection, home, made)),
                "again": await watched(partial(_import, connection, home, made)),
            }
        )
    for each in (superuser, connection):
        await each.close()
    return found[1:]  # at first statements are planned, and tables empty


async def _watched(postmaster: int, rows: int, work: Callable[[], Awaitable[None]]) -> Took:
    before, began = usage(os.getpid(), postmaster), time.perf_counter()
    await work()
    took, after = time.perf_counter() - began, usage(os.getpid(), postmaster)
    assert before
    assert after
    return Took(
        rows=rows,
        seconds=took,
        client=after.server - before.server,
        postgres=after.postgres - before.postgres,
    )


def _rows(made: Iterable[Graph]) -> Rows:
    rows: dict[type[Entity], list[tuple[Any, ...]]] = {entity: [] for entity in save_order()}
    today = datetime.now(UTC).date()
    for each in made:
        for record in with_parts(each.record):
            rows[type(record)].append(to_row(record, ORG, today))
    return {entity: found for entity, found in rows.items() if found}


async def _copy(superuser: asyncpg.Connection, rows: Rows) -> None:
    """Copy as many rows in a transaction as an import writes."""
    batches = -(-sum(map(len, rows.values())) // ROWS_PER_BATCH)
    for batch in range(batches):
        async with superuser.transaction():
            for entity, members in rows.items():
                size = -(-len(members) // batches)
                await superuser.copy_records_to_table(
                    table_of(entity.__name__).name,
                    records=members[batch * size : (batch + 1) * size],
                    columns=layout_of(entity).columns,
                )


async def _import(connection: asyncpg.Connection, home: Path, made: Sequence[Graph]) -> None:
    ingest = Ingest(connection, ORG, lambda: datetime.now(UTC))
    with RejectsFile(home / "rejects.csv") as rejects:
        await Import(ingest=ingest, rejects=rejects, progress=lambda _: None).run(made)
    assert rejects.count == 0


if __name__ == "__main__":
    sys.exit(main())
