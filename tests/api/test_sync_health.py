"""`syncHealth` tells how the sync of the caller's org goes, to whoever sees how its writes go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from api.settings import Settings
from auth.policy_file import load_policy
from domain.identity import uuid7
from domain.passage import Fate, Figure, FigureName, Passage, SyncDirection
from storage.database import Database
from storage.lane_outcome import Fault, Poison
from storage.lanes import Message, Queue, claim, enqueue
from storage.leases import finish, take
from storage.salesforce_streams import note_read, set_stream
from sync.health import Health
from sync.turn import Pace
from tests.api.graph import OURS, THEIRS, Graph, graph_over
from tests.api.review.everything import whole
from tests.keys import KEY_ENCRYPTION

SEERS = ("legal", "integrator", "security_reviewer", "admin")
OTHERS = sorted(set(load_policy().roles) - set(SEERS))
TOPIC = "/data/ChangeEvents"
QUERY = "{ syncHealth %s }" % whole("SyncHealth")  # noqa: UP031 - braces
BROKEN = Fault("STRING_TOO_LONG", "a secret value is too long")


@pytest.fixture
def syncing(
    small_orgs: str,  # noqa: ARG001 - the database has them
    database_url: str,
    loop: asyncio.Runner,
    tmp_path: Path,
) -> Iterator[Graph]:
    """A graph whose org has brought something across, has something waiting, and something held."""

    async def fill() -> None:
        database = await Database.open(database_url, 2)
        now = datetime.now(UTC)
        await _counted(database, now)
        await _waiting(database, now)
        await database.close()

    loop.run(fill())
    with graph_over(
        Settings(home=tmp_path, pool_size=2, key_encryption_key=KEY_ENCRYPTION), database_url, loop
    ) as running:
        yield running


async def _counted(database: Database, now: datetime) -> None:
    health = Health()

    def said(org: UUID, seconds: float, fate: Fate = Fate.DONE, ago: int = 0, **more: Any) -> None:
        at = now - timedelta(minutes=ago)
        passage = Passage(
            direction=SyncDirection.TO_SALESFORCE, object="Opportunity", fate=fate,
            since=at - timedelta(seconds=seconds), **more,
        )  # fmt: skip
        health.note(org, [passage], at)

    for _ in range(98):
        said(OURS.org.id, 0.8)
    said(OURS.org.id, 40, ago=5)
    said(OURS.org.id, 40, ago=200)
    said(OURS.org.id, 0, Fate.PUT_OFF)
    said(THEIRS.org.id, 7)
    inward = Passage(
        direction=SyncDirection.FROM_CLM, object="Contract", fate=Fate.DONE, since=now, accepted=6,
        refused=1, conflicts=1,
    )  # fmt: skip
    health.note(OURS.org.id, [inward], now)
    figures = {
        FigureName.LIMIT_LEFT: 900, FigureName.LIMIT_ALLOWED: 1000, FigureName.BREAKER_OPEN: 0,
    }  # fmt: skip
    health.note_figures(OURS.org.id, [Figure(name=name, count=n) for name, n in figures.items()], now)
    async with database.transaction(OURS.org.id) as connection:
        await set_stream(connection, OURS.org.id, TOPIC, "pubsub.example:7443", now)
        await note_read(connection, OURS.org.id, TOPIC, b"\0\0\1", now)
    await health.keep(database, now)


async def _waiting(database: Database, now: datetime) -> None:
    org = OURS.org.id
    for minutes in (7, 3):
        at = now - timedelta(minutes=minutes)
        async with database.transaction(org) as connection:
            messages = [Message(key=f"{minutes}", payload=str(n), correlation=str(uuid7())) for n in range(2)]
            await enqueue(connection, org, Queue.OUTBOX, messages, at)
    pace = Pace()
    async with database.claiming(Queue.OUTBOX) as connection:
        [lease] = await claim(connection, Queue.OUTBOX, lanes=1, messages=1, lease_for=pace.lease, now=now)
    async with database.transaction(org) as connection:
        [taken] = await take(connection, lease)
        await finish(connection, lease, [(taken, Poison(BROKEN))], now, pace.patience)


def asked(graph: Graph, arguments: str = "", role: str = "admin", **caller: Any) -> Any:
    return graph.data(QUERY.replace("syncHealth", f"syncHealth{arguments}"), role=role, **caller)[
        "syncHealth"
    ]


def test_it_tells_what_was_counted_waits_and_is_held(syncing: Graph) -> None:
    told = asked(syncing)
    inward, outward = told["passages"]
    assert (inward["direction"], inward["object"]) == ("FROM_CLM", "Contract")
    assert [inward[name] for name in ("accepted", "refused", "conflicts", "conflictRate")] == [6, 1, 1, 0.125]
    assert (outward["direction"], outward["object"]) == ("TO_SALESFORCE", "Opportunity")
    assert [outward[name] for name in ("done", "putOff", "held", "failureRate")] == [99, 1, 0, 0.01]
    assert outward["perMinute"] == 1.65
    assert 500 <= outward["latencyP50Ms"] <= 1000
    assert 20_000 <= outward["latencyP99Ms"] <= 50_000
    [backlog] = told["backlog"]
    assert (backlog["queue"], backlog["waiting"], backlog["lanes"]) == ("outbox", 3, 2)
    ages = [datetime.now(UTC) - datetime.fromisoformat(each) for each in (backlog["oldest"], told["oldest"])]
    assert all(timedelta(minutes=7) <= age < timedelta(minutes=9) for age in ages)
    assert told["held"] == 1
    [held] = told["quarantine"]
    assert (held["queue"], held["error"], held["count"]) == ("outbox", BROKEN.kind, 1)
    salesforce = told["salesforce"]
    assert [salesforce[name] for name in ("limitLeft", "limitAllowed", "breakerOpen")] == [900, 1000, False]
    assert [(each["object"], each["position"]) for each in told["replays"]] == [(TOPIC, "AAAB")]
    assert [(each["object"], each["count"]) for each in told["drift"]] == [("Contract", 2)]


def test_the_window_is_as_long_as_was_asked(syncing: Graph) -> None:
    assert asked(syncing, "(minutes: 1440)")["passages"][1]["done"] == 100
    assert asked(syncing, "(minutes: 2)")["passages"][1]["done"] == 98
    for minutes in (0, -1, 1441):
        answer = syncing.ask(f"{{ syncHealth(minutes: {minutes}) {{ held }} }}", role="admin")
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "from 1 to 1,440" in answer.text


def test_another_org_is_told_of_its_own_alone(syncing: Graph) -> None:
    told = asked(syncing, org=THEIRS.org.id)
    assert [each["done"] for each in told["passages"]] == [1]
    assert (told["held"], told["backlog"], told["salesforce"], told["replays"]) == (0, [], None, [])


def test_names_of_errors_are_told_and_never_what_an_error_said(syncing: Graph) -> None:
    assert "secret value" not in str(asked(syncing))


def test_several_of_them_and_beside_others_each_have_their_place(syncing: Graph) -> None:
    query = "{ a: syncHealth(minutes: 1440) { minutes } viewer { subject } b: syncHealth { minutes held } }"
    found = syncing.data(query, role="admin")
    assert found == {
        "a": {"minutes": 1440},
        "viewer": {"subject": "someone"},
        "b": {"minutes": 60, "held": 1},
    }


@pytest.mark.parametrize("role", SEERS)
def test_who_sees_how_every_write_goes_may(graph: Graph, role: str) -> None:
    answer = graph.ask(QUERY, role=role).json()
    assert answer["data"]["syncHealth"]["minutes"] == 60
    assert answer["extensions"]["access"]["denied"] == []


@pytest.mark.parametrize("role", [*OTHERS, "a_role_that_is_not_known"])
def test_nobody_else_may(graph: Graph, role: str) -> None:
    answer = graph.ask(QUERY, role=role).json()
    assert answer["data"] == {"syncHealth": None}
    [denied] = answer["extensions"]["access"]["denied"]
    assert (denied["path"], denied["field"]) == ("syncHealth", "SalesforceWrite.correlation")
    assert denied["records"] == "all"


DRIFT = "{ driftFindings { totalCount nodes { name state contract { number } } } }"


@pytest.mark.parametrize("role", SEERS)
def test_what_drifted_is_listed_for_whoever_sees_how_writes_go(graph: Graph, role: str) -> None:
    found = graph.data(DRIFT, role=role)["driftFindings"]
    assert found["totalCount"] == 2
    assert {each["name"] for each in found["nodes"]} <= {"Name", "Amount", None}


@pytest.mark.parametrize("role", [*OTHERS, "a_role_that_is_not_known"])
def test_to_nobody_else_is_told_that_anything_drifted(graph: Graph, role: str) -> None:
    answer = graph.ask(DRIFT, role=role).json()
    assert answer["data"] == {"driftFindings": None}
    [denied] = answer["extensions"]["access"]["denied"]
    assert (denied["path"], denied["field"]) == ("driftFindings", "DriftFinding.state")
