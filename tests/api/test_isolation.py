"""Two orgs with the same numbers: nothing of one is reached from the other, nor told to be there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.graphql import Endpoint
from api.planner.rows import RowWriter
from api.planner.run import Planner
from auth.policy import Policy
from auth.principal import Principal
from auth.view import view_for
from domain.field import Kind
from domain.graph import ENTITIES, fields_of
from storage.database import Database
from storage.records import with_parts
from tests.api.graph import HARBOUR, NORTHLIGHT, OURS, THEIRS, Graph
from tests.api.small import SmallOrg
from tests.storage.connections import take_for_brief

ABSENT = "00000000-0000-7000-8000-00000000dead"
ROLES = ("legal", "customer_success", "admin")

Ask = Callable[..., bytes]


@pytest.fixture(params=["with the predicate on the org", "with row-level security alone"])
def ask(
    request: pytest.FixtureRequest,
    endpoint: Endpoint,
    loop: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:
    """Ask as somebody of an org, and return the bytes of the answer."""
    if "alone" in request.param:
        monkeypatch.setattr(RowWriter, "in_org", lambda *_: sa.true())

    def asking(query: str, role: str = "legal", org: UUID = OURS.org.id, **variables: object) -> bytes:
        roles = frozenset({role, "customer_success"} if role == "everything" else {role})
        principal = Principal(org, "someone", None, roles, frozenset({"graph:documents"}))
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = loop.run(endpoint.answer(principal, body))
        assert answer.status == 200, answer.body
        return answer.body

    return asking


@pytest.mark.usefixtures("ask")
def test_two_orgs_whose_reads_go_together_are_each_bound_to_their_own(
    endpoint: Endpoint, reader: Database, loop: asyncio.Runner
) -> None:
    """A batch is one transaction: what it binds for one caller must not be bound for the next."""
    query = (
        "query($size: Int!) { contracts(first: $size) { totalCount nodes { id parties { nodes { id } } } } }"
    )
    own = {org: ids_of(small) for org, small in ((OURS.org.id, OURS), (THEIRS.org.id, THEIRS))}

    async def ask_for(org: UUID, size: int) -> bytes:
        principal = Principal(org, "someone", None, frozenset({"legal"}), frozenset({"graph:documents"}))
        body = json.dumps({"query": query, "variables": {"size": size}}).encode()
        return (await endpoint.answer(principal, body)).body

    async def at_once() -> dict[tuple[UUID, int], bytes]:
        asked = [(org, size) for size in range(1, 40) for org in own]
        return dict(zip(asked, await asyncio.gather(*(ask_for(*each) for each in asked)), strict=True))

    for _ in range(3):
        answers = loop.run(at_once())
        take_for_brief(reader)
    assert reader.batches.together > len(answers)
    for (org, _), answer in answers.items():
        found = json.loads(answer)["data"]["contracts"]
        assert found["nodes"]
        assert found["totalCount"] == len(own[org]["Contract"])
        assert {each["id"] for each in found["nodes"]} <= set(own[org]["Contract"])


def test_without_the_predicate_no_statement_names_the_org(
    monkeypatch: pytest.MonkeyPatch, policy: Policy
) -> None:
    view = view_for(policy, frozenset({"legal"}))
    whole = (
        "{ contracts { totalCount nodes { account { name } parties { nodes { id } } } } portfolio { count } }"
    )
    assert "org_id" in Planner().plan(whole, None, {}, view)[0].statement
    monkeypatch.setattr(RowWriter, "in_org", lambda *_: sa.true())
    assert "org_id" not in Planner().plan(whole, None, {}, view)[0].statement


def ids_of(small: SmallOrg) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in ENTITIES}
    for record in small.records():
        for part in with_parts(record):
            found[type(part).__name__].append(str(part.id))
    return found


def test_every_kind_of_record_is_in_both_orgs() -> None:
    ours, theirs = ids_of(OURS), ids_of(THEIRS)
    assert all(ours.values()), "the small orgs need one of every kind"
    assert not {each for ids in ours.values() for each in ids} & {
        each for ids in theirs.values() for each in ids
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_node_of_another_org_or_of_a_kind_that_is_not_shown_is_not_there(
    ask: Ask, policy: Policy, role: str
) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename id } }"
    nothing = ask(query, role, id=ABSENT)
    for entity, ids in ids_of(THEIRS).items():
        for each in ids:
            assert ask(query, role, id=each) == nothing, entity
    view = view_for(policy, frozenset({role}))
    for entity, ids in ids_of(OURS).items():
        for each in ids:
            if view.shows(f"{entity}.id"):
                shown = {"node": {"__typename": entity, "id": each}}
                assert json.loads(ask(query, role, id=each))["data"] == shown
            else:
                assert ask(query, role, id=each) == nothing


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("query", "theirs"),
    [
        ("query($x: ID) { contract(id: $x) { id number account { name } } }", str(THEIRS.id("Contract", 1))),
        ("query($x: ID) { account(id: $x) { name contracts { totalCount } } }", str(THEIRS.id("Account", 1))),
        ("query($x: ID!) { contracts(filter: { id: { in: [$x] } }) { totalCount nodes { id } } }",
         str(THEIRS.id("Contract", 2))),
        ("query($x: ID) { contracts(filter: { account: { id: { eq: $x } } }) { totalCount } }",
         str(THEIRS.id("Account", 1))),
        ("query($x: ID) { portfolio(filter: { contractOwner: { id: { eq: $x } } }) { count } }",
         str(THEIRS.id("User", 1))),
        ("query($x: ID) { contracts(filter: { parties: { some: { id: { eq: $x } } } }) { totalCount } }",
         str(THEIRS.id("ContractParty", 1))),
    ],
)  # fmt: skip
def test_not_yours_and_not_there_are_the_same_bytes(ask: Ask, role: str, query: str, theirs: str) -> None:
    assert ask(query, role, x=theirs) == ask(query, role, x=ABSENT)
    assert ask(query, role, org=THEIRS.org.id, x=theirs) != ask(query, role, x=ABSENT)


def test_a_key_that_only_the_other_org_has_is_not_there(ask: Ask) -> None:
    query = "query($n: String) { contract(number: $n) { id title } }"
    here = ask(query, org=HARBOUR, n="HP-204")
    assert json.loads(here)["data"]["contract"] is not None
    assert ask(query, org=NORTHLIGHT, n="HP-204") == ask(query, org=NORTHLIGHT, n="HP-999")


@pytest.mark.parametrize(
    "query",
    [
        '{ contract(number: "K-1") { id title account { id name } } }',
        '{ contract(externalReference: "clm-1") { id title } }',
        '{ account(salesforceId: "001Hs00000AAAAA") { id name contracts { nodes { id title } } } }',
        '{ opportunity(salesforceId: "006Hs00000AAAAA") { id name } }',
    ],
)
def test_the_same_key_finds_each_org_its_own(ask: Ask, query: str) -> None:
    ours, theirs = ask(query).decode(), ask(query, org=THEIRS.org.id).decode()
    assert OURS.mark in ours
    assert THEIRS.mark not in ours
    assert THEIRS.mark in theirs
    assert OURS.mark not in theirs


def whole_graph() -> str:
    """Write an operation that reads every list of a contract and what its rows point at."""

    def scalars(entity: str) -> str:
        return " ".join(
            f"{field.graph_name} {{ amount currency }}" if field.kind is Kind.MONEY else field.graph_name
            for field in fields_of(ENTITIES[entity])
            if field.kind in (Kind.SCALAR, Kind.MONEY)
        )

    def below(entity: str, depth: int) -> str:
        parts = [scalars(entity)]
        for field in fields_of(ENTITIES[entity]) if depth else ():
            inner = below(field.target, depth - 1) if field.kind in (Kind.LIST, Kind.REFERENCE) else ""
            if field.kind is Kind.LIST:
                parts.append(f"{field.graph_name} {{ totalCount nodes {{ {inner} }} }}")
            elif field.kind is Kind.REFERENCE:
                parts.append(f"{field.graph_name} {{ {inner} }}")
        return " ".join(parts)

    return f"{{ contracts {{ totalCount nodes {{ {below('Contract', 1)} }} }} }}"


@pytest.mark.parametrize(("mine", "other"), [(OURS, THEIRS), (THEIRS, OURS)], ids=["ours", "theirs"])
def test_reading_everything_reads_nothing_of_the_other_org(ask: Ask, mine: SmallOrg, other: SmallOrg) -> None:
    read = ask(whole_graph(), "everything", org=mine.org.id).decode()
    assert mine.mark in read
    assert other.mark not in read
    foreign = {each for ids in ids_of(other).values() for each in ids}
    assert not [each for each in foreign if each in read]
    assert json.loads(read)["data"]["contracts"]["totalCount"] == 6


def test_counts_and_sums_are_of_one_org(ask: Ask) -> None:
    query = "{ contracts { totalCount } portfolio { count totals { amount } byType { count } } }"
    found = json.loads(ask(query))["data"]
    assert found["contracts"] == {"totalCount": 6}
    assert found["portfolio"]["count"] == 6
    assert [each["amount"] for each in found["portfolio"]["totals"]] == ["200000.00", "5000000", "80000.00"]


def test_a_cursor_of_another_org_shows_nothing_of_it(ask: Ask) -> None:
    query = """query($after: String, $before: String) {
      contracts(after: $after, before: $before, orderBy: [{ field: title }]) { edges { cursor node { id } } }
    }"""
    theirs = json.loads(ask(query, org=THEIRS.org.id))["data"]["contracts"]["edges"]
    own = {edge["node"]["id"] for edge in json.loads(ask(query))["data"]["contracts"]["edges"]}
    assert len(own) == 6
    for edge in theirs:
        for page in ({"after": edge["cursor"]}, {"before": edge["cursor"]}):
            seen = json.loads(ask(query, **page))["data"]["contracts"]["edges"]
            assert {each["node"]["id"] for each in seen} <= own


def test_the_viewer_is_told_of_one_org(ask: Ask) -> None:
    assert json.loads(ask("{ viewer { org { id name } } }"))["data"]["viewer"]["org"] == {
        "id": str(OURS.org.id),
        "name": OURS.org.name,
    }


def test_an_org_that_is_not_there_is_empty(ask: Ask) -> None:
    query = (
        "{ contracts { totalCount nodes { id } } "
        'contract(number: "K-1") { id } portfolio { count byType { count } } }'
    )
    assert json.loads(ask(query, org=UUID(ABSENT)))["data"] == {
        "contracts": {"totalCount": 0, "nodes": []},
        "contract": None,
        "portfolio": {"count": 0, "byType": []},
    }


def test_headers_of_not_yours_and_not_there_are_the_same(graph: Graph) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    not_yours = graph.ask(query, {"id": str(THEIRS.id("Contract", 1))})
    not_there = graph.ask(query, {"id": ABSENT})
    assert (not_yours.status_code, not_yours.content) == (not_there.status_code, not_there.content)
    one, other = (
        [header for header in response.headers.raw if header[0] != b"x-request-id"]
        for response in (not_yours, not_there)
    )
    assert one == other


def test_requests_of_many_orgs_at_once_are_never_mixed(graph: Graph) -> None:
    query = "{ viewer { org { id } } contracts { totalCount nodes { id number } } portfolio { count } }"
    orgs = [OURS.org.id, THEIRS.org.id, NORTHLIGHT, HARBOUR]
    alone = {org: graph.ask(query, org=org).content for org in orgs}
    assert len(set(alone.values())) == len(orgs)

    async def worker(number: int) -> None:
        for turn in range(25):
            org = orgs[(number + turn) % len(orgs)]
            response = await graph.asking(query, org=org)
            assert response.content == alone[org]

    async def crowd() -> None:
        await asyncio.gather(*(worker(number) for number in range(20)))

    graph.run(crowd())
