"""PandaDoc: webhooks that carry several events, each with its document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from domain.claim import Report
from sync.clm.delivery import Delivery
from sync.clm.event import Event, Fetch, event_id
from sync.clm.fetcher import Fetcher
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import shipped
from sync.clm.members import as_name, moment_at, name_at, word_at
from sync.clm.path import Path
from sync.clm.payload_map import PayloadMap
from sync.clm.signature import Key, Verdict, hmac_sha256, missing, verify_any

EVENT_ID: Final = "X-PandaDoc-Webhook-Event-Id"
# Of the others, document_deleted among them, none says how a contract stands.
KINDS: Final = frozenset(
    {"document_state_changed", "document_updated", "document_completed_pdf_ready", "recipient_completed"}
)
_EVENT = Path.parse("event")
_DOCUMENT = Path.parse("data.id")
_AT = Path.parse("data.date_modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pandadoc:
    """One workspace of PandaDoc; with `details`, each document is fetched, as webhooks say less of it."""

    details: bool = False
    mapping: PayloadMap = field(default_factory=lambda: shipped("pandadoc_document").map, repr=False)

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:  # noqa: ARG002 - no time signed
        """Verify HMAC-SHA256 over the body, which the query parameter `signature` carries in hexadecimal."""
        given = delivery.query.get("signature")
        if given is None:
            return missing("the query parameter signature", "let PandaDoc call the address as it was given")
        return verify_any(keys, [given], hmac_sha256(delivery.body, "hex"))

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        """Return the events about documents; one body may carry several, by one id of the delivery."""
        payload = read_payload(delivery.body)
        if not isinstance(payload, list):
            raise Malformed("body", "a JSON array of events is expected")
        told = as_name(delivery.header(EVENT_ID)) or f"sha256:{sha256(delivery.body).hexdigest()}"
        return tuple(
            self._event(event_id(told) if len(payload) == 1 else event_id(told, str(turn)), turn, item)
            for turn, item in enumerate(payload)
            if _kind(turn, item) in KINDS
        )

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ANN401 - any JSON
        """Return the details of the document, or what the event says of it."""
        return event.content if event.fetch is None else await fetcher.get_json(event.fetch)

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:  # noqa: ANN401 - any JSON
        """Return the claims made."""
        return self.mapping.read(content, source=source, event=event.id, at=event.at)

    def _event(self, id_: str, turn: int, item: Any) -> Event:  # noqa: ANN401 - any JSON
        try:
            document = name_at(item, _DOCUMENT)
        except Malformed as error:
            raise Malformed(f"[{turn}].{error.where}", error.reason) from None
        return Event(
            id=id_,
            kind=word_at(item, _EVENT),
            at=moment_at(item, _AT),
            content=item["data"],
            fetch=Fetch(("public", "v1", "documents", document, "details")) if self.details else None,
        )


def _kind(turn: int, item: Any) -> str:  # noqa: ANN401 - any JSON
    kind = word_at(item, _EVENT)
    if not kind:
        raise Malformed(f"[{turn}].{_EVENT.text}", "the name of the event is expected here")
    return kind
