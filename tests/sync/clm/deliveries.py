"""Deliveries of every vendor, signed as the vendor signs them: our own small samples, and those recorded."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha1, sha256
from hmac import new
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.clm.connector import Connector
from sync.clm.delivery import Delivery
from sync.clm.docusign import Docusign
from sync.clm.generic import Generic
from sync.clm.ironclad import Ironclad
from sync.clm.mapping_file import load_mapping, read_mapping
from sync.clm.oneflow import Oneflow
from sync.clm.pandadoc import Pandadoc
from sync.clm.signature import Key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = b"a key of tests, and of nothing else"
HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
ACCOUNT = "9777bc04-36c8-4382-b4f4-e9103ae0a500"


@dataclass(frozen=True)
class Signed:
    """A connector with a delivery that one key of it made."""

    name: str
    connector: Connector
    delivery: Delivery
    key: Key

    def with_body(self, body: bytes) -> Delivery:
        return replace(self.delivery, body=body)

    def with_headers(self, headers: Mapping[str, str]) -> Delivery:
        return replace(self.delivery, headers=headers)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes().strip()


def hmac(body: bytes, secret: bytes = SECRET) -> bytes:
    return new(secret, body, sha256).digest()


def delivery(body: bytes, headers: Mapping[str, str] | None = None, **query: str) -> Delivery:
    return Delivery.of((headers or {}).items(), query.items(), body)


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def ironclad_headers(body: bytes, event: str = "evt-1", nonce: str = "n0nce") -> dict[str, str]:
    signature = private_key().sign(event.encode() + body + nonce.encode(), PKCS1v15(), hashes.SHA256())
    verification = {
        "nonce": nonce,
        "signAlgorithm": "RSA-SHA256",
        "signature": b64encode(signature).decode(),
        "encoding": "base64",
    }
    return {
        "X-Ironclad-Webhook-Event-Id": event,
        "X-Ironclad-Webhook-Verification": json.dumps(verification),
    }


def docusign(body: bytes | None = None, **options: Any) -> Signed:
    body = sample("docusign_completed.json") if body is None else body
    headers = {
        "X-DocuSign-Signature-1": b64encode(hmac(body)).decode(),
        "X-Authorization-Digest": "HMACSHA256",
    }
    connector = Docusign(account=ACCOUNT, **options)
    return Signed("docusign", connector, delivery(body, headers), Key("k1", SECRET))


def ironclad(body: bytes | None = None) -> Signed:
    body = sample("ironclad_workflow_updated.json") if body is None else body
    made = delivery(body, ironclad_headers(body))
    return Signed("ironclad", Ironclad(), made, Key("k1", pem(private_key())))


def pandadoc(body: bytes | None = None, **options: Any) -> Signed:
    body = sample("pandadoc_two_events.json") if body is None else body
    made = delivery(body, {"X-PandaDoc-Webhook-Event-Id": "pd-1"}, signature=hmac(body).hex())
    return Signed("pandadoc", Pandadoc(**options), made, Key("k1", SECRET))


def oneflow(contract: Any = 4711) -> Signed:
    signature = sha1(b"cb-1" + SECRET, usedforsecurity=False).hexdigest()
    told = {
        "contract": {"id": contract},
        "callback_id": "cb-1",
        "events": [{"id": 1, "type": "contract:sign", "created_time": "2026-02-28T10:00:00+00:00"}],
        "signature": signature,
    }
    return Signed("oneflow", Oneflow(), delivery(json.dumps(told).encode()), Key("k1", SECRET))


GENERIC = b"""
contract = "agreement.no"
claimed_at = "agreement.changed"

[event]
id = "message"
kind = "what"

[signature]
header = "X-Acme-Signature"
encoding = "base64"
prefix = "v1="
timestamp_header = "X-Acme-Time"

[fields]
title = "agreement.name"
total_value = { from = "agreement.sum", currency = "agreement.ccy" }
"""


def generic(mapping: bytes = GENERIC, body: bytes | None = None) -> Signed:
    body = sample("generic.json") if body is None else body
    time = str(int(NOW.timestamp()))
    signature = "v1=" + b64encode(hmac(f"{time}.".encode() + body)).decode()
    headers = {"X-Acme-Signature": signature, "X-Acme-Time": time}
    connector = Generic(read_mapping(mapping, "acme.toml"))
    return Signed("generic", connector, delivery(body, headers), Key("k1", SECRET))


def prozorro() -> Generic:
    return Generic(load_mapping(HERE / "prozorro.toml"))


SIGNED = (docusign, ironclad, pandadoc, oneflow, generic)
