"""A stream that Salesforce refuses, or that was silent for long, is told to operators; a break is not."""

from __future__ import annotations

from datetime import timedelta

from domain.alert import LATE, AlertKind
from domain.identity import uuid7
from storage.alert_targets import StoredTarget, add_target
from tests.storage.lane_work import ONE
from tests.sync.salesforce.hearing import TOPIC, Hearing, Hears, until


async def watched(hearing: Hearing) -> None:
    target = StoredTarget(
        org_id=ONE, id=uuid7(), name="on call", shape="slack", address="x", made_at=hearing.clock()
    )
    async with hearing.work.database.transaction(ONE) as connection:
        await add_target(connection, target)


async def told(hearing: Hearing) -> list[tuple[str, str, str]]:
    rows = await hearing.work.superuser.fetch("SELECT kind, queue, error FROM alert_tally ORDER BY error")
    return [tuple(row) for row in rows]


async def put_off(hearing: Hearing, topic: str) -> timedelta:
    """Wait until a stream is put off; return for how long."""
    found = timedelta()

    async def is_off() -> bool:
        nonlocal found
        lane = "SELECT next_at FROM lane WHERE queue = 'stream' AND key = $1 AND lease IS NULL"
        next_at = await hearing.work.superuser.fetchval(lane, topic)
        found = next_at - hearing.clock() if next_at else timedelta()
        return found > timedelta()

    async with hearing.reading():
        await until(is_off)
    return found


def test_a_topic_that_is_not_there_is_told_and_asked_for_rarely(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await watched(hearing)
        await hearing.subscribe("/data/NoSuchChangeEvent")
        assert await put_off(hearing, "/data/NoSuchChangeEvent") > timedelta(minutes=4)
        assert await told(hearing) == [(AlertKind.SALESFORCE_NOT_HEARD, "stream", "topic_not_found")]

    both(check)


def test_the_events_of_a_day_used_up_are_told(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await watched(hearing)
        hearing.org.stand_in.arrange(settings={"daily_events": 0})
        hearing.edit("Account", hearing.org.account, Name="One too many")
        assert await put_off(hearing, TOPIC) > timedelta(minutes=4)
        assert await told(hearing) == [
            (AlertKind.SALESFORCE_NOT_HEARD, "stream", "subscription_limit_exceeded")
        ]
        hearing.org.stand_in.arrange(settings={"daily_events": 100})
        hearing.ahead += timedelta(minutes=5)
        await hearing.hear()

    both(check)


def test_a_break_is_told_only_where_nothing_was_heard_for_long(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await watched(hearing)
        hearing.edit("Account", hearing.org.account, Name="Heard")
        await hearing.read()
        hearing.org.stand_in.arrange(faults=[{"kind": "break", "times": None}])
        hearing.edit("Account", hearing.org.account, Name="Not heard")
        assert await put_off(hearing, TOPIC) < timedelta(minutes=1)
        assert await told(hearing) == []
        hearing.ahead += LATE

        async def is_told() -> bool:
            return await told(hearing) == [(AlertKind.SALESFORCE_NOT_HEARD, "stream", "service_unavailable")]

        async with hearing.reading():
            await until(is_told)

    both(check)
