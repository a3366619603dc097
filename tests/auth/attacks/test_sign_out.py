"""Signing out: a client of people takes its tokens back (RFC 7009), and nobody else takes them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from auth.digest import digest_id
from auth.oauth.client import client_id_of, new_client, new_public_client
from auth.revocation import ASK_AGAIN
from storage import sessions
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import READ_WRITE
from storage.oauth_clients import OAuthClient, add_client
from storage.sessions import RefreshToken
from storage.tenancy import bind_org
from tests.auth.attacks.test_salesforce_assertion import in_org
from tests.auth.attacks.test_sign_in import ORG, People, people  # noqa: F401 - the fixture

HINTS = pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "x"])


def take_back(people: People, token: str, hint: str | None = None, **changes: str) -> httpx.Response:  # noqa: F811
    form = {"token": token, "client_id": people.client_id} | changes
    return people.post("revoke", form | ({"token_type_hint": hint} if hint else {}))


@HINTS
def test_a_refresh_token_taken_back_ends_its_session_and_all_that_it_gave(
    people: People,  # noqa: F811
    hint: str | None,
) -> None:
    first, other = people.tokens(), people.tokens()
    second = people.refresh(first["refresh_token"]).json()
    assert people.asks(second["access_token"]) == 200
    done = take_back(people, second["refresh_token"], hint)
    assert (done.status_code, done.json()) == (200, {})
    assert people.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    time.sleep(ASK_AGAIN + 0.1)
    assert [people.asks(each["access_token"]) for each in (first, second, other)] == [401, 401, 200]
    assert people.refresh(other["refresh_token"]).status_code == 200
    assert take_back(people, second["refresh_token"], hint).status_code == 200


def test_a_refresh_token_that_was_used_ends_its_session_too(people: People) -> None:  # noqa: F811
    first = people.tokens()
    second = people.refresh(first["refresh_token"]).json()
    assert take_back(people, first["refresh_token"]).status_code == 200
    assert people.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


@HINTS
def test_an_access_token_taken_back_ends_alone(people: People, hint: str | None) -> None:  # noqa: F811
    tokens = people.tokens()
    assert take_back(people, tokens["access_token"], hint).status_code == 200
    assert people.asks(tokens["access_token"]) == 401
    again = people.refresh(tokens["refresh_token"])
    assert people.asks(again.json()["access_token"]) == 200


def test_whoever_refreshes_while_a_session_ends_is_left_with_nothing(
    people: People,  # noqa: F811
    cluster: Cluster,
    loop: asyncio.Runner,
) -> None:
    url, refresh = cluster.dsn(READ_WRITE, "sign_in"), people.tokens()["refresh_token"]

    async def end(session_id: UUID) -> None:
        await in_org(url, ORG, lambda c: sessions.end_session(c, ORG.id, session_id))

    async def race() -> RefreshToken | None:
        now, new = datetime.now(UTC), uuid4()
        connection = await connect(url)
        try:
            async with connection.transaction():
                await bind_org(connection, ORG.id)
                found = await sessions.find_refresh(connection, ORG.id, digest_id(refresh))
                assert found is not None
                used = await sessions.use(
                    connection, RefreshToken, ORG.id, id_=found.id, client_id=found.client_id, now=now
                )
                assert used is not None
                await sessions.save(connection, ORG.id, replace(used, id=new), now)
                ending = asyncio.create_task(end(found.session_id))
                await asyncio.sleep(0.3)
                assert not ending.done()
            await ending
            async with connection.transaction():
                await bind_org(connection, ORG.id)
                return await sessions.find_refresh(connection, ORG.id, new)
        finally:
            await connection.close()

    assert loop.run(race()) is None


async def _also_there(url: str, client: OAuthClient) -> None:
    await in_org(url, ORG, lambda c: add_client(c, client))


def test_another_client_takes_nothing_back_and_is_told_what_it_is_told_of_none(
    people: People,  # noqa: F811
    cluster: Cluster,
    loop: asyncio.Runner,
) -> None:
    url, now = cluster.dsn(READ_WRITE, "sign_in"), datetime.now(UTC)
    page = new_public_client(ORG.id, "another page", ["https://other.example/back"], now)
    program, secret = new_client(ORG.id, "program", frozenset({"legal"}), now)
    for client in (page, program):
        loop.run(_also_there(url, client))
    tokens = people.tokens()
    for token in (tokens["access_token"], tokens["refresh_token"], "there is none"):
        by_page = take_back(people, token, client_id=client_id_of(page))
        by_program = take_back(people, token, client_id=client_id_of(program), client_secret=secret)
        for told in (by_page, by_program):
            assert (told.status_code, told.content) == (200, b"{}")
    assert people.asks(tokens["access_token"]) == 200
    assert people.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("client_id", ["", "x", "A" * 43])
def test_without_its_client_no_token_is_taken_back(people: People, client_id: str) -> None:  # noqa: F811
    tokens = people.tokens()
    told = take_back(people, tokens["refresh_token"], client_id=client_id)
    assert told.json() == {"error": "invalid_client", "error_description": "Client authentication failed."}
    assert people.refresh(tokens["refresh_token"]).status_code == 200


def test_a_program_takes_nothing_back_by_its_name_alone_and_a_page_looks_into_nothing(
    people: People,  # noqa: F811
    cluster: Cluster,
    loop: asyncio.Runner,
) -> None:
    program, secret = new_client(ORG.id, "program", frozenset({"legal"}), datetime.now(UTC))
    loop.run(_also_there(cluster.dsn(READ_WRITE, "sign_in"), program))
    named = {"client_id": client_id_of(program)}
    form = {"grant_type": "client_credentials", "client_secret": secret}
    token = people.post("token", form | named).json()["access_token"]
    assert take_back(people, token, **named).json()["error"] == "invalid_client"
    assert people.asks(token) == 200
    looked = people.post("introspect", {"token": token, "client_id": people.client_id})
    assert looked.json()["error"] == "invalid_client"


def test_the_metadata_say_who_may_take_back_without_a_secret(people: People) -> None:  # noqa: F811
    told = people.get("/.well-known/oauth-authorization-server").json()
    assert "none" in told["revocation_endpoint_auth_methods_supported"]
    assert "none" not in told["introspection_endpoint_auth_methods_supported"]
