"""One stream, as our own side reads it: over TLS, no more than asked for, lost in ways told apart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.salesforce.changes.bitmap import NoBitmap, named
from sync.salesforce.changes.event import ChangeEvent
from sync.salesforce.changes.stream import (
    MOST,
    ReplayLost,
    SessionLost,
    Stream,
    StreamLost,
    Wanted,
    is_plain,
    subscribed,
)
from sync.salesforce.stand_in.process import Started, started
from sync.salesforce.tokens import Token
from tests.sync.salesforce.org import SalesforceOrg, furnished

TOPIC = "/data/ChangeEvents"
_PATIENCE = 20.0
_TIMES = 10  # that a first write meets the end, which a busy machine makes likely


@pytest.fixture(scope="module")
def sealed() -> Iterator[Started]:
    with started("--tls", "--events") as running:
        yield running


@pytest.fixture
def org(sealed: Started) -> SalesforceOrg:
    return furnished(sealed)


def wanted(org: SalesforceOrg, **other: Any) -> Wanted:
    said = org.token().json()
    given = {
        "address": org.stand_in.events, "topic": TOPIC,
        "token": Token(said["access_token"], said["instance_url"], said["id"]),
        "certificate": Path(org.stand_in.certificate or ""),
    }  # fmt: skip
    return Wanted(**given | other)


def reading(asked: Wanted, check: Callable[[Stream], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with subscribed(asked) as stream:
            await asyncio.wait_for(check(stream), 60)

    asyncio.run(inside())


def failing(asked: Wanted) -> StreamLost:
    async def check(stream: Stream) -> None:
        while True:
            await stream.next(_PATIENCE)

    for _ in range(_TIMES):
        with pytest.raises(StreamLost) as lost:
            reading(asked, check)
        if lost.value.code != "INTERNAL":
            break
    return lost.value


def test_a_change_is_read_over_tls_with_the_names_that_it_is_written_by(org: SalesforceOrg) -> None:
    org.rest()("PATCH", f"sobjects/Account/{org.account}", {"BillingCity": "Oslo", "Industry": None})
    org.rest()("POST", "sobjects/Contact", {"LastName": "Lee", "AccountId": org.account})

    async def check(stream: Stream) -> None:
        events: list[ChangeEvent] = []
        while len(events) < 2:
            heard = await stream.next(_PATIENCE)
            assert heard is not None
            events += heard.events
        first, second = events
        assert (first.object, first.kind, first.records) == ("Account", "UPDATE", (org.account,))
        assert first.values["BillingCity"] == "Oslo"
        assert first.user == org.user
        assert second.creates
        assert second.values["AccountId"] == org.account
        assert second.partly == {"Name"}  # of a name the parts are told, not what they make together
        assert "IsWon" not in first.told

    reading(wanted(org), check)


def test_more_is_asked_for_as_events_come(org: SalesforceOrg) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": f"Account {n}"} for n in range(130)]
    assert org.rest()("POST", "composite/sobjects", {"records": rows}).status_code == 200

    async def check(stream: Stream) -> None:
        seen: list[str] = []
        while len(seen) < MOST:
            heard = await stream.next(_PATIENCE)
            assert heard is not None
            seen += [each.id for each in heard.events]
            if len(seen) < MOST:
                continue
            # All that was asked for has come: nothing does until it is asked for.
            assert await stream.next(0.3) is None
            await stream.more(heard)
        while len(seen) < MOST + 20:
            heard = await stream.next(_PATIENCE)
            assert heard is not None
            seen += [each.id for each in heard.events]
        assert len(set(seen)) == len(seen)

    reading(wanted(org), check)


def test_a_silent_stream_says_where_it_is(org: SalesforceOrg) -> None:
    org.stand_in.arrange(settings={"keepalive": 0.2})

    async def check(stream: Stream) -> None:
        heard = await stream.next(_PATIENCE)
        assert heard is not None
        assert heard.events == ()
        assert heard.replay_id.hex() == org.stand_in.events_told()

    reading(wanted(org), check)


def test_how_a_stream_was_lost_is_told_apart(org: SalesforceOrg) -> None:
    assert isinstance(failing(wanted(org, replay_id=b"nonsense")), ReplayLost)
    own = wanted(org).token
    assert isinstance(failing(wanted(org, token=Token("other", own.instance_url, own.identity))), SessionLost)
    assert failing(wanted(org, topic="/data/NoSuchChangeEvent")).code == "topic.not.found"
    org.stand_in.arrange(faults=[{"kind": "break"}])
    org.rest()("PATCH", f"sobjects/Account/{org.account}", {"Industry": "Retail"})
    assert failing(wanted(org)).code == "service.unavailable"


def test_a_certificate_that_is_not_trusted_ends_it(org: SalesforceOrg) -> None:
    lost = failing(wanted(org, certificate=None))
    assert (type(lost), lost.code) == (StreamLost, "UNAVAILABLE")


@pytest.mark.parametrize(
    ("url", "address", "plain"),
    [
        ("http://127.0.0.1:1", "127.0.0.1:2", True),
        ("http://127.0.0.1:1", "api.pubsub.salesforce.com:7443", False),
        ("https://127.0.0.1:1", "127.0.0.1:2", False),
        ("https://x.my.salesforce.com", "api.pubsub.salesforce.com:7443", False),
    ],
)
def test_only_this_machine_is_spoken_to_in_clear(url: str, address: str, *, plain: bool) -> None:
    assert is_plain(url, address) is plain


SCHEMA = {
    "fields": [
        {"name": "ChangeEventHeader", "type": {"type": "record", "fields": []}},
        *({"name": f"F{n}", "type": ["null", "string"]} for n in range(1, 4)),
        {"name": "BillingAddress", "type": ["null", {"fields": [{"name": "Street"}, {"name": "City"}]}]},
        *({"name": f"F{n}", "type": ["null", "string"]} for n in range(5, 24)),
    ]
}


def test_bitmaps_name_fields_as_the_guide_has_them() -> None:
    assert list(named(["0x400800"], SCHEMA)) == [("F11",), ("F22",)]
    assert list(named(["4-0x01"], SCHEMA)) == [("BillingAddress", "Street")]
    assert list(named([], SCHEMA)) == []


@pytest.mark.parametrize("text", ["0x100000000", "4-0x08", "99-0x01", "none", "1-0x01"])
def test_what_fits_no_schema_is_no_bitmap(text: str) -> None:
    with pytest.raises(NoBitmap):
        list(named([text], SCHEMA))


def test_who_reads_no_stream_does_not_load_what_it_takes() -> None:
    asked = (
        "import sys, api.app, sync.registry; print({'grpc', 'fastavro', 'google.protobuf'} & {*sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
