from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from auth.oauth.client import READ, RegisteredClient, new_client, new_client_id, org_of

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_a_client_id_says_whose_it_is_and_is_never_the_same() -> None:
    org = uuid4()
    assert org_of(new_client_id(org)) == org
    assert len({new_client_id(org) for _ in range(100)}) == 100


@pytest.mark.parametrize("text", ["", "me", "x" * 31, "x" * 33, "é" * 32, "!" * 31 + "="])
def test_a_text_that_was_never_a_client_id_names_no_org(text: str) -> None:
    assert org_of(text) is None


def test_the_secret_of_a_client_fits_it_and_no_other() -> None:
    client, secret = new_client(uuid4(), "sync", frozenset({"integrator"}), NOW)
    _, other = new_client(client.org_id, "sync", frozenset({"integrator"}), NOW)
    registered = RegisteredClient(client.id, client)
    assert registered.check_client_secret(secret)
    assert not registered.check_client_secret(other)
    assert secret not in repr(client)
    assert secret.encode() not in client.secret_hash


def test_no_secret_fits_a_client_that_is_disabled_or_not_there() -> None:
    client, secret = new_client(uuid4(), "sync", frozenset({"integrator"}), NOW)
    assert not RegisteredClient(client.id, replace(client, disabled_at=NOW)).check_client_secret(secret)
    assert not RegisteredClient(client.id, None).check_client_secret(secret)
    assert not RegisteredClient(client.id, None).check_client_secret("")


@pytest.mark.parametrize(("scope", "allowed"), [("", READ), (READ, READ), (f"{READ} {READ}", READ)])
def test_a_client_gets_the_scopes_that_there_are(scope: str, allowed: str) -> None:
    assert RegisteredClient("me", None).get_allowed_scope(scope) == allowed


@pytest.mark.parametrize("scope", ["admin", f"{READ} admin", "GRAPH:READ"])
def test_a_scope_that_there_is_not_is_refused_whole(scope: str) -> None:
    assert RegisteredClient("me", None).get_allowed_scope(scope) is None
