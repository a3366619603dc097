"""Docusign: Connect webhooks (JSON SIM) about envelopes, and what the Agreements API reads out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from domain.claim import Report
from sync.clm.delivery import Delivery
from sync.clm.event import Event, Fetch, event_id
from sync.clm.fetcher import Fetcher, NotFetched
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import shipped
from sync.clm.members import moment_at, name_at, word_at
from sync.clm.path import Here, Path
from sync.clm.payload_map import PayloadMap
from sync.clm.signature import Key, NotVerified, Verdict, hmac_sha256, missing, verify_any

MOST_KEYS: Final = 100
_SIGNATURE: Final = "X-DocuSign-Signature-"
_DIGEST: Final = "X-Authorization-Digest"
_MOST_PAGES: Final = 20
_EVENT = Path.parse("event")
_GENERATED = Path.parse("generatedDateTime")
_ACCOUNT = Path.parse("data.accountId")
_ENVELOPE = Path.parse("data.envelopeId")
_RECIPIENT = Path.parse("data.recipientId")
_SUMMARY = Path.parse("data.envelopeSummary")
_AGREEMENTS = Path.parse("data[*]")
_NEXT_PAGE = Path.parse("response_metadata.page_token_next")
# A contract does not end because its envelope was thrown away.
_PASSED_OVER: Final = ("envelope-deleted", "envelope-purge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docusign:
    """One account of Docusign, its envelopes as contracts.

    With `agreements`, the contracts are the agreements that Docusign reads out of a completed envelope: what
    is fetched then lies at the address of the Agreements API, and `mapping` is read for each of them.
    """

    account: str
    agreements: bool = False
    mapping: PayloadMap | None = field(default=None, repr=False)

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:  # noqa: ARG002 - no time signed
        """Verify HMAC-SHA256 over the body: a header for each key of the account, any of which may match."""
        told = delivery.header(_DIGEST)
        if told is not None and told != "HMACSHA256":
            return NotVerified(f"the header {_DIGEST} names another way to sign than HMACSHA256")
        named = (delivery.header(f"{_SIGNATURE}{number}") for number in range(1, MOST_KEYS + 1))
        given = [signature for signature in named if signature is not None]
        if not given:
            return missing(f"the header {_SIGNATURE}1", "turn on HMAC for the Connect configuration")
        return verify_any(keys, given, hmac_sha256(delivery.body, "base64"))

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        """Return the event about an envelope; its id leaves out how often it was tried."""
        payload = read_payload(delivery.body)
        kind = word_at(payload, _EVENT)
        if not kind:
            raise Malformed(_EVENT.text, "the name of the event is expected here")
        if not kind.startswith(("envelope-", "recipient-")) or kind in _PASSED_OVER:
            return ()
        if self.agreements and kind != "envelope-completed":
            return ()
        envelope = name_at(payload, _ENVELOPE)
        if name_at(payload, _ACCOUNT) != self.account:
            raise Malformed(_ACCOUNT.text, "the event is of another account than the connection's")
        summary = _SUMMARY.first(Here(payload, payload))
        whole = isinstance(summary, dict) and not self.agreements
        parts = (kind, envelope, word_at(payload, _RECIPIENT), word_at(payload, _GENERATED))
        event = Event(
            id=event_id(*(part for part in parts if part)),
            kind=kind,
            at=moment_at(payload, _GENERATED),
            content=summary if whole else None,
            fetch=None if whole else self._fetch(envelope),
        )
        return (event,)

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ANN401 - any JSON
        """Return the envelope, or the agreements of it, page by page."""
        if event.fetch is None:
            return event.content
        answer = await fetcher.get_json(event.fetch)
        if not self.agreements:
            return answer
        found = list(_data(answer))
        for _ in range(_MOST_PAGES):
            page = word_at(answer, _NEXT_PAGE)
            if not page:
                break
            answer = await fetcher.get_json(
                Fetch(event.fetch.segments, {**event.fetch.query, "ctoken": page})
            )
            found += _data(answer)
        if not found:
            # Docusign reads an envelope some time after it was completed.
            raise NotFetched(event.fetch.path, "Docusign has no agreement of the envelope yet", again=True)
        return {"data": found}

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:  # noqa: ANN401 - any JSON
        """Return the claims made."""
        name = "docusign_agreement" if self.agreements else "docusign_envelope"
        mapping = self.mapping or shipped(name).map
        if self.agreements:
            mapping = replace(mapping, contracts=_AGREEMENTS)
        return mapping.read(content, source=source, event=event.id, at=event.at)

    def _fetch(self, envelope: str) -> Fetch:
        if self.agreements:
            return Fetch(("v1", "accounts", self.account, "agreements"), {"source_id": envelope})
        path = ("restapi", "v2.1", "accounts", self.account, "envelopes", envelope)
        return Fetch(path, {"include": "documents"})


def _data(answer: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        raise Malformed("data", "a list of agreements is expected here")
    return data
