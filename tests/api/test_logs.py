"""Values of callers never come into a log, whatever becomes of their requests, not even at DEBUG."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.graphql import Endpoint
from auth.oauth.client import new_secret
from auth.policy import Policy
from auth.principal import Principal
from auth.view import Views
from storage.database import Database
from storage.embedded import Cluster
from storage.embedded_roles import READ_WRITE
from tests.api.graph import GENEROUS, OURS, Graph, code_of
from tests.heard import listening, secrets_in
from tests.keys import new_vault

QUERY = "query($n: String) { contract(number: $n) { id title } }"
WAITS = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    with listening() as logged:
        yield logged


@pytest.fixture
def canary() -> str:
    return f"canary-{uuid4().hex}"


def nothing_of(canary: str, heard: list[str]) -> bool:
    return not [each for each in heard if canary in each or canary[7:] in each]


def test_a_logger_that_spoke_of_a_value_would_be_heard(heard: list[str], canary: str) -> None:
    logging.getLogger("some.library").debug("the value is %s", canary)
    assert not nothing_of(canary, heard)


@pytest.mark.parametrize(
    "secret",
    ["canary-1000001", new_secret(), f"{'eyJhbGciOiJFUzI1NiJ9'}.{new_secret()}.x"],
    ids=["value", "secret", "token"],
)
def test_a_battery_would_notice_what_is_secret_by_its_form(secret: str) -> None:
    assert secrets_in([f"refused {secret} at 12"])
    assert not secrets_in(
        ["Using selector: EpollSelector", f"policy {'0f' * 32} in force", f"request {uuid4()}"]
    )


CASES: dict[str, tuple[str, dict[str, Any], int]] = {
    "an answer": (QUERY, {"n": "%s"}, 200),
    "a literal": ('{ contract(number: "%s") { id } }', {}, 200),
    "a comment": ("{ __typename } # %s", {}, 200),
    "a response key": ('{ contract(number: "K-1") { K_%s: title } }', {}, 200),
    "a parse error": ('{ contract(number: "%s" { id } }', {}, 400),
    "a validation error": ('{ contract(nomber: "%s") { id } }', {}, 400),
    "an unknown field": ("{ F_%s }", {}, 400),
    "a variable of another type": (
        "query($n: Int) { contracts(first: $n) { totalCount } }", {"n": "%s"}, 400,
    ),
    "an enum that is none": (
        "query($s: ContractStatus) { contracts(filter: { status: { eq: $s } }) { totalCount } }",
        {"s": "%s"}, 400,
    ),
    "an id that is none": ("query($n: ID!) { node(id: $n) { id } }", {"n": "%s"}, 400),
    "a cursor that is none": (
        "query($n: String) { contracts(after: $n) { nodes { id } } }", {"n": "%s"}, 400,
    ),
    "a member that is none": (
        "query($f: ContractFilter) { contracts(filter: $f) { totalCount } }", {"f": {"%s": 1}}, 400,
    ),
    "an order that is none": (
        "query($f: [ContractOrder!]) { contracts(orderBy: $f) { totalCount } }",
        {"f": [{"field": "%s"}]}, 400,
    ),
    "a denied filter": (
        '{ contracts(filter: { changes: { some: { before: { eq: "%s" } } } }) { totalCount } }', {}, 403,
    ),
    "a variable of no operation": ("{ __typename }", {"unused": "%s"}, 200),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_request_leaves_no_value_in_a_log(graph: Graph, heard: list[str], canary: str, case: str) -> None:
    query, variables, status = CASES[case]
    word = canary.replace("-", "_") if "_%s" in query else canary
    body = json.dumps({"query": query.replace("%s", word), "variables": variables}).replace("%s", word)
    response = graph.post(body.encode())
    assert response.status_code == status, response.text
    assert nothing_of(word, heard)


def test_headers_and_bodies_that_are_refused_leave_nothing_in_a_log(
    graph: Graph, heard: list[str], canary: str
) -> None:
    for changed in (
        {"authorization": f"Bearer {canary}"},
        {"authorization": f"Basic {canary}"},
        {"authorization": f"Bearer a.{canary}.b"},
        {"content-type": f"application/{canary}"},
        {"accept": f"application/{canary}"},
        {"x-request-id": canary},
    ):
        graph.send(content=b'{"query": "{ __typename }"}', headers=graph.headers() | changed)
    for body in (
        f"{canary}",
        f'{{"query": "{canary}',
        f'{{"query": "{{ __typename }}", "operationName": "{canary}"}}',
    ):
        assert graph.post(body.encode()).status_code == 400
    assert nothing_of(canary, heard)


def test_a_token_is_never_in_a_log(graph: Graph, heard: list[str]) -> None:
    assert graph.ask(QUERY, {"n": "K-1"}).status_code == 200
    token = graph.token("legal")
    assert not [each for each in heard if token in each or token.split(".")[2] in each]


async def locked(graph: Graph, superuser_url: str, canary: str, act: str | None) -> Any:
    """Ask while the table is locked; `act` is done to the request's session while it waits."""
    superuser = await asyncpg.connect(superuser_url)
    try:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE contract IN ACCESS EXCLUSIVE MODE")
            asking = asyncio.create_task(graph.asking(QUERY, {"n": canary}))
            # Only PostgreSQL knows when it waits: nothing here could signal it.
            while act is not None and not await superuser.fetchval(WAITS):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            if act is not None:
                await superuser.execute(
                    f"SELECT {act}(pid) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                )
            if act != "pg_terminate_backend":
                return await asking
        return await asking
    finally:
        await superuser.close()


ENDINGS = {"pg_cancel_backend": 503, "pg_terminate_backend": 200, None: 503}
"""What is done to a session that waits for a lock, if anything, and how its request then ends."""


@pytest.mark.parametrize("act", ENDINGS)
def test_a_statement_that_the_database_ends_leaves_no_value_in_a_log(
    graph: Graph, seeded_superuser_url: str, heard: list[str], canary: str, act: str | None
) -> None:
    response = graph.run(locked(graph, seeded_superuser_url, canary, act))
    assert nothing_of(canary, heard)
    assert canary not in response.text
    assert response.status_code == ENDINGS[act], response.text
    assert code_of(response) == ("UNAVAILABLE" if response.status_code == 503 else None)


async def broken(graph: Graph, superuser_url: str, canary: str) -> Any:
    """Ask while the table may not be read."""
    superuser = await asyncpg.connect(superuser_url)
    try:
        await superuser.execute(f"REVOKE SELECT ON contract_party FROM {READ_WRITE}")
        query = "query($n: String) { contract(number: $n) { parties { nodes { legalName } } } }"
        return await graph.asking(query, {"n": canary})
    finally:
        await superuser.execute(f"GRANT SELECT ON contract_party TO {READ_WRITE}")
        await superuser.close()


def test_an_error_of_the_database_is_told_without_its_words(
    graph: Graph, seeded_superuser_url: str, heard: list[str], canary: str
) -> None:
    response = graph.run(broken(graph, seeded_superuser_url, canary))
    assert (response.status_code, code_of(response)) == (500, "INTERNAL_ERROR")
    assert "contract_party" not in response.text
    assert any("InsufficientPrivilegeError" in each for each in heard)
    assert nothing_of(canary, heard)


def test_a_fault_of_ours_is_logged_without_what_its_message_holds(
    reader: Database, policy: Policy, loop: asyncio.Runner, heard: list[str], canary: str
) -> None:
    for error in (
        ValueError(canary),
        KeyError(canary),
        RuntimeError(canary),
        TypeError(canary),
        OSError(2, canary),
    ):

        def today(error: Exception = error) -> date:
            try:
                int(canary)
            except ValueError as cause:
                raise error from cause
            raise AssertionError

        endpoint = Endpoint(reader, Views(policy), today, new_vault(), limits=GENEROUS)
        principal = Principal(
            OURS.org.id, "someone", None, frozenset({"legal"}), frozenset({"graph:documents"})
        )
        answer = loop.run(endpoint.answer(principal, b'{"query": "{ __typename }"}'))
        assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
        assert canary.encode() not in answer.body
        assert any(type(error).__name__ in each and "today" in each for each in heard)
    assert nothing_of(canary, heard)


def test_the_log_of_the_database_holds_no_values(
    graph: Graph, cluster: Cluster, seeded_superuser_url: str, canary: str
) -> None:
    graph.run(broken(graph, seeded_superuser_url, canary))
    logs = [path for path in Path(cluster.home).rglob("*") if path.is_file() and "log" in path.suffix]
    text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)
    assert "ready to accept connections" in text
    assert canary not in text
