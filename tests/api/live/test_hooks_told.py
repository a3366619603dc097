"""Webhooks are told of changes as a caller with their roles would be: each once more until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.handlers import all_handlers
from api.installation import sealer
from domain.identity import uuid7
from storage.contract_changes import present
from storage.database import Database
from storage.hooks import StoredHook, add_hook, end_hook, put_key
from storage.lane_outcome import Patience
from storage.lanes import Queue, enqueue
from storage.quarantine import Decision, list_quarantined, replay
from sync.hooks.follow import follow_message
from sync.hooks.hook import sealed_address, sealed_key
from sync.hooks.signature import key_of, new_secret, signed
from sync.turn import Pace
from sync.worker import Worker
from tests.api.audited import Log
from tests.api.graph import OURS, THEIRS
from tests.api.live.hall import Hall
from tests.api.mutations.office import Office
from tests.sync.alerts.hook import Hook, hooks

BRISK = Pace(
    patience=Patience(attempts=3, first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5))
)


@dataclass
class Told:
    """A hall whose changes are told to webhooks on this machine."""

    hall: Hall
    url: str
    secrets: dict[UUID, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = sealer(self.hall.office.graph.settings)

    async def listens(self, hook: Hook, role: str, org: UUID = OURS.org.id, **more: str) -> UUID:
        """Set up a webhook."""
        id_, secret, now = uuid7(), new_secret(), datetime.now(UTC)
        database = await Database.open(self.url, 1)
        async with database.transaction(org) as connection:
            await add_hook(connection, StoredHook(
                org_id=org, id=id_, name=str(id_), address=sealed_address(self.keys, org, id_, hook.url),
                subject=more.get("subject", "ledger"), roles=[role], filter=more.get("filter", "{}"),
                read=await present(connection), made_at=now,
            ))  # fmt: skip
            await put_key(connection, org, sealed_key(self.keys, org, id_, secret, now), now)
            await enqueue(connection, org, Queue.FOLLOW, [follow_message(id_)], now)
        await database.close()
        self.secrets[id_] = secret
        return id_

    async def work(self, until: Callable[[], bool], *, networks: str = "127.0.0.0/8") -> None:
        """Have a worker do what is due, until something is so."""
        database = await Database.open(self.url, 8)
        try:
            for _ in range(40):
                await Worker(database, all_handlers(database, self.keys, networks), pace=BRISK).run(once=True)
                if until():
                    return
                await asyncio.sleep(0.1)
        finally:
            await database.close()

    async def held(self) -> Sequence[Any]:
        database = await Database.open(self.url, 1)
        try:
            async with database.transaction(OURS.org.id) as connection:
                return await list_quarantined(connection, OURS.org.id, queue=Queue.HOOK, most=100)
        finally:
            await database.close()


@pytest.fixture
def told(office: Office, database_url: str) -> Told:
    return Told(Hall(office), database_url)


def fields(hook: Hook) -> list[list[str]]:
    return [each["data"]["fields"] for each in hook.bodies()]


def test_each_webhook_is_told_what_its_role_sees_signed_and_on_record(told: Told) -> None:
    legal, finance, admin, theirs = made = [Hook() for _ in range(4)]

    async def test() -> None:
        ids = [
            await told.listens(hook, role)
            for hook, role in zip(made, ("legal", "finance", "admin"), strict=False)
        ]
        await told.listens(theirs, "legal", THEIRS.org.id)
        await told.hall.changes("governingLaw")
        await told.hall.changes("title", "totalValue")
        await told.work(lambda: len(legal.sent) == 2 and finance.sent != [] and admin.sent != [])
        assert fields(legal) == [["governingLaw"], ["title", "totalValue"]]
        assert (fields(finance), fields(admin), theirs.sent) == ([["title", "totalValue"]], [["title"]], [])
        for id_, hook in zip(ids, made, strict=False):
            for headers, body in hook.sent:
                at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
                wanted = signed([key_of(told.secrets[id_])], headers["webhook-id"], at, body)
                assert wanted.items() <= headers.items()
                assert b"Word" not in body
        body = legal.bodies()[0]
        assert (body["type"], body["data"]["contractId"]) == ("contract.changed", str(OURS.id("Contract", 1)))
        assert body["data"]["id"] == legal.sent[0][0]["webhook-id"]

    with hooks(*made):
        told.hall.run(test)
    log = Log(told.hall.office.superuser_url, told.hall.office.graph._loop)
    events = log.events(legal.sent[1][0]["webhook-id"])
    assert sorted(each["roles"][0] for each in events) == ["admin", "finance", "legal"]
    shown = {each["roles"][0]: log.access(each)["shown"] for each in events}
    assert shown["admin"] == ["Contract.title"]
    assert all(each["records"]["ids"] == [str(OURS.id("Contract", 1))] for each in events)


def test_what_is_not_taken_is_sent_again_in_order_under_the_same_id(told: Told) -> None:
    hook = Hook(500, 503, 200)

    async def test() -> None:
        await told.listens(hook, "legal")
        await told.hall.changes("title")
        await told.hall.changes("governingLaw")
        await told.work(lambda: len(hook.sent) == 4)
        assert fields(hook) == [["title"]] * 3 + [["governingLaw"]]
        assert len({headers["webhook-id"] for headers, _ in hook.sent[:3]}) == 1

    with hooks(hook):
        told.hall.run(test)


def test_what_is_refused_is_held_the_rest_goes_on_and_a_replay_delivers_it(told: Told) -> None:
    hook = Hook(400, 200)

    async def test() -> None:
        await told.listens(hook, "legal")
        await told.hall.changes("title")
        await told.hall.changes("governingLaw")
        await told.work(lambda: len(hook.sent) == 2)
        (held,) = await told.held()
        assert (fields(hook), held.error) == ([["title"], ["governingLaw"]], "NotSent")
        database = await Database.open(told.url, 1)
        async with database.transaction(OURS.org.id) as connection:
            decision = Decision(by="ada", because="it takes it now", at=datetime.now(UTC))
            await replay(connection, OURS.org.id, held.id, decision)
        await database.close()
        await told.work(lambda: len(hook.sent) == 3)
        assert hook.sent[2][0]["webhook-id"] == hook.sent[0][0]["webhook-id"]

    with hooks(hook):
        told.hall.run(test)


def test_a_webhook_that_ended_or_leads_where_it_may_not_is_told_nothing(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    ended, private = Hook(), Hook()

    async def test() -> None:
        gone = await told.listens(ended, "legal")
        database = await Database.open(told.url, 1)
        await told.hall.changes("title")
        async with database.transaction(OURS.org.id) as connection:
            await end_hook(connection, OURS.org.id, gone, datetime.now(UTC))
        await database.close()
        await told.listens(private, "legal")
        await told.hall.changes("title")
        await told.work(lambda: "quarantined" in caplog.text, networks="10.0.0.0/8")
        (held,) = await told.held()
        assert (held.error, ended.sent, private.sent) == ("NotPublic", [], [])

    with hooks(ended, private):
        told.hall.run(test)
