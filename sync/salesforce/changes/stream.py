"""One stream of the Pub/Sub API: subscribed to, asked for more in time, and alive or known to be lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from auth.address import is_secure
from sync.salesforce.changes.event import ChangeEvent, Schema, read_event
from sync.salesforce.tokens import Token

if TYPE_CHECKING:
    from sync.salesforce.pubsub import pubsub_pb2 as wire

EVERYTHING: Final = "/data/ChangeEvents"
"""The channel of all changes of the objects that an org was told to tell of."""
MOST: Final = 100
"""How many events may be asked for at once."""

_SERVICE: Final = "/eventbus.v1.PubSub/"
_ERRORS: Final = "sfdc.platform.eventbus.grpc."
_PATIENCE = 20.0  # seconds that a call without a stream may take
_OF_NO_USE: Final = ("subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed")
_NOT_LET_IN: Final = ("service.auth.error", "service.auth.refresh.invalid")
_PASSING: Final = frozenset(
    {"service.unavailable", "OK", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED", "DEADLINE_EXCEEDED"}
)
# A connection that is half open would go unnoticed for minutes: Salesforce is asked whether it is there.
_OPTIONS: Final = (("grpc.keepalive_time_ms", 60_000), ("grpc.keepalive_timeout_ms", 10_000))


class StreamLost(Exception):
    """The stream ended; `code` is what Salesforce calls the reason, or gRPC.

    INTERNAL is gRPC's own word where its first write met the end: who subscribes again is told the reason.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"the stream of changes ended: {code}")
        self.code = code

    @property
    def refused(self) -> bool:
        """Whether it is refused, and not merely out of order for a while."""
        return self.code not in _PASSING


class ReplayLost(StreamLost):
    """Up to where we had read means nothing to Salesforce: it is too old, or the stream was made anew."""


class SessionLost(StreamLost):
    """Our session is not good for the stream, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is subscribed to; without `replay_id` from the earliest event that is kept.

    `certificate` is the file of an authority to trust beside none other.
    """

    address: str
    topic: str
    token: Token
    replay_id: bytes | None = None
    certificate: Path | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Some events, perhaps none, and up to where the stream is read with them."""

    events: tuple[ChangeEvent, ...]
    replay_id: bytes


@asynccontextmanager
async def subscribed(wanted: Wanted) -> AsyncIterator[Stream]:
    """Subscribe to a stream. What goes wrong is raised by its methods."""
    # Only here: gRPC takes long to load, and whoever has no Salesforce does not need it.
    from grpc import aio, ssl_channel_credentials  # noqa: PLC0415

    if is_plain(wanted.token.instance_url, wanted.address):
        channel = aio.insecure_channel(wanted.address, options=_OPTIONS)
    else:
        trusted = wanted.certificate.read_bytes() if wanted.certificate else None
        channel = aio.secure_channel(wanted.address, ssl_channel_credentials(trusted), options=_OPTIONS)
    try:
        yield Stream(channel, wanted)
    finally:
        await channel.close()


def is_plain(instance_url: str, address: str) -> bool:
    """Whether a stream is read in clear: that of a stand-in on this machine is, which has no certificate."""
    return urlsplit(instance_url).scheme == "http" and is_secure(f"http://{address}")


class Stream:
    """A subscription; at most MOST events are under way, and more are asked for before none is."""

    def __init__(self, channel: Any, wanted: Wanted) -> None:  # noqa: ANN401 - grpc is untyped
        from sync.salesforce.pubsub import pubsub_pb2  # noqa: PLC0415 - as in subscribed

        self._wire = pubsub_pb2
        self._channel, self._wanted = channel, wanted
        self._schemas: dict[str, Schema] = {}
        token = wanted.token
        self._metadata = (
            ("accesstoken", token.value), ("instanceurl", token.instance_url), ("tenantid", token.org_id),
        )  # fmt: skip
        method = channel.stream_stream(
            f"{_SERVICE}Subscribe", self._wire.FetchRequest.SerializeToString,
            self._wire.FetchResponse.FromString,
        )  # fmt: skip
        self._call = method(metadata=self._metadata)
        self._reading: asyncio.Task[Any] | None = None
        self._begun = False

    async def next(self, patience: float) -> Heard | None:
        """Return what came, or None where nothing did for so many seconds. Raises StreamLost."""
        try:
            if not self._begun:
                self._begun = True
                await self._call.write(self._first())
            if self._reading is None:
                self._reading = asyncio.create_task(self._call.read())
            # A read that is cancelled would end the call: it is left to go on instead.
            done, _ = await asyncio.wait({self._reading}, timeout=patience)
            if not done:
                return None
            answer, self._reading = self._reading.result(), None
            if not isinstance(answer, self._wire.FetchResponse):
                raise _lost(str((await self._call.code()).name), await self._call.trailing_metadata())
            events = [await self._read(each) for each in answer.events]
        except _grpc_error() as error:
            raise _lost(error.code().name, error.trailing_metadata()) from None
        except asyncio.InvalidStateError:  # it ended before its first write: only the status is left
            raise _lost((await self._call.code()).name, await self._call.trailing_metadata()) from None
        return Heard(tuple(events), answer.latest_replay_id)

    async def more(self, heard: Heard) -> None:
        """Ask for as many events as came: what came before is kept. Raises StreamLost."""
        if not heard.events:
            return
        try:
            await self._call.write(self._wire.FetchRequest(num_requested=len(heard.events)))
        except (asyncio.InvalidStateError, _grpc_error()):
            return  # it has ended: the next read says why

    def _first(self) -> wire.FetchRequest:
        preset, replay_id = self._wire.ReplayPreset.EARLIEST, self._wanted.replay_id
        if replay_id is not None:
            preset = self._wire.ReplayPreset.CUSTOM
        return self._wire.FetchRequest(
            topic_name=self._wanted.topic, replay_preset=preset, replay_id=replay_id or b"",
            num_requested=MOST,
        )  # fmt: skip

    async def _read(self, event: wire.ConsumerEvent) -> ChangeEvent:
        schema_id = event.event.schema_id
        if schema_id not in self._schemas:
            asking = self._channel.unary_unary(
                f"{_SERVICE}GetSchema", self._wire.SchemaRequest.SerializeToString,
                self._wire.SchemaInfo.FromString,
            )  # fmt: skip
            asked = self._wire.SchemaRequest(schema_id=schema_id)
            found = await asking(asked, metadata=self._metadata, timeout=_PATIENCE)
            self._schemas[schema_id] = Schema.read(found.schema_json)
        return read_event(event.event.id, event.event.payload, self._schemas[schema_id])


def _lost(status: str, trailers: Any) -> StreamLost:  # noqa: ANN401 - grpc is untyped
    told = {str(name): value for name, value in trailers or ()}
    code = str(told.get("error-code", status)).removeprefix(_ERRORS)
    if code in _OF_NO_USE:
        return ReplayLost(code)
    return SessionLost(code) if code in _NOT_LET_IN or status == "UNAUTHENTICATED" else StreamLost(code)


def _grpc_error() -> Any:  # noqa: ANN401 - grpc is untyped
    from grpc import aio  # noqa: PLC0415 - as in subscribed

    return aio.AioRpcError
