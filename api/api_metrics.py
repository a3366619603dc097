"""The figures of a process that answers requests: read from its parts, which only count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.audit_writer import AuditWriter
from api.door import Door
from api.metrics import Family
from api.planner.recent import Recent
from api.planner.run import Planner
from api.request_tally import RequestTally
from auth.oauth.routes import OAuthPages


def of_requests(tally: RequestTally, door: Door) -> Iterable[Family]:
    """Tell which operations were answered how, and how long that took."""
    yield Family(
        "requests_total",
        "counter",
        "GraphQL requests answered, by trusted operation (own: the caller's own), status and code.",
        [
            ({"operation": operation, "status": str(int(status)), "code": code}, count)
            for (operation, status, code), count in list(tally.answered.items())
        ],
    )
    yield Family(
        "request_seconds",
        "histogram",
        "How long GraphQL requests took, audit and all, by trusted operation.",
        [({"operation": name}, latency) for name, latency in list(tally.latencies.items())],
    )
    yield Family(
        "requests_turned_away_total",
        "counter",
        "Requests to /graphql refused at the door, before they were read, by code.",
        [({"code": code}, count) for code, count in list(door.turned_away.items())],
    )


def of_planner(planner: Planner) -> Iterable[Family]:
    """Tell what is kept of documents and plans, and what making them costs."""
    kinds: dict[str, Recent[Any, Any]] = {"document": planner.documents, "plan": planner.plans}
    yield Family("planner_kept", "gauge", "Documents parsed and plans compiled that are kept.", [
        ({"kind": kind}, len(kept)) for kind, kept in kinds.items()
    ])  # fmt: skip
    yield Family("planner_hits_total", "counter", "Requests for which one was kept.", [
        ({"kind": kind}, kept.hits) for kind, kept in kinds.items()
    ])  # fmt: skip
    yield Family("planner_refused_total", "counter", "Requests for which none could be made.", [
        ({"kind": kind}, kept.failed) for kind, kept in kinds.items()
    ])  # fmt: skip
    yield Family("planner_making_seconds", "histogram", "How long parsing and compiling took.", [
        ({"kind": kind}, kept.making) for kind, kept in kinds.items()
    ])  # fmt: skip


def of_audit(writer: AuditWriter) -> Iterable[Family]:
    """Tell how the audit log is written: events by group is the size of groups."""
    yield Family("audit_queued", "gauge", "Events that wait for the next group.", [({}, writer.queued)])
    yield Family("audit_events_total", "counter", "Events committed in groups.", [({}, writer.events)])
    yield Family("audit_failed_total", "counter", "Groups that were not committed.", [({}, writer.failed)])
    yield Family("audit_commit_seconds", "histogram", "How long a group took.", [({}, writer.commits)])


def of_oauth(pages: OAuthPages) -> Iterable[Family]:
    """Tell what the authorization server answered."""
    yield Family(
        "oauth_answers_total",
        "counter",
        "Answers of the authorization server by endpoint and error, ok where it was none.",
        [
            ({"endpoint": str(endpoint), "result": result}, count)
            for (endpoint, result), count in list(pages.answered.items())
        ],
    )
