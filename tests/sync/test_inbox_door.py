"""Deliveries that come at the same time: stored together, each answered for itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest

from auth.crypto import Sealer
from auth.key_encryption import from_text
from domain.identity import uuid7
from storage.connections import StoredConnection, add_connection, add_key
from sync.clm.delivery import Delivery
from sync.connections import Connection, Connections, sealed_key
from sync.door import Door, Verified, verified
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import ONE, START, Test, Work, runner
from tests.sync.clm.deliveries import SECRET, hmac

On = Callable[[Test], None]
MAPPING = """
contract = "contract"
claimed_at = "at"
[event]
id = "event"
[signature]
header = "X-Signature"
[fields]
title = "title"
"""


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return runner(database_url, owner_url, superuser_url)


async def connected(work: Work) -> Connection:
    sealer, id_ = Sealer(from_text(KEY_ENCRYPTION, "test")), uuid7()
    stored = StoredConnection(
        org_id=ONE, id=id_, name="plain", vendor="generic", settings={}, mapping=MAPPING, made_at=START
    )
    async with work.database.transaction(ONE) as connection:
        await add_connection(connection, stored)
        await add_key(connection, ONE, sealed_key(sealer, ONE, id_, SECRET, START))
    sender = await Connections(sealer).opened(work.database, ONE, id_)
    assert sender is not None
    return sender


def delivery(sender: Connection, event: str, contract: str = "C1") -> Verified:
    told = {"event": event, "contract": contract, "at": START.isoformat(), "title": event}
    body = json.dumps(told).encode()
    found = verified(sender, Delivery({"x-signature": hmac(body).hex()}, {}, body), START)
    assert isinstance(found, Verified)
    return found


async def stored(work: Work) -> list[tuple[str, str]]:
    rows = await work.superuser.fetch(
        "SELECT event, xmin::text AS at FROM inbox_event ORDER BY received_at, id"
    )
    return [tuple(row) for row in rows]


def test_what_comes_while_others_are_stored_goes_together_and_in_the_order_in_which_it_came(on: On) -> None:
    async def run(work: Work) -> None:
        sender, door = await connected(work), Door()
        came = [delivery(sender, f"e{number}") for number in range(20)]
        told = await asyncio.gather(*(door.store(work.database, ONE, each) for each in came))
        assert [(each.new, each.known) for each in told] == [(1, 0)] * 20
        assert [each.correlation for each in told] == [each.arrived.correlation for each in came]
        found = await stored(work)
        assert {event for event, _ in found} == {f"e{number}" for number in range(20)}
        assert len({at for _, at in found}) == 1
        rows = await work.superuser.fetch("SELECT correlation FROM lane_message ORDER BY seq")
        assert [row["correlation"] for row in rows] == [each.correlation for each in told]

    on(run)


def test_of_two_that_tell_of_one_event_the_first_is_stored(on: On) -> None:
    async def run(work: Work) -> None:
        sender, door = await connected(work), Door()
        first, again, other = (delivery(sender, each) for each in ("e1", "e1", "e2"))
        told = await asyncio.gather(*(door.store(work.database, ONE, each) for each in (first, again, other)))
        assert [(each.new, each.known) for each in told] == [(1, 0), (0, 1), (1, 0)]
        rows = await work.superuser.fetch("SELECT correlation FROM inbox_event ORDER BY event")
        assert [row["correlation"] for row in rows] == [told[0].correlation, told[2].correlation]
        assert (await door.store(work.database, ONE, first)).known == 1

    on(run)


def test_one_that_cannot_be_stored_fails_alone(on: On) -> None:
    async def run(work: Work) -> None:
        sender, door = await connected(work), Door()
        good, bad = delivery(sender, "e1"), delivery(sender, "e2")
        bad = replace(bad, arrived=replace(bad.arrived, correlation="no such text: \0"))
        told = await asyncio.gather(
            *(door.store(work.database, ONE, each) for each in (good, bad)), return_exceptions=True
        )
        assert getattr(told[0], "new", None) == 1
        assert isinstance(told[1], asyncpg.PostgresError)
        assert [event for event, _ in await stored(work)] == ["e1"]

    on(run)
