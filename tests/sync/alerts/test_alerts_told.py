"""What goes wrong reaches the webhooks of its org: all of it, once, and nothing of anybody else."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from auth.crypto import Sealer
from auth.key_encryption import from_text
from domain.alert import LATE, AlertKind
from domain.identity import uuid7
from storage.alert_targets import StoredTarget, add_target, end_target
from storage.alerts import Alarm, raise_alerts
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from storage.lanes import Message, Queue
from storage.quarantine import Decision, list_quarantined, replay
from sync.alerts.stuck import look_for_stuck
from sync.alerts.target import Shape, sealed_address, sealed_signing_key
from sync.handlers import Apart, Batch, Within
from sync.registry import handlers
from sync.worker import Worker
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import ONE, OTHER, Test, Work, runner
from tests.sync.alerts.hook import Hook, hooks
from tests.sync.lane_workers import BRISK

On = Callable[[Test], None]
SEALER = Sealer(from_text(KEY_ENCRYPTION, "tests"))
PAYLOAD, SAID = "a canary payload", "what Salesforce said, a canary"
KEY = "0123456789abcdefghij"


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return runner(database_url, owner_url, superuser_url)


async def target(
    work: Work,
    hook: Hook,
    *,
    org: UUID = ONE,
    shape: Shape = Shape.GENERIC,
    kinds: Sequence[AlertKind] | None = None,
) -> UUID:
    id_ = uuid7()
    key = sealed_signing_key(SEALER, org, id_, KEY.encode()) if shape is Shape.GENERIC else None
    made = StoredTarget(
        org_id=org, id=id_, name=str(id_), shape=shape, kinds=kinds, made_at=work.now, signing_key=key,
        address=sealed_address(SEALER, org, id_, hook.url),
    )  # fmt: skip
    async with work.database.transaction(org) as connection:
        await add_target(connection, made)
    return id_


async def poison(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
    return [Poison(Fault("INVALID_FIELD", SAID))] * len(batch.messages)


async def done(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
    return [Done()] * len(batch.messages)


def worker(work: Work, inbox: Within | Apart | None = None) -> Worker:
    """A worker that poisons what comes in, and writes nothing to Salesforce, at the moment of the test."""
    registered = dict(handlers(work.database, SEALER, lambda: work.now)) | {
        Queue.INBOX: inbox or Within(poison)
    }
    del registered[Queue.OUTBOX]
    return Worker(work.database, registered, pace=BRISK, clock=lambda: work.now)


async def until_told(work: Work, *, rounds: int = 20, minutes: float = 1.1) -> None:
    """Let time pass until nothing is left to tell."""
    for _ in range(rounds):
        await worker(work).run(once=True)
        if not await untold(work):
            return
        work.later(minutes=minutes)


async def untold(work: Work) -> int:
    found: int = await work.superuser.fetchval(
        "SELECT count(*) FROM lane_message m JOIN lane l ON (l.org_id, l.id) = (m.org_id, m.lane_id)"
        " WHERE l.queue = 'alert'"
    )
    return found


async def held(work: Work, queue: Queue) -> int:
    async with work.database.transaction(ONE) as connection:
        return len(await list_quarantined(connection, ONE, queue=queue, most=10_000))


def counts(hook: Hook) -> list[int]:
    return [each["count"] for each in hook.bodies()]


def test_what_is_quarantined_is_told_with_ids_and_kinds_and_no_word_of_what_it_says(
    on: On, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(work: Work) -> None:
        made = [Hook(), Hook(), Hook()]
        with hooks(*made):
            for hook, shape in zip(made, Shape, strict=True):
                await target(work, hook, shape=shape)
            await work.enqueue(Message(key="a", payload=PAYLOAD, correlation="018f-correlation"))
            await worker(work).run(once=True)
        (message,) = await work.superuser.fetch("SELECT id FROM quarantined_message")
        for hook in made:
            ((headers, body),) = hook.sent
            assert headers["content-type"] == "application/json"
            for known in ("Northwind", "inbox", "INVALID_FIELD", "018f-correlation", str(message["id"])):
                assert known in body.decode()
            assert f"contract-graph held show --org {ONE} {message['id']}" in body.decode()
            assert "canary" not in body.decode()
        (generic,) = [each for each in made if "x-contract-graph-signature" in each.sent[0][0]]
        assert (generic.bodies()[0]["count"], generic.bodies()[0]["standing"]) == (1, 1)

    caplog.set_level(logging.DEBUG)
    on(run)
    assert "told to target" in caplog.text
    assert "correlation 018f-correlation" in caplog.text
    assert "canary" not in caplog.text
    assert KEY not in caplog.text


def test_of_a_thousand_that_are_quarantined_a_few_alerts_tell_and_their_counts_add_up(on: On) -> None:
    async def run(work: Work) -> None:
        first, second = Hook(), Hook()
        with hooks(first, second):
            for hook in (first, second):
                await target(work, hook)
            for number in range(50):
                await work.enqueue(*(f"{n}" for n in range(20)), key=f"key {number}")
            await asyncio.gather(*(worker(work).run(once=True) for _ in range(2)))
            await until_told(work)
        assert await held(work, Queue.INBOX) == 1000
        for hook in (first, second):
            assert 1 <= len(hook.sent) <= 3
            assert sum(counts(hook)) == 1000
            assert hook.bodies()[-1]["standing"] == 1000
            assert len({each["id"] for each in hook.bodies()}) == len(hook.sent)

    on(run)


def test_what_happens_within_a_minute_of_an_alert_is_told_in_the_next_with_its_beginning(on: On) -> None:
    async def run(work: Work) -> None:
        hook = Hook()
        with hooks(hook):
            await target(work, hook)
            await work.enqueue("1")
            await worker(work).run(once=True)
            began = work.now + timedelta(seconds=10)
            for _ in range(3):
                work.later(seconds=10)
                await work.enqueue("2", key="b")
                await worker(work).run(once=True)
            assert counts(hook) == [1]
            work.later(seconds=31)
            await worker(work).run(once=True)
            assert counts(hook) == [1, 3]
            assert datetime.fromisoformat(hook.bodies()[1]["since"]) == began
            work.later(hours=1)
            await worker(work).run(once=True)
            assert counts(hook) == [1, 3]

    on(run)


def test_another_org_s_targets_hear_nothing_and_a_target_hears_only_what_it_wants(on: On) -> None:
    async def run(work: Work) -> None:
        ours, theirs, choosy, wanting = (Hook() for _ in range(4))
        with hooks(ours, theirs, choosy, wanting):
            await target(work, ours)
            await target(work, theirs, org=OTHER)
            await target(work, choosy, kinds=[AlertKind.QUEUE_STUCK])
            await target(work, wanting, kinds=[AlertKind.MESSAGE_QUARANTINED])
            await work.enqueue("1")
            await until_told(work)
            assert [len(each.sent) for each in (ours, theirs, choosy, wanting)] == [1, 0, 0, 1]
            await work.enqueue("1", org=OTHER)
            await until_told(work)
        assert [len(each.sent) for each in (ours, theirs)] == [1, 1]
        assert theirs.bodies()[0]["org"]["name"] == "Contoso"

    on(run)


@pytest.mark.parametrize("table", ["alert_target", "alert_tally"])
def test_an_org_sees_and_makes_no_targets_of_another(on: On, table: str) -> None:
    async def run(work: Work) -> None:
        hook = Hook()
        await target(work, hook, org=OTHER)
        async with work.database.transaction(OTHER) as connection:
            alarm = Alarm(kind=AlertKind.QUEUE_STUCK, queue=Queue.INBOX)
            await raise_alerts(connection, OTHER, [alarm], work.now)
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1
        async with work.database.transaction(ONE) as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
            assert await connection.execute(f"DELETE FROM {table}") == "DELETE 0"
            alarm = Alarm(kind=AlertKind.QUEUE_STUCK, queue=Queue.INBOX)
            await raise_alerts(connection, OTHER, [alarm], work.now)  # finds nobody to tell
        async with work.database.claiming(Queue.ALERT) as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with work.database.transaction(ONE) as connection:
                await add_target(
                    connection,
                    StoredTarget(
                        org_id=OTHER, id=uuid7(), name="x", shape="slack", address="x", made_at=work.now
                    ),
                )
        hook.server.server_close()

    on(run)


def test_what_is_undone_is_told_to_nobody(on: On) -> None:
    async def run(work: Work) -> None:
        hook = Hook()
        with hooks(hook):
            await target(work, hook)
            with suppress(asyncpg.DivisionByZeroError):
                async with work.database.transaction(ONE) as connection:
                    alarm = Alarm(kind=AlertKind.SALESFORCE_LIMIT, queue=Queue.OUTBOX)
                    await raise_alerts(connection, ONE, [alarm], work.now)
                    await connection.execute("SELECT 1 / 0")
            await worker(work).run(once=True)
        assert hook.sent == []
        assert await work.superuser.fetchval("SELECT count(*) FROM alert_tally") == 0

    on(run)


def test_a_target_that_was_away_is_told_once_it_is_back_and_holds_up_no_other(on: On) -> None:
    async def run(work: Work) -> None:
        away, well = Hook(503, 500, 200), Hook()
        with hooks(away, well):
            await target(work, away)
            await target(work, well)
            await work.enqueue("1")
            await worker(work).run(once=True)
            assert (len(away.sent), len(well.sent)) == (1, 1)
            for _ in range(2):
                work.later(seconds=10)
                await worker(work).run(once=True)
        assert [each["count"] for each in away.bodies()] == [1, 1, 1]
        assert len({each["id"] for each in away.bodies()}) == 1
        assert len(well.sent) == 1
        assert await held(work, Queue.ALERT) == 0

    on(run)


def test_nobody_who_listens_is_tried_again_and_then_put_aside_with_what_it_was_to_tell(on: On) -> None:
    async def run(work: Work) -> None:
        gone, well = Hook(), Hook()
        gone.server.server_close()
        with hooks(well):
            await target(work, gone)
            await target(work, well)
            await work.enqueue("1", "2")
            for _ in range(5):
                await worker(work).run(once=True)
                work.later(seconds=10)
        assert await held(work, Queue.ALERT) == 1
        assert counts(well) in ([2], [1, 1])
        errors = await work.superuser.fetchval("SELECT error FROM quarantined_message ORDER BY id DESC")
        assert errors == "NotSent"

    on(run)


def test_a_target_that_asks_to_wait_is_left_alone_for_so_long(on: On) -> None:
    async def run(work: Work) -> None:
        hook = Hook(429, 200, headers={"Retry-After": "120"})
        with hooks(hook):
            await target(work, hook)
            await work.enqueue("1")
            await worker(work).run(once=True)
            work.later(seconds=119)
            await worker(work).run(once=True)
            assert len(hook.sent) == 1
            work.later(seconds=2)
            await worker(work).run(once=True)
        assert len(hook.sent) == 2

    on(run)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410])
def test_a_target_that_refuses_is_asked_once_a_minute_and_of_that_nobody_is_alerted(
    on: On, status: int
) -> None:
    async def run(work: Work) -> None:
        elsewhere = Hook()
        bad, well = Hook(status, headers={"Location": elsewhere.url}), Hook()
        with hooks(bad, well, elsewhere):
            await target(work, bad)
            await target(work, well)
            for number in range(5):
                await work.enqueue("1", key=f"{number}")
                await worker(work).run(once=True)
            assert (len(bad.sent), await held(work, Queue.ALERT)) == (1, 1)
            await until_told(work)
            assert sum(counts(well)) == 5
            assert await held(work, Queue.ALERT) == len(bad.sent) == 2
            bad.statuses = [200]
            async with work.database.transaction(ONE) as connection:
                found = await list_quarantined(connection, ONE, queue=Queue.ALERT)
                await replay(connection, ONE, found[0].id, Decision(by="A", because="b", at=work.now))
            work.later(minutes=2)
            await worker(work).run(once=True)
        assert counts(bad)[-1] == 5
        assert elsewhere.sent == []

    on(run)


def test_a_target_that_ended_meanwhile_is_told_of_nothing_and_has_no_secret_left(on: On) -> None:
    async def run(work: Work) -> None:
        hook = Hook()
        with hooks(hook):
            id_ = await target(work, hook)
            await work.enqueue("1")
            only = {Queue.INBOX: Within(poison)}
            await Worker(work.database, only, pace=BRISK, clock=lambda: work.now).run(once=True)
            async with work.database.transaction(ONE) as connection:
                await end_target(connection, ONE, id_, work.now)
            await worker(work).run(once=True)
        assert hook.sent == []
        assert await untold(work) == 0
        row = await work.superuser.fetchrow("SELECT address, signing_key FROM alert_target")
        assert tuple(row) == (None, None)

    on(run)


def test_an_address_moved_to_another_target_does_not_open(on: On) -> None:
    async def run(work: Work) -> None:
        hook = Hook()
        with hooks(hook):
            await target(work, hook)
            await target(work, hook)
            await work.superuser.execute(
                "UPDATE alert_target AS t SET address = o.address FROM alert_target AS o WHERE o.id <> t.id"
            )
            await work.enqueue("1")
            await worker(work).run(once=True)
        assert hook.sent == []
        assert await untold(work) == 2

    on(run)


async def put_off(batch: Batch) -> Sequence[Outcome]:
    later = batch.until + timedelta(minutes=5)
    return [Retry(Fault("REQUEST_LIMIT_EXCEEDED", SAID), later, alert=AlertKind.SALESFORCE_LIMIT)]


def test_what_a_handler_has_told_of_is_told_and_a_lane_put_off_for_long_is_stuck(on: On) -> None:
    async def run(work: Work) -> None:
        hook = Hook()
        with hooks(hook):
            await target(work, hook)
            await work.enqueue("1", "2")
            await worker(work, Apart(put_off)).run(once=True)
            assert [each["kind"] for each in hook.bodies()] == ["SALESFORCE_LIMIT"]
            work.later(seconds=LATE.total_seconds() + 1)
            await worker(work, Apart(put_off)).run(once=True)
        told = {each["kind"]: each for each in hook.bodies()[1:]}
        assert set(told) == {"SALESFORCE_LIMIT", "QUEUE_STUCK"}
        assert told["QUEUE_STUCK"]["count"] == told["QUEUE_STUCK"]["standing"] == 2
        assert told["QUEUE_STUCK"]["groups"][0]["correlation"] == "about 1"
        assert "canary" not in json.dumps(hook.bodies())

    on(run)


def test_work_that_nobody_takes_is_noticed_and_told_no_more_once_it_is_done(on: On) -> None:
    async def run(work: Work) -> None:
        hook, theirs = Hook(), Hook()
        with hooks(hook, theirs):
            await target(work, hook)
            await target(work, theirs, org=OTHER)
            await work.enqueue("1", "2", queue=Queue.OUTBOX)  # which has no handler
            await look_for_stuck(work.database, lambda: work.now)
            await worker(work).run(once=True)
            assert hook.sent == []
            work.later(seconds=LATE.total_seconds())
            for _ in range(3):  # as many workers would
                await look_for_stuck(work.database, lambda: work.now)
                await worker(work).run(once=True)
            assert [(each["kind"], each["count"]) for each in hook.bodies()] == [("QUEUE_STUCK", 2)]
            outbox = {Queue.OUTBOX: Within(done)}
            await Worker(work.database, outbox, pace=BRISK, clock=lambda: work.now).run(once=True)
            work.later(minutes=16)
            await worker(work).run(once=True)
        assert (len(hook.sent), theirs.sent) == (1, [])
        assert await untold(work) == 0

    on(run)


def test_an_error_whose_name_is_a_sentence_is_told_as_other(on: On) -> None:
    async def speak(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        return [Poison(Fault(f"{SAID} {each.payload}", SAID)) for each in batch.messages]

    async def run(work: Work) -> None:
        hook = Hook()
        with hooks(hook):
            await target(work, hook)
            await work.enqueue("1", "2", "3")
            await worker(work, Within(speak)).run(once=True)
        (body,) = hook.bodies()
        assert [(each["error"], each["count"]) for each in body["groups"]] == [("OTHER", 3)]
        assert "canary" not in json.dumps(body)

    on(run)


def test_an_org_that_tells_nobody_keeps_no_count(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1")
        await worker(work).run(once=True)
        assert await held(work, Queue.INBOX) == 1
        assert await work.superuser.fetchval("SELECT count(*) FROM alert_tally") == 0

    on(run)
