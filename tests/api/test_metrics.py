"""`/metrics` tells figures that Prometheus reads, to whoever may know them, and no value or name."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Family, exposition
from api.metrics_page import metrics_told
from api.settings import Settings, SettingsError, load_settings
from api.trusted import trusted_documents
from domain.histogram import Histogram, steps
from tests.api.graph import Graph, graph_over
from tests.keys import KEY_ENCRYPTION

TOKEN = "a-token-of-a-monitor"
PANEL = next(id_ for id_, each in trusted_documents().items() if each.name == "panel")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    """What a page says, as Prometheus reads it, without the process that every sample names."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("process").isdecimal()
            found[sample.name.removeprefix("contract_graph_"), tuple(sorted(labels.items()))] = sample.value
    return found


def told(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def settings(home: Path, **given: Any) -> Settings:
    return Settings(home=home, pool_size=2, key_encryption_key=KEY_ENCRYPTION, **given)


@pytest.fixture
def metered(seeded_url: str, loop: asyncio.Runner, tmp_path: Path) -> Iterator[Graph]:
    with graph_over(settings(tmp_path, metrics_token=TOKEN), seeded_url, loop) as running:
        yield running


def page(graph: Graph, token: str | None = TOKEN) -> httpx.Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return graph.run(graph.client.get("/metrics", headers=headers))


def figures(graph: Graph) -> Samples:
    response = page(graph)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(response.text)


def test_requests_are_counted_by_operation_status_and_code(metered: Graph) -> None:
    def panel() -> httpx.Response:
        body = {"documentId": PANEL, "variables": {"record": "006000000000000AAA", "onAccount": False}}
        return metered.send(json=body, headers=metered.headers())

    for _ in range(3):
        assert panel().status_code == 200
    metered.ask("{ viewer { subject } }")
    metered.ask("{ viewer { } }")
    metered.ask("query secretName { nothing }")
    metered.post(b"not JSON")
    found = figures(metered)
    assert told(found, "requests_total", operation="panel", status="200", code="OK") == 3
    assert told(found, "requests_total", operation="own", status="200", code="OK") == 1
    invalid = {"status": "400", "code": "GRAPHQL_VALIDATION_FAILED"}
    assert told(found, "requests_total", operation="own", **invalid) == 2
    assert told(found, "requests_total", operation="unread", status="400", code="BAD_REQUEST") == 1
    assert told(found, "request_seconds_count", operation="panel") == 3
    assert told(found, "request_seconds_bucket", operation="panel", le="+Inf") == 3
    assert 0 < told(found, "request_seconds_sum", operation="panel") < 30
    assert told(found, "planner_kept", kind="plan") == 2
    assert told(found, "planner_hits_total", kind="plan") == 2
    assert told(found, "planner_refused_total", kind="document") == 2
    assert told(found, "planner_making_seconds_count", kind="plan") == 2
    assert told(found, "audit_events_total") == 7
    assert 1 <= told(found, "audit_commit_seconds_count") <= 7
    assert (told(found, "audit_queued"), told(found, "audit_failed_total")) == (0, 0)


def test_what_is_turned_away_at_the_door_is_counted_by_code(metered: Graph) -> None:
    metered.send("GET")
    metered.send(content=b"{}", headers={"content-type": "application/json"})
    metered.send(content=b"{}", headers={"content-type": "application/json", "authorization": "Bearer x"})
    found = figures(metered)
    assert told(found, "requests_turned_away_total", code="METHOD_NOT_ALLOWED") == 1
    assert told(found, "requests_turned_away_total", code="UNAUTHENTICATED") == 2


def test_tokens_refused_are_counted_by_error(metered: Graph) -> None:
    body = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}
    metered.run(metered.client.post("/oauth/token", data=body))
    assert told(figures(metered), "oauth_answers_total", endpoint="token", result="invalid_client") == 1


def test_pools_are_told_as_they_are(metered: Graph) -> None:
    found = figures(metered)
    assert told(found, "pool_size", pool="requests") == 2
    assert told(found, "pool_in_use", pool="requests") == 0
    assert told(found, "pool_waiting", pool="requests") == 0

    async def crowd() -> None:
        asked = [metered.asking("{ viewer { org { name } } }") for _ in range(12)]
        await asyncio.gather(*asked)

    metered.run(crowd())
    assert told(figures(metered), "pool_waited_total", pool="requests") > 0


@pytest.mark.parametrize("token", [None, "", "x" * 20, TOKEN + "x", TOKEN[:-1], "é"])
def test_without_the_token_there_is_no_such_page(metered: Graph, token: str | None) -> None:
    refused = page(metered, token if token is None or token.isascii() else "a")
    other = metered.run(metered.client.get("/no-such-page"))
    assert refused.status_code == other.status_code == 404
    assert refused.json()["errors"] == other.json()["errors"]


def test_unless_it_is_asked_for_there_is_no_page_at_all(graph: Graph) -> None:
    assert page(graph).status_code == 404
    assert page(graph, None).status_code == 404


def test_nothing_that_a_caller_or_a_record_says_is_in_it(metered: Graph) -> None:
    metered.ask('query hushHush { contracts(filter: {number: {eq: "N-1"}}) { nodes { title } } }')
    text = page(metered).text
    for secret in ("hushHush", "N-1", "Cranes", "someone", "legal"):
        assert secret not in text
    label = re.compile(r'(\w+)="([^"]*)"')
    names = {name for line in text.splitlines() if line[0] != "#" for name, _ in label.findall(line)}
    assert names <= {
        "process", "operation", "status", "code", "le", "kind", "pool", "endpoint", "result",
    }  # fmt: skip


async def asked_at(port: int | None, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{port}/metrics", headers=headers)


def test_on_the_loopback_port_each_process_takes_the_next_that_is_free(tmp_path: Path) -> None:
    async def source() -> list[Family]:
        return [Family("things", "gauge", "Things.", [({}, 1)])]

    async def run() -> None:
        given = settings(tmp_path, metrics_port=free_port())
        async with metrics_told(given, source) as one, metrics_told(given, source) as other:
            assert one != other
            for port in (one, other):
                answer = await asked_at(port)
                assert told(read(answer.text), "things") == 1
                assert (await asked_at(port, host="evil.example")).status_code == 400
        with pytest.raises(httpx.ConnectError):
            await asked_at(one)

    asyncio.run(run())


def test_the_port_is_of_this_machine_only(tmp_path: Path) -> None:
    async def source() -> list[Family]:
        return []

    async def run() -> None:
        async with metrics_told(settings(tmp_path, metrics_port=free_port()), source) as port:
            with socket.socket() as other:
                other.bind(("127.0.0.2", port or 0))  # nobody listens at the other addresses of this machine

    asyncio.run(run())


def test_histograms_and_hostile_labels_are_read_as_they_were_written() -> None:
    latency = Histogram(steps(-1, 1))
    for seconds in (0.1, 0.3, 7):
        latency.add(seconds)
    hostile = 'a\\b"c\nd'
    found = read(
        exposition([
            Family("seconds", "histogram", "Time.", [({"what": hostile}, latency)]),
            Family("large", "counter", "Much.", [({}, 2**53 + 1), ({"x": "y"}, 0.25)]),
        ])
    )  # fmt: skip
    counts = {
        le: told(found, "seconds_bucket", what=hostile, le=le) for le in ("0.1", "0.2", "0.5", "5", "+Inf")
    }
    assert counts == {"0.1": 1, "0.2": 1, "0.5": 2, "5": 2, "+Inf": 3}
    assert told(found, "seconds_sum", what=hostile) == pytest.approx(7.4)
    assert told(found, "large_total", x="y") == 0.25


def test_a_token_that_could_be_guessed_is_refused_and_never_shown() -> None:
    with pytest.raises(SettingsError, match="CONTRACT_GRAPH_METRICS_TOKEN must have 20") as refused:
        load_settings({"CONTRACT_GRAPH_HOME": "/data", "CONTRACT_GRAPH_METRICS_TOKEN": "hunter2"})
    assert "hunter2" not in str(refused.value)
    given = load_settings({"CONTRACT_GRAPH_HOME": "/data", "CONTRACT_GRAPH_METRICS_TOKEN": TOKEN})
    assert given.metrics_token == TOKEN
    assert TOKEN not in repr(given)
