"""Whatever bytes come, a connector answers or says that they are malformed: nothing else is ever raised."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.claim import Report
from sync.clm.connector import Connector
from sync.clm.delivery import Delivery
from sync.clm.event import Event, Fetch
from sync.clm.fetcher import NotFetched
from sync.clm.malformed import Malformed
from sync.clm.mapping_file import MappingFileError, read_mapping, shipped
from sync.clm.payload_map import PayloadMap
from sync.clm.signature import NotVerified, Verified
from tests.sync.clm.deliveries import (
    GENERIC,
    NOW,
    SIGNED,
    Signed,
    delivery,
    docusign,
    generic,
    ironclad,
    oneflow,
    pandadoc,
    prozorro,
    sample,
)

texts = st.text(max_size=20) | st.sampled_from(
    [
        "\0",
        "\ud800",
        "2026-02-30",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "P99999Y",
        "1e9",
        "NaN",
    ]
)
numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.integers(10**4000, 10**4001)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
SAMPLES: list[Callable[[], Signed]] = [
    *SIGNED,
    lambda: docusign(sample("docusign_ids_only.json")),
    lambda: docusign(sample("docusign_ids_only.json"), agreements=True),
    lambda: pandadoc(details=True),
]
EXAMPLES = int(os.environ.get("CONTRACT_GRAPH_FUZZ", "0")) // 10 or 40
QUICK = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES <= 40
)


class Anything:
    """A source that answers whatever it was given."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def get_json(self, _: Fetch) -> Any:
        return self.answer


def survives(connector: Connector, delivered: Delivery, answer: Any = None) -> None:
    async def run() -> None:
        try:
            events = connector.events(delivered)
        except Malformed:
            return
        for event in events:
            assert isinstance(event, Event)
            assert 0 < len(event.id) <= 500
            try:
                content = await connector.fetch(event, Anything(answer))
                reports = connector.read(event, content, "clm")
            except (Malformed, NotFetched):
                continue
            assert all(isinstance(report, Report) for report in reports)

    asyncio.run(run())


def changed(value: Any, path: list[int], new: Any) -> Any:
    """The value with the place that the numbers lead to replaced."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    step = path[0] % len(value)
    if isinstance(value, list):
        return [changed(each, path[1:], new) if at == step else each for at, each in enumerate(value)]
    return {k: changed(v, path[1:], new) if at == step else v for at, (k, v) in enumerate(value.items())}


@pytest.mark.parametrize("made", SAMPLES)
@QUICK
@given(body=st.binary(max_size=200), header=texts)
def test_any_bytes_are_answered(made: Callable[[], Signed], body: bytes, header: str) -> None:
    signed = made()
    headers = dict.fromkeys(signed.delivery.headers, header)
    noise = Delivery.of(headers.items(), [("signature", header)], body)
    assert isinstance(signed.connector.verify(noise, (signed.key,), NOW), NotVerified)
    survives(signed.connector, noise)


@pytest.mark.parametrize("made", SAMPLES)
@QUICK
@given(path=st.lists(st.integers(0, 30), max_size=6), new=values)
def test_any_value_in_any_place_of_a_delivery_is_answered(
    made: Callable[[], Signed], path: list[int], new: Any
) -> None:
    signed = made()
    body = json.dumps(changed(json.loads(signed.delivery.body), path, new), default=str).encode(
        errors="backslashreplace"
    )
    verdict = signed.connector.verify(signed.with_body(body), (signed.key,), NOW)
    assert isinstance(verdict, Verified | NotVerified)
    survives(signed.connector, signed.with_body(body), new)


@pytest.mark.parametrize("made", SAMPLES)
@QUICK
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_delivery_with_a_byte_changed_or_cut_off_is_answered(
    made: Callable[[], Signed],
    at: int,
    byte: int,
    cut: bool,  # noqa: FBT001 - generated
) -> None:
    signed = made()
    body = signed.delivery.body
    at %= len(body)
    survives(
        signed.connector,
        replace(signed.delivery, body=body[:at] if cut else body[:at] + bytes([byte]) + body[at + 1 :]),
    )


@pytest.mark.parametrize(
    ("mapping", "name"),
    [
        ("docusign_envelope", "docusign_completed.json"),
        ("docusign_agreement", "ironclad_record.json"),
        ("ironclad_record", "ironclad_record.json"),
        ("ironclad_workflow", "ironclad_workflow.json"),
        ("oneflow_contract", "oneflow_contract.json"),
        ("pandadoc_document", "pandadoc_two_events.json"),
        ("prozorro", "generic.json"),
    ],
)
@QUICK
@given(path=st.lists(st.integers(0, 30), max_size=6), new=values)
def test_any_value_in_any_place_of_an_answer_is_read_or_malformed(
    mapping: str, name: str, path: list[int], new: Any
) -> None:
    map_: PayloadMap = prozorro().mapping.map if mapping == "prozorro" else shipped(mapping).map
    content = json.loads(sample(name))
    if name.startswith("docusign"):
        content = content["data"]["envelopeSummary"]
    elif name.startswith("pandadoc"):
        content = content[0]["data"]
    with suppress(Malformed):
        map_.read(changed(content, path, new), source="s", event="e", at=NOW)
    with suppress(Malformed):
        map_.read(new, source="s", event="e", at=NOW)


@QUICK
@given(
    at=st.integers(0, 10_000), new=st.binary(max_size=3) | st.sampled_from([b'"', b"[", b"{", b"[*]", b"\n"])
)
def test_any_mapping_file_is_read_or_refused_with_its_line(at: int, new: bytes) -> None:
    at %= len(GENERIC)
    for content in (GENERIC[:at] + new + GENERIC[at + 1 :], GENERIC[:at] + new, new + GENERIC):
        with suppress(MappingFileError):
            read_mapping(content, "m.toml")


@pytest.mark.parametrize(
    "number", ["1e999999999", "1e99999999999999999999999", "-0.0", "1" * 5000, "NaN", "Infinity"]
)
def test_numbers_that_no_machine_holds_are_answered(number: str) -> None:
    body = b'{"message":"m","agreement":{"no":"A","changed":"2026-01-01T00:00:00Z","sum":%s,"ccy":"EUR"}}'
    survives(generic().connector, delivery(body % number.encode()))


@pytest.mark.parametrize("made", SAMPLES)
def test_a_nesting_that_json_still_reads_is_answered(made: Callable[[], Signed]) -> None:
    signed = made()
    told = json.loads(signed.delivery.body)
    places = list(_places(told))
    for depth in (50, 700, 850, 900, 920, 940, 960, 970, 980, 990):
        deep = f"{'[' * depth}{']' * depth}".encode()
        for place in places:
            marked = json.dumps(changed(told, place, "@deep@")).encode()
            body = marked.replace(b'"@deep@"', deep)
            assert isinstance(
                signed.connector.verify(signed.with_body(body), (signed.key,), NOW), Verified | NotVerified
            )
            survives(signed.connector, signed.with_body(body))


def test_recorded_payloads_with_parts_exchanged_are_read_or_malformed(shared_data: Path) -> None:
    dice = random.Random(6)
    folders = {
        "docusign": shipped("docusign_agreement").map,
        "ironclad": shipped("ironclad_record").map,
        "pandadoc": shipped("pandadoc_document").map,
    }
    odd = [None, True, -1, "", "\0", "2026-13-01", "P1Y", 10**30, [], {}, [[]], {"id": 1}, "x" * 1000]
    read = 0
    for folder, mapping in folders.items():
        for file in sorted((shared_data / "payloads" / folder).glob("*.json")):
            content = json.loads(file.read_bytes())
            content = content.get("payload", content) if isinstance(content, dict) else content[0]["data"]
            for _ in range(30):
                place = [dice.randrange(60) for _ in range(dice.randrange(1, 5))]
                with suppress(Malformed):
                    read += len(
                        mapping.read(changed(content, place, dice.choice(odd)), source="s", event="e", at=NOW)
                    )
    assert read > 1000


def _places(value: Any) -> Iterator[list[int]]:
    for at, inner in enumerate(value.values() if isinstance(value, dict) else value):
        yield [at]
        if isinstance(inner, dict | list):
            yield from ([at, *place] for place in _places(inner))


def test_a_nesting_without_end_is_malformed() -> None:
    for made in (ironclad, oneflow):
        deep = delivery(b"[" * 100_000, dict(made().delivery.headers))
        survives(made().connector, deep)
        assert not made().connector.verify(deep, (made().key,), NOW)
