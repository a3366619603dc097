"""contractChanged: who is told of which change, from where on, and until when."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from api.limits import MAX_SUBSCRIPTIONS_OF_ONE
from api.trusted import trusted_documents
from auth.principal import Principal
from auth.revocation import Holder, revoke_all
from auth.scopes import SCOPES
from auth.tokens import issue
from auth.view import Views
from storage.contract_changes import add_changes
from storage.database import connect
from storage.tenancy import bind_org
from tests.api.audited import Log
from tests.api.graph import OURS, THEIRS, code_of
from tests.api.live.hall import Hall
from tests.api.live.subscriber import ALL
from tests.api.mutations.office import Office
from tests.api.test_shadow import DENYING

ADA, BEN = "005Hs00000AAAAAIA5", "005Hs00000BBBBBIA5"
FILTERED = "subscription($filter: ContractFilter) { contractChanged(filter: $filter) { fields } }"
TRUSTED = next(id_ for id_, each in trusted_documents().items() if each.name == "contract_changed")
INVALID = "GRAPHQL_VALIDATION_FAILED"


# What is told


def test_a_change_is_told_by_the_ids_and_names_of_what_is_otherwise(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as legal:
            await hall.changes("title", "governingLaw")
            await legal.hears(1)
        [told] = legal.told
        assert told["contractId"] == str(OURS.id("Contract", 1))
        assert told["fields"] == ["governingLaw", "title"]
        assert (legal.status, legal.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert f"id: {told['cursor']}\n".encode() in legal.sent
        assert b"Word" not in legal.sent

    hall.run(test)


def test_a_new_contract_is_told_and_a_claim_that_changes_nothing_is_not(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as legal:
            new = hall.reference()
            await hall.claims(new, title="New", type="NDA")
            await hall.claims(new, title="New")
            await hall.claims(new, title="Newer")
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
            for name in ("governingLaw", "totalValue", "title"):
                await hall.changes(name)
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
            await hall.changes("title")
            await ours.hears(1)
            assert theirs.told == []

    hall.run(test)


def test_only_contracts_that_match_the_filter_are_told_of(hall: Hall) -> None:
    async def test() -> None:
        new = hall.reference()
        only = {"filter": {"externalReference": {"eq": new}}}
        async with hall.listens(query=FILTERED, variables=only) as legal:
            await hall.changes("title")
            await hall.claims(new, title="This", type="NDA")
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
            await hall.changes("title")
            await first.hears(1)
        cursor = first.told[0]["cursor"]
        await hall.changes("title")
        await hall.changes("governingLaw")
        async with hall.listens(last_event=cursor) as again:
            await again.hears(2)
            await hall.changes("title")
            assert await again.hears(3) == [["title"], ["governingLaw"], ["title"]]
        after = ALL.replace("contractChanged", f'contractChanged(after: "{again.told[1]["cursor"]}")')
        async with hall.listens(query=after, last_event=cursor) as third:
            assert await third.hears(1) == [["title"]]
            assert third.told[0] == again.told[2]

    hall.run(test)


def test_a_cursor_that_is_not_kept_or_anothers_is_refused_alike(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens() as ours:
            await hall.changes("title")
            await ours.hears(1)
        found = []
        for cursor in (ours.told[0]["cursor"], "0190163d-8694-739b-aea5-966c26f8ad90", "nonsense", "é"):
            async with hall.listens(org=THEIRS, last_event=cursor) as theirs:
                assert await theirs.ends() == "BAD_USER_INPUT"
                found.append(theirs.events)
        assert all(each == found[0] for each in found)

    hall.run(test)


def test_who_comes_and_goes_while_others_write_hears_all_that_who_stays_hears(hall: Hall) -> None:
    chance = random.Random(7)
    references = [hall.reference() for _ in range(3)]

    async def writes(reference: str) -> None:
        for _ in range(8):
            await hall.changes("title", reference=reference)
            await asyncio.sleep(chance.random() * 0.1)

    async def test() -> None:
        for each in references:
            await hall.claims(each, title="New", type="NDA")
        async with hall.listens() as stays, hall.listens(subject="goes") as first:
            await hall.changes("title")
            await first.hears(1)
            heard = list(first.told)
            writing = asyncio.gather(*map(writes, references))
            async with asyncio.timeout(30):
                while not writing.done() or len(heard) < 25:
                    async with hall.listens(subject="goes", last_event=heard[-1]["cursor"]) as goes:
                        await asyncio.sleep(chance.random() * 0.5)
                        heard += goes.told
                await writing
            await stays.hears(25)
            assert heard == stays.told[-25:]

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
            await hall.changes("title")
            assert one.told == []

    hall.run(test)


def test_a_revoked_caller_is_told_nothing_more(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens(subject="leaver") as one:
            connection = await connect(hall.office.superuser_url)
            async with connection.transaction():
                await bind_org(connection, OURS.org.id)
                await revoke_all(connection, OURS.org.id, Holder.USER, "leaver")
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
            shipped, endpoint.views = endpoint.views, Views(DENYING)
            assert await filtering.ends() == "ACCESS_DENIED"
            await hall.changes("title", "totalValue")
            assert await legal.hears(1) == [["title"]]
            assert await finance.hears(1) == [["title", "totalValue"]]
            endpoint.views = shipped

    hall.run(test)


def test_a_process_that_ends_completes_its_streams(office: Office) -> None:
    hall = Hall(office)

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
                await hall.changes("title")
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
        async with hall.listens(token=token, document=TRUSTED) as trusted:
            await hall.changes("title")
            assert await trusted.hears(1) == [["title"]]

    hall.run(test)


# The audit log


def test_the_log_tells_of_the_opening_of_what_was_told_and_of_the_end(hall: Hall) -> None:
    async def test() -> None:
        async with hall.listens("finance", request_id="recorded") as one:
            await hall.changes("governingLaw")
            await hall.changes("title", "totalValue")
            await one.hears(1)

    hall.run(test)
    log = Log(hall.office.superuser_url, hall.office.graph._loop)
    opened, told, closed = log.events("recorded")
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
                await add_changes(superuser, OURS.org.id, [(contract, {"title"}, datetime.now(UTC))])
            assert await one.ends() == "UNAVAILABLE"
            assert one.told == []
            await superuser.execute("GRANT INSERT ON audit_event TO contract_graph_rw")
            await superuser.close()

    hall.run(test)
