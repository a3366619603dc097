"""rows = "salesforce": seen where Salesforce says so, by every way alike, and within the documented time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from domain.crm import Account, AccountTeamMember, User
from domain.identity import salesforce_id, uuid7
from storage.salesforce_access import BELIEVED_FOR, RENEWED_AFTER
from sync.salesforce.sharing import KEPT_BACK, MOST_NAMED, MOST_RECORDS
from sync.salesforce.stand_in.process import Started
from tests.api.graph import OURS, THEIRS
from tests.api.sharing_stage import ACCOUNT, ADA, DEAL, EVE, NOT_THERE, Stage, flag, staged, state_of
from tests.sync.conftest import stand_in
from tests.sync.salesforce.org import SYNC

__all__ = ["stand_in"]

FLAG = "mutation ($input: FlagValueInput!) { flagValue(input: $input) { valueFlag { contract { number } } } }"
STEPS = 400
HARBOUR = {"name": "Harbour deal north", "contracts": {"nodes": [{"number": "K-1"}]}}


@pytest.fixture
def stage(stand_in: Started, database_url: str, superuser_url: str, loop: asyncio.Runner) -> Iterator[Stage]:
    with staged(stand_in, database_url, superuser_url, loop) as made:
        yield made


# What is seen


def test_whoever_salesforce_shares_a_deal_with_sees_its_contracts_at_once(stage: Stage) -> None:
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    assert stage.deal(subject=EVE) == (None, None)


def test_a_list_has_the_contracts_of_what_may_be_read_and_no_others(stage: Stage) -> None:
    assert stage.numbers() == []
    stage.share(ACCOUNT, EVE)
    # The deal decides where there is one: its account alone shows K-2, which came of no deal.
    assert stage.numbers(subject=EVE) == ["K-2"]
    stage.share()
    stage.forget(users=[ADA])
    assert stage.numbers() == ["K-1", "K-2"]


def test_the_account_of_a_deal_is_known_together_with_it(stage: Stage) -> None:
    stage.share()
    asked = stage.stand_in.calls()
    query = """{ opportunity(salesforceId: "%s") { account { name contracts { nodes { number } } } } }"""
    account = stage.ask(query % DEAL)["data"]["opportunity"]["account"]
    assert account["name"] == "Acme north"
    assert sorted(each["number"] for each in account["contracts"]["nodes"]) == ["K-1", "K-2"]
    assert stage.stand_in.calls() - asked == 1


def test_whatever_the_contracts_of_a_deal_lead_to_is_known_together_with_it(stage: Stage) -> None:
    bolt = salesforce_id("001Hs00000BBBBB")
    stage.stand_in.arrange(records={"Account": [{"Id": bolt, "Name": "Bolt", "OwnerId": ADA}]})
    for change in (
        "UPDATE account SET salesforce_id = $1 WHERE org_id = $2 AND name = 'Bolt'",
        """UPDATE contract_party SET account_id = (SELECT id FROM account WHERE salesforce_id = $1)
            WHERE org_id = $2""",
    ):
        stage.run(stage.superuser.execute(change, bolt, OURS.org.id))
    stage.share()
    query = """{ opportunity(salesforceId: "%s") {
        contracts { nodes { parties { nodes { account { name } } } } } } }"""
    asked = stage.stand_in.calls()
    [contract] = stage.ask(query % DEAL)["data"]["opportunity"]["contracts"]["nodes"]
    assert {"name": "Bolt"} in [each["account"] for each in contract["parties"]["nodes"]]
    assert stage.stand_in.calls() - asked == 1


def test_each_role_shows_its_columns_in_its_own_rows_only(stage: Stage) -> None:
    stage.share(ACCOUNT)
    said = stage.ask("{ contracts { nodes { number totalValue { amount } } } }", "rep", "desk")
    values = {
        each["number"]: each["totalValue"] and each["totalValue"]["amount"]
        for each in said["data"]["contracts"]["nodes"]
    }
    # Salesforce lets Ada read the account and not the deal: K-2 as it is, K-1 as coarse as the desk has it.
    assert (values["K-1"], values["K-2"]) == ("100000.00", "80000.00")
    assert said["extensions"]["access"].get("salesforce") is None


def test_what_is_ones_own_is_seen_by_the_role_that_says_so_alone(stage: Stage) -> None:
    assert "K-1" in stage.numbers("owner")
    assert stage.numbers("rep") == []
    assert "K-1" in stage.numbers("owner", "rep")


# What is not seen, by any way

HIDDEN = [
    '{ contract(number: "K-1") { id title } }',
    '{ contract(externalReference: "clm-1") { title } }',
    '{ contract(id: "%(contract)s") { title } }',
    '{ renamed: contract(number: "K-1") { renamed: title } }',
    '{ contract(number: "K-1") { ...F } } fragment F on Contract { title }',
    '{ node(id: "%(contract)s") { id ... on Contract { title } } }',
    '{ node(id: "%(party)s") { id ... on ContractParty { legalName contract { title } } } }',
    '{ node(id: "%(deal)s") { ... on Opportunity { name contracts { nodes { title } } } } }',
    '{ node(id: "%(account)s") { ... on Account { name contracts { nodes { title } } } } }',
    '{ node(id: "%(second)s") { ... on Contract { parent { title } } } }',
    '{ opportunity(salesforceId: "006Hs00000AAAAAIA5") { id name contracts { totalCount } } }',
    '{ account(salesforceId: "001Hs00000AAAAAIA5") { id name contracts { totalCount } } }',
    '{ account(id: "%(account)s") { name opportunities { nodes { name } } } }',
    "{ contracts { totalCount nodes { title } edges { cursor node { number } } pageInfo { endCursor } } }",
    '{ contracts(filter: { number: { eq: "K-1" } }) { totalCount } }',
    '{ contracts(filter: { opportunity: { name: { contains: "Harbour" } } }) { totalCount } }',
    '{ contracts(filter: { title: { contains: "crane" } }) { totalCount nodes { id } } }',
    "{ contracts(orderBy: [{ field: totalValue, direction: DESC }]) { edges { cursor } } }",
    '{ contracts(first: 5, after: "%(cursor)s") { nodes { number } pageInfo { hasPreviousPage } } }',
    "{ portfolio { count totals { amount count } byStatus { status count } byType { type count } } }",
    '{ contract(number: "K-1", asOf: "2026-11-20T00:00:00Z") { title } }',
    "{ driftFindings { totalCount nodes { field name contract { title } } edges { cursor } } }",
    '{ driftFindings(filter: { contract: { number: { eq: "K-1" } } }) { totalCount } }',
    "{ contracts(filter: { drift: { some: { state: { eq: DRIFTED } } } }) { totalCount } }",
    "{ contracts(filter: { changes: { some: {} } }) { totalCount nodes { id } } }",
    '{ node(id: "%(drift)s") { ... on DriftFinding { object contract { title } } } }',
]


@pytest.mark.parametrize("query", HIDDEN)
def test_nothing_of_a_contract_is_seen_without_access_to_its_deal(stage: Stage, query: str) -> None:
    for user in ("K-1", "K-2"):
        assert user in json.dumps(stage.ask("{ contracts { nodes { number } } }", "desk"))
    page = "{ contracts(first: 1) { pageInfo { endCursor } } }"
    cursor = stage.ask(page, "desk")["data"]["contracts"]["pageInfo"]["endCursor"]
    named = {
        "contract": OURS.id("Contract", 1), "second": OURS.id("Contract", 2), "cursor": cursor,
        "party": OURS.id("ContractParty", 1), "deal": OURS.id("Opportunity", 1),
        "account": OURS.id("Account", 1), "drift": OURS.id("DriftFinding", 1),
    }  # fmt: skip
    said = stage.ask(query % named)
    told = json.dumps(said["data"])
    for word in ("north", "K-", "Harbour", "crane", "120000", "200000", "ACTIVE", "MSA"):
        assert word not in told, told
    for name in ("contract", "renamed", "node", "opportunity", "account"):
        assert said["data"].get(name) is None
    for count in ("totalCount", "count"):
        assert f'"{count}": 0' in told or f'"{count}"' not in told
    stage.share()
    stage.forget(users=[ADA])
    assert stage.ask(query % named)["data"] != said["data"], "with access it is answered"


@pytest.mark.parametrize("lasting", [True, False], ids=["asked before", "asked for the first time"])
def test_a_record_that_may_not_be_read_and_one_that_is_not_there_give_the_same_bytes(
    stage: Stage, *, lasting: bool
) -> None:
    pairs = [
        ('{ contract(number: "%s") { id title } }', "K-1", "K-404"),
        ('{ node(id: "%s") { id } }', str(OURS.id("Contract", 1)), str(OURS.id("Contract", 99))),
        ('{ opportunity(salesforceId: "%s") { id name } }', DEAL, NOT_THERE),
    ]
    if lasting:
        stage.numbers()
    for query, there, not_there in pairs:
        assert stage.ask(query % there) == stage.ask(query % not_there)
    stage.fail()
    stage.pass_by(hours=1)
    for query, there, not_there in pairs:
        one = stage.ask(query % there)
        assert (one, state_of(one)) == (stage.ask(query % not_there), "UNREACHABLE")


def test_a_deal_that_is_not_here_costs_a_question_like_one_that_is(stage: Stage) -> None:
    calls = []
    for record in (DEAL, NOT_THERE):
        before = stage.stand_in.calls()
        assert stage.deal(record) == (None, None)
        calls.append(stage.stand_in.calls() - before)
    assert calls[0] == calls[1] == 1


def test_a_mutation_reaches_what_may_be_read_and_answers_else_as_of_a_contract_that_is_not(
    stage: Stage,
) -> None:
    refused = stage.ask(FLAG, **flag())
    unknown = stage.ask(FLAG, **flag(contractId=str(OURS.id("Contract", 99))))
    assert refused == unknown
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    stage.share()
    stage.forget(users=[ADA])
    made = stage.ask(FLAG, **flag())
    assert made["data"]["flagValue"]["valueFlag"] == {"contract": {"number": "K-1"}}


def test_the_audit_log_names_no_record_that_was_not_shown(stage: Stage) -> None:
    named = "SELECT count(*) FROM audit_event WHERE body LIKE '%' || $1 || '%'"
    contract = str(OURS.id("Contract", 1))
    listed = "{ contracts { nodes { id } } }"
    stage.ask(listed)
    assert stage.run(stage.superuser.fetchval(named, contract)) == 0
    stage.share()
    stage.forget(users=[ADA])
    stage.ask(listed)
    assert stage.run(stage.superuser.fetchval(named, contract)) == 1


# Whose


def test_access_in_one_org_is_none_in_another(stage: Stage) -> None:
    stage.share()
    assert stage.numbers() == ["K-1", "K-2"]
    assert stage.numbers(org=THEIRS.org.id) == []
    said = stage.ask("{ contracts { totalCount } }", org=THEIRS.org.id)
    assert state_of(said) == "NO_SALESFORCE"
    kept = "SELECT count(*) FROM salesforce_access WHERE org_id = $1"
    assert stage.run(stage.superuser.fetchval(kept, THEIRS.org.id)) == 0


def test_a_user_of_another_orgs_salesforce_reads_nothing(stage: Stage) -> None:
    stage.share()
    assert stage.deal(subject="005xx000001X8UzAAK") == (None, None)
    assert stage.numbers(subject="005xx000001X8UzAAK") == []


@pytest.mark.parametrize(
    "subject", ["someone", "0013000000000AAAA0", DEAL, "", "0190163d-8694-739b-aea5-966c26f8ad90"]
)
def test_whoever_is_no_user_of_salesforce_reads_nothing_and_is_told_why(stage: Stage, subject: str) -> None:
    stage.share()
    assert stage.deal(subject=subject) == (None, "NO_USER")
    assert stage.numbers(subject=subject) == []


def test_an_org_whose_salesforce_was_ended_believes_no_earlier_answer(stage: Stage) -> None:
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    stage.run(stage.connect(ended_at=stage.now))
    assert stage.deal() == (None, "NO_SALESFORCE")


def test_a_reviewer_is_told_that_salesforce_is_why_a_user_reaches_a_contract(stage: Stage) -> None:
    stage.now = datetime.now(UTC)
    stage.share()
    told = {}
    for user in (ADA, EVE):
        stage.numbers(subject=user)
        told[user] = stage.reached("K-1", "rep", user)
    way = "salesforce: Salesforce lets the caller read its Opportunity, as it said of late"
    assert (told[ADA].roles, way in told[ADA].ways, told[ADA].word) == ({"rep": True}, True, "show")
    assert (told[EVE].roles, told[EVE].ways, told[EVE].word) == ({"rep": False}, (), "deny")
    assert stage.footprint("rep", ADA, EVE) == 2
    assert stage.footprint("rep", EVE) == 0


def test_another_salesforce_is_asked_anew(stage: Stage) -> None:
    stage.share()
    assert (stage.deal()[0], stage.numbers()) == (HARBOUR, ["K-1", "K-2"])
    stage.unshare()
    stage.run(stage.connect())
    assert (stage.deal()[0], stage.numbers()) == (None, [])


# For how long


def test_access_that_is_given_or_taken_holds_here_within_the_documented_time(stage: Stage) -> None:
    assert stage.deal() == (None, None)
    stage.share()
    stage.pass_by(seconds=BELIEVED_FOR.total_seconds())
    assert stage.deal() == (HARBOUR, None)
    stage.unshare()
    assert stage.deal() == (HARBOUR, None), "what was said is believed for a while"
    stage.pass_by(seconds=BELIEVED_FOR.total_seconds())
    assert stage.deal() == (None, None)


def test_what_is_seen_was_shared_and_what_is_not_was_not_within_the_documented_time(stage: Stage) -> None:
    chance, records = Random(7), [DEAL, *stage.have_deals(3)]
    pairs = [(user, record) for user in (ADA, EVE) for record in records]
    shared: dict[tuple[str, str], list[tuple[datetime, bool]]] = {
        pair: [(stage.now, False)] for pair in pairs
    }
    seen = 0
    for _ in range(STEPS):
        stage.pass_by(seconds=chance.choice((1, 20, 90, 240, 400)))
        user, record = pair = chance.choice(pairs)
        match chance.choice(
            ("share", "unshare", "forget", "settle", "fail", "mend", "mend", "ask", "ask", "ask")
        ):
            case "share" | "unshare" as change:
                getattr(stage, change)(record, user)
                shared[pair].append((stage.now, change == "share"))
            case "forget":
                stage.forget(records=[record])
            case "settle":
                stage.settle()
            case "fail":
                stage.fail()
            case "mend":
                stage.stand_in.clear("faults")
            case _:
                found, state = stage.deal(record, subject=user)
                lately = {was for at, was in shared[pair] if at > stage.now - BELIEVED_FOR}
                before = [was for at, was in shared[pair] if at <= stage.now - BELIEVED_FOR]
                assert (found is not None) in lately | set(before[-1:]) or state == "UNREACHABLE"
                assert found is None or True in lately | set(before[-1:])
                seen += found is not None
    assert seen > STEPS // 50


def test_many_who_ask_at_once_ask_salesforce_once(stage: Stage) -> None:
    stage.share()
    query = "{ contracts { totalCount } }"

    async def ask() -> list[int]:
        told = await asyncio.gather(*(stage.asking(query) for _ in range(20)))
        return [each["data"]["contracts"]["totalCount"] for each in told]

    before = stage.stand_in.calls()
    assert stage.run(ask()) == [2] * 20
    assert stage.stand_in.calls() - before == 1


def test_an_answer_that_grows_old_is_renewed_while_nobody_waits(stage: Stage) -> None:
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    stage.unshare()
    stage.pass_by(seconds=RENEWED_AFTER.total_seconds())
    stage.fail("slow", seconds=0.3)  # as Salesforce is; the stand-in may be back before the answer is read
    assert stage.deal() == (HARBOUR, None)
    stage.settle()
    assert stage.deal() == (None, None)


def test_a_list_is_renewed_alike(stage: Stage) -> None:
    assert stage.numbers() == []
    stage.share()
    stage.pass_by(seconds=RENEWED_AFTER.total_seconds())
    stage.fail("slow", seconds=0.3)
    assert stage.numbers() == []
    stage.settle()
    assert stage.numbers() == ["K-1", "K-2"]


def test_what_was_said_of_whoever_asks_no_more_is_dropped_in_the_end(stage: Stage) -> None:
    stage.numbers(subject=EVE)
    stage.pass_by(days=2, seconds=1)
    stage.numbers()
    of = "SELECT DISTINCT user_id FROM salesforce_access"
    assert [row["user_id"] for row in stage.run(stage.superuser.fetch(of))] == [ADA]


def test_what_is_known_costs_no_question(stage: Stage) -> None:
    stage.share()
    assert stage.numbers() == ["K-1", "K-2"]
    before = stage.stand_in.calls()
    assert stage.numbers() == ["K-1", "K-2"]
    assert stage.deal() == (HARBOUR, None)
    stage.settle()
    assert stage.stand_in.calls() == before


def test_what_is_forgotten_of_a_record_is_asked_again_for_everybody(stage: Stage) -> None:
    stage.share(DEAL, EVE)
    for user in (ADA, EVE):
        stage.numbers(subject=user)
    stage.share()
    stage.unshare(DEAL, EVE)
    assert (stage.numbers(), stage.numbers(subject=EVE)) == ([], ["K-1", "K-2"])
    stage.forget(records=[DEAL, ACCOUNT])
    assert (stage.numbers(), stage.numbers(subject=EVE)) == (["K-1", "K-2"], [])


def test_what_is_forgotten_of_a_user_is_asked_again_for_them_alone(stage: Stage) -> None:
    for user in (ADA, EVE):
        stage.numbers(subject=user)
        stage.share(DEAL, user)
    stage.forget(users=[EVE])
    assert (stage.numbers(), stage.numbers(subject=EVE)) == ([], ["K-1", "K-2"])


@pytest.mark.parametrize("changed", ["owner", "team"])
def test_what_an_import_changes_of_a_deal_or_an_account_is_asked_again(stage: Stage, changed: str) -> None:
    stage.numbers()
    stage.share()
    member = AccountTeamMember(
        id=uuid7(), source_key="m-1", account_id=OURS.id("Account", 1), role="Sales Rep"
    )
    account = Account(id=OURS.id("Account", 1), source_key="a-1", name="Acme north", salesforce_id=ACCOUNT)
    stage.store(account)
    assert stage.numbers() == [], "nothing has changed"
    owner = {"owner_id": OURS.id("User", 2)} if changed == "owner" else {"team": (member,)}
    stage.store(replace(account, **owner))
    # It is the account that changed: of the deal Salesforce is asked when its time has come.
    assert stage.numbers() == ["K-2"]


def test_a_user_whose_profile_changed_is_asked_about_again(stage: Stage) -> None:
    stage.run(stage.superuser.execute("UPDATE \"user\" SET source_key = 'u-1' WHERE salesforce_id = $1", ADA))
    stage.numbers()
    stage.share()
    ada = User(id=OURS.id("User", 1), source_key="u-1", name="Ada north", salesforce_id=ADA)
    stage.store(replace(ada, profile_id="00eHs000000BBBBIA4"))
    assert stage.numbers() == ["K-1", "K-2"]


def test_what_is_forgotten_is_not_believed_while_salesforce_cannot_be_asked(stage: Stage) -> None:
    stage.run(stage.connect(last_known_minutes=60))
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    stage.fail()
    stage.forget(records=[DEAL])
    assert stage.deal() == (None, "LAST_KNOWN")


def test_an_answer_that_was_under_way_when_it_was_forgotten_does_not_count(stage: Stage) -> None:
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    stage.pass_by(seconds=1)
    asked_at = stage.now
    stage.pass_by(seconds=1)
    stage.forget(records=[DEAL])
    stage.unshare()
    stage.fail()
    stage.keep({DEAL: True}, asked_at)
    assert stage.deal() == (None, "UNREACHABLE")
    stage.stand_in.clear("faults")
    assert stage.deal() == (None, None)


# While it cannot be asked


def test_what_is_not_known_is_denied_with_the_reason_while_salesforce_cannot_be_asked(stage: Stage) -> None:
    stage.share()
    stage.fail()
    assert stage.deal() == (None, "UNREACHABLE")
    assert state_of(stage.ask("{ contracts { totalCount } }")) == "UNREACHABLE"
    stage.stand_in.clear("faults")
    assert stage.deal() == (HARBOUR, None)


def test_what_is_known_is_seen_until_its_time_is_over(stage: Stage) -> None:
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    stage.fail()
    stage.pass_by(seconds=BELIEVED_FOR.total_seconds() - 1)
    assert stage.deal() == (HARBOUR, None)
    stage.settle()
    stage.pass_by(seconds=1)
    assert stage.deal() == (None, "UNREACHABLE")


def test_an_org_may_let_the_last_known_answer_count_for_so_many_minutes_more(stage: Stage) -> None:
    stage.run(stage.connect(last_known_minutes=30))
    stage.share()
    assert stage.deal() == (HARBOUR, None)
    assert stage.deal(subject=EVE) == (None, None)
    stage.fail()
    stage.pass_by(seconds=BELIEVED_FOR.total_seconds(), minutes=29)
    assert stage.deal() == (HARBOUR, "LAST_KNOWN")
    assert stage.deal(subject=EVE) == (None, "LAST_KNOWN")
    stage.pass_by(minutes=1)
    assert stage.deal() == (None, "LAST_KNOWN")


def test_what_our_own_user_may_not_read_is_read_by_nobody_and_the_log_says_what_to_do(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.share()
    stage.stand_in.arrange(users=[{"Username": SYNC, "rights": {}}])
    assert stage.numbers() == []
    assert "says nothing of 2 of 2 records" in caplog.text
    assert "View All" in caplog.text
    for told in (ADA, DEAL, ACCOUNT):
        assert told not in caplog.text


def test_asking_stops_while_there_are_calls_left_to_write_with(stage: Stage) -> None:
    stage.share()
    stage.stand_in.arrange(settings={"daily_limit": 1000}, calls=int(1000 * (1 - KEPT_BACK)))
    assert stage.deal() == (HARBOUR, None), "the call that finds out how things stand"
    before = stage.stand_in.calls()
    assert stage.deal(subject=EVE) == (None, "UNREACHABLE")
    assert stage.stand_in.calls() == before


def test_a_question_that_takes_long_is_not_waited_for(stage: Stage) -> None:
    stage.share()
    stage.sharing._patience = 0.05
    stage.fail("slow", seconds=1.0)
    assert stage.deal() == (None, "ASKING")
    stage.stand_in.clear("faults")
    stage.settle()
    assert stage.deal() == (HARBOUR, None)


def test_a_caller_who_prefers_an_error_gets_one_where_not_all_is_known(stage: Stage) -> None:
    stage.share()
    stage.fail()
    refused = stage.ask("{ contracts { totalCount } }", strict=True)
    assert refused["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    stage.stand_in.clear("faults")
    assert stage.ask("{ contracts { totalCount } }", strict=True)["data"]["contracts"]["totalCount"] == 2


def test_roles_that_salesforce_does_not_decide_over_ask_it_nothing(stage: Stage) -> None:
    stage.fail()
    before = stage.stand_in.calls()
    assert state_of(stage.ask("{ contracts { totalCount } }", "desk")) is None
    assert state_of(stage.ask("{ viewer { subject } }", "rep")) is None
    assert stage.stand_in.calls() == before


def test_more_than_two_hundred_records_are_asked_about_in_several_questions(stage: Stage) -> None:
    deals = stage.have_deals(450)
    stage.share(deals[0])
    stage.share(deals[-1])
    before = stage.stand_in.calls()
    assert stage.numbers() == ["B-0", "B-449"]
    assert stage.stand_in.calls() - before == 3


def test_an_org_with_more_than_one_reader_may_cost_shows_the_latest_and_says_so(stage: Stage) -> None:
    deals = stage.have_deals(MOST_RECORDS + 3)
    said = stage.ask("{ contracts { totalCount } }")
    assert state_of(said) == "PARTLY"
    asked = stage.run(stage.superuser.fetch("SELECT record_id FROM salesforce_access"))
    assert len(asked) == MOST_RECORDS
    left_out = min(set(deals) - {each["record_id"] for each in asked})
    stage.share(left_out)
    assert stage.deal(left_out)[0]["contracts"] == {"nodes": [{"number": f"B-{deals.index(left_out)}"}]}


def test_one_user_cannot_use_up_the_calls_of_the_org(stage: Stage) -> None:
    told = [stage.deal(salesforce_id(f"006Hs{number:010}"))[1] for number in range(MOST_NAMED + 2)]
    assert told == [*[None] * MOST_NAMED, "ASKING", "ASKING"]
    stage.pass_by(minutes=1)
    stage.share()
    assert stage.deal() == (HARBOUR, None)
