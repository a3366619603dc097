"""contractChanged: who is told of which change, from where on, and until when."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from api.limits import MAX_SUBSCRIPTIONS_OF_ONE
from auth.principal import Principal
from auth.revocation import Holder, revoke_all
from auth.scopes import SCOPES
from auth.tokens import issue
from auth.view import Views
from storage.contract_changes import add_change
from storage.database import connect
from storage.tenancy import bind_org
from tests.api.audited import Log
from tests.api.graph import OURS, THEIRS, code_of
from tests.api.live.subscriber import ALL, subscribed
from tests.api.mutations.office import READER, Office
from tests.api.test_shadow import DENYING

ADA, BEN = "005Hs00000AAAAAIA5", "005Hs00000BBBBBIA5"
CLAIM = """mutation($input: ClaimContractsInput!) { claimContracts(input: $input) {
    results { error { code } refused { reason } } } }"""
FILTERED = "subscription($filter: ContractFilter) { contractChanged(filter: $filter) { fields } }"
INVALID = "GRAPHQL_VALIDATION_FAILED"
_keys = count()


class Hall:
    """The application, its subscribers, and a contract system whose claims change what they listen to."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.application = office.graph.application

    def run(self, test: Callable[[], Awaitable[None]]) -> None:
        self.office.graph.run(test())

    def listens(self, role: str = "legal", **more: Any) -> Any:
        subject, org = more.pop("subject", "someone"), more.pop("org", OURS)
        token = more.pop("token", None) or self.token(role, subject=subject, org=org)
        return subscribed(self.application, token, **more)

    def token(self, *roles: str, **more: Any) -> str:
        org, subject = more.get("org", OURS), more.get("subject", "someone")
        return self.office.token(*roles, org=org.org.id, subject=subject, scopes=READER)

    async def claims(self, reference: str = "clm-1", **fields: Any) -> None:
        """Have the contract system say something that is accepted."""
        number = next(_keys)
        said = {"externalReference": reference, "event": f"e-{number}", "fields": fields}
        given = {"input": {"idempotencyKey": f"k-{number}", "contracts": [said]}}
        answer = await self.office.asking(CLAIM, given, self.office.token("integrator", subject="clm"))
        assert answer.json()["data"]["claimContracts"]["results"] == [{"error": None, "refused": []}]


@pytest.fixture
def hall(office: Office) -> Hall:
    return Hall(office)


# What is told


def test_a_change_is_told_by_the_ids_and_names_of_what_is_otherwise(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as legal:
            await hall.claims(title="Cranes for hire", governingLaw="France")
            await legal.hears(1)
        [told] = legal.told
        assert told["contractId"] == str(OURS.id("Contract", 1))
        assert told["fields"] == ["governingLaw", "title"]
        assert (legal.status, legal.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert f"id: {told['cursor']}\n".encode() in legal.sent
        assert b"Cranes" not in legal.sent
        assert b"France" not in legal.sent

    hall.run(test)


def test_a_new_contract_is_told_and_a_claim_that_changes_nothing_is_not(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as legal:
            await hall.claims("AGR-9", title="New", type="NDA")
            await hall.claims("AGR-9", title="New")
            await hall.claims("AGR-9", title="Newer")
            assert await legal.hears(2) == [["id", "title", "type"], ["title"]]

    hall.run(test)


@pytest.mark.parametrize(
    ("role", "subject", "told"),
    [
        ("integrator", "someone", [["governingLaw"], ["totalValue"], ["title"]]),
        ("finance", "someone", [["totalValue"], ["title"]]),
        ("customer_success", "someone", [["title"]]),  # it sees amounts made coarse
        ("admin", "someone", [["title"]]),
        ("sales_rep", ADA, [["totalValue"], ["title"]]),
        ("sales_rep", BEN, []),
        ("nobody", "someone", None),
    ],
)
def test_a_subscriber_is_told_of_what_their_role_sees_and_nothing_is_sent_of_the_rest(
    hall: Hall, role: str, subject: str, told: list[list[str]] | None
) -> None:
    async def test() -> None:
        async with hall.listens(role, subject=subject) as one, hall.listens("legal") as legal:
            before = one.sent
            await hall.claims(governingLaw="France")
            await hall.claims(totalValue={"amount": "7", "currency": "EUR"})
            await hall.claims(title="Third")
            await legal.hears(3)
            if told is None:
                assert one.code == "ACCESS_DENIED"
            else:
                await one.hears(len(told))
                assert one.fields == told
            if not told:
                assert one.sent == before

    hall.run(test)


def test_another_org_hears_nothing(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens(org=THEIRS) as theirs, hall.listens() as ours:
            await hall.claims(title="Ours")
            await ours.hears(1)
            assert theirs.told == []

    hall.run(test)


def test_only_contracts_that_match_the_filter_are_told_of(hall: Hall) -> None:
    async def test() -> None:
        only = {"filter": {"externalReference": {"eq": "AGR-9"}}}
        async with hall.listens(query=FILTERED, variables=only) as legal:
            await hall.claims(title="Not this")
            await hall.claims("AGR-9", title="This", type="NDA")
            assert await legal.hears(1) == [["id", "title", "type"]]

    hall.run(test)


def test_a_filter_by_what_is_not_shown_is_refused(hall: Hall) -> None:
    async def test() -> None:
        by_law = {"filter": {"governingLaw": {"eq": "France"}}}
        async with hall.listens("finance", query=FILTERED, variables=by_law) as refused:
            assert await refused.ends() == "ACCESS_DENIED"

    hall.run(test)


# From where on


def test_who_comes_again_is_told_what_came_meanwhile_and_nothing_twice(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as first:
            await hall.claims(title="One")
            await first.hears(1)
        cursor = first.told[0]["cursor"]
        await hall.claims(title="Two")
        await hall.claims(governingLaw="Spain")
        async with hall.listens(last_event=cursor) as again:
            await again.hears(2)
            await hall.claims(title="Four")
            assert await again.hears(3) == [["title"], ["governingLaw"], ["title"]]
        after = ALL.replace("contractChanged", f'contractChanged(after: "{again.told[1]["cursor"]}")')
        async with hall.listens(query=after, last_event=cursor) as third:
            assert await third.hears(1) == [["title"]]
            assert third.told[0] == again.told[2]

    hall.run(test)


def test_a_cursor_that_is_not_kept_or_anothers_is_refused_alike(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as ours:
            await hall.claims(title="Ours")
            await ours.hears(1)
        found = []
        for cursor in (ours.told[0]["cursor"], "0190163d-8694-739b-aea5-966c26f8ad90", "nonsense", "é"):
            async with hall.listens(org=THEIRS, last_event=cursor) as theirs:
                assert await theirs.ends() == "BAD_USER_INPUT"
                found.append(theirs.events)
        assert all(each == found[0] for each in found)

    hall.run(test)


# Until when


def test_an_expired_token_ends_it(hall: Hall) -> None:
    graph = hall.office.graph
    who = Principal(OURS.org.id, "someone", "tests", frozenset({"legal"}), frozenset(SCOPES))
    token = issue(
        graph.keys, issuer=graph.settings.issuer, audience=graph.settings.audience, principal=who,
        lifetime=timedelta(seconds=1), now=time.time(),
    )  # fmt: skip

    async def test() -> None:
        async with hall.listens(token=token) as one:
            assert await one.ends() == "UNAUTHENTICATED"
            await hall.claims(title="Unheard")
            assert one.told == []

    hall.run(test)


def test_a_revoked_caller_is_told_nothing_more(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as one:
            connection = await connect(hall.office.superuser_url)
            async with connection.transaction():
                await bind_org(connection, OURS.org.id)
                await revoke_all(connection, OURS.org.id, Holder.USER, "someone")
            await connection.close()
            assert await one.ends() == "UNAUTHENTICATED"

    hall.run(test)


def test_another_policy_decides_what_is_told_from_then_on(hall: Hall) -> None:
    endpoint = hall.application._door.endpoint
    assert endpoint is not None
    by_value = {"filter": {"totalValue": {"isNull": False}}}

    async def test() -> None:
        async with (
            hall.listens() as legal,
            hall.listens(query=FILTERED, variables=by_value) as filtering,
            hall.listens("finance") as finance,
        ):
            endpoint.views = Views(DENYING)
            assert await filtering.ends() == "ACCESS_DENIED"
            await hall.claims(title="One", totalValue={"amount": "9", "currency": "EUR"})
            assert await legal.hears(1) == [["title"]]
            assert await finance.hears(1) == [["title", "totalValue"]]

    hall.run(test)


def test_a_process_that_ends_completes_its_streams(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as one:
            hall.application.leave()
            assert await one.ends() is None

    hall.run(test)


def test_a_slow_reader_is_cut_off_and_can_come_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.live.tails.MOST_WAITING", 2)

    async def test() -> None:
        async with hall.listens(takes=False) as slow, hall.listens(subject="quick") as quick:
            for number in range(5):
                await hall.claims(title=f"Title {number}")
                await quick.hears(number + 1)
            slow.takes.set()
            assert await slow.ends() == "SLOW_READER"
            heard = len(slow.told)
            assert slow.told == quick.told[:heard]
            cursor = slow.told[-1]["cursor"] if heard else quick.told[0]["cursor"]
        async with hall.listens(last_event=cursor) as again:
            await again.hears(5 - max(heard, 1))
            assert again.told == quick.told[max(heard, 1) :]

    hall.run(test)


def test_one_caller_has_so_many_subscriptions_and_no_more(hall: Hall) -> None:
    async def test() -> None:
        opened = [hall.listens() for _ in range(MAX_SUBSCRIPTIONS_OF_ONE)]
        for each in opened:
            await each.__aenter__()
        async with hall.listens() as refused, hall.listens(subject="another") as another:
            assert await refused.ends() == "TOO_MANY_SUBSCRIPTIONS"
            assert another.code is None
        await opened[0].__aexit__(None, None, None)
        async with hall.listens() as again:
            assert again.code is None
        for each in opened[1:]:
            await each.__aexit__(None, None, None)

    hall.run(test)


# The transport


def test_a_subscription_over_plain_json_is_refused_with_what_to_do(hall: Hall) -> None:
    response = hall.office.ask(ALL, token=hall.token("legal"))
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert "text/event-stream" in response.text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { subject } }", None),
        ("{ nothing }", INVALID),
        ("subscription { contractChanged { cursor } b: contractChanged { at } }", INVALID),
        ("subscription { contractChanged @skip(if: true) { cursor } }", INVALID),
        ("subscription($no: Boolean = false) { contractChanged @include(if: $no) { at } }", INVALID),
        ("subscription { __typename }", INVALID),
        ("subscription {", INVALID),
    ],
)
def test_what_is_no_subscription_is_answered_by_one_event(hall: Hall, query: str, code: str | None) -> None:
    async def test() -> None:
        async with hall.listens(query=query) as one:
            assert await one.ends() == code
            assert [kind for kind, _ in one.events] == ["next", "complete"]
            assert code is not None or one.events[0][1]["data"] == {"viewer": {"subject": "someone"}}

    hall.run(test)


def test_a_document_of_ones_own_needs_its_scope(hall: Hall) -> None:
    token = hall.office.token("legal", subject="someone", scopes=("graph:read",))

    async def test() -> None:
        async with hall.listens(token=token) as one:
            assert await one.ends() == "INSUFFICIENT_SCOPE"

    hall.run(test)


# The audit log


def test_the_log_tells_of_the_opening_of_what_was_told_and_of_the_end(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens("finance") as one:
            await hall.claims(governingLaw="Italy")
            await hall.claims(title="One", totalValue={"amount": "9", "currency": "EUR"})
            await one.hears(1)

    hall.run(test)
    log = Log(hall.office.superuser_url, hall.office.graph._loop)
    opened, told, closed = log.events("listening")
    assert [each["records"] for each in (opened, closed)] == [{"count": 0, "ids": []}] * 2
    assert told["records"] == {"count": 1, "ids": [str(OURS.id("Contract", 1))]}
    assert log.access(told)["shown"] == ["Contract.title", "Contract.totalValue"]
    assert {each["kind"] for each in (opened, told, closed)} == {"read"}


def test_nothing_is_told_that_the_log_cannot_tell_of(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as one:
            superuser = await connect(hall.office.superuser_url)
            await superuser.execute("REVOKE INSERT ON audit_event FROM contract_graph_rw")
            async with superuser.transaction():
                contract = OURS.id("Contract", 1)
                await add_change(superuser, OURS.org.id, contract, {"title"}, datetime.now(UTC))
            assert await one.ends() == "UNAVAILABLE"
            assert one.told == []
            await superuser.execute("GRANT INSERT ON audit_event TO contract_graph_rw")
            await superuser.close()

    hall.run(test)
