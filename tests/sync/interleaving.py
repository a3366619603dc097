"""Senders, workers and deaths in any order, over one database: many contracts at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final
from uuid import UUID

import asyncpg

from auth.crypto import Sealer
from auth.key_encryption import from_text
from auth.vault import Vault
from domain.contract import Contract
from domain.crm import Account
from domain.history import Decision
from domain.identity import uuid7
from domain.ledger import contract_id_for
from domain.org import Org
from storage.connections import StoredConnection, add_connection, add_key
from storage.contracts import load
from storage.database import Database
from storage.ingest import Ingest
from storage.lane_outcome import Outcome, Patience
from storage.lanes import Queue, claim
from storage.orgs import save_org
from storage.salesforce import StoredSalesforce, set_salesforce
from sync.connections import sealed_key
from sync.door import Door, Verified, verified
from sync.group import Groups
from sync.handlers import Apart, Batch, Together, Within
from sync.inbox import InboxWork
from sync.outbox import OutboxWork
from sync.salesforce.breaker import Breaker
from sync.salesforce.connection import LOGIN
from sync.salesforce.orgs import SalesforceOrgs, sealed_secret
from sync.turn import Counters, Pace, Turns
from tests.keys import KEY_ENCRYPTION
from tests.sync.clm.deliveries import SECRET
from tests.sync.fate import Fate, Killed
from tests.sync.plain_system import MAPPING, SYSTEMS, PlainConnections
from tests.sync.random_claims import MORNING, Sent, Told, told_at_random
from tests.sync.salesforce.org import APP, PRIVATE_KEY, SYNC, SalesforceOrg

PACE: Final = Pace(lanes=8, messages=5, patience=Patience(attempts=1000))
QUEUES: Final = (Queue.INBOX, Queue.OUTBOX)
_KEPT_HERE: Final = {"id", "source_key", "version", "updated_at", "amendment_count"}
TROUBLE: Final = ("lock", "cut", "cut_after", "unavailable", "expired", "concurrent")


@dataclass
class Interleaving:
    """One org with contracts that are spoken of, a clock, and workers of which any may die."""

    database: Database
    owner: asyncpg.Connection
    salesforce: SalesforceOrg
    fate: Fate
    chance: Random
    org: Org = field(default_factory=lambda: Org(id=uuid7(), name=f"{uuid7()}"))
    now: datetime = MORNING + timedelta(hours=2)
    told: Sequence[Told] = ()
    accounts: dict[str, UUID] = field(default_factory=dict)
    sealer: Sealer = field(default_factory=lambda: Sealer(from_text(KEY_ENCRYPTION, "tests")))

    async def begin(self, contracts: int) -> None:
        """Set the org up, and make up what is said of so many contracts."""
        await save_org(self.owner, self.org)
        self._ids = {name: uuid7() for name in SYSTEMS}
        account = Account(id=uuid7(), source_key="crm:1", name="Acme", salesforce_id=self.salesforce.account)
        async with self.database.transaction(self.org.id) as connection:
            for name, id_ in self._ids.items():
                stored = StoredConnection(
                    org_id=self.org.id, id=id_, name=name, vendor="generic", settings={}, mapping=MAPPING,
                    made_at=MORNING,
                )  # fmt: skip
                await add_connection(connection, stored)
                key = sealed_key(self.sealer, self.org.id, id_, SECRET, MORNING)
                await add_key(connection, self.org.id, key)
            await Ingest(connection, self.org.id, lambda: MORNING).save([account])
            await set_salesforce(
                connection,
                StoredSalesforce(
                    org_id=self.org.id, url=self.salesforce.stand_in.url, consumer_key=APP, username=SYNC,
                    audience=LOGIN, secret=sealed_secret(self.sealer, self.org.id, PRIVATE_KEY),
                    currency="USD", made_at=MORNING,
                ),
            )  # fmt: skip
        self.accounts = {self.salesforce.account: account.id}
        self.told = [
            told_at_random(self.chance, f"C{number}", self.salesforce.account) for number in range(contracts)
        ]
        self._left = {each.contract: list(each.sent) for each in self.told}
        self._begun: dict[str, bool] = {}
        self._connections = PlainConnections(self.sealer)
        self._workers = [self._worker() for _ in range(3)]
        self._door = Door()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send and work with deaths and trouble until all is sent; then work until nothing waits."""
        orders = [{"kind": kind, "times": None, "share": 0.03} for kind in TROUBLE]
        self.salesforce.stand_in.arrange(faults=orders)
        self.fate.asleep = False
        while any(self._left.values()):
            for _ in range(self.chance.randint(2, 8)):
                self._under_way.add(asyncio.create_task(self._any_step()))
            # Whoever is slow is not waited for: its lease may end under its hands.
            await self._ended(0.02)
            self.now += timedelta(seconds=self.chance.choice((0, 0, 1, 5, 61)))
        self.fate.asleep = True
        await self._ended(None)
        await asyncio.to_thread(self.salesforce.stand_in.clear, "faults")
        while await self._waiting():
            for queue in QUEUES:
                await self._work(queue, self._workers[0], 50)
            self.now += timedelta(seconds=70)

    async def check(self) -> None:
        """Compare with what the rules make of all claims at once, and with what Salesforce was told."""
        records = {
            each["External_Reference__c"]: each for each in self.salesforce.stand_in.records("Contract")
        }
        journal: dict[str, list[Any]] = {}
        for entry in self.salesforce.stand_in.journal(object="Contract"):
            journal.setdefault(entry["id"], []).append(entry)
        for told in self.told:
            found = await self._contract(told)
            self._check_graph(told, found)
            record = records.pop(told.contract)
            check_salesforce(found, record, journal[record["Id"]])
        assert records == {}, "nobody asked for these"
        async with self.database.transaction(self.org.id) as connection:
            held = await connection.fetch("SELECT error, message FROM quarantined_message")
            assert held == [], held
            events = await connection.fetchval("SELECT count(*) FROM inbox_event WHERE applied_at IS NULL")
            assert events == 0

    async def close(self) -> None:
        """Let go of what workers hold."""
        for each in self._workers:
            close = each.turns.handlers[Queue.OUTBOX].close
            await close()

    def _check_graph(self, told: Told, found: Contract) -> None:
        settled = told.settled(self.accounts)
        for (name, part), value in settled.values.items():
            if part is None and name not in _KEPT_HERE:
                assert getattr(found, name) == value, (told.contract, name)
        papers = {part: value.title for (_, part), value in settled.values.items() if part is not None}
        assert {each.source_key: each.title for each in found.documents} == papers
        last: dict[tuple[str, str | None, str | None, str | None], Decision] = {}
        for line in sorted(found.changes, key=lambda each: (each.recorded_at, each.id)):
            last[line.field, line.part, line.source, line.event] = line.decision
        for claim_, verdict in settled.verdicts.items():
            if verdict.decision is not Decision.ACCEPTED:
                shown = last[claim_.field.graph_name, claim_.part, claim_.source, claim_.event]
                assert shown is not Decision.ACCEPTED, (claim_, verdict)

    async def _contract(self, told: Told) -> Contract:
        async with self.database.transaction(self.org.id) as connection:
            found = await load(connection, self.org.id, contract_id_for(self.org.id, told.contract))
        assert found is not None
        return found

    def _any_step(self) -> Coroutine[Any, Any, None]:
        # What others say of a contract that is not made yet would hold up its making: Salesforce makes none.
        waiting = [name for name, left in self._left.items() if left and self._begun.get(name, True)]
        if waiting and self.chance.random() < 0.6:
            name = self.chance.choice(waiting)
            self._begun.setdefault(name, False)
            return self._send(name, self._left[name].pop(0))
        place = self.chance.randrange(len(self._workers))
        return self._work(self.chance.choice(QUEUES), self._workers[place], self.chance.choice((1, 3, 8)))

    async def _send(self, name: str, sent: Sent) -> None:
        """Send until it is answered, as a contract system does."""
        while True:
            try:
                async with self.database.transaction(self.org.id) as connection:
                    sender = await self._connections.get(connection, self.org.id, self._ids[sent.source])
                assert sender is not None
                delivery = verified(sender, sent.delivery, self.now)
                assert isinstance(delivery, Verified)
                await self._door.store(self.database, self.org.id, delivery)
            except Killed:
                continue
            self._begun[name] = True
            return

    async def _work(self, queue: Queue, groups: Groups, lanes: int) -> None:
        """Take lanes of any org as a worker would."""
        async with self.database.claiming(queue) as connection:
            leases = await claim(
                connection, queue, lanes=lanes, messages=PACE.messages, lease_for=PACE.lease, now=self.now
            )
        taken = (groups.take(each) for each in groups.arranged(leases))
        for ended in await asyncio.gather(*taken, return_exceptions=True):
            if isinstance(ended, BaseException) and not isinstance(ended, Killed):
                raise ended

    async def _ended(self, patience: float | None) -> None:
        """Wait for what is under way; in so many seconds, if any are given, it need not be done."""
        if self._under_way:
            done, self._under_way = await asyncio.wait(self._under_way, timeout=patience)
            for each in done:
                error = each.exception()
                if error is not None and not isinstance(error, Killed):
                    raise error

    async def _waiting(self) -> int:
        async with self.database.transaction(self.org.id) as connection:
            return int(await connection.fetchval("SELECT count(*) FROM lane WHERE pending > 0"))

    def _worker(self) -> Groups:
        inbox = InboxWork(self.database, self._connections, Vault(self.sealer), self._clock)

        async def apply(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
            await self.fate.stall()
            return await inbox.apply(connection, batch)

        async def apply_together(
            connection: asyncpg.Connection, batches: Sequence[Batch]
        ) -> Sequence[Sequence[Outcome]]:
            await self.fate.stall()
            return await inbox.apply_together(connection, batches)

        async def write(batch: Batch) -> Sequence[Outcome]:
            told = await outbox.write(batch)
            await self.fate.stall()
            return told

        async def look(
            connection: asyncpg.Connection, batches: Sequence[Batch]
        ) -> Sequence[Callable[[], Awaitable[Sequence[Outcome]]]]:
            async def stalling(work: Callable[[], Awaitable[Sequence[Outcome]]]) -> Sequence[Outcome]:
                told = await work()
                await self.fate.stall()
                return told

            return [partial(stalling, each) for each in await outbox.look(connection, batches)]

        orgs = SalesforceOrgs(self.sealer, breaker=lambda: Breaker(failures=50, clock=self._seconds))
        outbox = OutboxWork(self.database, orgs, self._clock)
        turns = Turns(
            database=self.database,
            handlers={
                Queue.INBOX: Within(apply, apply_together),
                Queue.OUTBOX: Apart(
                    write, outbox.keep, outbox.close, Together(look, outbox.keep_together)
                ),
            },
            pace=PACE, clock=self._clock, counters=Counters(),
        )  # fmt: skip
        return Groups(turns=turns)

    def _clock(self) -> datetime:
        return self.now

    def _seconds(self) -> float:
        return self.now.timestamp()


def check_salesforce(found: Contract, record: dict[str, Any], entries: Sequence[dict[str, Any]]) -> None:
    """Say that Salesforce was told each of what it has once, in the order in which it became so here."""
    assert (record["Name"], record["Agreement_Number__c"]) == (found.title, found.number)
    assert record["Contract_Graph_Id__c"] == str(found.id)
    effects = [each for each in entries if each["changed"]]
    assert [each["operation"] for each in effects].count("created") == 1
    lines = sorted(found.changes, key=lambda each: (each.recorded_at, each.id))
    for field_, name in (("title", "Name"), ("number", "Agreement_Number__c")):
        here = [each.after for each in lines if each.field == field_ and each.decision is Decision.ACCEPTED]
        there = [each["fields"][name] for each in effects if name in each["changed"]]
        places = [here.index(each) for each in there if each in here]
        assert places == sorted(set(places)), f"{field_} was told twice, or out of order: {there} of {here}"
        assert len(there) - len(places) <= 1, "only the title that it had before anybody named it is no claim"
