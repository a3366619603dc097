from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from auth.oauth.client import (
    RegisteredClient,
    client_id_of,
    new_client,
    new_public_client,
    new_trust,
    read_client_id,
)
from auth.scopes import DOCUMENTS, READ, WRITE
from tests.api.salesforce_org import certificate, rsa_key

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_a_client_id_says_whose_it_is_and_which() -> None:
    client, _ = new_client(uuid4(), "sync", frozenset(), NOW)
    assert read_client_id(client_id_of(client)) == (client.org_id, client.id)


@pytest.mark.parametrize(
    "text", ["", "me", "x" * 42, "x" * 44, "é" * 43, "!" * 43, "A" * 42 + "B", "A" * 42 + "="]
)
def test_a_text_that_was_never_a_client_id_names_no_org(text: str) -> None:
    assert read_client_id(text) is None


def test_the_secret_of_a_client_fits_it_and_no_other() -> None:
    client, secret = new_client(uuid4(), "sync", frozenset({"integrator"}), NOW)
    _, other = new_client(client.org_id, "sync", frozenset({"integrator"}), NOW)
    registered = RegisteredClient(client_id_of(client), client)
    assert registered.check_client_secret(secret)
    assert not registered.check_client_secret(other)
    assert secret not in repr(client)
    assert secret.encode() not in client.secret_hash


def test_no_secret_fits_a_client_that_is_disabled_or_not_there() -> None:
    client, secret = new_client(uuid4(), "sync", frozenset({"integrator"}), NOW)
    assert not RegisteredClient(client_id_of(client), replace(client, disabled_at=NOW)).check_client_secret(
        secret
    )
    assert not RegisteredClient(client_id_of(client), None).check_client_secret(secret)
    assert not RegisteredClient(client_id_of(client), None).check_client_secret("")


@pytest.mark.parametrize(
    ("scope", "allowed"), [("", f"{DOCUMENTS} {READ}"), (READ, READ), (f"{READ} {READ}", READ)]
)
def test_a_client_gets_the_scopes_that_there_are(scope: str, allowed: str) -> None:
    assert RegisteredClient("me", None).get_allowed_scope(scope) == allowed


@pytest.mark.parametrize("scope", ["admin", f"{READ} admin", "GRAPH:READ"])
def test_a_scope_that_there_is_not_is_refused_whole(scope: str) -> None:
    assert RegisteredClient("me", None).get_allowed_scope(scope) is None


KINDS = {
    "a program": (new_client(uuid4(), "sync", frozenset({"integrator"}), NOW)[0], f"{DOCUMENTS} {READ}"),
    "a browser": (
        new_public_client(uuid4(), "portal", ["https://portal.example/"], NOW),
        f"{DOCUMENTS} {READ}",
    ),
    "an org that vouches": (new_trust(uuid4(), "Salesforce", [certificate(rsa_key())], ["RS256"], NOW), READ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_client_gets_unasked_is_as_is_usual_for_its_kind(kind: str) -> None:
    client, unasked = KINDS[kind]
    assert RegisteredClient("me", client).get_allowed_scope("") == unasked


@pytest.mark.parametrize(
    ("scopes", "asked", "allowed"),
    [((READ,), "", READ), ((READ,), DOCUMENTS, None), ((READ, DOCUMENTS), DOCUMENTS, DOCUMENTS),
     ((WRITE,), "", None), ((READ, WRITE), f"{READ} {WRITE}", f"{READ} {WRITE}")],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_a_client_gets_no_more_than_it_was_registered_for(
    kind: str, scopes: tuple[str, ...], asked: str, allowed: str | None
) -> None:
    client = replace(KINDS[kind][0], scopes=scopes)
    assert RegisteredClient("me", client).get_allowed_scope(asked) == allowed
