"""Fields edited on both sides at random while Salesforce fails: the owner's value wins, and none is lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from random import Random

import pytest

from sync.registry import handlers, subscribers
from sync.salesforce.stand_in.process import started
from sync.worker import Worker
from tests.api.command_line import ROOT, environment
from tests.bench.twoway import PACE, TOPIC, edited
from tests.storage.lane_work import opened
from tests.sync.salesforce.hearing import Hearing
from tests.sync.salesforce.org import furnished
from tests.sync.salesforce.two_ways import TwoWays
from tests.sync.salesforce.weighing import Weighed


def test_the_owner_wins_nothing_goes_round_and_every_edit_is_explained(
    database_url: str, owner_url: str, superuser_url: str
) -> None:
    async def run() -> Weighed:
        async with opened(database_url, owner_url, superuser_url, size=16) as work:
            hearing = Hearing(work, org)
            await hearing.connect()
            ways = TwoWays(work, org, Random(20261127))
            await ways.subscribe(TOPIC)
            worker = Worker(
                work.database, handlers(work.database, hearing.keys), pace=PACE, listen_to=database_url
            )
            reader = subscribers(work.database, hearing.keys)
            running = [asyncio.create_task(each.run()) for each in (worker, reader)]
            try:
                await ways.furnish(8, TOPIC)
                return await edited(ways, 30)
            finally:
                worker.stop()
                reader.stop()
                await asyncio.gather(*running)

    with started("--events") as stand_in:
        org = furnished(stand_in)
        found = asyncio.run(run())
    assert found.good, str(found)
    assert sum(found.fates.values()) == found.edits == 60
    assert found.fates["here accepted"] > 0
    assert found.faults["times the stream was lost with its place"] == 1


@pytest.mark.skipif("CONTRACT_GRAPH_FUZZ" not in os.environ, reason="it takes minutes: make fuzz runs it")
def test_so_it_is_while_workers_are_killed() -> None:
    command = [sys.executable, "-m", "tests.bench.twoway", "--rounds", "1000"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False, timeout=1800
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "lost: 0\nwrong: 0\nheld: 0\n" in done.stdout


def test_a_run_with_anything_wrong_is_not_good() -> None:
    assert Weighed(4, accepted=2, writes=2).good
    for wrong in ("lost", "wrong", "held"):
        one = Weighed(4, **{wrong: ["Amount of C1"]})
        assert not one.good
        assert f"{wrong}: 1\n  Amount of C1" in str(one)
    assert not Weighed(4, accepted=2, writes=3).good, "more was written than was changed"
    assert Weighed(4, accepted=2, repaired={"CLM": 1}, writes=3).good
    assert not Weighed(4, accepted=9, writes=1, writes_after=1).good, "it goes on by itself"
