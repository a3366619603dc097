"""Without change events: which records changed is asked now and then, and every record once a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.crm import User
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from storage.identities import ids_of
from storage.lane_outcome import Fault, Retry
from storage.lanes import Finished, Queue, Taken
from storage.salesforce_access import keep_access, known_access
from storage.salesforce_polls import end_polls, find_poll
from sync.alerts.alarms import alarms_of
from sync.handlers import Batch
from sync.salesforce.stand_in.process import Started, started
from tests.storage.lane_work import ONE
from tests.sync.salesforce.hearing import Hearing, Test, hears
from tests.sync.salesforce.org import furnished
from tests.sync.salesforce.telling import TERM

Hears = Callable[[Test], None]


@pytest.fixture(scope="module")
def silent() -> Iterator[Started]:
    with started() as running:
        yield running


@pytest.fixture
def asked(database_url: str, owner_url: str, superuser_url: str, silent: Started) -> Hears:
    return hears((database_url, owner_url, superuser_url), furnished(silent))


async def later(hearing: Hearing, **passed: float) -> None:
    hearing.ahead += timedelta(**passed)
    hearing.org.stand_in.arrange(now=hearing.clock().isoformat())
    await hearing.work_off()


def test_what_changed_is_found_at_the_next_question(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await hearing.have(status=ContractStatus.DRAFT, **TERM)
        await hearing.work_off()
        await hearing.poll("Opportunity", "Account", "Contract")
        await hearing.work_off()
        await later(hearing, seconds=3)  # what was read within its second is read again after it
        hearing.edit("Opportunity", hearing.org.opportunity, Name="Asked for", Amount=900)
        hearing.edit("Account", hearing.org.account, BillingCity="Oslo")
        await later(hearing, minutes=1)
        assert (await hearing.row("account", hearing.org.account))["billing_city"] is None
        await later(hearing, minutes=5)
        assert (await hearing.row("account", hearing.org.account))["billing_city"] == "Oslo"
        assert (await hearing.row("opportunity", hearing.org.opportunity))["name"] == "Asked for"
        assert await hearing.value(id_) == 900
        before = await hearing.lines(id_)
        await later(hearing, minutes=6)
        assert await hearing.lines(id_) == before

    asked(check)


def test_a_new_record_is_made_and_a_deleted_one_is_known_to_be(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await hearing.poll("Account")
        await hearing.work_off()
        made = hearing.rep("POST", "sobjects/Account", {"Name": "New"}).json()["id"]
        await later(hearing, minutes=6)
        assert (await hearing.row("account", made))["name"] == "New"
        hearing.rep("DELETE", f"sobjects/Account/{made}")
        await later(hearing, minutes=6)
        gone = await hearing.work.superuser.fetchval(
            "SELECT gone_at FROM salesforce_stamp WHERE salesforce_id = $1", made
        )
        assert gone is not None

    asked(check)


def test_every_record_is_asked_for_once_a_day(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await hearing.have(**TERM)
        await hearing.poll("Account")
        await hearing.work_off()
        await later(hearing, minutes=6)
        await later(hearing, minutes=6)
        # As nothing tells of it, nobody could have asked for it.
        await hearing.work.superuser.execute("UPDATE account SET name = 'Drifted'")
        await later(hearing, minutes=6)
        assert (await hearing.row("account", hearing.org.account))["name"] == "Drifted"
        await later(hearing, hours=24)
        assert (await hearing.row("account", hearing.org.account))["name"] == "Acme"

    asked(check)


def test_teams_are_brought_by_themselves_and_access_is_asked_anew(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await hearing.have(**TERM)
        rita = next(
            each["Id"] for each in hearing.org.stand_in.records("User") if each["FirstName"] == "Rita"
        )
        await hearing.poll("User", "Account")
        await hearing.work_off()
        member = {"AccountId": hearing.org.account, "UserId": rita, "TeamMemberRole": "Sales Rep"}
        hearing.org.stand_in.arrange(records={"AccountTeamMember": [member]})
        await later(hearing, minutes=6)
        async with hearing.work.database.transaction(ONE) as connection:
            assert await ids_of(connection, ONE, User, {rita}, "salesforce_id")
            answers = {hearing.org.account: True}
            await keep_access(connection, ONE, rita, answers, hearing.clock())
        await hearing.poll("AccountTeamMember", "OpportunityTeamMember", minutes=1440)
        await later(hearing, minutes=1)
        team = await hearing.work.superuser.fetch("SELECT role FROM account_team_member")
        assert [row["role"] for row in team] == ["Sales Rep"]
        async with hearing.work.database.transaction(ONE) as connection:
            assert not await known_access(connection, ONE, rita, [hearing.org.account])
            poll = await find_poll(connection, ONE, "OpportunityTeamMember")
        assert poll is not None
        assert poll.whole_at is not None
        there = hearing.org.stand_in.records("AccountTeamMember")[0]["Id"]
        assert hearing.rep("DELETE", f"sobjects/AccountTeamMember/{there}").status_code == 204
        await later(hearing, hours=24)
        assert not await hearing.work.superuser.fetch("SELECT FROM account_team_member")

    asked(check)


def test_what_is_ended_is_asked_for_no_more(asked: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await hearing.poll("Account")
        async with hearing.work.database.transaction(ONE) as connection:
            await end_polls(connection, ONE, hearing.clock())
        calls = hearing.org.stand_in.calls()
        await later(hearing, hours=1)
        assert hearing.org.stand_in.calls() == calls
        async with hearing.work.database.transaction(ONE) as connection:
            found = await find_poll(connection, ONE, "Account")
        assert found is not None
        assert found.polled_to is None

    asked(check)


def test_nobody_is_alarmed_by_a_question_that_comes_again() -> None:
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    old = Taken(id=uuid7(), seq=1, payload="Account", correlation="c", enqueued_at=now - timedelta(days=30))
    batch = Batch(org_id=ONE, queue=Queue.POLL, key="Account", attempts=1, until=now, messages=[old])
    finished = Finished(done=0, quarantined=[], left=1, retry_at=now)
    asked, failed = (Retry(Fault("Polled", ""), now, routine=each) for each in (True, False))
    assert alarms_of(batch, [asked], finished, now) == []
    assert [each.kind for each in alarms_of(batch, [failed], finished, now)] == ["QUEUE_STUCK"]
