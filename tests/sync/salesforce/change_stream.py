"""The Pub/Sub API of the stand-in, spoken to without any of our client's code."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import grpc
import orjson
from fastavro import parse_schema, schemaless_reader

from sync.salesforce.pubsub import pubsub_pb2 as wire
from tests.sync.salesforce.org import SYNC, SalesforceOrg

ALL = "/data/ChangeEvents"
_END = object()


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it came: its id, its place in the stream, and its Avro, read."""

    id: str
    replay_id: bytes
    said: dict[str, Any]

    @property
    def header(self) -> dict[str, Any]:
        found: dict[str, Any] = self.said["ChangeEventHeader"]
        return found

    @property
    def told(self) -> dict[str, Any]:
        """The fields that are not null."""
        own = {name: value for name, value in self.said.items() if name != "ChangeEventHeader"}
        return {name: value for name, value in own.items() if value is not None}


class Stream:
    """One subscription."""

    def __init__(self, bus: Bus, **first: Any) -> None:
        self._bus = bus
        self._asked: queue.Queue[Any] = queue.Queue()
        self.ask(**first)
        self.answers = bus.method("Subscribe", stream=True)(
            iter(self._asked.get, _END), metadata=bus.metadata
        )

    def ask(self, **request: Any) -> None:
        self._asked.put(wire.FetchRequest(**request))

    def events(self, number: int) -> list[Heard]:
        """Wait for so many events."""
        found: list[Heard] = []
        while len(found) < number:
            found += [self._bus.heard(each) for each in next(self.answers).events]
        return found

    def end(self) -> None:
        self._asked.put(_END)
        self.answers.cancel()


@dataclass(frozen=True, slots=True)
class Bus:
    """The API as one user has it."""

    channel: grpc.Channel
    metadata: tuple[tuple[str, str], ...]

    def method(self, name: str, *, stream: bool = False) -> Any:
        asked, answered = {
            "Subscribe": (wire.FetchRequest, wire.FetchResponse),
            "GetSchema": (wire.SchemaRequest, wire.SchemaInfo),
            "GetTopic": (wire.TopicRequest, wire.TopicInfo),
        }[name]
        made = self.channel.stream_stream if stream else self.channel.unary_unary
        return made(f"/eventbus.v1.PubSub/{name}", asked.SerializeToString, answered.FromString)

    def subscribe(self, topic: str = ALL, number: int = 100, **first: Any) -> Stream:
        return Stream(self, topic_name=topic, num_requested=number, **first)

    def everything(self, number: int, topic: str = ALL) -> list[Heard]:
        """Return the first events that are kept."""
        stream = self.subscribe(topic, replay_preset=wire.ReplayPreset.EARLIEST)
        try:
            return stream.events(number)
        finally:
            stream.end()

    def schema(self, schema_id: str) -> dict[str, Any]:
        asked = wire.SchemaRequest(schema_id=schema_id)
        found: dict[str, Any] = orjson.loads(
            self.method("GetSchema")(asked, metadata=self.metadata, timeout=10).schema_json
        )
        return found

    def heard(self, event: wire.ConsumerEvent) -> Heard:
        schema = parse_schema(self.schema(event.event.schema_id))
        said: Any = schemaless_reader(BytesIO(event.event.payload), schema, None)
        return Heard(event.event.id, event.replay_id, said)


@contextmanager
def bus_of(org: SalesforceOrg, username: str = SYNC, **metadata: str) -> Iterator[Bus]:
    """Speak to the stand-in's bus as a user."""
    at, trusted = org.stand_in.events or "", org.stand_in.certificate
    if trusted is None:
        channel = grpc.insecure_channel(at)
    else:
        channel = grpc.secure_channel(at, grpc.ssl_channel_credentials(Path(trusted).read_bytes()))
    token = org.token(username).json()
    own = {
        "accesstoken": token["access_token"], "instanceurl": token["instance_url"],
        "tenantid": token["id"].split("/")[-2],
    }  # fmt: skip
    with channel:
        yield Bus(channel, tuple((own | metadata).items()))


def trailer(error: grpc.RpcError) -> str:
    """Return what an error calls itself."""
    return str(dict(error.trailing_metadata())["error-code"]).removeprefix("sfdc.platform.eventbus.grpc.")
