from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sync.clm.delivery import Delivery
from sync.clm.docusign import Docusign
from sync.clm.generic import Generic
from sync.clm.ironclad import VERIFICATION, Ironclad
from sync.clm.mapping_file import read_mapping
from sync.clm.oneflow import Oneflow
from sync.clm.pandadoc import Pandadoc
from sync.clm.signature import Key, NotVerified, Verified
from tests.sync.clm.deliveries import (
    ACCOUNT,
    GENERIC,
    NOW,
    SECRET,
    SIGNED,
    Signed,
    delivery,
    docusign,
    generic,
    hmac,
    ironclad,
    ironclad_headers,
    oneflow,
    pandadoc,
    pem,
    private_key,
)

OTHER = Key("other", pem(rsa.generate_private_key(65537, 2048)))
COVERED = (docusign, ironclad, pandadoc, generic)
"""Those whose signature covers the body."""


def verdict(signed: Signed, delivered: Delivery | None = None, *keys: Key) -> Verified | NotVerified:
    return signed.connector.verify(delivered or signed.delivery, keys or (signed.key,), NOW)


@pytest.mark.parametrize("made", SIGNED)
def test_a_delivery_is_verified_and_the_answer_names_the_key(made: Callable[[], Signed]) -> None:
    signed = made()
    assert verdict(signed) == Verified("k1", hint=signed.name == "oneflow")


@pytest.mark.parametrize("made", SIGNED)
def test_another_key_does_not_verify_and_a_second_active_key_does(made: Callable[[], Signed]) -> None:
    signed = made()
    assert isinstance(verdict(signed, None, OTHER), NotVerified)
    answer = verdict(signed, None, OTHER, signed.key)
    assert isinstance(answer, Verified)
    assert answer.key == "k1"


@pytest.mark.parametrize("made", SIGNED)
def test_without_an_active_key_nothing_is_verified(made: Callable[[], Signed]) -> None:
    signed = made()
    answer = signed.connector.verify(signed.delivery, (), NOW)
    assert answer == NotVerified("the connection has no active key: add the one that the source signs with")


@pytest.mark.parametrize("made", COVERED)
def test_no_byte_of_the_body_may_differ(made: Callable[[], Signed]) -> None:
    signed = made()
    body = signed.delivery.body
    for at in range(len(body)):
        for bit in (1, 32, 128):
            flipped = body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :]
            assert not verdict(signed, signed.with_body(flipped)), (at, bit)
    assert not verdict(signed, signed.with_body(body + b"x"))
    assert not verdict(signed, signed.with_body(b""))


@pytest.mark.parametrize("made", COVERED)
def test_no_character_of_a_signature_may_differ(made: Callable[[], Signed]) -> None:
    signed = made()
    for place in ("headers", "query"):
        told = dict(getattr(signed.delivery, place))
        for name, value in told.items():
            if "event-id" in name and signed.name != "ironclad":
                continue
            for at in range(len(value)):
                changed = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
                answer = verdict(signed, replace(signed.delivery, **{place: told | {name: changed}}))
                assert not answer, (name, at)


@pytest.mark.parametrize("made", [docusign, ironclad, generic])
def test_a_missing_header_is_named_with_what_to_do(made: Callable[[], Signed]) -> None:
    signed = made()
    for name in signed.delivery.headers:
        if name == "x-authorization-digest":
            continue
        rest = {each: value for each, value in signed.delivery.headers.items() if each != name}
        answer = verdict(signed, signed.with_headers(rest))
        assert isinstance(answer, NotVerified)
        assert name in answer.reason.lower()
        assert "is missing: " in answer.reason


def test_pandadoc_without_its_query_parameter_and_oneflow_without_its_member_are_refused() -> None:
    unsigned = replace(pandadoc().delivery, query={})
    assert "query parameter signature is missing" in verdict(pandadoc(), unsigned).reason  # type: ignore[union-attr]
    told = json.loads(oneflow().delivery.body)
    del told["signature"]
    answer = verdict(oneflow(), oneflow().with_body(json.dumps(told).encode()))
    assert "member signature of the body is missing" in answer.reason  # type: ignore[union-attr]


@pytest.mark.parametrize("made", SIGNED)
def test_a_refusal_tells_nothing_of_a_secret_or_of_what_was_expected(made: Callable[[], Signed]) -> None:
    signed = made()
    secret = Key("k2", b"hunter2-hunter2-hunter2")
    answer = verdict(signed, None, secret)
    expected = (
        hmac(signed.delivery.body, secret.secret).hex(),
        b64encode(hmac(signed.delivery.body)).decode(),
    )
    assert not any(each in repr(answer) for each in ("hunter2", "k2", *expected))
    assert "hunter2" not in repr(secret)


def test_docusign_may_send_a_signature_for_each_of_its_keys() -> None:
    signed = docusign()
    good = signed.delivery.headers["x-docusign-signature-1"]
    for number, taken in ((2, True), (100, True), (101, False)):
        headers = {"x-docusign-signature-1": "AAAA", f"x-docusign-signature-{number}": good}
        assert bool(verdict(signed, signed.with_headers(headers))) is taken


def test_docusign_signs_in_one_way_only() -> None:
    signed = docusign()
    headers = dict(signed.delivery.headers) | {"x-authorization-digest": "HMACSHA1"}
    assert "another way to sign" in verdict(signed, signed.with_headers(headers)).reason  # type: ignore[union-attr]


def test_a_header_that_comes_twice_verifies_no_more() -> None:
    signed = docusign()
    twice = [*signed.delivery.headers.items(), ("X-DocuSign-Signature-1", "x")]
    assert not verdict(signed, Delivery.of(twice, (), signed.delivery.body))


def test_ironclad_is_verified_where_a_proxy_wrote_the_body_anew() -> None:
    """What is signed is JSON.stringify(body), not its bytes."""
    told = {"companyID": "c", "payload": {"event": "workflow_updated", "é": "\u2028\x01", "n": 12}}
    compact = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    signed = ironclad(compact)
    assert verdict(signed, signed.with_body(json.dumps(told, indent=2).encode()))
    assert not verdict(signed, signed.with_body(json.dumps(told | {"x": 1}).encode()))


@pytest.mark.parametrize("body", ['{"a":1.0}', '{"2":1,"1":2}', '{"a":9007199254740993}', '{"a":"\\ud800"}'])
def test_ironclad_bodies_that_javascript_writes_otherwise_verify_by_their_bytes_only(body: str) -> None:
    signed = ironclad(body.encode())
    assert verdict(signed)
    assert not verdict(signed, signed.with_body(body.replace(":", ": ", 1).encode()))


@pytest.mark.parametrize(
    ("event", "body", "nonce"),
    [
        ("evt-1" + '{"a":1}', "", "n"),
        ("evt-1", '{"a":1}n', ""),
        ("evt", '-1{"a":1}', "n"),
        ("", 'evt-1{"a":1}', "n"),
    ],
)
def test_the_parts_that_ironclad_signs_cannot_be_cut_anew(event: str, body: str, nonce: str) -> None:
    told = json.loads(ironclad_headers(b'{"a":1}', "evt-1", "n")[VERIFICATION]) | {"nonce": nonce}
    headers = {"X-Ironclad-Webhook-Event-Id": event, VERIFICATION: json.dumps(told)}
    assert not verdict(ironclad(), delivery(body.encode(), headers))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signAlgorithm", "RSA-SHA1"),
        ("signAlgorithm", "none"),
        ("encoding", "latin1"),
        ("signature", ""),
        ("signature", "é"),
        ("nonce", None),
        ("nonce", "\ud800"),
    ],
)
def test_ironclad_names_no_other_way_to_sign(name: str, value: Any) -> None:
    signed = ironclad()
    told = json.loads(signed.delivery.headers[VERIFICATION.lower()]) | {name: value}
    headers = dict(signed.delivery.headers) | {VERIFICATION.lower(): json.dumps(told)}
    assert not verdict(signed, signed.with_headers(headers))


def test_ironclad_keys_must_be_public_keys_of_rsa_that_are_long_enough() -> None:
    signed = ironclad()
    short = Key("short", pem(rsa.generate_private_key(65537, 1024)))  # noqa: S505 - it must be refused
    for key in (short, Key("no pem", b"-----BEGIN"), Key("secret", SECRET)):
        assert not verdict(signed, None, key)
    assert pem(private_key()) == signed.key.secret


def test_oneflow_says_that_its_signature_is_a_hint_only() -> None:
    forged = json.loads(oneflow().delivery.body) | {"contract": {"id": 666}}
    answer = verdict(oneflow(), oneflow().with_body(json.dumps(forged).encode()))
    assert answer == Verified("k1", hint=True)


def test_a_generic_timestamp_is_signed_and_must_be_near() -> None:
    signed = generic()
    connector = signed.connector
    for seconds, taken in ((0, True), (299, True), (-299, True), (301, False), (-301, False)):
        at = NOW + timedelta(seconds=seconds)
        assert bool(connector.verify(signed.delivery, (signed.key,), at)) is taken
    for told in ("", "-1", "1e9", "²", "99999999999999999999"):
        headers = dict(signed.delivery.headers) | {"x-acme-time": told}
        assert "no time in seconds" in verdict(signed, signed.with_headers(headers)).reason  # type: ignore[union-attr]
    later = dict(signed.delivery.headers) | {"x-acme-time": str(int(NOW.timestamp()) + 1)}
    assert not verdict(signed, signed.with_headers(later))


def test_a_generic_connection_without_a_signature_believes_nothing() -> None:
    mapping = GENERIC.split(b"[signature]")[0] + b"[fields]\ntitle = 'agreement.name'\n"
    answer = verdict(replace(generic(), connector=Generic(read_mapping(mapping, "acme.toml"))))
    assert "has no [signature]" in answer.reason  # type: ignore[union-attr]


def test_the_recorded_vectors_verify_and_no_flipped_byte_does(shared_data: Path) -> None:
    folder = shared_data / "payloads" / "signature_vectors"
    vectors = json.loads((folder / "vectors.json").read_text())

    def body(name: str) -> bytes:
        return (folder / vectors[name]["body_file"]).read_bytes()

    told = {name: vectors[name] for name in ("docusign", "pandadoc", "oneflow", "ironclad")}
    hint = {"callback_id": told["oneflow"]["callback_id"], "signature": told["oneflow"]["signature"]}
    cases: dict[str, tuple[Any, Delivery, bytes]] = {
        "docusign": (
            Docusign(account=ACCOUNT),
            delivery(body("docusign"), {"X-DocuSign-Signature-1": told["docusign"]["signature"]}),
            told["docusign"]["key"].encode(),
        ),
        "pandadoc": (
            Pandadoc(),
            delivery(body("pandadoc"), signature=told["pandadoc"]["signature"]),
            told["pandadoc"]["key"].encode(),
        ),
        "ironclad": (
            Ironclad(),
            delivery(body("ironclad"), told["ironclad"]["headers"]),
            (folder / told["ironclad"]["public_key_file"]).read_bytes(),
        ),
        "oneflow": (Oneflow(), delivery(json.dumps(hint).encode()), told["oneflow"]["sign_key"].encode()),
    }
    for name, (connector, made, secret) in cases.items():
        keys = (OTHER, Key("vector", secret))
        assert connector.verify(made, keys, NOW) == Verified("vector", hint=name == "oneflow"), name
        assert not connector.verify(made, (OTHER,), NOW)
        for at in range(len(made.body) if name != "oneflow" else 0):
            flipped = made.body[:at] + bytes([made.body[at] ^ 1]) + made.body[at + 1 :]
            assert not connector.verify(replace(made, body=flipped), keys, NOW), (name, at)
