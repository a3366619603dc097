"""What `syncHealth` and the figures of a worker tell of a sync under load is what the stand-in counted."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.metrics import Family
from api.settings import Settings
from api.sync_metrics import of_health
from storage.lanes import Queue
from sync.registry import handlers, subscribers
from sync.salesforce.stand_in.process import Started, started
from sync.worker import Worker
from tests.api.graph import graph_over
from tests.api.review.everything import whole
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import ONE, opened
from tests.sync.salesforce.hearing import TOPIC, Hearing
from tests.sync.salesforce.org import furnished
from tests.sync.salesforce.two_ways import SETTINGS, TwoWays

CONTRACTS, SAID, EDITS, UNREAD = 5, 10, 40, 3
QUERY = "{ syncHealth %s }" % whole("SyncHealth")  # noqa: UP031 - braces
LOCKED = 2
"""How often a record is in somebody else's hands."""

Passages = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass
class Seen:
    """What the stand-in saw, and what a worker told of its own figures."""

    began: datetime
    calls: int = 0
    families: list[Family] = field(default_factory=list)


@pytest.fixture(scope="module")
def telling() -> Iterator[Started]:
    with started("--events") as running:
        yield running


async def loaded(ways: TwoWays, hearing: Hearing, url: str) -> Seen:
    """Have edits on both sides go across, one of ours at a time; leave some unread, and compare."""
    seen, database = Seen(datetime.now(UTC)), hearing.work.database
    done = handlers(database, hearing.keys)
    worker = Worker(database, done, listen_to=url)
    reader = subscribers(database, hearing.keys, health=worker.health)
    reading, working = asyncio.create_task(reader.run()), asyncio.create_task(worker.run())
    await ways.furnish(CONTRACTS, TOPIC)
    ways.org.stand_in.arrange(faults=[{"kind": "lock", "object": "Contract", "times": LOCKED}])
    contracts = sorted(ways.records)
    for number in range(1, SAID + 1):
        await ways.say(contracts[number % CONTRACTS], number)
        await ways.quiet(TOPIC)
    for number in range(EDITS):
        record = ways.records[contracts[number % CONTRACTS]]
        hearing.edit("Opportunity", record["Opportunity"], Amount=1000 + number)
    hearing.edit("Account", ways.org.account, Industry="Energy")
    await ways.quiet(TOPIC)
    worker.stop()
    await working
    seen.calls = ways.org.stand_in.calls()
    for contract in contracts[:UNREAD]:
        hearing.edit("Contract", ways.records[contract]["Contract"], Name="Not heard of yet")
    await ways.read(TOPIC)
    reader.stop()
    await reading
    await ways.compare()
    comparing = Worker(database, {Queue.DRIFT: done[Queue.DRIFT]})
    await comparing.run(once=True)
    seen.families = [*of_health(worker.health), *of_health(comparing.health)]
    return seen


def test_every_figure_is_what_the_stand_in_counted(  # noqa: PLR0913 - fixtures
    database_url: str, owner_url: str, superuser_url: str, *, telling: Started, loop: asyncio.Runner,
    tmp_path: Path,
) -> None:  # fmt: skip
    async def run() -> Seen:
        async with opened(database_url, owner_url, superuser_url, size=16) as work:
            hearing = Hearing(work, furnished(telling))
            await hearing.connect()
            ways = TwoWays(work, hearing.org, Random(0))
            await ways.subscribe(TOPIC)
            return await loaded(ways, hearing, database_url)

    seen = loop.run(run())
    settings = Settings(home=tmp_path, pool_size=2, key_encryption_key=KEY_ENCRYPTION)
    with graph_over(settings, database_url, loop) as graph:
        told = graph.data(QUERY, role="admin", org=ONE)["syncHealth"]
    passages = {(each["direction"], each["object"]): each for each in told["passages"]}
    heard_is_what_was_published(passages, telling)
    written_is_what_was_taken(passages, telling)
    longest = 1000 * (datetime.now(UTC) - seen.began).total_seconds()
    for each in passages.values():
        assert each["perMinute"] == round(each["done"] / told["minutes"], 2)
        assert 0 < each["latencyP50Ms"] <= each["latencyP99Ms"] <= 2.5 * longest, "as steps of 1, 2, 5, 10"

    assert {each["queue"]: each["waiting"] for each in told["backlog"]} == {
        "change": UNREAD,
        "outbox": UNREAD,
    }
    assert seen.began < datetime.fromisoformat(told["oldest"]) <= datetime.fromisoformat(told["at"])
    [replay] = told["replays"]
    assert b64decode(replay["position"]).hex() == telling.events_told()
    assert [(each["object"], each["count"]) for each in told["drift"]] == [("Contract", UNREAD)]
    limits = told["salesforce"]
    assert limits["limitAllowed"] == SETTINGS["daily_limit"]
    assert limits["limitLeft"] == limits["limitAllowed"] * 0.9 - seen.calls, "a tenth is left to others"
    assert _samples(seen, "sync_drifted") == {"Contract": UNREAD, "Opportunity": 0}
    assert list(_samples(seen, "salesforce_replay_timestamp_seconds")) == [TOPIC]


def heard_is_what_was_published(passages: Passages, telling: Started) -> None:
    events: Counter[str] = Counter()
    for header in telling.published():
        events[header["entityName"]] += len(header["recordIds"])
    events["Contract"] -= UNREAD
    assert {name: each["done"] for (way, name), each in passages.items() if way == "FROM_SALESFORCE"} == dict(
        events
    )
    amounts = passages["FROM_SALESFORCE", "Opportunity"]
    assert (amounts["accepted"], amounts["refused"], amounts["conflicts"]) == (EDITS, 0, 0)


def written_is_what_was_taken(passages: Passages, telling: Started) -> None:
    taken = [
        each
        for each in telling.journal(object="Contract")
        if each["changed"] and each["client"] == "contract-graph"
    ]
    written = passages["TO_SALESFORCE", "Contract"]
    assert written["done"] == len(taken) == CONTRACTS + SAID
    assert (written["putOff"], written["held"]) == (LOCKED, 0)
    assert written["failureRate"] == round(LOCKED / (LOCKED + len(taken)), 4)


def _samples(seen: Seen, name: str) -> dict[str, Any]:
    found = (sample for each in seen.families if each.name == name for sample in each.samples)
    return {labels["object"]: value for labels, value in found}
