"""What a role may not see it cannot learn by filter, order, cursor or sum either: refused before any SQL."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from api.allowances import Allowances
from api.asked import Answer
from api.audit_writer import AuditWriter
from api.graphql import Endpoint
from api.inputs import orderable
from api.planner.cursor import order_digest
from api.planner.plan import Order, Term
from auth.policy import Policy
from auth.policy_file import load_policy
from auth.principal import Principal
from auth.scopes import DOCUMENTS
from auth.view import View, Views, view_for
from domain.field import DeclaredField, Kind
from domain.graph import ENTITIES, fields_of
from storage.database import Database
from tests.api.graph import GENEROUS, OURS
from tests.api.small import TODAY
from tests.keys import new_vault

ROLES = sorted(load_policy().roles)
each_role = pytest.mark.parametrize("role", ROLES)


class Untouched(Database):
    """A database that no statement may reach."""

    reached = False

    async def read(self, statement: str, arguments: Sequence[Any]) -> Any:
        self.reached = True
        raise AssertionError(f"a statement reached the database: {statement} {arguments}")

    answer = read


class Asking:
    """One role before a database that no statement may reach."""

    def __init__(self, policy: Policy, role: str, loop: asyncio.Runner, log: Database) -> None:
        self.view = view_for(policy, frozenset({role}))
        self.database = Untouched("postgresql://nowhere", 1)
        audit = AuditWriter(log)
        allowances = Allowances(log, GENEROUS)
        self._endpoint = Endpoint(
            self.database, Views(policy), lambda: TODAY, new_vault(), audit, allowances=allowances
        )
        self._principal = Principal(OURS.org.id, "someone", None, frozenset({role}), frozenset({DOCUMENTS}))
        self._loop = loop

    def ask(self, query: str, **variables: Any) -> Answer:
        body = json.dumps({"query": query, "variables": variables}).encode()
        return self._loop.run(self._endpoint.answer(self._principal, body))

    def refusal_of(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask, and return the field and the rule by which it was refused."""
        answer = self.ask(query, **variables)
        said = json.loads(answer.body)
        assert (answer.status, answer.code) == (403, "ACCESS_DENIED"), (query, said)
        assert not self.database.reached
        assert said.keys() == {"errors", "extensions"}
        [error] = said["errors"]
        assert error["message"]
        return dict(error["extensions"])


@pytest.fixture
def asking(policy: Policy, role: str, loop: asyncio.Runner, reader: Database) -> Asking:
    return Asking(policy, role, loop, reader)


def denied(view: View) -> Iterator[DeclaredField]:
    """Give every field that a filter or an order on it must be refused for."""
    for class_ in ENTITIES.values():
        for field in fields_of(class_):
            if not view.shows(field.coordinate) or field.field.named_by:
                yield field


def path_to(entity: str, view: View, kinds: tuple[Kind, ...]) -> list[DeclaredField] | None:
    """Return a way from Contract to an entity through shown fields of these kinds, if there is one."""
    paths: dict[str, list[DeclaredField]] = {"Contract": []}
    pending = ["Contract"]
    while pending:
        here = pending.pop(0)
        for field in fields_of(ENTITIES[here]):
            if field.kind in kinds and field.target not in paths and view.shows(field.coordinate):
                paths[field.target] = [*paths[here], field]
                pending.append(field.target)
    return paths.get(entity)


def wrapped(path: Sequence[DeclaredField], inner: str) -> str:
    """Write a filter on what lies at the end of a path."""
    for field in reversed(path):
        inner = f"{{ {field.graph_name}: " + (
            f"{{ some: {inner} }} }}" if field.kind is Kind.LIST else f"{inner} }}"
        )
    return inner


def member(field: DeclaredField) -> str:
    """Write a filter on the field itself that would tell something of it."""
    match field.kind:
        case Kind.LIST:
            return f"{{ {field.graph_name}: {{ none: {{}} }} }}"
        case Kind.REFERENCE:
            return f"{{ {field.graph_name}: {{}} }}"
    return f"{{ {field.graph_name}: {{ isNull: true }} }}"


@each_role
def test_a_filter_on_a_denied_field_is_refused(asking: Asking, role: str) -> None:
    tried = 0
    for field in denied(asking.view):
        path = path_to(field.entity, asking.view, (Kind.LIST, Kind.REFERENCE))
        if path is None:
            continue
        told = asking.refusal_of(f"{{ contracts(filter: {wrapped(path, member(field))}) {{ totalCount }} }}")
        assert told["field"] == field.coordinate
        if not field.field.named_by:
            who = role, "sales_rep" if role == "sales_manager" else role
            said = {f"{each}.{field.field.audience} = {word}" for each in who for word in ("deny", "mask")}
            forbidden = {f"forbid {field.field.audience} to {role} where status is DRAFT or IN_REVIEW"}
            assert told["rule"] in {"default"} | said | forbidden
        tried += 1
    assert tried >= 1


@each_role
def test_a_filter_that_passes_through_a_denied_field_is_refused(asking: Asking, role: str) -> None:
    for field in denied(asking.view):
        if field.entity == "Contract" and field.kind in (Kind.LIST, Kind.REFERENCE):
            inner = wrapped([field], "{ id: { in: [] } }")
            told = asking.refusal_of(f"{{ contracts(filter: {inner}) {{ totalCount }} }}")
            assert told["field"] == field.coordinate, role


@each_role
@pytest.mark.parametrize(
    "around",
    [
        '{ and: [{ number: { eq: "K-1" } }, %s] }',
        "{ or: [%s] }",
        "{ not: %s }",
        "{ or: [{ and: [{ not: { or: [%s] } }] }] }",
        "{ parent: { children: { none: %s } } }",
        "{ account: { contracts: { some: %s } } }",
    ],
)  # fmt: skip
def test_no_wrapping_lets_a_denied_filter_pass(asking: Asking, role: str, around: str) -> None:
    for field in denied(asking.view):
        if field.entity == "Contract":
            told = asking.refusal_of(f"{{ contracts(filter: {around % member(field)}) {{ totalCount }} }}")
            assert told["field"] == field.coordinate, role


@each_role
def test_a_filter_in_a_variable_is_refused_alike(asking: Asking, role: str) -> None:
    query = (
        "query($f: ContractFilter) { portfolio(filter: $f) { count } contracts(filter: $f) { totalCount } }"
    )
    for field in denied(asking.view):
        if field.entity == "Contract" and field.kind in (Kind.SCALAR, Kind.MONEY):
            told = asking.refusal_of(query, f={"not": {field.graph_name: {"isNull": False}}})
            assert told["field"] == field.coordinate, role


@each_role
def test_an_order_by_a_denied_field_is_refused(asking: Asking, role: str) -> None:
    for field in denied(asking.view):
        path = path_to(field.entity, asking.view, (Kind.LIST, Kind.REFERENCE))
        if field not in orderable(ENTITIES[field.entity]) or path is None:
            continue
        if path and path[-1].kind is Kind.REFERENCE:
            continue  # nothing that one may see is a list of these
        told = asking.refusal_of(ordered(path, f"[{{ field: {field.graph_name}, direction: DESC }}]"))
        assert told["field"] == field.coordinate, role


def ordered(path: Sequence[DeclaredField], order: str, after: str = "") -> str:
    """Write an operation that orders the list at the end of a path."""
    *before, last = [None, *path]
    name = "contracts" if last is None else last.graph_name
    text = f"{name}(first: 1, orderBy: {order}{after}) {{ nodes {{ __typename }} }}"
    for field in reversed(before):
        name = "contracts" if field is None else field.graph_name
        nodes = field is None or field.kind is Kind.LIST
        text = f"{name} {{ nodes {{ {text} }} }}" if nodes else f"{name} {{ {text} }}"
    return f"{{ {text} }}"


@each_role
def test_a_second_term_of_an_order_is_refused_like_the_first(asking: Asking, role: str) -> None:
    for field in denied(asking.view):
        if field.entity == "Contract" and field in orderable(ENTITIES["Contract"]):
            order = [{"field": "title"}, {"field": field.graph_name}]
            query = "query($o: [ContractOrder!]) { contracts(orderBy: $o) { totalCount nodes { id } } }"
            assert asking.refusal_of(query, o=order)["field"] == field.coordinate, role


def forged(field: DeclaredField, values: list[Any]) -> str:
    """Make a cursor of an order by a field, as nobody gave it out."""
    digest = order_digest(Order(field.entity, (Term(field, descending=False),)))
    text = json.dumps([digest, *values, str(OURS.id("Contract", 1))])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@each_role
def test_a_forged_cursor_of_a_denied_order_is_refused(asking: Asking, role: str) -> None:
    for field in denied(asking.view):
        if field.entity != "Contract" or field not in orderable(ENTITIES["Contract"]):
            continue
        cursor = forged(field, [None, None] if field.kind is Kind.MONEY else [None])
        said = f'{{ contracts(%safter: "{cursor}") {{ nodes {{ id }} }} }}'
        told = asking.refusal_of(said % f"orderBy: [{{ field: {field.graph_name} }}], ")
        assert told["field"] == field.coordinate, role
        answer = asking.ask(said % "orderBy: [{ field: title }], ")
        assert (answer.status, answer.code) == (400, "BAD_USER_INPUT")


SUMS = {
    "portfolio { totals { amount } }": "Contract.totalValue",
    "portfolio { totals { count } }": "Contract.totalValue",
    "portfolio { byStatus { totals { currency } } }": "Contract.totalValue",
    "portfolio { byType { count totals { amount } } }": "Contract.totalValue",
    "portfolio { byExpirationMonth { month } }": "Contract.expirationDate",
    "portfolio { byExpirationMonth { count } }": "Contract.expirationDate",
    "portfolio { ... on Portfolio { x: totals { __typename } } }": "Contract.totalValue",
}


@each_role
@pytest.mark.parametrize("asked", SUMS)
def test_a_sum_over_a_denied_field_is_refused(asking: Asking, role: str, asked: str) -> None:
    if asking.view.shows(SUMS[asked]):
        asking.ask(f"{{ {asked} }}")
        assert asking.database.reached
    else:
        told = asking.refusal_of(f"{{ contracts {{ totalCount }} {asked} }}")
        assert told["field"] == SUMS[asked], role
        assert not asking.database.reached


@each_role
def test_a_sum_over_a_denied_filter_is_refused(asking: Asking, role: str) -> None:
    for field in denied(asking.view):
        if field.entity == "Contract":
            told = asking.refusal_of(f"{{ portfolio(filter: {member(field)}) {{ count }} }}")
            assert told["field"] == field.coordinate, role


def test_a_caller_without_roles_is_refused_every_root(
    policy: Policy, loop: asyncio.Runner, reader: Database
) -> None:
    nobody = Asking(policy, "nobody", loop, reader)
    for query, entity in {
        '{ contract(id: "00010001-0000-7000-8000-000000000001") { title } }': "Contract",
        '{ contract(number: "K-1") { title } }': "Contract",
        '{ account(salesforceId: "001Hs00000AAAAA") { name } }': "Account",
        '{ opportunity(salesforceId: "006Hs00000AAAAA") { name } }': "Opportunity",
        "{ contracts { totalCount } }": "Contract",
        "{ contracts { nodes { __typename } pageInfo { hasNextPage } } }": "Contract",
        '{ contracts(filter: { text: "a" }) { totalCount } }': "Contract",
        "{ portfolio { count } }": "Contract",
        "{ portfolio { byStatus { count } } }": "Contract",
    }.items():
        assert nobody.refusal_of(query)["field"].startswith(f"{entity}."), query
    assert nobody.refusal_of('{ node(id: "00010001-0000-7000-8000-000000000001") { __typename } }')


def test_values_of_other_fields_are_no_filter_and_no_order_for_anybody(
    policy: Policy, loop: asyncio.Runner, reader: Database
) -> None:
    for role in ROLES:
        asking = Asking(policy, role, loop, reader)
        if not asking.view.shows("Contract.amendments"):
            continue
        for use in (
            '(filter: { changes: { some: { before: { contains: "1" } } } })',
            "(filter: { changes: { none: { after: { isNull: true } } } })",
        ):
            told = asking.refusal_of(f"{{ contracts {{ nodes {{ amendments{use} {{ totalCount }} }} }} }}")
            assert (told["rule"], told["field"][:16]) == ("named field", "AmendmentChange."), role


def test_the_same_filter_passes_for_a_role_that_is_shown_the_field(
    policy: Policy, loop: asyncio.Runner, reader: Database
) -> None:
    """Every kind of refusal has its counterpart: a rule that refused everybody would be no rule."""
    for query in (
        '{ contracts(filter: { governingLaw: { eq: "x" } }) { totalCount } }',
        "{ contracts(orderBy: [{ field: riskScore }]) { nodes { id } } }",
        "{ portfolio { totals { amount } } }",
        "{ contracts(filter: { riskAssessments: { some: { factors: { some: {} } } } }) { totalCount } }",
    ):
        allowed = Asking(policy, "legal", loop, reader)
        allowed.ask(query)
        assert allowed.database.reached
