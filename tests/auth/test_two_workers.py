"""Two workers over one database, under load: whatever is rotated or revoked, no answer is wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.installation import sealer
from api.settings import Settings
from auth.compact import compact_parts, json_object
from auth.keys import ASK_AGAIN as KEYS_AGAIN
from auth.keys import rotate
from auth.oauth.client import client_id_of, new_client, new_secret, new_trust, secret_hash
from auth.revocation import ASK_AGAIN
from storage.database import connect
from storage.oauth_clients import OAuthClient, add_client, replace_secret
from storage.orgs import save_org
from storage.role_grants import add_grant
from tests.api.command_line import ROOT, environment
from tests.api.graph import OURS
from tests.api.running_demo import free_port
from tests.api.salesforce_org import JWT_BEARER, assertion, certificate, claims, rsa_key
from tests.auth.attacks.test_salesforce_assertion import add_users, grant, in_org
from tests.callers import Callers

ISSUER = "http://127.0.0.1:8000"
KEY = rsa_key()
GRANT = {"grant_type": "client_credentials"}
PATIENCE = 240
"""Seconds after which a worker has failed to start, however slow the machine."""
SLACK = 2.0
"""Seconds that a busy machine may take longer than a worker waits."""


@dataclass
class Workers:
    """Two workers, the database behind them, and a client with its secret."""

    origins: list[str]
    owner_url: str
    settings: Settings
    client: OAuthClient
    secret: str
    trust: OAuthClient

    def token(self, worker: int, secret: str | None = None) -> httpx.Response:
        auth = httpx.BasicAuth(client_id_of(self.client), secret or self.secret)
        return httpx.post(f"{self.origins[worker]}/oauth/token", data=GRANT, auth=auth, timeout=30)

    def ask(self, worker: int, token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        body = {"query": "{ viewer { roles } contracts(first: 1) { totalCount } }"}
        return httpx.post(
            f"{self.origins[worker]}/graphql", json=body, headers=headers, timeout=30
        ).status_code

    def change(self, work: Callable[[Any], Any]) -> Any:
        return asyncio.run(in_org(self.owner_url, OURS.org, work))

    def rotate(self, overlap: timedelta) -> str:
        async def work() -> str:
            connection = await connect(self.owner_url)
            try:
                made = await rotate(connection, sealer(self.settings), "the test", overlap=overlap)
            finally:
                await connection.close()
            return made.kid

        return asyncio.run(work())


@contextmanager
def worker(url: str, home: Path) -> Iterator[str]:
    port = free_port()
    given = {
        "CONTRACT_GRAPH_HOME": str(home), "CONTRACT_GRAPH_PORT": str(port), "DATABASE_URL": url,
        "CONTRACT_GRAPH_ISSUER": ISSUER, "CONTRACT_GRAPH_TOKEN_RATE": "100000",
        "CONTRACT_GRAPH_TOKEN_FAILURES": "100000", "CONTRACT_GRAPH_POOL_SIZE": "4",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        cwd=ROOT,
        env=environment(given),
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def workers(database_url: str, owner_url: str, tmp_path: Path) -> Iterator[Workers]:
    now, home = datetime.now(UTC), tmp_path / "home"
    client, secret = new_client(OURS.org.id, "loaded", frozenset({"legal"}), now)
    trust = new_trust(OURS.org.id, "Salesforce", [certificate(KEY)], ("RS256",), now)

    async def prepare() -> None:
        owner = await connect(owner_url)
        await save_org(owner, OURS.org)
        await owner.close()
        await in_org(owner_url, OURS.org, lambda c: add_client(c, client))
        await in_org(owner_url, OURS.org, lambda c: add_client(c, trust))
        await in_org(owner_url, OURS.org, lambda c: add_users(c, OURS.org))
        await in_org(owner_url, OURS.org, lambda c: add_grant(c, OURS.org.id, grant("legal")))

    asyncio.run(prepare())
    with ExitStack() as stack:
        origins = [stack.enter_context(worker(database_url, home)) for _ in range(2)]
        yield Workers(origins, owner_url, Settings(home=home), client, secret, trust)


@dataclass
class Load(Callers):
    """Somebody who gets a token from one worker and asks the other, again and again."""

    workers: Workers
    wrong: list[str] = field(default_factory=list)
    done: int = 0
    kids: set[str] = field(default_factory=set)
    threads = 3

    def call(self, number: int) -> None:
        kept: list[str] = []
        while not self.stopped.is_set():
            number = 1 - number % 2
            response = self.workers.token(number)
            if response.status_code != 200:
                self.wrong.append(response.text)
                continue
            token = response.json()["access_token"]
            self.kids.add(kid(token))
            kept = [*kept[-3:], token]
            for each in (kept[0], token):
                status = self.workers.ask(1 - number, each)
                if status != 200:
                    self.wrong.append(f"{status} for a token of key {kid(each)}")
            self.done += 1


def kid(token: str) -> str:
    return str((json_object(compact_parts(token.encode())[0]) or {})["kid"])


def test_keys_secrets_and_revocations_under_load_give_no_wrong_answer(workers: Workers) -> None:
    first = kid(workers.token(0).json()["access_token"])
    with Load(workers) as load:
        second = workers.rotate(timedelta(seconds=KEYS_AGAIN + SLACK))
        _revoked_at_one_is_refused_at_the_other(workers)
        _a_secret_that_was_replaced_is_good_nowhere(workers)
        time.sleep(2 * KEYS_AGAIN)
        assert {kid(workers.token(number).json()["access_token"]) for number in (0, 1)} == {second}
    assert load.wrong == []
    assert load.kids == {first, second}
    assert load.done > 20


def _revoked_at_one_is_refused_at_the_other(workers: Workers) -> None:
    token = workers.token(0).json()["access_token"]
    assert [workers.ask(number, token) for number in (0, 1)] == [200, 200]
    auth = httpx.BasicAuth(client_id_of(workers.client), workers.secret)
    assert (
        httpx.post(f"{workers.origins[0]}/oauth/revoke", data={"token": token}, auth=auth).status_code == 200
    )
    assert workers.ask(0, token) == 401
    time.sleep(ASK_AGAIN + SLACK)
    assert [workers.ask(number, token) for number in (0, 1)] == [401, 401]


def _a_secret_that_was_replaced_is_good_nowhere(workers: Workers) -> None:
    """On a client of its own, for the load keeps its secret."""
    made, old = new_client(OURS.org.id, "rotated", frozenset({"legal"}), datetime.now(UTC))
    new = new_secret()
    workers.change(lambda c: add_client(c, made))
    other = Workers(workers.origins, workers.owner_url, workers.settings, made, old, workers.trust)
    assert [other.token(number).status_code for number in (0, 1)] == [200, 200]
    now = datetime.now(UTC)
    workers.change(lambda c: replace_secret(c, OURS.org.id, made.id, secret_hash(new), now))
    assert [other.token(number).status_code for number in (0, 1)] == [401, 401]
    assert [other.token(number, new).status_code for number in (0, 1)] == [200, 200]


def test_a_stolen_key_is_refused_by_every_worker_and_the_new_one_taken(workers: Workers) -> None:
    stolen = workers.token(0).json()["access_token"]
    assert [workers.ask(number, stolen) for number in (0, 1)] == [200, 200]
    new = workers.rotate(timedelta())
    time.sleep(KEYS_AGAIN + SLACK)
    assert [workers.ask(number, stolen) for number in (0, 1)] == [401, 401]
    token = workers.token(1).json()["access_token"]
    assert kid(token) == new
    assert [workers.ask(number, token) for number in (0, 1)] == [200, 200]


def test_of_many_redemptions_at_two_workers_one_wins(workers: Workers) -> None:
    signed = assertion(KEY, claims(client_id_of(workers.trust), f"{ISSUER}/oauth/token"))
    form = {"grant_type": JWT_BEARER, "assertion": signed}

    async def race() -> list[int]:
        async with httpx.AsyncClient(timeout=60) as client:
            posts = (client.post(f"{workers.origins[n % 2]}/oauth/token", data=form) for n in range(32))
            return sorted(answer.status_code for answer in await asyncio.gather(*posts))

    assert asyncio.run(race()) == [200] + [400] * 31
