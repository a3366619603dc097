"""Two releases on one database: before, while and after the newer one's tables come, no request fails."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import pytest

from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.api.command_line import environment
from tests.api.mutations.office import GRANT, asked
from tests.api.releases import THIS, NoHistory, Release, release_before
from tests.api.running_demo import free_port
from tests.api.test_serve_workers import PATIENCE, TIRELESS, Serving, until
from tests.callers import Callers
from tests.sync.clm.deliveries import SECRET, hmac

SECONDS: Final = int(os.environ.get("CONTRACT_GRAPH_FAULTS", "0"))
"""For so long both are asked before the tables come, and for as long after."""

DATABASE: Final = "two_releases"
COMPANY: Final = "Two Releases"
CONTRACTS: Final = """Contract No,Title,Type,Status,Customer,End date,Value,Currency
C-100,Support for the Lisbon office,MSA,ACTIVE,Ardent Foods,2027-06-30,48000.00,EUR
C-101,Mutual non-disclosure,NDA,ACTIVE,Ardent Foods,2028-01-31,,
"""
ACCOUNT: Final = "001Hs00000TWOAAIA5"
MAPPING: Final = """contract = "contract"
claimed_at = "at"
[event]
id = "event"
[signature]
header = "X-Signature"
[fields]
title = "title"
"""
LIST: Final = "{ contracts { totalCount nodes { id number title totalValue { amount } } } }"


@dataclass
class Use(Callers):
    """What people and systems do all day at one release: each thread one thing over and over."""

    serving: Serving
    release: Release
    webhook: str
    done: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """Those that were accepted."""
    failed: list[str] = field(default_factory=list)
    threads = 4

    def more(self, count: int) -> None:
        """Wait until each thing was done so often again."""
        wanted = {kind: self.done.count(kind) + count for kind in ("list", "panel", "change", "event")}
        until(lambda: bool(self.failed) or all(self.done.count(kind) >= wanted[kind] for kind in wanted))

    def call(self, number: int) -> None:
        things = (self._list, self._panel, self._change, self._deliver)
        with httpx.Client(base_url=self.serving.origin, timeout=60) as client:
            for count in range(1_000_000):
                if self.stopped.wait(0.02):
                    return
                try:
                    self.done.append(things[number](client, count))
                except Exception as error:  # noqa: BLE001 - whatever it is, somebody was not served
                    self.failed.append(f"{self.release.name}: {things[number].__name__}: {error!r}")

    def _list(self, client: httpx.Client, _: int) -> str:
        assert self._told(client, {"query": LIST})["contracts"]["totalCount"] >= 2
        return "list"

    def _panel(self, client: httpx.Client, _: int) -> str:
        document = (self.release.folder / "api" / "operations" / "panel.graphql").read_bytes()
        variables = {"record": ACCOUNT, "onAccount": True}
        found = self._told(
            client, {"documentId": f"sha256:{sha256(document).hexdigest()}", "variables": variables}
        )
        assert found["account"]["contracts"]["totalCount"] == 2, found
        return "panel"

    def _change(self, client: httpx.Client, count: int) -> str:
        reason = f"{self.release.folder.name}-{count}"
        variables = asked(reason=reason, idempotencyKey=reason)
        found = self._told(client, {"query": GRANT, "variables": variables})
        assert found["grantRole"]["roleGrant"]["reason"] == reason
        return "change"

    def _deliver(self, client: httpx.Client, count: int) -> str:
        event = f"{self.release.folder.name}-{count}"
        said = {
            "event": event, "contract": f"{event[:3]}-{count % 5}", "at": datetime.now(UTC).isoformat(),
            "title": event,
        }  # fmt: skip
        body = json.dumps(said).encode()
        answer = client.post(self.webhook, content=body, headers={"x-signature": hmac(body).hex()})
        assert answer.status_code == 200, answer.text
        self.events.append(event)
        return "event"

    def _told(self, client: httpx.Client, body: dict[str, Any]) -> Any:
        answer = client.post("/graphql", json=body, headers=self.serving.headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert "errors" not in told, answer.text
        return told["data"]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Release:
    try:
        return release_before(tmp_path_factory.mktemp("before"))
    except NoHistory as error:
        pytest.skip(f"two releases on one database were NOT tried, as the one before is not here: {error}")


@pytest.fixture
def given(cluster: Cluster, before: Release, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database that the release before made, with a company of its own."""

    def run(statement: str, database: str = "postgres") -> None:
        asyncio.run(execute(cluster.dsn("postgres", database), statement))

    run(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    made = {
        "CONTRACT_GRAPH_HOME": str(tmp_path / "home"),
        "CONTRACT_GRAPH_POOL_SIZE": "4",
        "DATABASE_URL": cluster.dsn(READ_WRITE, DATABASE),
        "DATABASE_OWNER_URL": cluster.dsn(OWNER, DATABASE),
    }
    before.run("db", "upgrade", given=made)
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    before.run(
        "import",
        "csv",
        str(tmp_path / "contracts.csv"),
        "--org",
        COMPANY,
        "--create-org",
        "--quiet",
        given=made,
    )
    run(f"UPDATE account SET salesforce_id = '{ACCOUNT}'", DATABASE)  # as if it had come from there
    yield made
    run(f"DROP DATABASE {DATABASE} WITH (FORCE)")


async def execute(url: str, statement: str) -> None:
    superuser = await asyncpg.connect(url)
    await superuser.execute(statement)
    await superuser.close()


@pytest.fixture
def webhook(given: dict[str, str], before: Release, tmp_path: Path) -> str:
    """The path at which a contract system tells of events."""
    (tmp_path / "mapping.toml").write_text(MAPPING)
    (tmp_path / "secret").write_bytes(SECRET)
    told = before.run(
        "clm", "add", "--org", COMPANY, "--name", "agreements", "--vendor", "generic",
        "--mapping", str(tmp_path / "mapping.toml"), "--key-file", str(tmp_path / "secret"), given=given,
    )  # fmt: skip
    return "/webhooks/" + told.partition("/webhooks/")[2].split()[0]


@contextmanager
def served_by(release: Release, given: dict[str, str]) -> Iterator[Serving]:
    """Have a release serve and work, asked by somebody who may do everything."""
    port = free_port()
    given = {**given, **TIRELESS, "CONTRACT_GRAPH_PORT": str(port), "CONTRACT_GRAPH_WORKER": "true"}
    token = release.run("token", "--org", COMPANY, "--role", "admin", "--write", given=given).strip()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"], cwd=release.folder,
        env=environment(given, release.folder),
    )  # fmt: skip
    made = Serving(process, f"http://127.0.0.1:{port}", {"authorization": f"Bearer {token}"})
    try:
        until(made.ready)
        yield made
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_no_request_of_either_fails_before_while_and_after_the_tables_are_brought_on(
    given: dict[str, str], webhook: str, before: Release, cluster: Cluster
) -> None:
    with served_by(before, given) as old, served_by(THIS, given) as new:
        with Use(old, before, webhook) as olds, Use(new, THIS, webhook) as news:
            for use in (olds, news):
                use.more(5)
            time.sleep(SECONDS)
            told = THIS.run("db", "upgrade", given=given)
            for use in (olds, news):
                use.more(5)
            time.sleep(SECONDS)
        assert THIS.head in told
        assert (olds.failed, news.failed) == ([], [])
        until(lambda: judged(cluster) >= {*olds.events, *news.events})
    sys.stdout.write(
        f"{before.name} and {THIS.name} beside each other: {len(olds.done)} and {len(news.done)} requests,"
        f" {len(olds.events) + len(news.events)} events, while the tables were brought on: none failed\n"
    )


def judged(cluster: Cluster) -> set[str]:
    async def run() -> set[str]:
        superuser = await asyncpg.connect(cluster.dsn("postgres", DATABASE))
        found = await superuser.fetch("SELECT DISTINCT event FROM field_change WHERE source = 'agreements'")
        await superuser.close()
        return {row["event"] for row in found}

    return asyncio.run(run())
