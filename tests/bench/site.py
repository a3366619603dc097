"""An installation to be measured: database, door, workers and a stand-in Salesforce."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg

from auth.crypto import Sealer
from auth.key_encryption import from_text
from auth.public_id import public_id
from domain.contract import Contract, ContractType, Side
from domain.crm import Account
from domain.identity import uuid7
from domain.ledger import contract_id_for
from domain.lifecycle import ContractStatus
from domain.org import Org
from storage import migrate
from storage.audit_months import make_months
from storage.connections import StoredConnection, add_connection, add_key
from storage.database import Database, connect
from storage.embedded import Cluster
from storage.embedded_roles import DATABASE, OWNER, READ_WRITE
from storage.ingest import Ingest
from storage.orgs import save_org
from storage.salesforce import StoredSalesforce, set_salesforce
from sync.connections import sealed_key
from sync.salesforce.connection import LOGIN
from sync.salesforce.orgs import sealed_secret
from sync.salesforce.stand_in.process import Started, started
from tests.keys import KEY_ENCRYPTION
from tests.sync.clm.deliveries import SECRET, hmac
from tests.sync.salesforce.org import APP, PRIVATE_KEY, SYNC, SalesforceOrg, furnished

ORG: Final = Org(id=UUID(int=1), name="Bench")
CONNECTION: Final = UUID(int=2)
ROOT: Final = Path(__file__).resolve().parents[2]
MAPPING: Final = """
contract = "contract"
claimed_at = "at"
[event]
id = "event"
[signature]
header = "X-Signature"
[fields]
title = "title"
"""
T = TypeVar("T")
Process = subprocess.Popen[bytes]


@dataclass
class Site:
    """What runs; `contracts` are known by C0, C1 and so on, each with an account of Salesforce."""

    cluster: Cluster
    home: Path
    org: SalesforceOrg
    contracts: int
    port: int
    processes: list[Process] = field(default_factory=list)
    epoch: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=1))
    given: dict[str, str] = field(default_factory=dict)
    """Settings beside those that every site has."""

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONTRACT_GRAPH_")}
        return kept | {
            "CONTRACT_GRAPH_HOME": str(self.home), "CONTRACT_GRAPH_PORT": str(self.port),
            "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY": KEY_ENCRYPTION,
            "DATABASE_URL": self.cluster.dsn(READ_WRITE), **self.given,
        }  # fmt: skip

    @property
    def salesforce(self) -> Started:
        """The stand-in itself."""
        return self.org.stand_in

    def start(self, *command: str) -> Process:
        """Start a process of the program, and wait until it says that it is there."""
        log = (self.home / "log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", *command], cwd=ROOT, env=self.environment,
            stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        log.close()
        self.processes.append(process)
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError(f"{' '.join(command)} ended: see {self.home / 'log'}")
        return process

    def work(self, module: str) -> Process:
        """Start a worker of a module of ours; what it says of calls that fail is of no interest."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--work", self.cluster.dsn(READ_WRITE)],
            cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def serve(self) -> Process:
        """Start the door, and wait until it answers."""
        process = self.start("serve")
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.05)
        raise RuntimeError("the door does not open")

    def end(self, process: Process, number: signal.Signals = signal.SIGTERM) -> None:
        """End a process of ours."""
        if process in self.processes:
            self.processes.remove(process)
        process.send_signal(number)
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()

    def body(self, event: int, contract: int) -> bytes:
        """Return what the contract system says in an event: a later one is of a later moment."""
        at = self.epoch + timedelta(milliseconds=event)
        told = {"event": f"e{event}", "contract": f"C{contract}", "at": at.isoformat(), "title": f"T{event}"}
        return json.dumps(told).encode()

    def request(self, event: int, contract: int) -> bytes:
        """Return a signed delivery as it goes over the wire."""
        body = self.body(event, contract)
        head = (
            f"POST /webhooks/{public_id(ORG.id, CONNECTION)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nX-Signature: {hmac(body).hex()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def ask(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Look at the database with nothing hidden."""

        async def run() -> T:
            connection = await asyncpg.connect(self.cluster.dsn("postgres", DATABASE))
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(run())

    def value(self, statement: str, *arguments: Any) -> Any:
        """Return one value."""

        async def fetch(connection: asyncpg.Connection) -> Any:
            return await connection.fetchval(statement, *arguments)

        return self.ask(fetch)

    def empty(self) -> None:
        """Forget all that was sent and done, and let PostgreSQL have it on disk."""

        async def run(connection: asyncpg.Connection) -> None:
            await connection.execute("TRUNCATE quarantined_message, lane_message, lane, inbox_event")
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")

        self.ask(run)

    def wait_until_done(self, patience: float = 600) -> None:
        """Wait until nothing waits in any lane."""
        ends = time.monotonic() + patience

        async def run(connection: asyncpg.Connection) -> None:
            while await connection.fetchval("SELECT EXISTS (SELECT FROM lane WHERE next_at < 'infinity')"):
                if time.monotonic() > ends:
                    raise TimeoutError
                await asyncio.sleep(0.01)

        self.ask(run)


@contextmanager
def site(contracts: int, *, durable: bool = True, events: bool = False) -> Iterator[Site]:
    """Set an installation up, and take it down again; with `events` its Salesforce tells of changes."""
    arguments = ("--events",) if events else ()
    with (
        tempfile.TemporaryDirectory(prefix="contract-graph-bench-") as folder,
        started(*arguments) as salesforce,
    ):
        home = Path(folder)
        home.chmod(0o755)
        cluster = Cluster(home, durable=durable)
        cluster.start()
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            port: int = door.getsockname()[1]
        made = Site(cluster, home, furnished(salesforce), contracts, port)
        try:
            asyncio.run(migrate.upgrade(cluster.dsn(OWNER)))
            asyncio.run(_furnish(made))
            yield made
        finally:
            for each in list(made.processes):
                made.end(each, signal.SIGKILL)
            cluster.stop("immediate")


async def _furnish(made: Site) -> None:
    account = made.org.account
    keys, now = Sealer(from_text(KEY_ENCRYPTION, "bench")), datetime.now(UTC)
    owner = await connect(made.cluster.dsn(OWNER))
    await save_org(owner, ORG)
    await make_months(owner, datetime.now(UTC).date())
    await owner.close()
    database = await Database.open(made.cluster.dsn(READ_WRITE), 1)
    acme = Account(id=uuid7(), source_key="crm:1", name="Acme", salesforce_id=account)
    contracts = [
        Contract(
            id=contract_id_for(ORG.id, f"C{number}"), source_key=f"crm:C{number}", title="Untold",
            external_reference=f"C{number}", type=ContractType.OTHER, side=Side.CUSTOMER,
            status=ContractStatus.DRAFT, account_id=acme.id,
        )
        for number in range(made.contracts)
    ]  # fmt: skip
    async with database.transaction(ORG.id) as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")
        await Ingest(connection, ORG.id, lambda: now).save([acme, *contracts])
        stored = StoredConnection(
            org_id=ORG.id, id=CONNECTION, name="bench", vendor="generic", settings={}, mapping=MAPPING,
            made_at=now,
        )  # fmt: skip
        await add_connection(connection, stored)
        await add_key(connection, ORG.id, sealed_key(keys, ORG.id, CONNECTION, SECRET, now))
        reached = StoredSalesforce(
            org_id=ORG.id, url=made.salesforce.url, consumer_key=APP, username=SYNC, audience=LOGIN,
            secret=sealed_secret(keys, ORG.id, PRIVATE_KEY), currency="USD", made_at=now,
        )  # fmt: skip
        await set_salesforce(connection, reached)
    await database.close()
