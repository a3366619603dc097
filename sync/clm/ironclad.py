"""Ironclad: webhooks that name a workflow or record, which is then fetched."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from domain.claim import Report
from sync.clm.delivery import Delivery
from sync.clm.event import Event, Fetch, event_id
from sync.clm.fetcher import Fetcher
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import shipped
from sync.clm.members import as_name, moment_at, name_at, word_at
from sync.clm.path import Path
from sync.clm.payload_map import PayloadMap
from sync.clm.signature import NO_KEY, NO_MATCH, Key, NotVerified, Verdict, Verified, missing

EVENT_ID: Final = "X-Ironclad-Webhook-Event-Id"
VERIFICATION: Final = "X-Ironclad-Webhook-Verification"
_SHORTEST_KEY: Final = 2048
_MOST_RECORDS: Final = 50
_EVENT = Path.parse("payload.event")
_COMPANY = Path.parse("companyID")
_WORKFLOW = Path.parse("payload.workflowID")
_RECORDS = (Path.parse("payload.recordID"), Path.parse("payload.recordId"))
_AT = Path.parse("timestamp")
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType(
    {
        name: hash_
        for hash_ in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
        for name in (hash_.name, hash_.name.upper(), f"RSA-{hash_.name.upper()}")
    }
)
_ENCODINGS: Final[Mapping[str, tuple[Callable[[str], bytes], Callable[[bytes], str]]]] = MappingProxyType(
    {
        "base64": (lambda text: b64decode(text, validate=True), lambda raw: b64encode(raw).decode()),
        "hex": (bytes.fromhex, lambda raw: raw.hex()),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ironclad:
    """One company in Ironclad: its records, and its workflows until they have one, as contracts."""

    company: str | None = None
    workflow: PayloadMap = field(default_factory=lambda: shipped("ironclad_workflow").map, repr=False)
    record: PayloadMap = field(default_factory=lambda: shipped("ironclad_record").map, repr=False)

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:  # noqa: ARG002 - no time signed
        """Verify event id + JSON.stringify(body) + nonce with public keys, each a PEM."""
        id_, told = delivery.header(EVENT_ID), delivery.header(VERIFICATION)
        if id_ is None or told is None:
            return missing(
                f"the header {EVENT_ID if id_ is None else VERIFICATION}", "let Ironclad call directly"
            )
        signed = _signed(told)
        if isinstance(signed, str):
            return NotVerified(f"the header {VERIFICATION} {signed}")
        if not keys:
            return NO_KEY
        # The parts are signed end to end without a mark between them: only a whole object cannot be cut anew.
        if not isinstance(_parsed(delivery.body), dict):
            return NotVerified("the body is no JSON object")
        for body in _forms(delivery.body):
            message = id_.encode(errors="surrogatepass") + body + signed.nonce
            for key in keys:
                if signed.is_by(key, message):
                    return Verified(key.id)
        return NO_MATCH

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        """Return the event about a workflow or record: it only names what must be fetched."""
        id_ = as_name(delivery.header(EVENT_ID))
        if id_ is None:
            raise Malformed(f"header {EVENT_ID}", "it must name the event")
        payload = read_payload(delivery.body)
        kind = word_at(payload, _EVENT)
        if not kind:
            raise Malformed(_EVENT.text, "the name of the event is expected here")
        if self.company is not None and name_at(payload, _COMPANY) != self.company:
            raise Malformed(_COMPANY.text, "the event is of another company than the connection's")
        if kind.startswith("workflow_"):
            fetch = Fetch(("workflows", name_at(payload, _WORKFLOW)))
        elif kind.startswith("record_"):
            record = next(filter(None, (word_at(payload, path) for path in _RECORDS)), None)
            if record is None:
                raise Malformed(_RECORDS[0].text, "an id is expected here: a text or a whole number")
            fetch = Fetch(("records", record))
        else:
            return ()
        return (Event(id=event_id(id_), kind=kind, at=moment_at(payload, _AT), fetch=fetch),)

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ANN401 - any JSON
        """Return the record, or the workflow, or the records that came of the workflow: they say more."""
        if event.fetch is None:
            raise Malformed("event", "there is nothing to fetch")
        answer = await fetcher.get_json(event.fetch)
        if event.fetch.segments[0] == "records":
            return {"records": [answer]}
        told = answer.get("recordIds") if isinstance(answer, dict) else None
        ids = [as_name(each) for each in told[:_MOST_RECORDS]] if isinstance(told, list) else []
        records = [await fetcher.get_json(Fetch(("records", id_))) for id_ in ids if id_ is not None]
        return {"records": records} if records else {"workflow": answer}

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:  # noqa: ANN401 - any JSON
        """Return the claims made."""
        if not isinstance(content, dict):
            raise Malformed("body", "a JSON object is expected")
        if "workflow" in content:
            return self.workflow.read(content["workflow"], source=source, event=event.id, at=event.at)
        return tuple(
            report
            for record in content.get("records", [])
            for report in self.record.read(record, source=source, event=event.id, at=event.at)
        )


@dataclass(frozen=True, slots=True)
class _Signed:
    """The signature that a header carries, with what it was made over besides."""

    nonce: bytes
    signature: bytes
    hash: hashes.HashAlgorithm

    def is_by(self, key: Key, message: bytes) -> bool:
        try:
            public = load_pem_public_key(key.secret)
        except ValueError:
            return False
        if not isinstance(public, RSAPublicKey) or public.key_size < _SHORTEST_KEY:
            return False
        try:
            public.verify(self.signature, message, PKCS1v15(), self.hash)
        except InvalidSignature:
            return False
        return True


def _signed(header: str) -> _Signed | str:
    """Read the verification header, or tell what is wrong with it."""
    told = _parsed(header.encode(errors="surrogatepass"))
    names = ("nonce", "signAlgorithm", "signature", "encoding")
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in names):
        return f"is no JSON object with {', '.join(names)}"
    hash_, encoding = _HASHES.get(told["signAlgorithm"]), _ENCODINGS.get(told["encoding"])
    if hash_ is None or encoding is None:
        return "names an algorithm or encoding that we do not take: RSA-SHA256 and base64 are usual"
    decode, encode = encoding
    try:
        signature = decode(told["signature"])
        nonce = told["nonce"].encode()
    except (ValueError, NotBase64):
        return "holds no signature in the encoding that it names"
    # One signature is written in one way only: two texts for it would be two deliveries.
    if encode(signature) != told["signature"]:
        return "holds no signature in the encoding that it names"
    return _Signed(nonce, signature, hash_)


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return read_payload(text)
    except Malformed:
        return None


def _forms(body: bytes) -> list[bytes]:
    """The body as it came, and as JSON.stringify would write it, where we can tell how that is."""
    try:
        again = json.loads(body, parse_float=_not_told, parse_int=_whole, object_pairs_hook=_ordered)
        text = json.dumps(again, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return [body]
    return [body] if text == body else [body, text]


def _not_told(_: str) -> float:
    raise ValueError("JavaScript writes some numbers otherwise")


def _whole(digits: str) -> int:
    number = int(digits)
    return number if abs(number) < 2**53 else int(_not_told(digits))


def _ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members JavaScript leaves in their order: none is named like an index."""
    if any(re.fullmatch(r"0|[1-9][0-9]*", name) for name, _ in pairs):
        raise ValueError("JavaScript puts these names first")
    return dict(pairs)
