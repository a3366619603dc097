from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from auth.oauth.client import RegisteredClient, client_id_of, new_client, read_client_id
from auth.scopes import READ

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


@pytest.mark.parametrize(("scope", "allowed"), [("", READ), (READ, READ), (f"{READ} {READ}", READ)])
def test_a_client_gets_the_scopes_that_there_are(scope: str, allowed: str) -> None:
    assert RegisteredClient("me", None).get_allowed_scope(scope) == allowed


@pytest.mark.parametrize("scope", ["admin", f"{READ} admin", "GRAPH:READ"])
def test_a_scope_that_there_is_not_is_refused_whole(scope: str) -> None:
    assert RegisteredClient("me", None).get_allowed_scope(scope) is None
