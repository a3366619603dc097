from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from auth.audit import Access, AuditEvent, Document, Refusal, event_hash, moment_of
from auth.merkle import leaf_hash
from auth.principal import Principal
from domain.identity import uuid7

ORG = UUID("00000000-0000-7000-8000-000000000001")
EVENT = AuditEvent(
    id=UUID("0193697a-f780-7000-8000-000000000001"),
    who=Principal(
        ORG,
        "005 someone",
        "a client",
        frozenset({"legal", "finance"}),
        frozenset({"graph:read", "graph:documents"}),
    ),
    kind="read",
    document=Document.of("{ contracts { nodes { id } } }", None),
    policy="a digest",
    request="a request",
    latency=812,
    access="an access",
    records=(b"00000000-0000-7000-8000-00000000000b", b"00000000-0000-7000-8000-00000000000a"),
)


def read(event: AuditEvent) -> dict[str, object]:
    made: dict[str, object] = json.loads(event.canonical())
    return made


def test_an_event_is_written_in_one_way_only() -> None:
    document = hashlib.sha256(b"{ contracts { nodes { id } } }").hexdigest()
    assert EVENT.canonical().decode() == (
        '{"access":"an access","at":"2024-11-26T17:18:06.720Z","client":"a client","decision":"allowed",'
        '"id":"0193697a-f780-7000-8000-000000000001","kind":"read","latency_us":812,'
        f'"operation":{{"name":null,"sha256":"{document}"}},"org":"{ORG}","policy":"a digest",'
        '"records":{"count":2,"ids":["00000000-0000-7000-8000-00000000000b",'
        '"00000000-0000-7000-8000-00000000000a"]},"refusal":null,"request":"a request",'
        '"roles":["finance","legal"],"subject":"005 someone","v":1}'
    )
    assert json.dumps(read(EVENT), sort_keys=True, separators=(",", ":")).encode() == EVENT.canonical()


def test_its_leaf_is_that_of_rfc_9162() -> None:
    assert event_hash(EVENT.canonical()) == leaf_hash(EVENT.canonical())


def test_it_happened_when_its_id_says() -> None:
    before = datetime.now(UTC)
    moment = moment_of(uuid7())
    assert abs((moment - before).total_seconds()) < 5
    assert moment_of(EVENT.id) == datetime(2024, 11, 26, 17, 18, 6, 720000, tzinfo=UTC)


@pytest.mark.parametrize("count", [100, 101])
def test_more_than_a_hundred_records_are_told_as_a_number_and_a_hash(count: int) -> None:
    ids = [str(uuid7()).encode() for _ in range(count)]
    records = read(replace(EVENT, records=ids))["records"]
    if count == 100:
        assert records == {"count": 100, "ids": [each.decode() for each in ids]}
    else:
        digest = hashlib.sha256(b"\n".join(sorted(ids))).hexdigest()
        assert records == {"count": 101, "sha256": digest}


def test_a_refusal_says_which_rule_of_the_policy_said_so() -> None:
    refused = read(replace(EVENT, records=(), refusal=Refusal("ACCESS_DENIED", "a rule", "Contract.id")))
    assert refused["decision"] == "refused"
    assert refused["refusal"] == {"code": "ACCESS_DENIED", "field": "Contract.id", "rule": "a rule"}
    assert refused["records"] == {"count": 0, "ids": []}


@pytest.mark.parametrize(
    ("name", "told"),
    [("Panel", "Panel"), ("a" * 128, "a" * 128), ("a" * 129, None), ("a b", None), ("\x1b[2J", None)],
)
def test_a_name_of_an_operation_is_told_unless_it_could_be_a_text(name: str, told: str | None) -> None:
    assert Document.of("{ id }", name).operation == told


def test_an_access_is_known_by_what_it_says_whatever_the_order() -> None:
    one = Access.of(["b", "a", "b"], [], [("d", "rule"), ("c", "rule"), ("d", "rule")])
    other = Access.of(["a", "b"], [], [("c", "rule"), ("d", "rule")])
    assert one == other
    assert one.body == (
        b'{"denied":[{"field":"c","rule":"rule"},{"field":"d","rule":"rule"}],"masked":[],"shown":["a","b"],'
        b'"used":[]}'
    )
    assert one.sha256 == hashlib.sha256(one.body).hexdigest()
    assert one.id.hex == one.sha256[:32]
    assert Access.of(["a"], [("m", "rule")], []) != Access.of(["a"], [], [("m", "rule")])
