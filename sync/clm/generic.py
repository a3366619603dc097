"""Any contract system that sends JSON, as a mapping file describes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from domain.claim import Report
from sync.clm.delivery import Delivery
from sync.clm.event import Event, Fetch, event_id
from sync.clm.fetcher import Fetcher
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import MappingFile
from sync.clm.members import as_name, moment_at, name_at, word_at
from sync.clm.path import Here
from sync.clm.signature import Key, NotVerified, Verdict, hmac_sha256, missing, verify_any


@dataclass(frozen=True, slots=True)
class Generic:
    """A connector that is nothing but its mapping file."""

    mapping: MappingFile

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:
        """Verify HMAC-SHA256 as [signature] says; without one, nothing is believed."""
        signing = self.mapping.door.signing
        if signing is None:
            return NotVerified("the connection's mapping has no [signature]: add how the source signs")
        given = delivery.header(signing.header)
        if given is None:
            return missing(f"the header {signing.header}", "let the source sign what it sends")
        message = signing.message(delivery, now)
        if isinstance(message, str):
            return NotVerified(message)
        sign = hmac_sha256(message, signing.encoding)
        return verify_any(keys, [given], lambda secret: signing.prefix + sign(secret))

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        """Return the events that [event] names; without it, the delivery is one."""
        payload = read_payload(delivery.body)
        names = self.mapping.door.events
        top = Here(payload, payload)
        found = list(names.each.all(top)) if names.each else [top]
        ids = self._ids(delivery, found)
        return tuple(self._event(id_, here) for id_, here in zip(ids, found, strict=True))

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ANN401 - any JSON
        """Return the contract that [fetch] leads to; without it, what the event says."""
        return event.content if event.fetch is None else await fetcher.get_json(event.fetch)

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:  # noqa: ANN401 - any JSON
        """Return the claims made."""
        return self.mapping.map.read(content, source=source, event=event.id, at=event.at)

    def _ids(self, delivery: Delivery, found: list[Here]) -> Iterator[str]:
        names = self.mapping.door.events
        told = None
        if names.id_header is not None:
            told = as_name(delivery.header(names.id_header))
            if told is None:
                raise Malformed(f"header {names.id_header}", "it must name the event")
        elif names.id is None:
            told = f"sha256:{sha256(delivery.body).hexdigest()}"
        for turn, here in enumerate(found):
            if told is None and names.id is not None:
                yield event_id(name_at(here.value, names.id))
            else:
                yield event_id(told or "") if len(found) == 1 else event_id(told or "", str(turn))

    def _event(self, id_: str, here: Here) -> Event:
        names, fetch = self.mapping.door.events, self.mapping.door.fetch
        return Event(
            id=id_,
            kind=word_at(here.value, names.kind) if names.kind else "",
            at=moment_at(here.value, names.at) if names.at else None,
            content=here.value,
            fetch=None if fetch is None else _fetched(fetch.segments, name_at(here.value, fetch.id)),
        )


def _fetched(segments: tuple[str, ...], id_: str) -> Fetch:
    return Fetch(tuple(id_ if segment == "{id}" else segment for segment in segments))
