"""Every operation of a caller is on record before it is answered; if it cannot be, nothing is given out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from api.audit_writer import AuditWriter
from api.graphql import Endpoint
from api.recording import NOT_RECORDED
from api.settings import Settings
from auth.audit import AuditEvent, Document
from auth.policy import Policy
from auth.principal import Principal
from auth.tokens import issue
from auth.view import Views
from domain.identity import uuid7
from storage.database import Database
from tests.api.audited import Log
from tests.api.graph import GENEROUS, OURS, THEIRS, Graph, code_of, graph_over
from tests.api.small import TODAY
from tests.keys import new_vault
from tests.storage.connections import kill_all, opened

WIDE = """query Wide($number: String!) { contract(number: $number) { id title number status governingLaw
    totalValue { amount currency } account { id name }
    parties { nodes { legalName primaryContact { email } } }
    documents { edges { node { title sha256 } } totalCount } } }"""


@pytest.fixture
def log(seeded_superuser_url: str, loop: asyncio.Runner) -> Log:
    return Log(seeded_superuser_url, loop)


@pytest.fixture
def own(
    small_orgs: str,  # noqa: ARG001 - the database has them
    database_url: str,
    loop: asyncio.Runner,
    tmp_path: Path,
) -> Iterator[Graph]:
    """The application over a database of this test's own, with the two small orgs."""
    with graph_over(Settings(home=tmp_path, pool_size=4), database_url, loop) as running:
        yield running


@pytest.fixture
def own_log(superuser_url: str, loop: asyncio.Runner) -> Log:
    return Log(superuser_url, loop)


def ask(graph: Graph, query: str, role: str = "legal", **variables: Any) -> tuple[httpx.Response, str]:
    """Ask, and return the answer and the id of the request."""
    request = str(uuid7())
    content = json.dumps({"query": query, "variables": variables})
    headers = graph.headers(role) | {"x-request-id": request}
    return graph.send(content=content, headers=headers), request


def execute(log: Log, statement: str) -> None:
    log.rows(statement)


# What an event says


def test_an_event_tells_who_asked_for_what_and_which_records_it_got(graph: Graph, log: Log) -> None:
    response, request = ask(graph, WIDE, "sales_manager", number="K-1")
    contract = response.json()["data"]["contract"]
    event = log.event(request)
    ids = event["records"].pop("ids")
    assert event["records"] == {"count": len(ids)}
    assert ids[0] == contract["id"] == str(OURS.id("Contract", 1))
    assert contract["account"]["id"] in ids
    assert event.pop("latency_us") > 0
    assert UUID(event.pop("id")).version == 7
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("at"))
    assert log.access(event) == {
        "denied": [
            {"field": "Contract.governingLaw", "rule": "sales_rep.LEGAL = deny"},
        ],
        "masked": [
            {"field": "Contact.email", "rule": "sales_rep.PERSONAL = mask"},
        ],
        "shown": [
            "Account.id", "Account.name", "Contract.account", "Contract.documents", "Contract.id",
            "Contract.number", "Contract.parties", "Contract.status", "Contract.title", "Contract.totalValue",
            "ContractParty.legalName", "ContractParty.primaryContact", "Document.sha256",
            "Document.title",
        ],
        "used": ["Contract.number"],
    }  # fmt: skip
    event.pop("access")
    assert event == {
        "client": "tests",
        "decision": "allowed",
        "kind": "read",
        "operation": {"name": "Wide", "sha256": hashlib.sha256(WIDE.encode()).hexdigest()},
        "org": str(OURS.org.id),
        "policy": response.json()["extensions"]["access"]["policy"],
        "records": {"count": len(ids)},
        "refusal": None,
        "request": request,
        "roles": ["sales_manager"],
        "subject": "someone",
        "v": 1,
    }


def test_no_value_of_a_record_or_of_the_request_is_in_the_log(graph: Graph, log: Log) -> None:
    response, request = ask(graph, WIDE, number="K-1")
    [stored] = log.rows(f"SELECT body FROM audit_event WHERE body LIKE '%{request}%'")
    values = {
        value
        for value in re.findall(r'"((?:[^"\\]|\\.)*)"(?!:)', json.dumps(response.json()["data"]))
        if not re.fullmatch(r"[a-zA-Z]+|[0-9a-f-]{36}", value)
    }
    assert len(values) > 5
    assert not {value for value in values if value in stored["body"]}
    assert "K-1" not in stored["body"]


def test_figures_name_the_fields_that_they_are_made_of_and_no_record(graph: Graph, log: Log) -> None:
    _, request = ask(graph, "{ portfolio { count byStatus { status totals { amount } } } }")
    event = log.event(request)
    assert event["records"] == {"count": 0, "ids": []}
    assert log.access(event)["shown"] == ["Contract.status", "Contract.totalValue"]


def test_of_more_than_a_hundred_records_the_number_and_a_hash_are_told(
    endpoint: Endpoint, log: Log, loop: asyncio.Runner
) -> None:
    parts = "nodes { id } "
    query = (
        "{ contracts(first: 100) { nodes { id"
        + "".join(
            f" {name} {{ {parts} }}"
            for name in ("parties", "documents", "milestones", "obligations", "lines")
        )
        + " } } }"
    )
    who = Principal(_northlight(), "someone", None, frozenset({"legal"}), frozenset({"graph:documents"}))
    answer = loop.run(endpoint.answer(who, json.dumps({"query": query}).encode(), "many"))
    ids = re.findall(rb'"id":"([0-9a-f-]{36})"', answer.body)
    event = log.events("many")[-1]
    assert len(set(ids)) > 100
    assert event["records"] == {
        "count": len(set(ids)),
        "sha256": hashlib.sha256(b"\n".join(sorted(set(ids)))).hexdigest(),
    }


def _northlight() -> UUID:
    return UUID("0190a000-0000-7000-8000-00000000a001")


# Nothing but the records that were found


@pytest.mark.parametrize("value", ['"$id":"', '{"$id":"00000000-0000-7000-8000-00000000dead",', '\\"$id":"'])
def test_a_text_of_the_graph_is_never_taken_for_an_id(own: Graph, own_log: Log, value: str) -> None:
    contract = OURS.id("Contract", 1)
    text = value.replace("'", "''")
    execute(
        own_log, f"UPDATE contract SET title = '{text}', governing_law = '{text}' WHERE id = '{contract}'"
    )
    query = "query($id: ID!) { node(id: $id) { ... on Contract { __id: title governingLaw } } }"
    response, request = ask(own, query, id=str(contract))
    assert response.json()["data"] == {"node": {"__id": value, "governingLaw": value}}
    assert own_log.event(request)["records"] == {"count": 1, "ids": [str(contract)]}


def test_no_alias_can_have_the_name_that_the_ids_come_under(graph: Graph) -> None:
    response, _ = ask(graph, "{ contracts { nodes { $id: title } } }")
    assert code_of(response) == "GRAPHQL_VALIDATION_FAILED"


def test_what_was_not_found_is_not_among_the_records(graph: Graph, log: Log) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    for absent in (THEIRS.id("Contract", 1), uuid7()):
        _, request = ask(graph, query, id=str(absent))
        assert log.event(request)["records"] == {"count": 0, "ids": []}


# Refusals


@pytest.mark.parametrize(
    ("query", "role", "refusal"),
    [
        (
            '{ contracts(filter: {governingLaw: {eq: "France"}}) { totalCount } }',
            "sales_rep",
            {"code": "ACCESS_DENIED", "rule": "sales_rep.LEGAL = deny", "field": "Contract.governingLaw"},
        ),
        ("{ nothing }", "legal", {"code": "GRAPHQL_VALIDATION_FAILED", "rule": None, "field": None}),
        ('{ node(id: "x") { id } }', "legal", {"code": "BAD_USER_INPUT", "rule": None, "field": None}),
    ],
)
def test_a_refusal_is_an_event_too(
    graph: Graph, log: Log, query: str, role: str, refusal: dict[str, Any]
) -> None:
    response, request = ask(graph, query, role)
    event = log.event(request)
    assert code_of(response) == refusal["code"]
    assert (event["decision"], event["refusal"]) == ("refused", refusal)
    assert event["records"] == {"count": 0, "ids": []}
    assert event["operation"]["sha256"] == hashlib.sha256(query.encode()).hexdigest()
    assert "France" not in json.dumps(event)


@pytest.mark.parametrize(("body", "code"), [(b"{", "BAD_REQUEST"), (b" " * 2_000_000, "REQUEST_TOO_LARGE")])
def test_a_body_that_is_no_request_is_an_event_without_an_operation(
    graph: Graph, log: Log, body: bytes, code: str
) -> None:
    request = str(uuid7())
    response = graph.send(content=body, headers=graph.headers() | {"x-request-id": request})
    assert code_of(response) == code
    event = log.event(request)
    assert event["refusal"]["code"] == code
    assert event["operation"] == {"name": None, "sha256": None}


def test_a_token_that_may_not_read_is_an_event_too(graph: Graph, log: Log) -> None:
    caller = Principal(OURS.org.id, "someone", "tests", frozenset({"legal"}), frozenset({"another"}))
    token = issue(
        graph.keys, issuer=graph.settings.issuer, audience=graph.settings.audience, principal=caller,
        lifetime=timedelta(minutes=5), now=time.time(),
    )  # fmt: skip
    request = str(uuid7())
    headers = graph.headers() | {"authorization": f"Bearer {token}", "x-request-id": request}
    response = graph.send(content=json.dumps({"query": WIDE}), headers=headers)
    assert (response.status_code, code_of(response)) == (403, "INSUFFICIENT_SCOPE")
    assert response.headers["www-authenticate"].endswith('scope="graph:read"')
    assert log.event(request)["refusal"] == {"code": "INSUFFICIENT_SCOPE", "field": None, "rule": None}


def test_who_is_not_known_is_in_no_log(graph: Graph, log: Log) -> None:
    headers = graph.headers() | {"authorization": "Bearer nonsense", "x-request-id": str(uuid7())}
    assert graph.send(content=b"{}", headers=headers).status_code == 401
    assert log.events(headers["x-request-id"]) == []


# The request's id


@pytest.mark.parametrize("given", ["abc-123", "x" * 64, "a/b+c=d"])
def test_a_request_keeps_the_id_that_its_caller_gave_it(graph: Graph, given: str) -> None:
    response = graph.send(content=b"{}", headers=graph.headers() | {"x-request-id": given})
    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", [None, "", "x" * 65, "two words", "\tx", "caf\u00e9"])
def test_another_id_is_made_where_none_or_an_odd_one_was_given(graph: Graph, given: str | None) -> None:
    headers = list(graph.headers().items())
    if given is not None:
        headers.append(("x-request-id", given.encode("latin-1")))  # type: ignore[arg-type]
    response = graph.send(content=b"{}", headers=headers)
    assert UUID(response.headers["x-request-id"]).version == 7


@pytest.mark.parametrize(
    ("method", "change", "status"),
    [
        ("GET", {}, 405),
        ("POST", {"accept": "text/html"}, 406),
        ("POST", {"content-type": "text/plain"}, 415),
        ("POST", {"authorization": "Bearer x"}, 401),
        ("POST", {}, 400),
    ],
)
def test_every_answer_carries_the_id_of_its_request(
    graph: Graph, method: str, change: dict[str, str], status: int
) -> None:
    headers = graph.headers() | change | {"x-request-id": "mine"}
    response = graph.send(method, headers=headers)
    assert (response.status_code, response.headers["x-request-id"]) == (status, "mine")


# Durable, or not given out


@pytest.mark.parametrize(
    "query", [WIDE, "{ nothing }", '{ contracts(filter: {governingLaw: {eq: "France"}}) { totalCount } }']
)
def test_what_cannot_be_recorded_is_not_given_out(own: Graph, own_log: Log, query: str) -> None:
    execute(own_log, "REVOKE INSERT ON audit_event FROM contract_graph_rw")
    response, request = ask(own, query, "sales_rep", number="K-1")
    assert (response.status_code, code_of(response)) == (503, "UNAVAILABLE")
    assert response.json() == {
        "errors": [{"message": NOT_RECORDED, "extensions": {"code": "UNAVAILABLE"}}],
        "extensions": {"requestId": request},
    }
    execute(own_log, "GRANT INSERT ON audit_event TO contract_graph_rw")
    assert own_log.events(request) == []
    assert ask(own, query, "sales_rep", number="K-1")[0].status_code != 503


def test_an_event_whose_access_cannot_be_recorded_is_not_written_either(own: Graph, own_log: Log) -> None:
    execute(own_log, "REVOKE INSERT ON audit_access FROM contract_graph_rw")
    response, request = ask(own, WIDE, number="K-1")
    assert code_of(response) == "UNAVAILABLE"
    assert own_log.events(request) == []


def test_a_log_that_cannot_be_written_is_told_to_the_operator_once(
    own: Graph, own_log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    execute(own_log, "REVOKE INSERT ON audit_event FROM contract_graph_rw")
    for _ in range(3):
        ask(own, WIDE, number="K-1")
    told = [record.getMessage() for record in caplog.records if "audit log" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("the audit log cannot be written: InsufficientPrivilegeError at ")


def test_events_of_many_requests_and_two_orgs_are_committed_together(own: Graph, own_log: Log) -> None:
    async def all_at_once() -> list[httpx.Response]:
        asked = [
            own.asking("{ contracts { nodes { id } } }", org=small.org.id)
            for _ in range(40)
            for small in (OURS, THEIRS)
        ]
        return await asyncio.gather(*asked)

    responses = own.run(all_at_once())
    assert {response.status_code for response in responses} == {200}
    rows = own_log.rows("SELECT org_id, body, xmin::text AS written_by FROM audit_event")
    assert {json.loads(row["body"])["request"] for row in rows} == {
        response.headers["x-request-id"] for response in responses
    }
    assert all(json.loads(row["body"])["org"] == str(row["org_id"]) for row in rows)
    assert len({row["written_by"] for row in rows}) < len(rows) == 80


def test_a_connection_that_was_lost_loses_no_event_and_doubles_none(own: Graph, own_log: Log) -> None:
    async def kill() -> None:
        administrator = await asyncpg.connect(own_log.url)
        await kill_all(administrator)
        await administrator.close()

    for _ in range(3):
        own.run(kill())
        response, request = ask(own, "{ contracts { nodes { id } } }")
        assert response.status_code == 200
        own_log.event(request)


def test_an_event_that_was_committed_before_the_connection_was_lost_is_added_once(
    own_log: Log, database_url: str
) -> None:
    async def twice() -> None:
        async with opened(database_url) as database:
            writer = AuditWriter(database)
            event = _event()
            await writer.append(event)
            await writer.append(event)

    own_log.loop.run(twice())
    assert len(own_log.events()) == 1


# Writes


def _event() -> AuditEvent:
    return AuditEvent(
        id=uuid7(), who=Principal(OURS.org.id, "someone", None, frozenset({"legal"}), frozenset()),
        kind="write", document=Document.of("mutation { nothing }", None), policy="a digest", request="one",
        latency=1,
    )  # fmt: skip


@pytest.mark.parametrize("kept", [True, False])
def test_a_write_and_its_event_are_committed_together_or_not_at_all(
    own_log: Log, database_url: str, *, kept: bool
) -> None:
    class Undone(Exception):
        pass

    async def write() -> None:
        async with opened(database_url) as database, database.transaction(OURS.org.id) as connection:
            await AuditWriter(database).append_within(connection, _event())
            if not kept:
                raise Undone

    if kept:
        own_log.loop.run(write())
    else:
        with pytest.raises(Undone):
            own_log.loop.run(write())
    assert len(own_log.events()) == int(kept)


def test_a_write_cannot_record_an_event_of_another_org(own_log: Log, database_url: str) -> None:
    async def write() -> None:
        async with opened(database_url) as database, database.transaction(THEIRS.org.id) as connection:
            await AuditWriter(database).append_within(connection, _event())

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        own_log.loop.run(write())


def test_a_database_that_cannot_be_reached_gives_out_nothing(
    policy: Policy, reader: Database, loop: asyncio.Runner
) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", 1)
    endpoint = Endpoint(
        reader, Views(policy), lambda: TODAY, new_vault(), AuditWriter(nowhere), limits=GENEROUS
    )
    who = Principal(OURS.org.id, "someone", None, frozenset({"legal"}), frozenset({"graph:documents"}))
    answer = loop.run(endpoint.answer(who, b'{"query": "{ contracts { nodes { title } } }"}'))
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")
    assert b"data" not in answer.body
