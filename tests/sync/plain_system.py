"""A system of any kind that says what it claims in the words of history, and signs as simply as can be.

Of Salesforce and of people there is no connector yet, and none of a contract system's says what it may never
claim: with this one, every claim there can be comes through the door like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from domain.claim import Report, Unreadable
from domain.contract import Contract
from domain.field import CLM, ENTITIES, HERE, SALESFORCE, DeclaredField, Entity, Kind, System, fields_of
from domain.written import NotWritten, read_written
from storage.connections import ConnectionKey, StoredConnection
from sync.clm.delivery import Delivery
from sync.clm.event import Event
from sync.clm.fetcher import Fetcher
from sync.clm.malformed import read_payload
from sync.clm.signature import Key, Verdict, hmac_sha256, verify_any
from sync.connections import Connection, Connections
from tests.sync.clm.deliveries import hmac

SYSTEMS: Final[Mapping[str, System]] = {"clm": CLM, "esign": CLM, "salesforce": SALESFORCE, "people": HERE}
"""Connections by whose names a plain system speaks, and as which."""

MAPPING: Final = (
    'contract = "contract"\nclaimed_at = "at"\n[fields]\ntitle = "title"\n[signature]\nheader = "X-Plain"\n'
)
"""What such a connection is stored with: it has to be some kind of connection."""

_IDS: Final = UUID("5b0b1f0e-95f2-4d0e-8a53-0d1c8a2b6f11")


@dataclass(frozen=True, slots=True)
class PlainSystem:
    """A body is {event, contract, at, says: {field: text or null}, parts: [{list, key, ...}]}."""

    system: System

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:  # noqa: ARG002
        return verify_any(keys, [delivery.header("X-Plain") or ""], hmac_sha256(delivery.body, "hex"))

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = read_payload(delivery.body)
        return (Event(id=payload["event"], kind="plain", content=payload),)

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ARG002
        return event.content

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:
        contract = content["contract"]
        return (
            Report(
                contract=contract, system=self.system, source=source, event=event.id,
                claimed_at=datetime.fromisoformat(content["at"]),
                fields=dict(_said(name, text) for name, text in content["says"].items()),
                parts=tuple(_part(f"{source}:{contract}", each) for each in content["parts"]),
            ),
        )  # fmt: skip


class PlainConnections(Connections):
    """Connections of which those with a plain system's name speak as that."""

    def read(self, stored: StoredConnection, keys: Sequence[ConnectionKey]) -> Connection:
        found = super().read(stored, keys)
        if found.name not in SYSTEMS:
            return found
        return replace(found, connector=PlainSystem(SYSTEMS[found.name]))


def plain_delivery(
    contract: str, event: str, at: datetime, says: Mapping[str, Any], parts: Sequence[Mapping[str, str]] = ()
) -> Delivery:
    """Say something as a plain system, signed."""
    told = {"event": event, "contract": contract, "at": at.isoformat(), "says": says, "parts": list(parts)}
    body = json.dumps(told).encode()
    return Delivery({"x-plain": hmac(body).hex()}, {}, body)


def _said(name: str, text: str | None) -> tuple[str, Any]:
    declared = _declared(Contract).get(name)
    if declared is None:
        return name, text
    return declared.name, _value(declared, text)


def _value(declared: DeclaredField, text: str | None) -> Any:
    if text is None or declared.kind is Kind.REFERENCE:
        return text
    if declared.kind is Kind.LIST:
        return Unreadable(text, "it could not be read")
    try:
        return read_written(declared, text)
    except NotWritten as error:
        return Unreadable(text, str(error))


def _part(owner: str, told: Mapping[str, str]) -> Entity:
    entity = ENTITIES[_declared(Contract)[told["list"]].target]
    key = f"{owner}#{told['list']}:{told['key']}"
    known = _declared(entity)
    named = [known[name] for name in told if name not in {"list", "key"}]
    made = {each.name: _value(each, told[each.graph_name]) for each in named}
    return entity(id=uuid5(_IDS, key), source_key=key, contract_id=uuid5(_IDS, owner), **made)


def _declared(entity: type[Entity]) -> Mapping[str, DeclaredField]:
    return {each.graph_name: each for each in fields_of(entity)}
