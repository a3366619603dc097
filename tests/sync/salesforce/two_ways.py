"""Contracts edited on both sides at random, here as the contract system does and there as a person does."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any, Final
from uuid import UUID

import requests

from domain.claim import Report
from domain.contract import Contract, ContractType, Side
from domain.crm import Account, Opportunity
from domain.drift import DriftState
from domain.field import CLM
from domain.identity import uuid7
from domain.ledger import contract_id_for
from domain.lifecycle import ContractStatus
from domain.money import Money
from storage.database import BUSY
from storage.drift import chosen
from storage.ingest import Ingest
from storage.lanes import Queue, enqueue
from storage.salesforce_streams import set_stream
from sync.apply import apply_report
from sync.drift import compare_now, repair
from sync.outbox import change_of, write_of
from sync.salesforce.changes.subscribers import stream_message
from tests.storage.lane_work import ONE, Work
from tests.sync.salesforce.org import REP, SYNC, Rest, SalesforceOrg

TROUBLE: Final = ("lock", "unavailable", "cut", "cut_after", "expired", "concurrent")
FAILING: Final = 0.12
"""The share of calls that fail, in all these ways together."""
EVENTS: Final = {"gap": 0.05, "twice": 0.1, "break": 0.004}
"""The share of change events that come without values, twice, and not before the stream is lost."""
SETTINGS: Final = {"repeats": 5, "keepalive": 1.0, "daily_limit": 10**7, "daily_events": 10**7}
"""Whenever the stream is taken up some events come again; the limits of a day are for another test."""
ENOUGH: Final = 150
"""So much may wait for workers before editing does: both sides are to meet, not to queue."""
SECOND: Final = 1.1
"""Seconds between two edits of one contract there: of two in one second of Salesforce a question of ours
that comes between them tells them not apart (docs/operators.md)."""

_FIRST_DAY = date(2000, 1, 1)
_QUIET = timedelta(minutes=20)


class SideOf(StrEnum):
    """Who edits."""

    HERE = "here"
    THERE = "there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A field that both sides edit: its name in the graph, `None` where the graph only mirrors it, and there.

    `here` and `there` make the value of an edit by its number, and `shown` how history tells it.
    """

    name: str | None
    object: str
    there_name: str
    here: Callable[[int], Any]
    there: Callable[[int], Any]
    shown: Callable[[int], str]


def _text(prefix: str) -> Callable[[int], str]:
    return lambda number: f"{prefix} {number}"


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)


def _iso(number: int) -> str:
    return _day(number).isoformat()


def _place(
    name: str | None, there: str, here: Callable[[int], Any], json: Callable[[int], Any] | None = None,
    shown: Callable[[int], str] | None = None,
) -> Place:  # fmt: skip
    object_name, _, field_name = there.partition(".")
    return Place(
        name=name, object=object_name, there_name=field_name, here=here, there=json or here,
        shown=shown or here,
    )  # fmt: skip


PLACES: Final = (
    _place("title", "Contract.Name", _text("Title")),
    _place("number", "Contract.Agreement_Number__c", _text("N")),
    _place("effective_date", "Contract.StartDate", _day, _iso, _iso),
    _place(
        "total_value", "Opportunity.Amount", lambda n: Money(Decimal(n), "USD"), lambda n: n,
        lambda n: f"{n}.00 USD",
    ),
    _place(None, "Opportunity.Name", _text("Deal")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit; `at` is when it began, in whichever order."""

    number: int
    side: SideOf
    contract: UUID
    place: Place
    signed: bool


@dataclass
class TwoWays:
    """Contracts of one org, edited on both sides; `edits` are in the order in which each field had them.

    `unread` are the headers of the events that nobody had read when the stream was lost, `lost` times.
    """

    work: Work
    org: SalesforceOrg
    chance: Random
    records: dict[UUID, Mapping[str, str]] = field(default_factory=dict)
    first: dict[UUID, Mapping[Place, Any]] = field(default_factory=dict)
    signed: set[UUID] = field(default_factory=set)
    edits: list[Edit] = field(default_factory=list)
    unread: list[Mapping[str, Any]] = field(default_factory=list)
    lost: int = 0
    _rep: Rest | None = None
    _edited: defaultdict[UUID, float] = field(default_factory=lambda: defaultdict(lambda: -SECOND))

    async def subscribe(self, topic: str) -> None:
        """Have workers hear of what changes there."""
        now = datetime.now(UTC)
        async with self.work.database.transaction(ONE) as connection:
            await set_stream(connection, ONE, topic, self.org.stand_in.events or "", now)
            await enqueue(connection, ONE, Queue.STREAM, [stream_message(topic)], now)

    async def furnish(self, contracts: int, topic: str) -> None:
        """Have contracts with a deal each, known on both sides, and nothing under way."""
        self.org.stand_in.arrange(settings=SETTINGS)
        deal = {"AccountId": self.org.account, "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        named = [deal | {"Name": f"Deal {-each}", "Amount": 1} for each in range(contracts)]
        ids = self.org.stand_in.arrange(records={"Opportunity": named})["Opportunity"]
        known = await self.work.superuser.fetchval("SELECT id FROM account")
        acme = Account(id=known or uuid7(), source_key="crm:1", name="Acme", salesforce_id=self.org.account)
        deals = [
            Opportunity(
                id=uuid7(), source_key=f"o{n}", name=f"Deal {-n}", stage="Prospecting", salesforce_id=id_
            )
            for n, id_ in enumerate(ids)
        ]  # fmt: skip
        made = [
            Contract(
                id=contract_id_for(ONE, f"C{n}"), source_key=f"two:C{n}", title="Title 0", number=f"N {-n}",
                external_reference=f"C{n}", type=ContractType.ORDER_FORM, side=Side.CUSTOMER,
                status=ContractStatus.DRAFT, account_id=acme.id, opportunity_id=each.id,
                effective_date=_FIRST_DAY, total_value=Money(Decimal(1), "USD"),
            )
            for n, each in enumerate(deals)
        ]  # fmt: skip
        now = datetime.now(UTC)
        async with self.work.database.transaction(ONE) as connection:
            await Ingest(connection, ONE, lambda: now).save([acme, *deals, *made])
            await enqueue(connection, ONE, Queue.OUTBOX, [write_of(each.id, "first") for each in made], now)
        await self.quiet(topic)
        told = {each["Contract_Graph_Id__c"]: each["Id"] for each in self.org.stand_in.records("Contract")}
        self.records = {
            each.id: {"Contract": told[str(each.id)], "Opportunity": deal_id}
            for each, deal_id in zip(made, ids, strict=True)
        }
        begin = [
            ["Title 0", each.number, _iso(0), 1, deal.name] for each, deal in zip(made, deals, strict=True)
        ]
        self.first = {
            each.id: dict(zip(PLACES, values, strict=True)) for each, values in zip(made, begin, strict=True)
        }

    def fail(self) -> None:
        """Have Salesforce fail from now on, in every way."""
        calls = [{"kind": kind, "times": None, "share": FAILING / len(TROUBLE)} for kind in TROUBLE]
        events = [{"kind": kind, "times": None, "share": share} for kind, share in EVENTS.items()]
        self.org.stand_in.arrange(faults=calls + events)

    async def round(self, number: int) -> None:
        """Edit one contract on both sides at once: a field each, the same one every other time."""
        contract = await self._rested()
        one = self.chance.choice([each for each in PLACES if each.name])
        other = one if self.chance.random() < 0.5 else self.chance.choice(PLACES)
        here = Edit(2 * number, SideOf.HERE, contract, one, contract in self.signed)
        there = Edit(2 * number + 1, SideOf.THERE, contract, other, contract in self.signed)
        self.edits += [here, there]
        await asyncio.gather(self._claim(here), asyncio.to_thread(self._edit, there))
        self._edited[contract] = time.monotonic()

    async def _rested(self) -> UUID:
        """Return one of the contracts that were not edited just now."""
        while True:
            found = [each for each in self.records if time.monotonic() - self._edited[each] > SECOND]
            if found:
                return self.chance.choice(found)
            await asyncio.sleep(0.05)

    async def say(self, contract: UUID, number: int) -> None:
        """Have the contract system say something that Salesforce is to be told."""
        await self._claim(Edit(number, SideOf.HERE, contract, PLACES[0], contract in self.signed))

    async def sign(self) -> None:
        """Have every other contract signed, apart from all edits: what is Salesforce's until then is ours."""
        await asyncio.sleep(SECOND)
        self.signed = set(sorted(self.records)[::2])
        for contract in sorted(self.signed):
            await self._report(contract, f"signed {contract}", {"status": ContractStatus.EXECUTED})
        await asyncio.sleep(SECOND)

    async def lose_the_stream(self, topic: str) -> None:
        """Have Salesforce forget its events and its replay ids; note which events nobody had read."""
        latest = self.org.stand_in.events_told()
        place = (await self._place(topic) or b"").hex()
        self.org.stand_in.clear("stream")
        kept = [each for each in self.org.stand_in.published() if each["replayId"][:8] == latest[:8]]
        unread = kept if place[:8] != latest[:8] else [each for each in kept if each["replayId"] > place]
        self.unread += unread
        self.lost += 1

    async def compare(self) -> None:
        """Have both sides compared."""
        async with self.work.database.transaction(ONE) as connection:
            await compare_now(connection, ONE, datetime.now(UTC))

    async def settle(self, topic: str) -> int:
        """Have a person put right what is left to one, as `crm drift --repair all`; return how much."""
        async with self.work.database.transaction(ONE) as connection:
            found = await repair(connection, ONE, None, "somebody", datetime.now(UTC))
        await self.quiet(topic)
        await self.compare()
        await self.quiet(topic)
        return found

    async def drifted(self, *states: DriftState) -> Mapping[str, int]:
        """Count what differs, or did, by the side that counts."""
        async with self.work.database.transaction(ONE) as connection:
            found = await chosen(connection, ONE, states, most=10**6)
        return Counter(f"{each.owner}" for each in found)

    async def pace(self, topic: str) -> None:
        """Wait while workers have too much to do, or to read."""
        while max(await self._waiting(), await self._to_read(topic)) > ENOUGH:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)

    async def quiet(self, topic: str) -> None:
        """Wait until all events are read and nothing is left to be done."""
        async with asyncio.timeout(_QUIET.total_seconds()):
            while not await self._is_quiet(topic):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)

    async def read(self, topic: str) -> None:
        """Wait until all events are read, whoever does what follows from them."""
        async with asyncio.timeout(_QUIET.total_seconds()):
            while await self._to_read(topic):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)

    async def _is_quiet(self, topic: str) -> bool:
        for _ in range(2):  # what was read last may have been no work yet when work was looked for
            if await self._waiting() or await self._to_read(topic):
                return False
        return True

    async def _to_read(self, topic: str) -> int:
        """Return how many events are unread, or about twice as many: replay ids have gaps."""
        latest = bytes.fromhex(self.org.stand_in.events_told())
        place = await self._place(topic) or b""
        # Ids of a stream that was reset are no earlier ones: they begin otherwise.
        if place[:4] != latest[:4]:
            return 1
        return int.from_bytes(latest[4:]) - int.from_bytes(place[4:])

    async def _place(self, topic: str) -> bytes | None:
        """Return up to where the stream is read."""
        found: bytes | None = await self.work.superuser.fetchval(
            "SELECT replay_id FROM salesforce_stream WHERE topic = $1", topic
        )
        return found

    async def _waiting(self) -> int:
        found: int = await self.work.superuser.fetchval(
            "SELECT count(*) FROM lane_message m JOIN lane l ON (l.org_id, l.id) = (m.org_id, m.lane_id)"
            " WHERE l.queue IN ('change', 'outbox', 'resync', 'drift') AND l.next_at < 'infinity'"
        )
        return found

    async def _claim(self, edit: Edit) -> None:
        name = edit.place.name or ""
        await self._report(edit.contract, f"e{edit.number}", {name: edit.place.here(edit.number)})

    async def _report(self, contract: UUID, event: str, fields: Mapping[str, Any]) -> None:
        """Claim something as the contract system, with what follows from it, as whoever takes claims does."""
        now = datetime.now(UTC)
        report = Report(
            contract=f"C{contract}", system=CLM, source="two", event=event, claimed_at=now, fields=fields
        )
        while True:
            with suppress(*BUSY):  # as whoever is told to come again: it is the same event
                async with self.work.database.transaction(ONE) as connection:
                    applied = await apply_report(connection, ONE, report, now=now, contract_id=contract)
                    told = change_of(applied, event)
                    await enqueue(connection, ONE, Queue.OUTBOX, [told] if told else [], now)
                return

    def _edit(self, edit: Edit) -> None:
        """Change a record in Salesforce, as somebody who tries until it is done."""
        record = self.records[edit.contract][edit.place.object]
        values = {edit.place.there_name: edit.place.there(edit.number)}
        while True:
            with suppress(requests.RequestException, KeyError):
                self._rep = self._rep or self.org.rest(REP)
                path = f"sobjects/{edit.place.object}/{record}"
                if self._rep("PATCH", path, values).status_code == 204:
                    return
                self._rep = None

    def ours(self) -> Sequence[Mapping[str, Any]]:
        """The writes of ours that changed anything in Salesforce."""
        users = {each["Username"]: each["Id"] for each in self.org.stand_in.records("User")}
        return [each for each in self.org.stand_in.journal(user=users[SYNC]) if each["changed"]]
