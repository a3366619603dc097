"""The stand-in over gRPC: its change events as Salesforce's Pub/Sub API gives them (salesforce.md 5.1)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final, NoReturn
from uuid import uuid4

import grpc
from grpc import aio

from sync.salesforce.pubsub import pubsub_pb2 as wire
from sync.salesforce.stand_in.app import StandIn
from sync.salesforce.stand_in.catalogue import objects
from sync.salesforce.stand_in.certificate import Certificate
from sync.salesforce.stand_in.change_events import Event, EventBus, ReplayInvalid
from sync.salesforce.stand_in.event_schema import schema_of, told_fields
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import Refused

SERVICE: Final = "eventbus.v1.PubSub"
ALL: Final = "/data/ChangeEvents"
_MOST = 100
_AT_ONCE = 20
_ERRORS = "sfdc.platform.eventbus.grpc."
_EARLIEST, _CUSTOM = wire.ReplayPreset.EARLIEST, wire.ReplayPreset.CUSTOM


async def open_pubsub(stand_in: StandIn, host: str, certificate: Certificate | None) -> tuple[Any, str]:
    """Serve the change events of a stand-in at a free port; return the server, and where it is."""
    # Salesforce lets nobody ping all the time, and more often than every ten seconds when nothing is sent.
    options = [("grpc.http2.min_ping_interval_without_data_ms", 5000), ("grpc.so_reuseport", 0)]
    server = aio.server(options=options)
    server.add_generic_rpc_handlers((_handlers(stand_in),))
    if certificate is None:
        port = server.add_insecure_port(f"{host}:0")
    else:
        pair = certificate.key.read_bytes(), certificate.chain.read_bytes()
        port = server.add_secure_port(f"{host}:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    return server, f"{host}:{port}"


def _handlers(stand_in: StandIn) -> grpc.GenericRpcHandler:
    service = _PubSub(stand_in)

    def once(method: Any, asked: Any, answered: Any) -> Any:  # noqa: ANN401 - grpc is untyped
        return grpc.unary_unary_rpc_method_handler(method, asked.FromString, answered.SerializeToString)

    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Subscribe": grpc.stream_stream_rpc_method_handler(
                service.subscribe, wire.FetchRequest.FromString, wire.FetchResponse.SerializeToString
            ),
            "GetSchema": once(service.get_schema, wire.SchemaRequest, wire.SchemaInfo),
            "GetTopic": once(service.get_topic, wire.TopicRequest, wire.TopicInfo),
        },
    )


class _PubSub:
    """The methods of the service; each call says who it is of in its metadata."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def get_schema(self, asked: wire.SchemaRequest, context: Any) -> wire.SchemaInfo:  # noqa: ANN401 - grpc
        await self._caller(context)
        schema = next((each for each in map(schema_of, objects()) if each.id == asked.schema_id), None)
        if schema is None:
            await _abort(context, grpc.StatusCode.NOT_FOUND, "schema.not.found", "there is no such schema")
        return wire.SchemaInfo(schema_json=schema.json, schema_id=schema.id, rpc_id=str(uuid4()))

    async def get_topic(self, asked: wire.TopicRequest, context: Any) -> wire.TopicInfo:  # noqa: ANN401 - grpc
        await self._caller(context)
        name = await self._topic(asked.topic_name, context)
        return wire.TopicInfo(
            topic_name=asked.topic_name, tenant_guid=self._stand_in.org.org_id, can_subscribe=True,
            schema_id=schema_of(name).id if name else "", rpc_id=str(uuid4()),
        )  # fmt: skip

    async def subscribe(
        self,
        requests: AsyncIterator[wire.FetchRequest],
        context: Any,  # noqa: ANN401 - grpc
    ) -> AsyncIterator[wire.FetchResponse]:
        caller = await self._caller(context)
        try:
            first = await anext(aiter(requests))
        except StopAsyncIteration:
            return
        name = await self._topic(first.topic_name, context)
        org = self._stand_in.org
        place = await _start(org, first, context)
        stream = _Stream(org, caller, name, place)
        await _more(stream, first, context)
        reading = asyncio.create_task(_read(stream, requests))
        org.bus.waiting.add(stream.wake)
        try:
            while org is self._stand_in.org:
                if reading.done() and (refused := reading.result()) is not None:
                    await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, *refused)
                if stream.over:
                    return
                if (answer := await stream.next(context)) is not None:
                    yield answer
        finally:
            org.bus.waiting.discard(stream.wake)
            reading.cancel()

    async def _caller(self, context: Any) -> Caller:  # noqa: ANN401 - grpc
        told = dict(context.invocation_metadata())
        try:
            caller = self._stand_in.sessions.caller(told.get("accesstoken", ""), None)
        except Refused:
            caller = None
        own = told.get("tenantid", "")[:15] == self._stand_in.org.org_id[:15]
        if caller is None or not own or not told.get("instanceurl"):
            await _abort(
                context, grpc.StatusCode.UNAUTHENTICATED, "service.auth.error", "the session is not good here"
            )
        return caller

    async def _topic(self, topic: str, context: Any) -> str | None:  # noqa: ANN401 - grpc
        """Return the object that a topic is of, None for that of all."""
        name = topic.removeprefix("/data/").removesuffix("ChangeEvent")
        if topic == ALL:
            return None
        if topic != f"/data/{name}ChangeEvent" or name not in objects():
            await _abort(context, grpc.StatusCode.NOT_FOUND, "topic.not.found", "there is no such topic")
        return name


class _Stream:
    """One subscription: how far it has come, and how many events may still be sent."""

    def __init__(self, org: Org, caller: Caller, name: str | None, place: int) -> None:
        self._org, self._caller, self._name, self._place = org, caller, name, place
        self._generation = org.bus.generation
        self.pending = 0
        self.wake = asyncio.Event()
        self._idle_since = self._silent_since = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether nothing more was asked for, for too long."""
        idle = time.monotonic() - self._idle_since
        return self.pending == 0 and idle >= self._org.settings.pending_patience

    def ask(self, number: int) -> None:
        self.pending += number
        self.wake.set()

    async def next(self, context: Any) -> wire.FetchResponse | None:  # noqa: ANN401 - grpc
        """Return what is to be sent now, after a while at most; None where nothing is."""
        bus, found = self._org.bus, list[Event]()
        if bus.generation != self._generation:
            await self._lose(context)
        while self._place < len(bus.events) and len(found) < min(self.pending, _AT_ONCE):
            event = bus.events[self._place]
            if self._org.faults.for_event(event.object, "", "break"):
                await self._lose(context)
            self._place += 1
            if self._name in (None, event.object) and self._caller.rights.may_see(event.object):
                found.append(event)
        if found:
            await self._count(len(found), context)
            return self._answer(found)
        silence = self._org.settings.keepalive - (time.monotonic() - self._silent_since)
        if silence <= 0 and self.pending:
            return self._answer([])
        self.wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.01, min(silence, self._org.settings.pending_patience, 1.0))):
                await self.wake.wait()
        return None

    async def _lose(self, context: Any) -> NoReturn:  # noqa: ANN401 - grpc
        await _abort(context, grpc.StatusCode.UNAVAILABLE, "service.unavailable", "it is out of order")

    async def _count(self, number: int, context: Any) -> None:  # noqa: ANN401 - grpc
        self._org.delivered += number
        if self._org.delivered > self._org.settings.daily_events:
            await _abort(
                context, grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded",
                "the events of a day are delivered",
            )  # fmt: skip

    def _answer(self, found: list[Event]) -> wire.FetchResponse:
        self.pending -= len(found)
        self._idle_since = self._silent_since = time.monotonic()
        latest = found[-1].replay_id if found else self._org.bus.latest()
        return wire.FetchResponse(
            events=[self._event(each) for each in found], latest_replay_id=latest, rpc_id=str(uuid4()),
            pending_num_requested=self.pending,
        )  # fmt: skip

    def _event(self, event: Event) -> wire.ConsumerEvent:
        may = self._caller.rights.may_read
        readable = frozenset(each for each in told_fields(event.object) if may(event.object, each))
        inner = wire.ProducerEvent(id=event.id, schema_id=event.schema.id, payload=event.payload(readable))
        return wire.ConsumerEvent(event=inner, replay_id=event.replay_id)


async def _read(stream: _Stream, requests: AsyncIterator[wire.FetchRequest]) -> tuple[str, str] | None:
    """Take further requests; return what is wrong with one."""
    async for request in requests:
        if (refused := _refused(stream, request)) is not None:
            return refused
        stream.ask(request.num_requested)
    return None


async def _more(stream: _Stream, request: wire.FetchRequest, context: Any) -> None:  # noqa: ANN401 - grpc
    if (refused := _refused(stream, request)) is not None:
        await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, *refused)
    stream.ask(request.num_requested)


def _refused(stream: _Stream, request: wire.FetchRequest) -> tuple[str, str] | None:
    if request.num_requested > 0 and stream.pending + request.num_requested <= _MOST:
        return None
    return "subscription.fetch.requested.events.invalid", f"from 1 to {_MOST} events may be asked for"


async def _start(org: Org, first: wire.FetchRequest, context: Any) -> int:  # noqa: ANN401 - grpc
    """Return the place of the first event to send."""
    bus: EventBus = org.bus
    if first.replay_preset == _EARLIEST:
        return bus.earliest()
    if first.replay_preset != _CUSTOM:
        return len(bus.events)
    if not first.replay_id:
        await _abort(
            context, grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed",
            "a replay id is needed",
        )  # fmt: skip
    try:
        place = bus.place_after(first.replay_id)
    except ReplayInvalid as error:
        await _abort(
            context, grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", str(error)
        )
    return max(bus.earliest(), place - org.settings.repeats)


async def _abort(context: Any, code: grpc.StatusCode, error: str, message: str) -> NoReturn:  # noqa: ANN401 - grpc
    await context.abort(code, message, trailing_metadata=(("error-code", _ERRORS + error),))
    raise AssertionError("abort has raised")
