"""What contract systems send: answered once it is stored, believed when it is signed, seen in the graph."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from api.installation import sealer
from api.settings import Settings
from api.webhooks import LARGEST_DELIVERY
from auth.public_id import public_id
from domain.identity import uuid7
from storage.connections import StoredConnection, add_connection, add_key, end_connection, end_key
from storage.database import Database, connect
from storage.tenancy import bind_org
from sync.connections import KEPT, sealed_credentials, sealed_key
from sync.registry import handlers
from sync.worker import Worker
from tests.api.graph import OURS, THEIRS, code_of
from tests.api.mutations.office import Office
from tests.sync.clm.deliveries import (
    ACCOUNT,
    GENERIC,
    SECRET,
    Signed,
    docusign,
    generic,
    hmac,
    ironclad,
    oneflow,
    pandadoc,
    pem,
    private_key,
    sample,
)

NOW = datetime(2026, 11, 27, tzinfo=UTC)
CONTRACT = """query($reference: String!) { contract(externalReference: $reference) { title status version
    changes { nodes { field source event decision } } provenance { nodes { field source event } } } }"""


@dataclass(frozen=True)
class Post:
    """The application, with a connection of one vendor."""

    office: Office
    address: str
    connection_id: UUID
    url: str

    def send(self, signed: Signed, *, to: str | None = None, body: bytes | None = None) -> httpx.Response:
        sent = signed.delivery
        return self.office.graph.run(
            self.office.graph.client.post(
                f"/webhooks/{to or self.address}", content=sent.body if body is None else body,
                headers=dict(sent.headers), params=dict(sent.query),
            )
        )  # fmt: skip

    def work(self) -> None:
        async def run() -> None:
            database = await Database.open(self.url, 4)
            try:
                keys = sealer(self.office.graph.settings)
                await Worker(database, handlers(database, keys)).run(once=True)
            finally:
                await database.close()

        self.office.graph.run(run())

    def rows(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        async def run() -> list[asyncpg.Record]:
            connection = await connect(self.office.superuser_url)
            try:
                return list(await connection.fetch(statement, *arguments))
            finally:
                await connection.close()

        return self.office.graph.run(run())

    def change(self, work: Any) -> None:
        async def run() -> None:
            connection = await connect(self.url)
            try:
                async with connection.transaction():
                    await bind_org(connection, OURS.org.id)
                    await work(connection)
            finally:
                await connection.close()

        self.office.graph.run(run())

    def contract(self, reference: str) -> Any:
        return self.office.graph.data(CONTRACT, {"reference": reference}, role="legal")["contract"]


def connected(office: Office, url: str, vendor: str, secret: bytes = SECRET, **more: Any) -> Post:
    id_, keys = more.pop("id", None) or uuid7(), sealer(office.graph.settings)
    stored = StoredConnection(
        org_id=OURS.org.id, id=id_, name=vendor, vendor=vendor, settings=more.pop("settings", {}),
        made_at=NOW, **more,
    )  # fmt: skip
    post = Post(office, public_id(OURS.org.id, id_), id_, url)

    async def add(connection: asyncpg.Connection) -> None:
        await add_connection(connection, stored)
        await add_key(connection, OURS.org.id, sealed_key(keys, OURS.org.id, id_, secret, NOW))

    post.change(add)
    return post


@pytest.fixture
def post(office: Office, database_url: str) -> Post:
    return connected(office, database_url, "docusign", settings={"account": ACCOUNT})


def test_a_signed_event_becomes_a_contract_that_says_where_it_comes_from(post: Post) -> None:
    answer = post.send(docusign())
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["known"]) == (1, 0)
    [stored] = post.rows("SELECT body, headers, correlation, applied_at FROM inbox_event")
    assert stored["body"] == docusign().delivery.body
    assert stored["correlation"] == answer.json()["correlation"]
    assert stored["applied_at"] is None
    post.work()
    found = post.contract("0f0e")
    assert found["status"] == "EXECUTED"
    assert {each["source"] for each in found["provenance"]["nodes"]} == {"docusign"}
    assert post.rows("SELECT 1 FROM inbox_event WHERE applied_at IS NOT NULL")
    told = post.rows("SELECT last_seq, pending FROM lane WHERE queue = 'outbox'")
    assert [tuple(each) for each in told] == [(1, 0)], "it was to be told, and this org has no Salesforce"


def test_an_event_that_is_sent_again_is_known_and_changes_nothing(post: Post) -> None:
    post.send(docusign())
    post.work()
    before = post.contract("0f0e")
    again = post.send(docusign()).json()
    assert (again["accepted"], again["known"]) == (0, 1)
    post.work()
    assert post.contract("0f0e") == before


def test_several_events_of_one_body_are_told_apart(office: Office, database_url: str) -> None:
    post = connected(office, database_url, "pandadoc")
    assert post.send(pandadoc()).json()["accepted"] == 2
    assert post.send(pandadoc()).json()["known"] == 2


def test_what_is_not_signed_by_a_key_of_the_connection_is_refused_and_not_stored(post: Post) -> None:
    flipped = bytearray(docusign().delivery.body)
    flipped[40] ^= 1
    forged = replace(docusign(), delivery=replace(docusign().delivery, headers={}))
    for answer in (post.send(docusign(), body=bytes(flipped)), post.send(forged)):
        assert answer.status_code == 401
        assert code_of(answer) == "NOT_VERIFIED"
        assert SECRET.decode() not in answer.text
    assert post.rows("SELECT 1 FROM inbox_event") == []


def test_a_second_key_verifies_beside_the_first_and_an_ended_one_no_more(post: Post) -> None:
    keys = sealer(post.office.graph.settings)
    second = sealed_key(keys, OURS.org.id, post.connection_id, b"another key of tests", NOW)

    async def add(connection: asyncpg.Connection) -> None:
        await add_key(connection, OURS.org.id, second)

    async def end(connection: asyncpg.Connection) -> None:
        await end_key(connection, OURS.org.id, second.id, NOW)

    body = docusign().delivery.body
    signature = b64encode(hmac(body, b"another key of tests")).decode()
    headers = {**docusign().delivery.headers, "x-docusign-signature-1": signature}
    other = replace(docusign(), delivery=replace(docusign().delivery, headers=headers))
    post.change(add)
    assert post.send(other).status_code == 200
    post.change(end)
    ended = time.monotonic()
    while post.send(other).status_code == 200:
        assert time.monotonic() - ended < 5 * KEPT, "an ended key is known for ever"
        time.sleep(0.2)
    assert post.send(docusign()).status_code == 200


def test_nobody_sends_by_a_connection_that_has_ended_or_never_was(post: Post) -> None:
    async def end(connection: asyncpg.Connection) -> None:
        await end_connection(connection, OURS.org.id, post.connection_id, NOW)

    theirs = public_id(THEIRS.org.id, post.connection_id)
    for address in ("nothing", public_id(OURS.org.id, uuid7()), theirs):
        answer = post.send(docusign(), to=address)
        assert (answer.status_code, code_of(answer)) == (404, "UNKNOWN_CONNECTION")
    post.change(end)
    assert connected(post.office, post.url, "pandadoc").send(pandadoc()).status_code == 200
    assert post.send(docusign()).status_code == 404, "nothing was known of it before it ended"


def test_a_verified_delivery_that_cannot_be_understood_says_where(post: Post) -> None:
    answer = post.send(docusign(body=b'{"event": "envelope-completed"}'))
    assert (answer.status_code, code_of(answer)) == (422, "MALFORMED")
    assert answer.json()["errors"][0]["message"].startswith("data.envelopeId: ")


def test_a_body_that_is_too_large_is_not_read_to_its_end(post: Post) -> None:
    answer = post.send(docusign(), body=b"x" * (LARGEST_DELIVERY + 1))
    assert (answer.status_code, code_of(answer)) == (413, "DELIVERY_TOO_LARGE")


def test_what_can_never_be_applied_is_put_aside_with_its_reason(office: Office, database_url: str) -> None:
    post = connected(office, database_url, "generic", mapping=GENERIC.decode())
    tomorrow = json.loads(sample("generic.json"))
    tomorrow["agreement"]["changed"] = "2999-01-01T00:00:00Z"
    now = datetime.now(UTC)
    signed = generic_now(now, json.dumps(tomorrow).encode())
    assert post.send(signed).status_code == 200
    post.work()
    [held] = post.rows("SELECT error, message, state FROM quarantined_message")
    assert (held["error"], held["state"]) == ("FromTheFuture", "HELD")
    assert "yet to come" in held["message"]


def generic_now(now: datetime, body: bytes) -> Signed:
    moment = str(int(now.timestamp()))
    signature = "v1=" + b64encode(hmac(f"{moment}.".encode() + body)).decode()
    made = generic(body=body)
    headers = {"x-acme-signature": signature, "x-acme-time": moment}
    return replace(made, delivery=replace(made.delivery, headers=headers))


def test_credentials_and_keys_lie_encrypted(office: Office, database_url: str) -> None:
    keys, id_ = sealer(Settings(home=office.graph.settings.home)), uuid7()
    told = sealed_credentials(keys, OURS.org.id, id_, {"Authorization": "Bearer of-tests"})
    asked = {"base_address": "http://127.0.0.1:9/", "credentials": told}
    post = connected(office, database_url, "oneflow", id=id_, **asked)
    [row] = post.rows("SELECT credentials FROM clm_connection")
    [key] = post.rows("SELECT secret FROM clm_key")
    assert "of-tests" not in row["credentials"]
    assert SECRET.decode() not in key["secret"]
    assert post.send(oneflow()).json()["accepted"] == 1
    assert post.rows("SELECT 1 FROM lane WHERE queue = 'fetch' AND pending = 1")


def test_a_public_key_verifies_as_a_secret_does(office: Office, database_url: str) -> None:
    post = connected(office, database_url, "ironclad", pem(private_key()))
    assert post.send(ironclad()).status_code == 200
