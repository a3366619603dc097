"""`contract(asOf:)` answers what was known here at a moment, to whoever may read the history of it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from api.asked import Answer
from api.graphql import Endpoint
from auth.policy_file import load_policy
from auth.principal import Principal
from auth.scopes import DOCUMENTS, READ
from auth.view import Views, view_for
from domain.claim import Report
from domain.contract import BillingFrequency, Contract, ContractType, Side
from domain.field import CLM, SALESFORCE, DeclaredField, Kind, fields_of
from domain.history import Decision, FieldChange
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.past import has_past, told_by
from domain.renewal import RenewalType
from domain.term import Period
from storage.database import Database
from storage.few_rows import put
from storage.records import to_row
from storage.tenancy import bind_org
from sync.apply import apply_report
from tests.api.graph import GENEROUS, OURS
from tests.api.small import TODAY
from tests.keys import new_vault

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HEARD = datetime(2026, 11, 28, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)
S = ContractStatus
SCOPES = frozenset({READ, DOCUMENTS})
ROLES = sorted(load_policy().roles)
KEPT = [each for each in fields_of(Contract) if has_past(each)]
LOST = [each for each in fields_of(Contract) if not has_past(each) and each.name != "changes"]


def selection(fields: Iterable[DeclaredField]) -> str:
    inner = {Kind.MONEY: " { amount currency }", Kind.REFERENCE: " { id }", Kind.LIST: " { totalCount }"}
    return " ".join(each.graph_name + inner.get(each.kind, "") for each in fields)


OWN = selection(KEPT)
ASKED = "query($at: DateTime, $name: String!) { contract(number: $name, asOf: $at) { %s } }"


@dataclass
class Desk:
    """A small org, the reports that arrive there, and whoever asks about it."""

    connection: asyncpg.Connection
    database: Database
    today: date = TODAY

    async def hear(self, at: datetime, **said: Any) -> None:
        about = {
            "contract": "AGR-9",
            "system": CLM,
            "source": "esign",
            "event": str(uuid7()),
            "claimed_at": NOON,
        }
        async with self.connection.transaction():
            await bind_org(self.connection, OURS.org.id)
            await apply_report(self.connection, OURS.org.id, Report(**about | said), now=at)

    async def record(self, *lines: FieldChange) -> None:
        async with self.connection.transaction():
            await bind_org(self.connection, OURS.org.id)
            await put(self.connection, FieldChange, [to_row(each, OURS.org.id, TODAY) for each in lines])

    async def answer(self, query: str, role: str = "legal", **variables: Any) -> Answer:
        endpoint = Endpoint(
            self.database, Views(load_policy()), lambda: self.today, new_vault(), limits=GENEROUS
        )
        principal = Principal(OURS.org.id, "someone", None, frozenset({role}), SCOPES)
        return await endpoint.answer(principal, json.dumps({"query": query, "variables": variables}).encode())

    async def ask(self, wanted: str, at: datetime | None, name: str = "N-9", role: str = "legal") -> Any:
        moment = at and at.isoformat()
        answered = await self.answer(ASKED % wanted, role, at=moment, name=name)
        said = json.loads(answered.body)
        assert answered.status == 200, said
        return said["data"]["contract"]


Test = Callable[[Desk], Awaitable[None]]


@pytest.fixture
def on(
    small_orgs: str,  # noqa: ARG001 - the database has them
    database_url: str,
) -> Callable[[Test], None]:
    @asynccontextmanager
    async def opened() -> Any:
        database = await Database.open(database_url, 2)
        connection = await asyncpg.connect(database_url)
        try:
            yield Desk(connection, database)
        finally:
            await connection.close()
            await database.close()

    def run(test: Test) -> None:
        async def inside() -> None:
            async with opened() as desk:
                await test(desk)

        asyncio.run(inside())

    return run


def usd(amount: int) -> Money:
    return Money(Decimal(amount), "USD")


def line(
    field: str, before: str | None, after: str | None, at: datetime = HEARD, **given: Any
) -> FieldChange:
    known: dict[str, Any] = {
        "id": uuid7(), "contract_id": OURS.id("Contract", 1), "field": field, "before": before,
        "after": after, "claimed_by": "clm", "claimed_at": at, "recorded_at": at,
        "decision": Decision.ACCEPTED, "reason": "-",
    }  # fmt: skip
    return FieldChange(**known | given)


REPORTS: list[dict[str, Any]] = [
    {"minute": 0, "fields": {"number": "N-9", "title": "Draft", "status": S.DRAFT, "type": ContractType.MSA}},
    {"minute": 1, "system": SALESFORCE, "fields": {
        "total_value": usd(900), "discount_percent": Decimal("5.50"),
        "billing_frequency": BillingFrequency.ANNUAL,
        "account_id": OURS.id("Account", 1), "business_owner_id": OURS.id("User", 1)}},
    {"minute": 2, "fields": {"side": Side.VENDOR, "governing_law": "Ohio", "liability_cap": usd(5)}},
    {"minute": 3, "system": SALESFORCE, "fields": {
        "total_value": usd(950), "account_id": OURS.id("Account", 2), "payment_terms": 'a "b" \\ ü'}},
    {"minute": 4, "fields": {
        "status": S.EXECUTED, "effective_date": date(2026, 1, 31), "expiration_date": date(2026, 12, 31),
        "renewal_type": RenewalType.AUTO_RENEW, "renewal_term": Period(months=1),
        "notice_period": Period(days=20)}},
    {"minute": 5, "system": SALESFORCE, "fields": {"total_value": usd(1), "discount_percent": Decimal(7)}},
    {"minute": 6, "fields": {"status": S.ACTIVE, "liability_uncapped": True, "template_deviations": 12}},
    {"minute": 7, "fields": {"governing_law": None, "total_value": Money(Decimal(1300), "JPY")}},
    {"minute": 8, "fields": {"liability_uncapped": False, "template_deviations": -2147483647,
                             "expiration_date": date(2027, 2, 28), "title": "Order", "liability_cap": None}},
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_every_moment_is_answered_as_it_was_answered_then(on: Callable[[Test], None], seed: int) -> None:
    async def test(desk: Desk) -> None:
        first, *others = REPORTS
        dice = random.Random(seed)
        order = [first, *dice.sample(others, len(others))] if seed else REPORTS
        answers: list[tuple[datetime, Any]] = [(HEARD - TICK, None)]
        for turn, said in enumerate(order):
            at = HEARD + timedelta(days=3 * turn)
            given = {name: value for name, value in said.items() if name != "minute"}
            await desk.hear(at, claimed_at=NOON + timedelta(minutes=said["minute"]), **given)
            desk.today = at.date()
            answers.append((at, await desk.ask(OWN, None)))
        desk.today = TODAY
        assert any(then["totalValue"] for _, then in answers[1:])
        for at, then in answers:
            assert await desk.ask(OWN, at) == then, at
        for (_, then), (later, _) in pairwise(answers):
            known = {"title", "totalValue", "status", "account"}
            found = await desk.ask(OWN, later - TICK)
            assert {name: (found or {}).get(name) for name in known} == {
                name: (then or {}).get(name) for name in known
            }, later

    on(test)


def test_two_who_wait_for_a_contract_are_recorded_in_the_order_in_which_they_had_it(
    on: Callable[[Test], None],
) -> None:
    async def test(desk: Desk) -> None:
        await desk.hear(HEARD, fields={"number": "N-9", "title": "First"})
        # The second looked at the clock before the first was done.
        await desk.hear(HEARD - timedelta(seconds=9), fields={"title": "Second"}, claimed_at=NOON + TICK)
        assert (await desk.ask("title", HEARD))["title"] == "First"
        assert (await desk.ask("title", HEARD + TICK))["title"] == "Second"

    on(test)


def test_before_it_was_heard_of_there_is_nothing_and_of_an_imported_one_no_line_says_so(
    on: Callable[[Test], None],
) -> None:
    async def test(desk: Desk) -> None:
        await desk.hear(HEARD, fields={"number": "N-9", "title": "First"})
        assert await desk.ask("id", HEARD - TICK) is None
        assert await desk.ask("id", HEARD) is not None
        long_ago = datetime(1, 1, 1, tzinfo=UTC)
        imported = await desk.ask("title totalValue { amount currency } number", long_ago, "K-1")
        assert imported == {
            "title": "Hire", "totalValue": {"amount": "100000.00", "currency": "EUR"}, "number": "K-1",
        }  # fmt: skip

    on(test)


def test_a_moment_to_come_is_answered_by_what_is_known_now(on: Callable[[Test], None]) -> None:
    async def test(desk: Desk) -> None:
        fields = {"number": "N-9", "status": S.ACTIVE, "expiration_date": date(2027, 1, 31)}
        await desk.hear(HEARD, fields=fields)
        then = await desk.ask("expirationDate daysToExpiration", datetime(2027, 1, 1, tzinfo=UTC))
        assert then == {"expirationDate": "2027-01-31", "daysToExpiration": 30}
        assert (await desk.ask(OWN, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)))["number"] == "N-9"

    on(test)


def test_refused_lines_and_lines_about_parts_tell_no_value(on: Callable[[Test], None]) -> None:
    async def test(desk: Desk) -> None:
        at = HEARD + timedelta(days=1)
        await desk.record(
            line("governing_law", "Germany", "Ohio"),
            line("governingLaw", "Ohio", "Texas", at, decision=Decision.REFUSED),
            line("governingLaw", "Ohio", "Utah", at, decision=Decision.CONFLICT),
            line("governingLaw", "Ohio", "Maine", at, part="clm:doc"),
        )
        assert (await desk.ask("governingLaw", at, "K-1"))["governingLaw"] == "Ohio"

    on(test)


READ = {
    "templateDeviations": ("2147483647", 2147483647),
    "discountPercent": ("-7.50", "-7.50"),
    "effectiveDate": ("2028-02-29", "2028-02-29"),
    "hasRedlineSummary": ("false", False),
    "noticePeriod": ("P1Y6M", "P1Y6M"),
    "type": ("DPA", "DPA"),
    "liabilityCap": ("1300 JPY", {"amount": "1300", "currency": "JPY"}),
    "businessOwner": (str(OURS.id("User", 2)), {"id": str(OURS.id("User", 2))}),
    "template": ("", ""),
}
UNREADABLE = (
    "", " ", "x", "NaN", "Infinity", "1e5", "1.5.2", "-", "2147483648", "-99999999999", "9" * 300,
    "1" + "0" * 200_000, "2026-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "0000-01-01", "1900-02-29",
    "2026-0131", "infinity", "today", "2026-01-31\n", "true\n", "TRUE", "t", "P999999999Y", "P", "P1H",
    "12.50", "12.50  USD", "12.50 usd", "USD 5", "1 USD EUR", "ACTIVE\n", "active", "DRAFT|ACTIVE",
    "00000000-0000-7000-8000-00000000000g", "{00000000-0000-7000-8000-000000000001}", "١٢", "\\", "'", '"',
    "null", "[]", "\U0001f600",
)  # fmt: skip


def test_text_is_read_as_the_value_that_it_writes(on: Callable[[Test], None]) -> None:
    async def test(desk: Desk) -> None:
        await desk.record(*(line(field, None, text) for field, (text, _) in READ.items()))
        wanted = selection(each for each in KEPT if each.graph_name in READ)
        assert await desk.ask(wanted, HEARD, "K-1") == {field: value for field, (_, value) in READ.items()}
        assert await desk.ask(wanted, HEARD - TICK, "K-1") == dict.fromkeys(READ)

    on(test)


def test_text_that_is_no_value_is_never_cast(on: Callable[[Test], None]) -> None:
    async def test(desk: Desk) -> None:
        stored = [each for each in KEPT if not each.live and each.name != "id"]
        typed = [each for each in stored if each.type is not str]
        for turn, text in enumerate(UNREADABLE):
            at = HEARD + timedelta(days=turn)
            await desk.record(*(line(each.graph_name, text, text, at) for each in stored))
            await desk.ask(OWN, HEARD - TICK, "K-1")
            found = await desk.ask(OWN, at, "K-1")
            read = {each.graph_name for each in typed if found[each.graph_name] is not None}
            assert read <= {"discountPercent", "upliftPercent"}, text

    on(test)


def test_changes_are_those_until_then(on: Callable[[Test], None]) -> None:
    async def test(desk: Desk) -> None:
        listed = "changes(first: 1, orderBy: {field: recordedAt}) { totalCount nodes { field } }"
        moments = [datetime(2026, 10, day, 8, 1, tzinfo=UTC) for day in (1, 2, 3, 4)]
        for count, at in enumerate(moments):
            before, then = await desk.ask(listed, at - TICK, "K-1"), await desk.ask(listed, at, "K-1")
            assert (before["changes"]["totalCount"], then["changes"]["totalCount"]) == (count, count + 1)

    on(test)


@pytest.mark.parametrize("field", LOST, ids=lambda field: field.graph_name)
def test_what_has_no_history_is_refused_for_the_past(
    field: DeclaredField, endpoint: Endpoint, loop: asyncio.Runner
) -> None:
    wanted = f'{{ contract(number: "K-1", asOf: "2026-11-01T00:00:00Z") {{ {selection([field])} }} }}'
    principal = Principal(OURS.org.id, "someone", None, frozenset({"legal"}), SCOPES)
    answer = loop.run(endpoint.answer(principal, json.dumps({"query": wanted}).encode()))
    [error] = json.loads(answer.body)["errors"]
    assert (answer.status, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"].startswith(f"{field.coordinate} is not known of a past moment: ")
    assert error["message"].endswith("; leave it out, or ask without asOf")


@pytest.mark.parametrize("role", ROLES)
def test_the_past_is_for_whoever_may_read_what_tells_it(
    role: str, endpoint: Endpoint, loop: asyncio.Runner
) -> None:
    view = view_for(load_policy(), frozenset({role}))
    may = all(view.shows(each.coordinate) for each in told_by())
    assert may is (role in {"legal", "integrator", "security_reviewer", "admin"})
    principal = Principal(OURS.org.id, "someone", None, frozenset({role}), SCOPES)
    wanted = '{ contract(number: "K-1", asOf: "2026-11-01T00:00:00Z") { title totalValue { amount } } }'
    answer = loop.run(endpoint.answer(principal, json.dumps({"query": wanted}).encode()))
    said = json.loads(answer.body)
    if may:
        shown = view.shows("Contract.totalValue")
        value = {"amount": "120000.00"} if shown else None
        assert said["data"] == {"contract": {"title": "Crane hire", "totalValue": value}}
    else:
        assert (answer.status, answer.code) == (403, "ACCESS_DENIED")
        assert said["errors"][0]["extensions"]["field"] == "FieldChange.field"
