from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alert import AlertKind
from domain.org import Org
from sync.alerts.alert import Alert, Group, a_test
from sync.alerts.generic import generic_body, signature
from sync.alerts.slack import slack_body
from sync.alerts.target import BODIES, Shape

AT = datetime(2026, 11, 27, 8, 1, tzinfo=UTC)
ORG = Org(id=UUID(int=1), name="Harbour & Pine <EU>")
ALERT = Alert(
    id=UUID(int=7),
    kind=AlertKind.MESSAGE_QUARANTINED,
    org=ORG,
    count=1000,
    standing=1002,
    since=AT.replace(minute=0),
    at=AT,
    groups=[
        Group(queue="inbox", error="Malformed", count=990, example=UUID(int=8), correlation="018f-a"),
        Group(queue="outbox", error="INVALID_FIELD", count=10, example=UUID(int=9), correlation="018f-b"),
    ],
    other_groups=3,
)
STUCK = replace(
    ALERT, kind=AlertKind.QUEUE_STUCK, count=4, standing=4, groups=ALERT.groups[:1], other_groups=0
)
SNAPSHOTS = Path(__file__).parent / "snapshots"
DOCS = Path(__file__).parents[3] / "docs" / "operators.md"
NASTY = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(list("<>&`*_~|@!#[](){}\\\"'\n\r\0\u202e"))),
    max_size=120,
)


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("name", ["quarantined", "stuck", "test"])
def test_the_bodies_are_those_of_the_snapshots(shape: Shape, name: str) -> None:
    alert = {"quarantined": ALERT, "stuck": STUCK, "test": replace(a_test(ORG, AT), id=UUID(int=7))}[name]
    expected = json.loads((SNAPSHOTS / f"{shape}_{name}.json").read_text())
    assert BODIES[shape](alert) == expected


@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize("shape", list(Shape))
def test_every_kind_has_a_body_of_every_shape(kind: AlertKind, shape: Shape) -> None:
    told = json.dumps(BODIES[shape](replace(ALERT, kind=kind)))
    assert "{org}" not in told
    assert "{example}" not in told


def texts(body: Any) -> list[str]:
    """Every text in a body, wherever it stands."""
    if isinstance(body, dict):
        return [text for each in body.values() for text in texts(each)]
    if isinstance(body, list):
        return [text for each in body for text in texts(each)]
    return [body] if isinstance(body, str) else []


def named(name: str, correlation: str) -> Alert:
    group = replace(ALERT.groups[0], correlation=correlation)
    return replace(ALERT, org=replace(ORG, name=name), groups=[group])


@given(NASTY, NASTY)
def test_no_name_makes_a_link_a_mention_or_a_quote_of_its_own_in_slack(name: str, correlation: str) -> None:
    body = slack_body(replace(named(name, correlation), groups=[*named(name, correlation).groups] * 10))
    header, *sections = body["blocks"]
    assert (header["text"]["type"], header["text"]["emoji"]) == ("plain_text", False)
    assert len(header["text"]["text"]) <= 150
    for text in [body["text"], *(each["text"]["text"] for each in sections)]:
        assert not re.search(r"[<>]", text)
        assert not re.sub("&(amp|lt|gt);", "", text).count("&")
        assert len(text) <= 3000
    for line in "\n".join(each["text"]["text"] for each in sections).split("\n"):
        assert line.count("`") == 2
        assert line.endswith("`")


@given(NASTY, NASTY)
def test_names_stand_in_cards_of_teams_only_where_no_markdown_is_read(name: str, correlation: str) -> None:
    body = BODIES[Shape.TEAMS](named(name, correlation))
    (attachment,) = body["attachments"]
    for block in attachment["content"]["body"]:
        assert block["type"] == "RichTextBlock"
        for run in block["inlines"]:
            assert run["type"] == "TextRun"
            assert run["text"].isprintable()


@given(NASTY, NASTY)
def test_whatever_a_name_is_every_body_is_json_within_the_limits_of_chats(
    name: str, correlation: str
) -> None:
    many = replace(named(name, correlation), groups=[*named(name, correlation).groups] * 10)
    for shape in Shape:
        assert len(json.dumps(BODIES[shape](many))) < 28_000


def verifier() -> Any:
    (source,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102 - what operators are told to write
    return space["is_ours"]


def test_what_the_guide_verifies_with_takes_our_signature_and_no_other() -> None:
    is_ours, key, body, now = (
        verifier(),
        "k" * 20,
        json.dumps(generic_body(ALERT)).encode(),
        datetime.now(UTC),
    )
    header = signature(key.encode(), body, now)
    assert is_ours(key, header, body)
    assert not is_ours(key, header, body[:-1] + b"]")
    assert not is_ours("l" * 20, header, body)
    old = signature(key.encode(), body, AT.replace(year=2020))
    assert not is_ours(key, old, body)
    assert not is_ours(key, re.sub("t=[0-9]+", f"t={int(now.timestamp()) + 1}", header), body)
    for nonsense in ("", "t=", "v1=", "t=x,v1=y", header.replace("v1", "v0"), f"{header}0"):
        assert not is_ours(key, nonsense, body)


def test_the_guide_names_every_member_of_the_generic_body() -> None:
    (told,) = re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert set(json.loads(told)) == set(generic_body(ALERT))
