"""All records of objects brought by bulk jobs: once in effect, wherever a load was ended and went on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle import ContractStatus
from storage.salesforce_loads import LoadState, forget_load
from sync.salesforce.bulk_query import JobLost
from sync.salesforce.changes import load as loads
from sync.salesforce.changes.load_order import in_order
from sync.salesforce.changes.load_steps import LoadedElsewhere
from sync.salesforce.changes.resync import ENTITIES
from sync.salesforce.failures import Permanent
from sync.salesforce.stand_in.process import Started, started
from tests.storage.lane_work import ONE
from tests.sync.salesforce.hearing import Hearing, Test, hears
from tests.sync.salesforce.loading import Killed, Loading
from tests.sync.salesforce.org import SYNC, furnished
from tests.sync.salesforce.telling import TERM

Hears = Callable[[Test], None]
USERS = '"user"'
SECOND = timedelta(seconds=2)


@pytest.fixture(scope="module")
def silent() -> Iterator[Started]:
    with started() as running:
        yield running


@pytest.fixture
def asked(
    database_url: str,
    owner_url: str,
    superuser_url: str,
    silent: Started,
    monkeypatch: pytest.MonkeyPatch,
) -> Hears:
    monkeypatch.setattr(loads, "PIECE", 3)
    return hears((database_url, owner_url, superuser_url), furnished(silent))


async def names(hearing: Hearing, table: str = "account") -> dict[str, str]:
    rows = await hearing.work.superuser.fetch(f"SELECT salesforce_id, name FROM {table}")
    return {row["salesforce_id"]: row["name"] for row in rows}


def there(hearing: Hearing, name: str = "Account") -> dict[str, Any]:
    return {each["Id"]: each["Name"] for each in hearing.org.stand_in.records(name)}


async def left_to_lanes(hearing: Hearing) -> int:
    """How many records a load could not apply; those that are read again in a moment are none of them."""
    payloads = await hearing.work.superuser.fetch("SELECT payload FROM lane_message")
    return sum('"event":"load"' in each["payload"] for each in payloads)


async def all_of_it(hearing: Hearing) -> None:
    for each in in_order(ENTITIES):
        await Loading(hearing)(each, again=True)
    await hearing.settle()


def test_what_others_point_at_is_loaded_before_them() -> None:
    order = in_order(ENTITIES)
    assert sorted(order) == sorted(ENTITIES)
    for before, after in (
        ("User", "Account"), ("Account", "Opportunity"), ("Account", "Contact"),
        ("Opportunity", "OpportunityLineItem"), ("Product2", "OpportunityLineItem"),
        ("Opportunity", "Contract"), ("Contact", "OpportunityContactRole"),
    ):  # fmt: skip
        assert order.index(before) < order.index(after)
    assert in_order(["Contact", "Product2"]) == ("Contact", "Product2")


def test_every_record_is_brought_with_what_it_points_at(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        org = hearing.org
        contract = await hearing.have(status=ContractStatus.DRAFT, **TERM)
        await hearing.work_off()
        rita = next(each["Id"] for each in org.stand_in.records("User") if each["FirstName"] == "Rita")
        child, *_ = org.stand_in.arrange(
            records={"Account": [{"Name": f"Number {n}", "OwnerId": rita} for n in range(9)]}
        )["Account"]
        (parent,) = org.stand_in.arrange(records={"Account": [{"Name": "Above"}]})["Account"]
        hearing.edit("Account", child, ParentId=parent)
        person = {"LastName": 'Quoted "Lee",\nof two lines', "AccountId": child, "Email": "lee@example.com"}
        line = {
            "OpportunityId": org.opportunity, "Product2Id": org.product, "Quantity": 3, "UnitPrice": 30.5,
        }  # fmt: skip
        made = org.stand_in.arrange(records={"Contact": [person], "OpportunityLineItem": [line]})
        part = {"OpportunityId": org.opportunity, "ContactId": made["Contact"][0], "IsPrimary": True}
        org.stand_in.arrange(records={"OpportunityContactRole": [part]})
        hearing.edit("Opportunity", org.opportunity, Name="Brought", OwnerId=rita)
        await all_of_it(hearing)
        assert await names(hearing) == there(hearing)
        below, above = await hearing.row("account", child), await hearing.row("account", parent)
        assert below["parent_id"] == above["id"]
        assert below["owner_id"] == (await hearing.row(USERS, rita))["id"]
        contact = await hearing.row("contact", made["Contact"][0])
        assert contact["name"] == 'Quoted "Lee",\nof two lines'
        assert contact["account_id"] == below["id"]
        assert "lee@example.com" not in str(contact)
        deal = await hearing.row("opportunity", org.opportunity)
        assert (deal["name"], int(deal["amount_amount"])) == ("Brought", 91)
        [role] = await hearing.work.superuser.fetch("SELECT * FROM opportunity_contact_role")
        assert (role["opportunity_id"], role["contact_id"], role["is_primary"]) == (
            deal["id"], contact["id"], True,
        )  # fmt: skip
        [row] = await hearing.work.superuser.fetch("SELECT * FROM opportunity_line")
        assert (row["opportunity_id"], int(row["quantity"])) == (deal["id"], 3)
        assert await hearing.value(contract) == 91
        assert await left_to_lanes(hearing) == 0
        before = await hearing.lines(contract)
        await all_of_it(hearing)
        assert await hearing.lines(contract) == before
        assert await hearing.work.superuser.fetchval("SELECT count(*) FROM opportunity_line") == 1

    asked(check)


def test_it_ends_alike_wherever_it_was_killed(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        hearing.org.stand_in.arrange(records={"Account": [{"Name": f"Number {n}"} for n in range(9)]})
        wanted, killed_at, calls = there(hearing), 0, set[int]()
        while True:
            killed_at += 1
            await hearing.work.superuser.execute("UPDATE account SET name = 'Mangled'")
            async with hearing.work.database.transaction(ONE) as connection:
                await forget_load(connection, ONE, "Account")
            first = Loading(hearing, killed_at=killed_at)
            try:
                await first("Account")
            except Killed:
                before = hearing.org.stand_in.calls()
                load = await Loading(hearing)("Account")
                calls.add(hearing.org.stand_in.calls() - before)
            else:
                break
            assert await names(hearing) == wanted
            assert (load.state, load.rows, load.total) == (LoadState.DONE, len(wanted), len(wanted))
        # The later it was killed, the less was asked for again.
        assert killed_at > 10
        assert min(calls) == 0 < max(calls)

    asked(check)


def test_it_begins_anew_where_salesforce_gives_its_job_up(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        for kind, why in (
            ("job_failed", "Failed"), ("job_aborted", "Aborted"), ("job_lost", "does not know it"),
        ):  # fmt: skip
            hearing.trouble(kind)
            loading = Loading(hearing)
            await loading("Account", again=True)
            [note] = loading.notes
            assert why in note
            assert "begun anew" in note
            assert await names(hearing) == there(hearing)
        hearing.trouble("job_failed", times=None)
        with pytest.raises(JobLost):
            await Loading(hearing)("Account", again=True)
        hearing.org.stand_in.clear("faults")
        await Loading(hearing)("Account")
        loading = Loading(hearing, killed_at=3)
        with pytest.raises(Killed):
            await loading("Account", again=True)
        # As after a week in which nobody went on with it: Salesforce keeps no job for that long.
        await hearing.work.superuser.execute("UPDATE salesforce_load SET job = '750Sg0000000000AAA'")
        loading = Loading(hearing)
        await loading("Account")
        assert "begun anew" in loading.notes[0]

    asked(check)


def test_it_waits_while_salesforce_is_busy_or_the_day_is_used_up(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        for kind, said in (
            ("unavailable", "could not do it just now"), ("cut", "could not do it just now"),
            ("cut_after", "could not do it just now"), ("limit", "are used up"),
        ):  # fmt: skip
            hearing.trouble(kind, object="jobs/query", times=2, after=1)
            loading = Loading(hearing)
            await loading("Account", again=True)
            assert len(loading.notes) == 2
            assert all(said in each for each in loading.notes)
        hearing.org.stand_in.arrange(calls=14_000)
        (await hearing_org(hearing)).client.budget.seen({"Sforce-Limit-Info": "api-usage=14000/15000"})
        loading = Loading(hearing, killed_at=2)
        with pytest.raises(Killed):
            await loading("Account", again=True)
        assert ["used up" in each for each in loading.notes] == [True, True]
        assert 0 < loading.waited[0] <= 300

    asked(check)


async def hearing_org(hearing: Hearing) -> Any:
    async with hearing.work.database.transaction(ONE) as connection:
        return await hearing.orgs.get(connection, ONE)


def test_what_changed_since_it_was_gathered_is_not_undone(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await Loading(hearing)("Account")
        gone = hearing.rep("POST", "sobjects/Account", {"Name": "To go"}).json()["id"]
        hearing.org.stand_in.arrange(now=hearing.clock().isoformat())
        await Loading(hearing)("Account", again=True)
        loading = Loading(hearing, killed_at=3)
        with pytest.raises(Killed):
            await loading("Account", again=True)
        assert loading.said[-1].state == LoadState.APPLIED
        hearing.ahead += SECOND
        hearing.org.stand_in.arrange(now=hearing.clock().isoformat())
        hearing.edit("Account", hearing.org.account, Name="Later")
        hearing.rep("DELETE", f"sobjects/Account/{gone}")
        await hearing.resync("Account")
        assert (await hearing.row("account", hearing.org.account))["name"] == "Later"
        await Loading(hearing)("Account")
        assert (await hearing.row("account", hearing.org.account))["name"] == "Later"
        since = await hearing.work.superuser.fetchval(
            "SELECT gone_at FROM salesforce_stamp WHERE salesforce_id = $1", gone
        )
        assert since is not None
        hearing.org.stand_in.arrange(now=None)

    asked(check)


def test_a_record_that_cannot_be_kept_is_put_aside_and_the_others_are_brought(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        hearing.org.stand_in.arrange(records={"Account": [{"Name": "A\0B"}, {"Name": "Next"}]})
        loading = Loading(hearing)
        load = await loading("Account")
        assert (load.rows, loading.steps.left) == (3, 1)
        assert sorted((await names(hearing)).values()) == ["Acme", "Next"]
        assert await left_to_lanes(hearing) == 1

    asked(check)


def test_two_do_not_load_the_same_object(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        with pytest.raises(Killed):
            await Loading(hearing, killed_at=3)("Account")
        one, other = Loading(hearing), Loading(hearing)
        stored = await one.steps.stored("Account")
        await other("Account")
        assert stored is not None
        with pytest.raises(LoadedElsewhere):
            await one.steps.apply(stored, [], 1)

    asked(check)


def test_an_object_that_our_user_may_not_see_is_refused(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        rights = {"objects": {"Product2": "none"}}
        hearing.org.stand_in.arrange(users=[{"Username": SYNC, "rights": rights}])
        with pytest.raises(Permanent):
            await Loading(hearing)("Product2")

    asked(check)
