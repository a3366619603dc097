"""Where scenarios are played: one database for all of them, an org for each, a clock that only they move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
from starlette.applications import Starlette

from api.webhooks import Webhooks
from auth.crypto import Sealer
from auth.key_encryption import from_text
from auth.public_id import public_id
from auth.vault import Vault
from domain.crm import Account, User
from domain.identity import uuid7
from domain.org import Org
from storage.connections import StoredConnection, add_connection, add_key, end_connection
from storage.database import Database
from storage.ingest import Ingest
from storage.lanes import Queue
from storage.orgs import save_org
from storage.quarantine import Decision, list_quarantined, replay
from sync.clm.delivery import Delivery
from sync.connections import sealed_key
from sync.handlers import Apart, Within
from sync.inbox import InboxWork
from sync.registry import handlers
from sync.trace import Trace
from sync.worker import Worker
from tests.keys import KEY_ENCRYPTION
from tests.sync.clm.deliveries import ACCOUNT, GENERIC
from tests.sync.contract_system import OTHER_SECRET, ContractSystem, content, secret_of, vendor_delivery
from tests.sync.plain_system import MAPPING, SYSTEMS, PlainConnections, plain_delivery
from tests.sync.scenario import Scenario
from tests.sync.scenario_told import told_of

NOON: Final = datetime(2026, 11, 27, 12, tzinfo=UTC)
"""When every scenario begins; what it says at 10:00 was said two hours before."""

_USUAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "docusign": {"settings": {"account": ACCOUNT}},
    "generic": {"mapping": GENERIC.decode()},
}
_UNITS: Final = ("seconds", "minutes", "hours", "days")
_RECORDS: Final = {"Account": Account, "User": User}


class NotAsExpected(AssertionError):
    """A scenario came to something else than its file says."""


@dataclass
class Stage:
    """The door, a worker and the clock."""

    database: Database
    owner: asyncpg.Connection
    systems: ContractSystem
    now: datetime = NOON
    turn: int = 0
    trace: Trace | None = None
    sealer: Sealer = field(default_factory=lambda: Sealer(from_text(KEY_ENCRYPTION, "tests")))

    async def play(self, scenario: Scenario) -> dict[str, Any]:
        """Play a scenario in an org of its own, and tell what became of it. Raises NotAsExpected."""
        self.turn += 1
        played = _Played(self, scenario, Org(id=uuid7(), name=f"{scenario.name} {self.turn}"))
        return await played.told()

    async def expect(self, scenario: Scenario) -> None:
        """Play a scenario. Raises NotAsExpected."""
        told = await self.play(scenario)
        for what, expected in scenario.expect.items():
            if told[what] != expected:
                raise NotAsExpected(f"{what} was expected to be {expected!r}, and is {told[what]!r}")

    def seconds(self) -> float:
        """Return that moment in seconds."""
        return self.now.timestamp()

    def clock(self) -> datetime:
        """Return the moment that it is in the scenario."""
        return self.now


class _Played:
    """One scenario as it is played."""

    def __init__(self, stage: Stage, scenario: Scenario, org: Org) -> None:
        self._stage, self._scenario, self._org = stage, scenario, org
        self._made: dict[str, UUID] = {}
        self._names: dict[UUID, str] = {}
        stage.now = NOON
        # Connections are known for a few seconds: of the scenario's clock, so that one that ends is seen to.
        self._connections = PlainConnections(stage.sealer, stage.seconds)
        door = Webhooks(self._connections, lambda: stage.database, lambda: None, stage.clock, stage.trace)
        self._door = httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=[door.route()])), base_url="http://here"
        )

    async def told(self) -> dict[str, Any]:
        await save_org(self._stage.owner, self._org)
        async with self._door:
            for number, step in enumerate(self._scenario.steps, start=1):
                answer = await self._step(step)
                expected = step.get("answer", "accepted 1, known 0")
                if answer is not None and answer != expected:
                    where = f"{self._scenario.name}, step {number}"
                    raise NotAsExpected(f"{where}: {expected!r} was expected, and {answer!r} answered")
                if not step.get("together", False):
                    await self._work()
        async with self._stage.database.transaction(self._org.id) as connection:
            asked = self._scenario.expect.get("graph", {})
            return await told_of(connection, self._org.id, self._names, asked)

    async def _step(self, step: Mapping[str, Any]) -> str | None:
        if "later" in step:
            number, unit = step["later"].split()
            assert unit in _UNITS
            self._stage.now += timedelta(**{unit: float(number)})
        elif "record" in step:
            await self._record(dict(step["record"]))
        elif "ends" in step:
            async with self._stage.database.transaction(self._org.id) as connection:
                await end_connection(connection, self._org.id, self._made[step["ends"]], self._stage.now)
            self._stage.now += timedelta(seconds=6)
        elif "replay" in step:
            await self._replay(step["replay"])
        else:
            return await self._send(step, self._said(step) if "says" in step else self._sent(step))
        return None

    async def _send(self, step: Mapping[str, Any], delivery: Delivery) -> str:
        """Send a delivery to the door, and tell what it answers."""
        address = public_id(self._org.id, await self._connection(step["by"]))
        answer = await self._door.post(
            f"/webhooks/{address}", content=delivery.body, headers=dict(delivery.headers),
            params=dict(delivery.query),
        )  # fmt: skip
        told = answer.json()
        if answer.status_code == 200:
            return f"accepted {told['accepted']}, known {told['known']}"
        (error,) = told["errors"]
        return f"{answer.status_code} {error['extensions']['code']}: {error['message']}"

    def _said(self, step: Mapping[str, Any]) -> Delivery:
        says = {**step["says"], **dict.fromkeys(step.get("lacks", ()))}
        return plain_delivery(
            step.get("contract", "A-1"), step["event"], _moment(step["at"]), says, step.get("parts", ())
        )

    def _sent(self, step: Mapping[str, Any]) -> Delivery:
        vendor = self._scenario.connections.get(step["by"], {}).get("vendor", step["by"])
        sent = step["sends"]
        given = {"sample" if sent.endswith(".json") else "body": sent, "change": step.get("change", {})}
        secret = {"key": OTHER_SECRET} if "key" in step else {}
        made = vendor_delivery(
            vendor, content(given), step.get("event", "d-1"), self._stage.now, *secret.values()
        )
        if step.get("unsigned", False):
            made = replace(made, headers={}, query={})
        if step.get("flip", False):
            body = bytearray(made.body)
            body[len(body) // 2] ^= 1
            made = replace(made, body=bytes(body))
        return replace(made, headers={**made.headers, **step.get("headers", {})})

    async def _connection(self, name: str) -> UUID:
        """Return a connection of the org, set up when it is first used."""
        if name in self._made:
            return self._made[name]
        told = self._scenario.connections.get(name, {})
        vendor = "generic" if name in SYSTEMS else told.get("vendor", name)
        usual = {"mapping": MAPPING} if name in SYSTEMS else _USUAL.get(vendor, {})
        base = None
        if told.get("asks", False):
            base = self._stage.systems.prepare(f"{self._org.id}", self._scenario.answers)
        id_ = self._made[name] = uuid7()
        stored = StoredConnection(
            org_id=self._org.id, id=id_, name=name, vendor=vendor, base_address=base, made_at=NOON,
            settings={**usual.get("settings", {}), **told.get("settings", {})},
            mapping=told.get("mapping", usual.get("mapping")),
        )  # fmt: skip
        async with self._stage.database.transaction(self._org.id) as connection:
            await add_connection(connection, stored)
            key = sealed_key(self._stage.sealer, self._org.id, id_, secret_of(vendor), NOON)
            await add_key(connection, self._org.id, key)
        return id_

    async def _record(self, told: dict[str, Any]) -> None:
        """Have a record known that Salesforce owns, as its feed would."""
        made = _RECORDS[told.pop("object")](id=uuid7(), source_key=f"crm:{told['salesforce_id']}", **told)
        self._names[made.id] = told["salesforce_id"]
        async with self._stage.database.transaction(self._org.id) as connection:
            await Ingest(connection, self._org.id, self._stage.clock).save([made])

    async def _replay(self, error: str) -> None:
        why = Decision(by="Ada", because="it is set right", at=self._stage.now)
        async with self._stage.database.transaction(self._org.id) as connection:
            (held,) = await list_quarantined(connection, self._org.id, error=error)
            await replay(connection, self._org.id, held.id, why)

    async def _work(self) -> None:
        """Have a worker do all that is due."""
        database = self._stage.database
        work = InboxWork(database, self._connections, Vault(self._stage.sealer), self._stage.clock)
        mine = {Queue.FETCH: Apart(work.fetch, work.hand_on), Queue.INBOX: Within(work.apply)}
        registered = handlers(database, self._stage.sealer, self._stage.clock)
        worker = Worker(database, {**registered, **mine}, clock=self._stage.clock, trace=self._stage.trace)
        await worker.run(once=True)


def _moment(text: str) -> datetime:
    """Read 10:00 as a moment of the day; any other must be whole."""
    whole = text if "T" in text else f"{NOON.date().isoformat()}T{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=UTC)
