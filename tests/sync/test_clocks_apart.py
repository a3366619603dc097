"""Workers whose clocks are an hour ahead and an hour behind: the fence keeps what the leases cannot."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.api.command_line import ROOT, environment
from tests.skewed import skewed
from tests.storage.lane_work import Work, runner
from tests.sync.lane_workers import NOTEBOOK, noted, until_empty

HOUR = 3600
SAY = "import datetime as d, time; print(d.datetime.now(d.UTC).timestamp(), time.time())"


@pytest.mark.parametrize("apart", [(HOUR, 0), (-HOUR, 0)], ids=["one ahead", "one behind"])
def test_each_message_is_done_once_and_in_order(
    apart: tuple[int, ...], database_url: str, owner_url: str, superuser_url: str, tmp_path: Path
) -> None:
    def start(skew: int) -> subprocess.Popen[str]:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.lane_process", database_url],
            cwd=ROOT, env=environment(skewed(tmp_path, skew)), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert started.stdout is not None
        assert started.stdout.readline() == "works\n"
        return started

    async def run(work: Work) -> None:
        await work.superuser.execute(NOTEBOOK)
        workers = [await asyncio.to_thread(start, skew) for skew in apart]
        try:
            for number in range(20):
                work.now = datetime.now(UTC)
                for key in "abcdef":
                    await work.enqueue(f"{number:02}", key=key)
                await asyncio.sleep(0.02)
            await until_empty(work, 60)
        finally:
            for each in workers:
                each.send_signal(signal.SIGTERM)
                await asyncio.to_thread(each.communicate, timeout=30)
        assert await noted(work) == {key: [f"{number:02}" for number in range(20)] for key in "abcdef"}
        assert await work.superuser.fetchval("SELECT count(*) FROM quarantined_message") == 0

    runner(database_url, owner_url, superuser_url)(run)


def test_the_clock_of_a_skewed_process_is_as_wrong_as_was_asked(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", SAY],
        env=environment(skewed(tmp_path, -HOUR)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    for each in said.stdout.split():
        assert abs(datetime.now(UTC) - timedelta(seconds=HOUR) - datetime.fromtimestamp(float(each), UTC)) < (
            timedelta(seconds=300)
        )
