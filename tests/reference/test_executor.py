"""The reference is trusted because these expectations were written by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from graphql import parse, validate

from api.schema import GRAPHQL
from domain.contract import Contract, ContractType, Side
from domain.crm import Account
from domain.field import Audience, Entity
from domain.lifecycle import ContractStatus
from domain.milestone import Milestone, MilestoneStatus
from domain.money import Money
from domain.org import Org
from domain.party import ContractParty, PartyRole
from domain.renewal import RenewalType
from domain.term import Period
from tests.reference.caller import Caller
from tests.reference.executor import ROOTS, Answer, answer, schema
from tests.reference.generator import ROOT_WEIGHTS
from tests.reference.paging import Order
from tests.reference.policy import Evaluator
from tests.reference.rows import Rows
from tests.reference.seen import Seen

TODAY = date(2026, 11, 21)


def uuid(number: int) -> UUID:
    return UUID(int=number, version=4)


def contract(place: int, title: str, **values: Any) -> Contract:
    plain = {"type": ContractType.MSA, "side": Side.CUSTOMER, "status": ContractStatus.ACTIVE}
    return Contract(id=uuid(place), title=title, **(plain | values))


ACME = Account(id=uuid(100), name="Acme", salesforce_id="001Hs0000000001IAA")
RECORDS: list[Entity] = [
    ACME,
    contract(
        1, "Beta", number="N-1", account_id=ACME.id, total_value=Money(Decimal("10.50"), "USD"),
        expiration_date=date(2026, 11, 30), renewal_type=RenewalType.AUTO_RENEW, notice_period=Period(days=5),
        updated_at=datetime(2026, 11, 21, 6, 41, 7, 120000, UTC), discount_percent=Decimal("7.50"),
    ),
    contract(
        2, "alpha", number="N-2", total_value=Money(Decimal(3), "JPY"), expiration_date=date(2026, 11, 1),
    ),
    contract(3, "Ämter 100%", account_id=ACME.id, type=ContractType.NDA),
    contract(4, "gamma", total_value=Money(Decimal(2), "USD")),
    ContractParty(id=uuid(201), contract_id=uuid(2), legal_name="Zeta GmbH", role=PartyRole.VENDOR),
    Milestone(
        id=uuid(301), contract_id=uuid(1), name="Go-live", status=MilestoneStatus.MET,
        target_date=date(2024, 2, 28), actual_date=date(2024, 3, 1),
    ),
]  # fmt: skip
ROWS = Rows(Org(id=uuid(900), name="Ours"), RECORDS, TODAY)


class Word:
    def __init__(self, rule: str, reason: str | None = None) -> None:
        self.rule, self.reason = rule, reason


def ask(text: str, variables: dict[str, Any] | None = None, denied: tuple[str, ...] = ()) -> Answer:
    document = parse(text)
    assert not validate(schema(), document)
    decisions = {"Contract.title": Word("a"), **{name: Word("b", "no") for name in denied}}
    a = {"rows": "org", **dict.fromkeys(Audience, "show")}
    policy = {"roles": {"a": a}, "forbid": [{"fields": denied, "why": "no"}] if denied else []}
    evaluator = Evaluator(policy, ["a"])
    caller = Caller(subject="s", roles=("z", "a"), scopes=(), policy="p", evaluator=evaluator,
                    decisions=decisions, rows=dict.fromkeys(decisions))  # fmt: skip
    return answer(Seen(ROWS, evaluator, "s"), caller, document, variables or {})


def data(text: str, variables: dict[str, Any] | None = None) -> Any:
    return json.loads(ask(text, variables).data)


def titles(filter_: str, extra: str = "") -> list[str]:
    found = data(f"{{ contracts(filter: {filter_}{extra}) {{ nodes {{ title }} }} }}")
    return sorted(node["title"] for node in found["contracts"]["nodes"])


def codes(text: str, denied: tuple[str, ...] = (), variables: dict[str, Any] | None = None) -> set[str]:
    return {refusal.code for refusal in ask(text, variables, denied).refused}


def test_values_are_written_as_the_api_writes_them() -> None:
    assert ask(
        '{ contract(number: "N-1") { totalValue { amount currency } updatedAt discountPercent'
        " noticePeriod status expirationDate noticeDeadline inNoticeWindow daysToExpiration account { name }"
        " milestones { nodes { varianceDays } } } }"
    ).data == json.dumps({"contract": {
        "totalValue": {"amount": "10.50", "currency": "USD"}, "updatedAt": "2026-11-21T06:41:07.12+00:00",
        "discountPercent": "7.50", "noticePeriod": "P5D", "status": "ACTIVE", "expirationDate": "2026-11-30",
        "noticeDeadline": "2026-11-25", "inNoticeWindow": True, "daysToExpiration": 9,
        "account": {"name": "Acme"}, "milestones": {"nodes": [{"varianceDays": 2}]},
    }})  # fmt: skip


def test_every_root_is_answered_but_those_that_tell_of_no_records() -> None:
    """Of the policy, the log and the sync: tests/api/review and tests/api/test_sync_health.py hold them."""
    query = GRAPHQL.query_type
    assert query is not None
    assert set(query.fields) - set(ROOTS) == {"contestedPart", "held", "review", "syncHealth"}
    assert set(ROOT_WEIGHTS) - {"__typename"} == set(ROOTS)


def test_a_denied_field_is_null_and_listed_once_by_its_path() -> None:
    done = ask(
        "{ contracts(first: 2) { nodes {"
        " title totalValue { amount } t: totalValue { amount } account { name } } } }",
        denied=("Contract.totalValue", "Account.name"),
    )
    assert done.denied == (
        ("contracts.nodes.totalValue", "Contract.totalValue"), ("contracts.nodes.t", "Contract.totalValue"),
        ("contracts.nodes.account.name", "Account.name"),
    )  # fmt: skip
    assert json.loads(done.data)["contracts"]["nodes"][0] == {
        "title": "Beta", "totalValue": None, "t": None, "account": {"name": None},
    }  # fmt: skip


def test_equal_response_keys_are_merged_in_order_of_first_appearance() -> None:
    done = ask('{ contract(number: "N-1") { account { id } title ...F account { __typename } } }'
               " fragment F on Contract { account { name } }")  # fmt: skip
    assert done.data == json.dumps({"contract": {
        "account": {"id": str(ACME.id), "name": "Acme", "__typename": "Account"}, "title": "Beta",
    }})  # fmt: skip


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("{}", ["Beta", "alpha", "gamma", "Ämter 100%"]),
        ('{title: {contains: "A"}}', ["Beta", "alpha", "gamma"]),
        ('{title: {contains: "ä"}}', ["Ämter 100%"]),
        ('{title: {contains: "0%"}}', ["Ämter 100%"]),
        ('{title: {contains: "_"}}', []),
        ('{title: {startsWith: "AL"}}', ["alpha"]),
        ("{number: {in: []}}", []),
        ("{number: {isNull: true}}", ["gamma", "Ämter 100%"]),
        ('{not: {number: {eq: "N-1"}}}', ["alpha", "gamma", "Ämter 100%"]),
        ("{not: {}}", []),
        ("{or: []}", []),
        ("{and: []}", ["Beta", "alpha", "gamma", "Ämter 100%"]),
        ("{title: null}", ["Beta", "alpha", "gamma", "Ämter 100%"]),
        ('{totalValue: {currency: "USD", gt: "2"}}', ["Beta"]),
        ('{totalValue: {currency: "USD", gte: "2.000"}}', ["Beta", "gamma"]),
        ("{account: {}}", ["Beta", "Ämter 100%"]),
        ('{account: {name: {eq: "Acme"}}}', ["Beta", "Ämter 100%"]),
        ("{parties: {some: {}}}", ["alpha"]),
        ("{parties: {none: {}}}", ["Beta", "gamma", "Ämter 100%"]),
        ('{text: "ZETA"}', ["alpha"]),
        ('{text: "n-"}', ["Beta", "alpha"]),
        ('{updatedSince: "2026-11-21T07:41:07.12+01:00"}', ["Beta"]),
        ("{inNoticeWindow: {eq: true}}", ["Beta"]),
        ('{id: {in: ["00000000-0000-4000-8000-000000000003"]}}', ["Ämter 100%"]),
        ("{type: {in: NDA}}", ["Ämter 100%"]),
        ('{expirationDate: {lte: "2026-11-01"}}', ["alpha"]),
    ],
)
def test_filters_match(filter_: str, expected: list[str]) -> None:
    assert titles(filter_) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("{field: title}", ["Beta", "alpha", "gamma", "Ämter 100%"]),
        ("{field: title, direction: DESC}", ["Ämter 100%", "gamma", "alpha", "Beta"]),
        ("{field: totalValue}", ["alpha", "gamma", "Beta", "Ämter 100%"]),
        ("{field: totalValue, direction: DESC}", ["Beta", "gamma", "alpha", "Ämter 100%"]),
        ("[{field: type}, {field: number, direction: DESC}]", ["alpha", "Beta", "gamma", "Ämter 100%"]),
    ],
)
def test_lists_are_ordered_with_absent_values_last(order: str, expected: list[str]) -> None:
    found = data(f"{{ contracts(orderBy: {order}) {{ nodes {{ title }} }} }}")
    assert [node["title"] for node in found["contracts"]["nodes"]] == expected


def test_pages_follow_one_another_forwards_and_backwards() -> None:
    asked = """query ($after: String, $before: String, $first: Int, $last: Int) {
      contracts(first: $first, last: $last, after: $after, before: $before, orderBy: {field: totalValue}) {
        edges { cursor node { title } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    first = data(asked, {"first": 3})["contracts"]
    assert [edge["node"]["title"] for edge in first["edges"]] == ["alpha", "gamma", "Beta"]
    assert first["totalCount"] == 4
    assert first["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False,
                                 "startCursor": first["edges"][0]["cursor"],
                                 "endCursor": first["edges"][2]["cursor"]}  # fmt: skip
    rest = data(asked, {"first": 3, "after": first["pageInfo"]["endCursor"]})["contracts"]
    assert [edge["node"]["title"] for edge in rest["edges"]] == ["Ämter 100%"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    back = data(asked, {"last": 2, "before": rest["edges"][0]["cursor"]})["contracts"]
    assert [edge["node"]["title"] for edge in back["edges"]] == ["gamma", "Beta"]
    assert (back["pageInfo"]["hasNextPage"], back["pageInfo"]["hasPreviousPage"]) == (True, True)
    empty = data(asked, {"first": 0})["contracts"]
    assert empty["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None,
                                 "endCursor": None}  # fmt: skip


def test_a_cursor_is_what_the_documentation_says() -> None:
    order = Order.of("Contract", [{"field": "totalValue", "direction": "DESC"}])
    # base64url of ["<first 8 of sha256 of Contract:totalValue:DESC>", "JPY", "3", "<id>"]
    assert order.cursor(ROWS, ROWS.by_id[uuid(2)]) == (
        "WyJiM2FkODdjYSIsICJKUFkiLCAiMyIsICIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDIiXQ"
    )


def test_the_portfolio_sums_each_currency_apart() -> None:
    assert data("{ portfolio { count totals { currency amount count } byType { type count }"
                " byExpirationMonth { month count totals { amount } } } }") == {"portfolio": {
        "count": 4,
        "totals": [{"currency": "JPY", "amount": "3", "count": 1},
                   {"currency": "USD", "amount": "12.50", "count": 2}],
        "byType": [{"type": "MSA", "count": 3}, {"type": "NDA", "count": 1}],
        "byExpirationMonth": [
            {"month": "2026-11-01", "count": 2, "totals": [{"amount": "3"}, {"amount": "10.50"}]},
            {"month": None, "count": 2, "totals": [{"amount": "2.00"}]},
        ],
    }}  # fmt: skip


def test_the_viewer_sees_who_asks_and_what_is_decided() -> None:
    done = ask("{ viewer { org { name salesforceOrgId } roles access { field decision rule reason } } }",
               denied=("Account.name",))  # fmt: skip
    assert json.loads(done.data)["viewer"] == {
        "org": {"name": "Ours", "salesforceOrgId": None}, "roles": ["a", "z"],
        "access": [{"field": "Account.name", "decision": "deny", "rule": "b", "reason": "no"},
                   {"field": "Contract.title", "decision": "show", "rule": "a", "reason": None}],
    }  # fmt: skip


def test_a_node_answers_only_the_fragments_of_its_kind() -> None:
    asked = '{ node(id: "%s") { ... on Account { name } ... on Contract { title } ... on Node { id } } }'
    assert data(asked % ACME.id) == {"node": {"name": "Acme", "id": str(ACME.id)}}
    assert data(asked % uuid(777)) == {"node": None}


@pytest.mark.parametrize(
    "text",
    [
        "{ contract { id } }",
        '{ contract(id: "x") { id } }',
        '{ contract(number: "N-1", externalReference: "E") { id } }',
        "{ contracts(first: 1, last: 1) { totalCount } }",
        "{ contracts(first: 101) { totalCount } }",
        "{ contracts(last: -1) { totalCount } }",
        '{ contracts(after: "x") { totalCount } }',
        "{ contracts(filter: {number: {eq: null}}) { totalCount } }",
        '{ contracts(filter: {totalValue: {gt: "1"}}) { totalCount } }',
        '{ contracts(filter: {id: {eq: "1"}}) { totalCount } }',
        '{ contract(number: "none") { milestones(first: 101) { totalCount } } }',
    ],
)
def test_wrong_input_is_refused(text: str) -> None:
    assert codes(text) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "text",
    [
        '{ contract(number: "N-1") { id } }',
        "{ contracts(orderBy: {field: number}) { totalCount } }",
        "{ contracts(filter: {number: {}}) { totalCount } }",
        '{ contracts(filter: {text: "x"}) { totalCount } }',
        "{ contracts { nodes { children(filter: {parent: {number: {isNull: true}}}) { totalCount } } } }",
        "{ portfolio(filter: {number: {isNull: true}}) { count } }",
        "{ portfolio { byStatus { status } } }",
        "{ portfolio { byType { totals { amount } } } }",
    ],
)
def test_the_use_of_a_denied_field_is_refused(text: str) -> None:
    assert codes(text, ("Contract.number", "Contract.status", "Contract.totalValue")) == {"ACCESS_DENIED"}
    assert codes(text) == set()


def test_what_hangs_on_a_denied_list_is_neither_read_nor_refused() -> None:
    text = "{ contracts { nodes { milestones(first: 101) { nodes { name } } } } }"
    done = ask(text, denied=("Contract.milestones",))
    assert done.denied == (("contracts.nodes.milestones", "Contract.milestones"),)
    assert not done.refused
