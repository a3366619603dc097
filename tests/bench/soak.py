"""An hour of everything at once at a share of what the installation can do: nothing may grow, slow or fail.

`python -m tests.bench.soak`: `contract-graph serve`, a worker and `audit seal` over an embedded database that
waits for its disk, the stand-in Salesforce, and the load, all on this machine. What it can do is measured
first: each of 64 connections asks again as soon as it is answered, and what that left in the queues is waited
for. Then requests arrive at a fixed rate, whether or not the last were answered, so that one that waits is
late. Every answer to a read is compared with the first to the same question, a part of them with the bare
driver's, and what came of each event and claim is looked at in the end. Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

import asyncpg

from tests.bench.dialects import OURS
from tests.bench.measure import DifferentAnswersError, compare
from tests.bench.servers import Server, run_servers
from tests.bench.site import ROOT, Process, site
from tests.bench.soak_ground import Ground, furnished
from tests.bench.soaked import RECORDED, recorded, weighed
from tests.bench.steadiness import Finding, latency, memory, piles
from tests.bench.watch import Sample, Watch

COMPARED: Final = 40
"""Questions of each kind that the bare driver is asked too, before and after."""

CALLS: Final = 10_000_000
"""Calls a day that Salesforce allows: of its usual 100,000 an hour of this uses up what is ours."""

POOLS: Final = 24
"""Connections of the server and the worker together: they are opened when they are first needed."""

WAITING: Final = (
    "SELECT (SELECT count(*) FROM lane WHERE next_at < 'infinity') AS lanes,"
    " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,"
    " (SELECT coalesce(sum(n_tup_ins), 0) FROM pg_stat_user_tables WHERE relname LIKE 'audit_event%')"
    " AS events,"
    " (SELECT coalesce(sum(size), 0) FROM (SELECT max(size) AS size FROM audit_head GROUP BY org_id) heads)"
    " AS sealed,"
    " pg_database_size(current_database()) / 1e6 AS megabytes"
)


@dataclass
class Run:
    """What was seen."""

    capacity: float
    share: float
    rate: float
    nice: int
    minutes: list[dict[str, Any]] = field(default_factory=list)
    over: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all is as it must be."""
        return all(each.good for each in self.findings)


def main() -> int:
    """Soak, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.7, help="of the capacity (0.7)")
    parser.add_argument("--press", type=float, default=30, help="seconds of measuring the capacity (30)")
    parser.add_argument("--contracts", type=int, default=20_000, help="in the graph that is read (20000)")
    parser.add_argument("--changing", type=int, default=4_000, help="contracts that are changed (4000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nice", type=int, default=0, help="priority, for a machine that others use too (0)")
    parser.add_argument("--json", type=Path, help="write all of it there")
    given = parser.parse_args()
    # A panel tells how many days are left: its answers change at midnight.
    if (datetime.now(UTC) + timedelta(minutes=given.minutes + 10)).date() != datetime.now(UTC).date():
        print("answers of two days cannot be compared: begin after midnight UTC", file=sys.stderr)
        return 2
    os.nice(given.nice)  # whatever is started here has it too
    with site(given.changing) as made:
        ground = furnished(made, given.contracts, given.seed)
        run = _Soak(ground, given).run()
    for each in run.findings:
        print(f"{'ok   ' if each.good else 'WRONG'} {each.what}: {each.told}", flush=True)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(asdict(run), indent=1) + "\n")
    return 0 if run.good else 1


class _Soak:
    def __init__(self, ground: Ground, given: argparse.Namespace) -> None:
        self._ground, self._given = ground, given
        self._site = ground.site

    def run(self) -> Run:
        self._site.salesforce.arrange(settings={"daily_limit": CALLS})
        server, worker = self._site.serve(), self._site.start("worker")
        watched = {
            "server": server.pid, "worker": worker.pid, "sealing": self._ground.seal().pid,
            "PostgreSQL": self._ground.graph.postmaster,
        }  # fmt: skip
        self._compare(server)
        load = self._load()
        self._phase(load, self._given.press / 3, None)  # statements are prepared, and answers learnt
        self._site.wait_until_done()
        capacity = self._capacity(load)
        run = Run(capacity, self._given.share, capacity * self._given.share, self._given.nice)
        print(
            f"it can do {capacity:,.0f} requests/s; {run.rate:,.0f}/s arrive, {run.share:.0%} of them",
            flush=True,
        )
        before = self._site.value(RECORDED)
        with Watch(watched, os.getpid()) as watch:
            self._soak(load, run, watch)
        assert load.stdin
        load.stdin.close()
        load.wait(60)
        self._site.wait_until_done()
        self._judge(run, watch.samples)
        run.findings.append(recorded(run.over["kinds"], self._site.value(RECORDED) - before))
        self._compare(server)
        run.findings += weighed(self._site, run.over["sent"])
        return run

    def _load(self) -> subprocess.Popen[str]:
        load = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.arrivals"], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._tell(load, self._ground.order)
        return load

    def _tell(self, load: subprocess.Popen[str], what: Mapping[str, Any]) -> None:
        assert load.stdin
        load.stdin.write(json.dumps(what) + "\n")
        load.stdin.flush()

    def _lines(self, load: subprocess.Popen[str]) -> Any:
        assert load.stdout
        while line := load.stdout.readline():
            told = json.loads(line)
            yield told
            if told.get("over"):
                return
        raise RuntimeError("the load ended before its time")

    def _phase(self, load: subprocess.Popen[str], seconds: float, rate: float | None) -> dict[str, Any]:
        self._tell(load, {"seconds": seconds, "rate": rate})
        told: dict[str, Any] = list(self._lines(load))[-1]
        if told["errors"]:
            raise SystemExit(f"nothing is measured: {told['wrong']}\n" + "\n".join(told["examples"]))
        return told

    def _capacity(self, load: subprocess.Popen[str]) -> float:
        """Requests a second, what they leave to be done included."""
        began = time.perf_counter()
        told = self._phase(load, self._given.press, None)
        self._site.wait_until_done()
        return float(told["requests"] / (time.perf_counter() - began))

    def _soak(self, load: subprocess.Popen[str], run: Run, watch: Watch) -> None:
        self._tell(load, {"seconds": 60 * self._given.minutes + 0.5, "rate": run.rate})
        began = time.monotonic()
        watch.taken_by_others()
        for told in self._lines(load):
            if told.get("over"):
                run.over = told
                return
            seen = watch.since(began)
            began = time.monotonic()
            minute = told | self._rows() | _held(seen) | {"others": watch.taken_by_others()}
            run.minutes.append(minute)
            print(_line(minute), flush=True)

    def _rows(self) -> dict[str, Any]:
        async def fetch(connection: asyncpg.Connection) -> dict[str, Any]:
            return {name: float(value) for name, value in (await connection.fetchrow(WAITING)).items()}

        return self._site.ask(fetch)

    def _judge(self, run: Run, samples: Sequence[Sample]) -> None:
        for name in samples[0].memory:
            run.findings += _kept(name, samples)
        minutes, over = run.minutes, run.over
        run.findings += [
            latency([each["p99"] for each in minutes], [each["others"] for each in minutes]),
            piles("lanes that wait", [each["lanes"] for each in minutes], 50),
            piles("connections to PostgreSQL", [each["connections"] for each in minutes], POOLS),
            piles("events not sealed", [each["events"] - each["sealed"] for each in minutes], 90 * run.rate),
            Finding(
                what="answers", good=not over["errors"],
                told=f"{over['requests']:,} at {over['requests'] / over['seconds']:,.0f}/s,"
                f" p50 {over['p50']:.1f} ms, p99 {over['p99']:.1f} ms; wrong or failed: {over['wrong'] or 0}",
            ),
            Finding(
                what="live subscriptions", good=not over["listeners"]["failed"],
                told=f"{over['listeners']['opened']:,} opened, {over['listeners']['heard']:,} changes heard,"
                f" failed: {over['listeners']['problems'] or 0}",
            ),
        ]  # fmt: skip

    def _compare(self, process: Process) -> None:
        """Have the bare driver answer the same. Raises DifferentAnswersError."""
        ours = Server(
            name="ours", dialect=OURS, port=self._site.port, process=process.pid,
            running=lambda: process.poll() is None,
        )  # fmt: skip
        with run_servers(self._ground.graph, ("limit",)) as servers:
            for operation, questions in self._ground.questions.items():
                compare({"ours": ours, **servers}, operation, questions[:COMPARED])


def _kept(name: str, samples: Sequence[Sample]) -> Iterator[Finding]:
    """Judge what one of those watched held.

    A pool opens a connection when it first needs one more, which takes PostgreSQL a process: what counts is
    what each has. Files that these hold open are a cache of PostgreSQL's own, of 1,000 at most.
    """
    if name == "PostgreSQL":
        each_one = _evenly([each.memory[name] / each.processes[name] for each in samples])
        yield memory("a process of PostgreSQL", each_one, least=0.5)
        return
    yield memory(name, _evenly([each.memory[name] for each in samples]))
    yield piles(f"open files of {name}", [each.files[name] for each in samples], POOLS)
    yield piles(f"threads of {name}", [each.threads[name] for each in samples], 8)


def _held(samples: Sequence[Sample]) -> dict[str, Any]:
    last = samples[-1]
    return {
        "memory": {name: mean(each.memory[name] for each in samples) for name in last.memory},
        "files": dict(last.files), "threads": dict(last.threads), "processes": dict(last.processes),
    }  # fmt: skip


def _evenly(figures: Sequence[float], pieces: int = 120) -> list[float]:
    """Return medians of equal parts: of an hour every half minute."""
    size = max(len(figures) // pieces, 1)
    return [median(figures[at : at + size]) for at in range(0, len(figures) - size + 1, size)]


def _line(minute: Mapping[str, Any]) -> str:
    held = ", ".join(f"{name} {value:,.0f}" for name, value in minute["memory"].items())
    figures = (
        f"{datetime.now(UTC):%H:%M} {minute['minute']:>3} min {minute['requests'] / 60:>6,.0f}/s",
        f"p50 {minute['p50']:>5.1f}, p99 {minute['p99']:>6.1f} ms",
        f"errors {minute['errors']}",
        f"MB: {held}",
        f"files {', '.join(str(value) for value in minute['files'].values())}",
        f"connections {minute['connections']:.0f}",
        f"lanes {minute['lanes']:.0f}",
        f"events {minute['events']:,.0f}, sealed {minute['sealed']:,.0f}",
        f"database {minute['megabytes']:,.0f} MB",
        f"others took {minute['others']:.1f} CPU",
    )
    return "  ".join(figures)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DifferentAnswersError as error:
        sys.exit(f"WRONG {error}")
