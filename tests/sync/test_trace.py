"""One trace from the webhook to the write, told to a collector of this process, and no value in it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import asyncpg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api.settings import SettingsError, load_settings
from api.tracing import opened_trace
from storage.database import Database
from sync.registry import now
from sync.trace import Step, Trace
from tests.sync.contract_system import contract_system
from tests.sync.scenario import Scenario
from tests.sync.scenario_stage import Stage

SECRET = "Beans for the moon"
SENDER = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Collector:
    """Takes spans as an OTLP collector does, and keeps them."""

    endpoint: str = ""
    spans: list[Any] = field(default_factory=list)

    def named(self, name: str) -> Any:
        (found,) = [each for each in self.spans if each.name == name]
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    told = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                told.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def played(scenario: Scenario, database_url: str, owner_url: str) -> Collector:
    """Play a scenario, each part of it with a trace opened anew, as other processes would."""

    async def run() -> None:
        database = await Database.open(database_url, 6)
        owner = await asyncpg.connect(owner_url)
        stage = Stage(database, owner, systems, trace=trace)
        try:
            await stage.play(scenario)
        finally:
            await owner.close()
            await database.close()
            await trace.close()

    with collecting() as collector, contract_system() as systems:
        trace = Trace(collector.endpoint, "tests")
        asyncio.run(run())
    return collector


def delivery(**says: str) -> Scenario:
    step = {"by": "clm", "event": "e-1", "at": "10:00", "says": says}
    return Scenario(
        name="traced", about="A delivery.", steps=[step], connections={}, answers=[], salesforce=None,
        expect={},
    )  # fmt: skip


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_webhook_claim_change_and_write_are_one_trace(database_url: str, owner_url: str) -> None:
    collector = played(delivery(title=SECRET), database_url, owner_url)
    webhook, claim, change, write = (
        collector.named(each) for each in ("webhook", "claim", "change", "write")
    )
    assert {each.trace_id for each in collector.spans} == {webhook.trace_id}
    assert webhook.parent_span_id == b""
    assert claim.parent_span_id == webhook.span_id
    assert change.parent_span_id == claim.span_id
    assert write.parent_span_id == change.span_id
    assert attributes(write)["contract_graph.queue"] == "outbox"
    assert attributes(claim)["contract_graph.attempt"] == 1
    assert all(each.end_time_unix_nano >= each.start_time_unix_nano for each in collector.spans)


def test_no_value_is_in_a_span(database_url: str, owner_url: str) -> None:
    for span in played(delivery(title=SECRET), database_url, owner_url).spans:
        assert SECRET not in str(span)
        assert set(attributes(span)) <= {
            "contract_graph.org", "contract_graph.new", "contract_graph.known", "contract_graph.queue",
            "contract_graph.message", "contract_graph.attempt", "contract_graph.waited_ms",
            "contract_graph.contract", "error.type",
        }  # fmt: skip


def test_what_fails_is_a_span_of_its_own_and_says_what_kind_of_error_it_was(
    database_url: str, owner_url: str
) -> None:
    claim = played(delivery(nothing="x"), database_url, owner_url).named("claim")
    assert attributes(claim)["error.type"] == "NoSuchClaim"
    assert claim.status.code == 2


def test_ids_follow_from_the_correlation_wherever_they_are_asked() -> None:
    correlation = "0199e0b1-7a10-7abc-8123-0123456789ab"
    one, other = (Step(name="write", correlation=correlation, key="k", of=("change", "k")) for _ in "12")
    assert f"{one.trace_id:032x}" == correlation.replace("-", ""), "the correlation in every log finds it"
    assert (one.span_id, one.parent_id) == (other.span_id, other.parent_id)
    assert one.parent_id == Step(name="change", correlation=correlation, key="k").span_id
    assert Step(name="write", correlation="of a caller", key="k").trace_id != 0


def test_the_trace_of_a_sender_is_linked_and_what_is_no_trace_is_not() -> None:
    with collecting() as collector:
        trace = Trace(collector.endpoint, "tests")
        for number, link in enumerate((f"00-{SENDER}-b7ad6b7169203331-01", "nonsense", None)):
            step = Step(name=f"s{number}", correlation=str(number), of=None, link=link)
            trace.tell([step], now(), now())
        asyncio.run(trace.close())
    assert [[each.trace_id.hex() for each in span.links] for span in collector.spans] == [[SENDER], [], []]


def test_a_collector_that_is_away_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    trace = Trace("http://127.0.0.1:9", "tests")
    trace.tell([Step(name="webhook", correlation="x", of=None)], now(), now())
    asyncio.run(trace.close())
    assert "Failed to export" in caplog.text


def test_nothing_is_imported_or_told_unless_an_endpoint_is_set() -> None:
    assert opened_trace(load_settings({"CONTRACT_GRAPH_HOME": "/data"}), "api") is None
    code = "import api.app, api.commands.worker, sys; assert not [m for m in sys.modules if 'opentel' in m]"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_packages_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    given = {"CONTRACT_GRAPH_HOME": "/data", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    with pytest.raises(SettingsError, match=re.escape("pip install -r requirements-trace.txt")):
        opened_trace(load_settings(given), "api")
