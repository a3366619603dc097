"""What the outbox counts is what the stand-in saw: by object, with how the org stood."""

from __future__ import annotations

from datetime import timedelta

from domain.passage import Fate, FigureName, SyncDirection
from storage.sync_health import figures_seen, passed_since
from tests.storage.lane_work import ONE
from tests.sync.salesforce.telling import NOON, TERM, On, Outbox, usd

OUT = SyncDirection.TO_SALESFORCE


def test_each_object_counts_once_for_each_contract_that_it_was_told_of(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = [await outbox.have(total_value=usd(1200), **TERM) for _ in range(3)]
        outbox.now += timedelta(seconds=30)
        worker = await outbox.run()
        told = {about: minute for (_, about), minute in worker.health.totals.items()}
        made = [each for each in outbox.effects() if each["operation"] == "created"]
        assert told["Contract"].fates[Fate.DONE] == len(made) == len(ids)
        assert told["Contract"].latency.total == 3 * 30.0
        async with outbox.work.database.transaction(ONE) as connection:
            passed = await passed_since(connection, ONE, NOON)
            seen = {figure.name: figure.count for figure, _ in await figures_seen(connection, ONE)}
        assert {(each.direction, each.object): each.done for each in passed} == {
            (OUT, about): minute.fates[Fate.DONE] for about, minute in told.items()
        }
        assert seen[FigureName.BREAKER_OPEN] == 0
        assert 0 < (seen[FigureName.LIMIT_LEFT] or 0) < (seen[FigureName.LIMIT_ALLOWED] or 0)

    on(check)


def test_what_waits_in_one_lane_counts_as_the_one_write_that_it_is_from_the_first_on(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have()
        outbox.now += timedelta(seconds=20)
        await outbox.change(id_, title="later")
        worker = await outbox.run()
        told = worker.health.totals[OUT, "Contract"]
        assert (told.fates[Fate.DONE], told.latency.total) == (1, 20.0)

    on(check)


def test_an_org_that_fails_shows_as_attempts_put_off_and_a_breaker_that_is_open(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        await outbox.have()
        await outbox.run()
        outbox.trouble("unavailable", times=None)
        for _ in range(6):
            await outbox.have()
        seen = {FigureName.BREAKER_OPEN: 0}
        for _ in range(5):  # by the time that it is looked at, a slow machine may have it closed again
            await outbox.run(times=3, seconds=4)
            async with outbox.work.database.transaction(ONE) as connection:
                passed = await passed_since(connection, ONE, NOON)
                seen = {figure.name: figure.count for figure, _ in await figures_seen(connection, ONE)}
            if seen[FigureName.BREAKER_OPEN]:
                break
        assert sum(each.put_off for each in passed) >= 6
        assert seen[FigureName.BREAKER_OPEN] == 1
        assert await outbox.waiting() == 6

    on(check)
