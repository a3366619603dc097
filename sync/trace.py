"""Traces of what goes across, for OpenTelemetry: one for each delivery, from the webhook to the write.

A delivery's correlation is stored with each of its events and with every message that comes of it. The ids of
its trace and spans follow from it, so that a worker on another machine, days later, goes on in the same
trace: nothing more is carried through the queues. Spans are told once they are over, and hold no value.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, cast, runtime_checkable
from uuid import UUID

from storage.lane_outcome import Done, Outcome
from storage.lanes import Finished, Queue, Taken
from sync.handlers import Batch

EXTRA: Final = "requirements-trace.txt"
_NAMES: Final[Mapping[Queue, str]] = {Queue.FETCH: "fetch", Queue.INBOX: "claim", Queue.OUTBOX: "write"}
_PATIENCE: Final = 3
"""Seconds for which a collector may keep a process from ending."""
_KIND: Final = re.compile(r"[A-Za-z0-9_]{1,100}")
_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class TracingMissing(Exception):
    """OTEL_EXPORTER_OTLP_ENDPOINT is set without its packages: pip install -r {extra}, or unset it."""

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").format(extra=EXTRA))


@runtime_checkable
class Changing(Protocol):
    """An outcome that says which contracts it changed."""

    @property
    def changed(self) -> Sequence[UUID]:
        """Contracts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One span: `key` is what it was about, `of` the step that it comes of, if it is known."""

    name: str
    correlation: str
    key: str = ""
    of: tuple[str, str] | None = ("webhook", "")
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    failed: bool = False
    link: str | None = None
    """Trace in which the sender has called us, as its `traceparent` said."""

    @property
    def trace_id(self) -> int:
        """The correlation itself, which every log names; of one that is no UUID, its hash."""
        try:
            return UUID(self.correlation).int
        except ValueError:
            return int.from_bytes(hashlib.sha256(self.correlation.encode()).digest()[:16])

    @property
    def span_id(self) -> int:
        """The same for the same step of a correlation, wherever it is asked."""
        return self._id(self.name, self.key)

    @property
    def parent_id(self) -> int | None:
        """The span that it comes of."""
        return None if self.of is None else self._id(*self.of)

    def _id(self, name: str, key: str) -> int:
        text = f"{self.correlation}\0{name}\0{key}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) or 1


def received(correlation: str, org_id: UUID, headers: Mapping[str, str], new: int, known: int) -> Step:
    """Return the span of a delivery, in which everything begins."""
    return Step(
        name="webhook", correlation=correlation, of=None, link=headers.get("traceparent"),
        attributes={
            "contract_graph.org": str(org_id), "contract_graph.new": new, "contract_graph.known": known,
        },
    )  # fmt: skip


def steps_of(
    batch: Batch, outcomes: Sequence[Outcome], finished: Finished, began: datetime
) -> Sequence[Step]:
    """Return the spans of a lane's turn: of each message that was looked at, and of what it changed."""
    name = _NAMES.get(batch.queue)
    return [] if name is None else list(_steps(name, batch, outcomes, finished, began))


def _steps(
    name: str, batch: Batch, outcomes: Sequence[Outcome], finished: Finished, began: datetime
) -> Iterator[Step]:
    held = {message.id: fault.kind for message, fault in finished.quarantined}
    looked_at = finished.done + len(held) + (finished.retry_at is not None)
    for place, (message, outcome) in enumerate(list(zip(batch.messages, outcomes, strict=False))[:looked_at]):
        attempt = batch.attempts if place == 0 else 1
        error = None if isinstance(outcome, Done) else held.get(message.id, outcome.reason.kind)
        # An attempt that failed is a span of its own: what comes of a message comes of the one that did not.
        key = message.payload if error is None else f"{message.payload} {message.id} {attempt}"
        yield Step(
            name=name,
            correlation=message.correlation,
            key=key,
            of=("change", message.payload) if batch.queue is Queue.OUTBOX else ("webhook", ""),
            attributes=_attributes(batch, message, attempt, began)
            | ({} if error is None else {"error.type": error if _KIND.fullmatch(error) else "OTHER"}),
            failed=error is not None,
        )
        if isinstance(outcome, Changing):
            for contract in outcome.changed:
                yield Step(
                    name="change", correlation=message.correlation, key=str(contract), of=(name, key),
                    attributes={"contract_graph.contract": str(contract)},
                )  # fmt: skip


def _attributes(batch: Batch, message: Taken, attempt: int, began: datetime) -> dict[str, str | int]:
    waited = max(0, round((began - message.enqueued_at).total_seconds() * 1000))
    return {
        "contract_graph.org": str(batch.org_id),
        "contract_graph.queue": str(batch.queue),
        "contract_graph.message": str(message.id),
        "contract_graph.attempt": attempt,
        "contract_graph.waited_ms": waited,
    }


class Trace:
    """Tells steps to a collector, in the background; what it does not take in time is left out."""

    def __init__(self, endpoint: str, service: str) -> None:
        try:
            self._sdk = _Sdk(endpoint, service)
        except ImportError as error:
            raise TracingMissing from error

    def tell(self, steps: Sequence[Step], began: datetime, ended: datetime) -> None:
        """Tell steps that took from one moment to another."""
        for step in steps:
            self._sdk.tell(step, round(began.timestamp() * 1e9), round(ended.timestamp() * 1e9))

    async def close(self) -> None:
        """Tell what was not told yet."""
        await asyncio.to_thread(self._sdk.provider.shutdown)


class _Sdk:
    """OpenTelemetry's SDK, which is imported by whoever traces and by nobody else."""

    def __init__(self, endpoint: str, service: str) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - as above
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self._api = trace
        self._ids = _Ids()
        self.provider = TracerProvider(
            resource=Resource.create({"service.name": f"contract-graph-{service}"}),
            id_generator=cast("Any", self._ids),
        )
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces", timeout=_PATIENCE)
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer("contract_graph")

    def tell(self, step: Step, began: int, ended: int) -> None:
        self._ids.trace, self._ids.span = step.trace_id, step.span_id
        parent = None if step.parent_id is None else self._remote(step.trace_id, step.parent_id)
        context = self._api.set_span_in_context(parent or self._api.INVALID_SPAN)
        found = _TRACEPARENT.fullmatch(step.link or "")
        links = (
            [] if found is None else [self._api.Link(self._span(*(int(each, 16) for each in found.groups())))]
        )
        span = self._tracer.start_span(
            step.name, context, attributes=dict(step.attributes), start_time=began, links=links
        )
        if step.failed:
            span.set_status(self._api.StatusCode.ERROR)
        span.end(ended)

    def _remote(self, trace_id: int, span_id: int) -> Any:  # noqa: ANN401 - of a package that may not be here
        return self._api.NonRecordingSpan(self._span(trace_id, span_id))

    def _span(self, trace_id: int, span_id: int) -> Any:  # noqa: ANN401 - as above
        flags = self._api.TraceFlags(self._api.TraceFlags.SAMPLED)
        return self._api.SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)


class _Ids:
    """Gives the SDK the ids that follow from a correlation; they are set before each span."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span

    def is_trace_id_random(self) -> bool:
        return True
