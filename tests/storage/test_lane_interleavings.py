"""Writers, workers, crashes and operators in any order: the lanes do what plain lists would."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from storage.lane_outcome import Done, Outcome, Poison, Retry
from storage.lanes import Fenced, Lease, Message, Taken
from storage.leases import release
from storage.quarantine import Decision, discard, list_quarantined, replay
from tests.storage.lane_model import Model
from tests.storage.lane_work import BROKEN, LEASE, PATIENCE, Work, runner

SEEDS = max(int(os.environ.get("CONTRACT_GRAPH_FUZZ", "200")) // 5, 10)
FIRST = int(os.environ.get("CONTRACT_GRAPH_FUZZ_FIRST", "0"))
STEPS = 60


@dataclass
class Run:
    """One random history: what is done to the database is done to the model."""

    work: Work
    chance: Random
    keys: tuple[str, ...]
    model: Model = field(default_factory=lambda: Model(PATIENCE, LEASE))
    leases: list[tuple[Lease, list[Taken]]] = field(default_factory=list)
    """What workers believe to hold, also those whose lease has ended."""
    came: dict[str, list[str]] = field(default_factory=dict)
    replayed: set[str] = field(default_factory=set)

    async def enqueue(self) -> None:
        messages = []
        for _ in range(self.chance.choice((1, 1, 1, 2, 5))):
            key, name = self.chance.choice(self.keys), self.chance.choice((None, None, "write", "other"))
            payload = f"{key} {len(self.came.setdefault(key, [])):04}"
            self.came[key].append(payload)
            messages.append(Message(key=key, payload=payload, correlation=payload, coalesce=name))
        await self.work.enqueue(*messages)
        self.model.enqueue(messages, self.work.now)

    async def claim(self) -> None:
        lanes, messages = self.chance.choice((1, 2, 5)), self.chance.choice((1, 3, 20))
        due = self.model.due(self.work.now)
        leases = await self.work.claim(lanes, messages)
        assert {each.key for each in leases} <= due
        assert len(leases) == min(lanes, len(due))
        for lease in leases:
            expected = self.model.claimed(lease.key, lease.id, messages, self.work.now)
            taken = list(await self.work.take(lease))
            assert [each.payload for each in taken] == expected
            assert lease.attempts == self.model.lanes[lease.key].attempts
            self.leases.append((lease, taken))

    async def finish(self) -> None:
        if not self.leases:
            return
        lease, taken = self.leases.pop(self.chance.randrange(len(self.leases)))
        outcomes = [self._outcome() for _ in taken][: self.chance.choice((1, 20, 20))]
        if not self.model.holds(lease.key, lease.id):
            with pytest.raises(Fenced):
                await self.work.finish(lease, taken, *outcomes)
            return
        ended = await self.work.finish(lease, taken, *outcomes)
        self.model.finished(
            lease.key, outcomes, [each.payload for each in taken], self.work.now, ended.retry_at
        )
        assert ended.left == len(self.model.lanes[lease.key].waiting)

    def _outcome(self) -> Outcome:
        later = self.work.now + timedelta(seconds=self.chance.randrange(200))
        return self.chance.choice(
            [*[Done()] * 8, Retry(BROKEN), Retry(BROKEN), Retry(BROKEN, after=later), Poison(BROKEN)]
        )

    async def kill(self) -> None:
        if self.leases:
            self.leases.pop(self.chance.randrange(len(self.leases)))

    async def release(self) -> None:
        if not self.leases:
            return
        lease, _ = self.leases.pop(self.chance.randrange(len(self.leases)))
        await self.work.in_org(lambda connection, _: release(connection, lease, self.work.now))
        if self.model.holds(lease.key, lease.id):
            self.model.released(lease.key, self.work.now)

    async def wait(self) -> None:
        self.work.later(seconds=self.chance.choice((0.1, 1, 10, 61)))

    async def decide(self) -> None:
        async def run(connection: asyncpg.Connection, org: UUID) -> None:
            mine = [
                each for each in await list_quarantined(connection, org) if each.payload in self.model.held
            ]
            assert len(mine) == len(self.model.held)
            if not mine:
                return
            each, decision = self.chance.choice(mine), Decision(by="Ada", because="fixed", at=self.work.now)
            if self.chance.random() < 0.3:
                await discard(connection, org, each.id, decision)
                self.model.held.pop(each.payload)
                self.model.discarded.add(each.payload)
                return
            first = self.chance.random() < 0.5
            await replay(connection, org, each.id, decision, first=first)
            self.model.replayed(each.payload, self.work.now, first=first)
            self.replayed.add(each.payload)

        await self.work.in_org(run)

    async def drain(self) -> None:
        """Let workers that do not fail come to the end."""
        while any(lane.waiting for lane in self.model.lanes.values()):
            self.work.later(seconds=600)
            for lease in await self.work.claim(20, 20):
                expected = self.model.claimed(lease.key, lease.id, 20, self.work.now)
                taken = await self.work.take(lease)
                assert [each.payload for each in taken] == expected
                await self.work.finish(lease, taken)
                self.model.finished(lease.key, [Done()] * len(taken), expected, self.work.now, None)

    def check(self) -> None:
        model = self.model
        for key, came in self.came.items():
            done = model.done.get(key, [])
            assert len(done) == len(set(done)), "nothing is done twice"
            held = {payload for payload, (owner, _) in model.held.items() if owner == key}
            fates = [set(done), held, model.discarded & set(came), model.replaced & set(came)]
            assert sum(map(len, fates)) == len(came), "each message has one fate"
            assert set().union(*fates) == set(came), "nothing is lost"
            in_order = [payload for payload in done if payload not in self.replayed]
            assert in_order == sorted(in_order), "what no operator moved keeps its order"


async def _all(work: Work) -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        run = Run(work, Random(seed), tuple(f"{seed}{name}" for name in "abc"))
        steps: list[Any] = [
            *[run.enqueue] * 4, *[run.claim] * 4, *[run.finish] * 4, *[run.wait] * 2, run.kill, run.release,
            run.decide,
        ]  # fmt: skip
        try:
            for _ in range(STEPS):
                await run.chance.choice(steps)()
            await run.drain()
            run.check()
        except BaseException:
            print(f"seed {seed}")  # noqa: T201 - shown with the failure
            raise
        assert await work.superuser.fetchval("SELECT count(*) FROM lane_message") == 0
        assert await work.superuser.fetchval("SELECT count(*) FROM lane WHERE next_at < 'infinity'") == 0


def test_lanes_do_what_plain_lists_would(database_url: str, owner_url: str, superuser_url: str) -> None:
    runner(database_url, owner_url, superuser_url)(_all)
