"""Oneflow: webhooks that name a contract, and prove only that Oneflow called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1
from typing import Any

from domain.claim import Report
from sync.clm.delivery import Delivery
from sync.clm.event import Event, Fetch, event_id
from sync.clm.fetcher import Fetcher
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import shipped
from sync.clm.members import name_at, word_at
from sync.clm.path import Path
from sync.clm.payload_map import PayloadMap
from sync.clm.signature import Key, NotVerified, Verdict, missing, verify_any

_CALLBACK = Path.parse("callback_id")
_SIGNATURE = Path.parse("signature")
_CONTRACT = Path.parse("contract.id")
_ID = Path.parse("id")
_KIND = Path.parse("events[0].type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oneflow:
    """One account of Oneflow. Nothing that a webhook says is believed: it is why a contract is fetched."""

    mapping: PayloadMap = field(default_factory=lambda: shipped("oneflow_contract").map, repr=False)

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:  # noqa: ARG002 - no time signed
        """Verify SHA-1 of `callback_id` and key. It does not cover the body, so what matches is a hint."""
        try:
            payload = read_payload(delivery.body)
            callback = name_at(payload, _CALLBACK)
        except Malformed as error:
            return NotVerified(str(error))
        given = word_at(payload, _SIGNATURE)
        if not given:
            return missing("the member signature of the body", "set a sign key for the webhook")
        return verify_any(
            keys,
            [given],
            # Oneflow's own rule, weak as it is: that is why it proves no more than a hint.
            lambda secret: sha1(callback.encode() + secret, usedforsecurity=False).hexdigest(),
            hint=True,
        )

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        """Return one event: whatever happened to the contract, it is fetched as it stands now.

        Its id has the contract's beside Oneflow's own: who saw one webhook could put another contract in it,
        and must not be able to pass that off as the same event.
        """
        payload = read_payload(delivery.body)
        contract = name_at(payload, _CONTRACT)
        event = Event(
            id=event_id(name_at(payload, _CALLBACK), contract),
            kind=word_at(payload, _KIND),
            fetch=Fetch(("contracts", contract)),
        )
        return (event,)

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ANN401 - any JSON
        """Return the contract as it stands. Raises Malformed where the answer is of another one."""
        if event.fetch is None:
            raise Malformed("event", "there is nothing to fetch")
        answer = await fetcher.get_json(event.fetch)
        if name_at(answer, _ID) != event.fetch.segments[-1]:
            raise Malformed("id", "the answer is of another contract than was asked for")
        return answer

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:  # noqa: ANN401 - any JSON
        """Return the claims made."""
        return self.mapping.read(content, source=source, event=event.id, at=event.at)
