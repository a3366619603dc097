"""Who reads what in the stand-in, and what it says of that when it is asked within Salesforce's limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.salesforce.org import REP, SYNC, Rest, SalesforceOrg, error

ASKED = "SELECT RecordId, HasReadAccess, MaxAccessLevel FROM UserRecordAccess"


@pytest.fixture
def rep(org: SalesforceOrg) -> str:
    """A rep's id, in an org whose deals and accounts are private."""
    org.stand_in.arrange(
        users=[{"Username": SYNC, "rights": {"view_all": ["Account", "Opportunity"]}}],
        sharing={"private": ["Account", "Opportunity"]},
    )
    users = org.stand_in.records("User")
    return str(next(each["Id"] for each in users if each["Username"] == REP))


def access(rest: Rest, user: str, *records: str) -> dict[str, Any]:
    named = ", ".join(f"'{each}'" for each in records)
    rows = rest.rows(f"{ASKED} WHERE UserId = '{user}' AND RecordId IN ({named})")
    return {row["RecordId"]: row["HasReadAccess"] for row in rows}


def test_a_private_record_is_read_by_its_owner_its_team_and_whom_it_is_shared_with(
    org: SalesforceOrg, rest: Rest, rep: str
) -> None:
    both = org.opportunity, org.account
    assert access(rest, rep, *both) == {org.opportunity: False, org.account: False}
    org.stand_in.arrange(sharing={"share": [{"record": org.opportunity, "user": rep}]})
    assert access(rest, rep, *both) == {org.opportunity: True, org.account: True}
    org.stand_in.arrange(sharing={"unshare": [{"record": org.opportunity, "user": rep}]})
    assert access(rest, rep, *both) == {org.opportunity: False, org.account: False}
    org.stand_in.arrange(records={"AccountTeamMember": [{"AccountId": org.account, "UserId": rep}]})
    assert access(rest, rep, *both) == {org.opportunity: False, org.account: True}
    org.stand_in.arrange(
        records={"OpportunityTeamMember": [{"OpportunityId": org.opportunity, "UserId": rep}]}
    )
    assert access(rest, rep, *both) == {org.opportunity: True, org.account: True}


def test_an_owner_reads_their_deal_and_an_inactive_user_nothing(
    org: SalesforceOrg, rest: Rest, rep: str
) -> None:
    assert rest("PATCH", f"sobjects/Opportunity/{org.opportunity}", {"OwnerId": rep}).ok
    assert access(rest, rep, org.opportunity) == {org.opportunity: True}
    org.stand_in.arrange(users=[{"Username": REP, "IsActive": False}])
    assert access(rest, rep, org.opportunity) == {org.opportunity: False}


def test_what_whoever_asks_may_not_read_is_not_among_the_answers(org: SalesforceOrg, rep: str) -> None:
    assert access(org.rest(REP), rep, org.opportunity) == {}


def test_what_is_not_there_or_deleted_is_not_among_the_answers(
    org: SalesforceOrg, rest: Rest, rep: str
) -> None:
    assert access(rest, rep, "006000000000001AAA", "nonsense") == {}
    assert rest("DELETE", f"sobjects/Opportunity/{org.opportunity}").ok
    assert access(rest, rep, org.opportunity) == {}


def test_a_query_of_records_follows_their_sharing(org: SalesforceOrg, rep: str) -> None:
    assert org.rest(REP).rows("SELECT Id FROM Opportunity") == []
    org.stand_in.arrange(sharing={"share": [{"record": org.opportunity, "user": rep}]})
    assert org.rest(REP).rows("SELECT Id FROM Opportunity") == [{"Id": org.opportunity}]


def test_a_level_that_is_filtered_by_is_not_selected(org: SalesforceOrg, rest: Rest, rep: str) -> None:
    where = f"WHERE UserId = '{rep}' AND RecordId = '{org.opportunity}'"
    only = f"SELECT RecordId FROM UserRecordAccess {where} AND HasReadAccess = "
    assert rest.rows(only + "false") == [{"RecordId": org.opportunity}]
    assert rest.rows(only + "true") == []
    assert error(rest.query(f"{ASKED} {where} AND HasReadAccess = true"))["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    "where",
    [
        "",
        "WHERE RecordId = '006000000000001AAA'",
        "WHERE UserId = '{rep}'",
        "WHERE UserId IN ('{rep}') AND RecordId = '006000000000001AAA'",
        "WHERE UserId = '{rep}' OR RecordId = '006000000000001AAA'",
        "WHERE UserId = '{rep}' AND RecordId != '006000000000001AAA'",
        "WHERE UserId = '{rep}' AND RecordId = '006000000000001AAA' AND MaxAccessLevel = 'Read'",
    ],
)
def test_a_question_that_is_not_about_one_user_and_named_records_is_refused(
    rest: Rest, rep: str, where: str
) -> None:
    assert error(rest.query(f"{ASKED} {where.format(rep=rep)}"))["errorCode"] == "MALFORMED_QUERY"


def test_two_hundred_records_are_asked_about_at_once_and_no_more(rest: Rest, rep: str) -> None:
    ids = [f"'006{number:012}'" for number in range(201)]
    where = f"WHERE UserId = '{rep}' AND RecordId IN "
    assert rest.query(f"{ASKED} {where} ({', '.join(ids[:200])})").status_code == 200
    assert "200" in error(rest.query(f"{ASKED} {where} ({', '.join(ids)})"))["message"]
