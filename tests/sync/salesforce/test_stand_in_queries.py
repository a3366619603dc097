from __future__ import annotations

import pytest

from tests.sync.salesforce.org import REP, Rest, SalesforceOrg, error

DEALS = [
    {"Name": "Alpha", "StageName": "Prospecting", "CloseDate": "2026-01-31", "Amount": 10},
    {"Name": "beta", "StageName": "Closed Won", "CloseDate": "2026-02-28", "Amount": 20},
    {"Name": "Gamma's", "StageName": "Closed Lost", "CloseDate": "2026-03-31"},
]


@pytest.fixture
def deals(org: SalesforceOrg) -> Rest:
    org.stand_in.arrange(records={"Opportunity": [deal | {"AccountId": org.account} for deal in DEALS]})
    rest = org.rest()
    assert rest("DELETE", f"sobjects/Opportunity/{org.opportunity}").status_code == 204
    return rest


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Name = 'ALPHA'", ["Alpha"]),
        (r"Name = 'Gamma\'s'", ["Gamma's"]),
        ("Name != 'alpha'", ["beta", "Gamma's"]),
        ("Name LIKE '%a'", ["Alpha", "beta"]),
        ("Name LIKE 'bet_'", ["beta"]),
        ("Name IN ('alpha', 'beta')", ["Alpha", "beta"]),
        ("Name NOT IN ('alpha', 'beta')", ["Gamma's"]),
        ("CloseDate > 2026-01-31 AND CloseDate <= 2026-03-31", ["beta", "Gamma's"]),
        ("Amount >= 10 AND (Amount < 15 OR Name = 'beta')", ["Alpha", "beta"]),
        ("Amount = null", ["Gamma's"]),
        ("NOT Amount = null", ["Alpha", "beta"]),
        ("IsClosed = true", ["beta", "Gamma's"]),
        ("Account.Name = 'Acme' AND Amount = 20.0", ["beta"]),
        ("SystemModstamp >= 2020-01-01T00:00:00Z", ["Alpha", "beta", "Gamma's"]),
        ("SystemModstamp < 2020-01-01T00:00:00.000+0000", []),
    ],
)
def test_a_condition_selects(deals: Rest, where: str, names: list[str]) -> None:
    rows = deals.rows(f"SELECT Name FROM Opportunity WHERE {where} ORDER BY CloseDate")
    assert [row["Name"] for row in rows] == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("Amount", ["Gamma's", "Alpha", "beta"]),
        ("Amount NULLS LAST", ["Alpha", "beta", "Gamma's"]),
        ("Amount DESC NULLS LAST", ["beta", "Alpha", "Gamma's"]),
        ("IsClosed DESC, CloseDate DESC", ["Gamma's", "beta", "Alpha"]),
        ("CloseDate ASC LIMIT 1 OFFSET 1", ["beta"]),
    ],
)
def test_an_order_sorts(deals: Rest, order: str, names: list[str]) -> None:
    assert [row["Name"] for row in deals.rows(f"SELECT Name FROM Opportunity ORDER BY {order}")] == names


def test_a_related_record_is_within_its_row(org: SalesforceOrg, deals: Rest) -> None:
    answer = deals.query("SELECT Id, account.name, Owner.Name FROM Opportunity WHERE Name = 'beta'").json()
    (row,) = answer["records"]
    account = row["Account"]
    assert account.pop("attributes")["url"] == f"/services/data/v67.0/sobjects/Account/{org.account}"
    assert account == {"Name": "Acme"}
    assert row["Owner"] is None
    assert row["attributes"]["type"] == "Opportunity"


def test_rows_are_counted_without_being_shown(deals: Rest) -> None:
    answer = deals.query("SELECT COUNT() FROM Opportunity WHERE Amount != null").json()
    assert answer == {"totalSize": 2, "done": True, "records": []}


def test_a_long_answer_comes_in_pages(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(records={"Contact": [{"LastName": f"{n:04}"} for n in range(2500)]})
    first = rest.query("SELECT LastName FROM Contact").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (2500, False, 2000)
    more = rest("GET", first["nextRecordsUrl"].removeprefix("/services/data/v67.0/")).json()
    assert (more["done"], len(more["records"]), more["records"][-1]["LastName"]) == (True, 500, "2499")
    small = rest.query("SELECT LastName FROM Contact", Sforce_Query_Options="batchSize=200").json()
    assert len(small["records"]) == 200
    lost = rest("GET", "query/01gXX-200")
    assert error(lost)["errorCode"] == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 nonsense", "MALFORMED_QUERY"),
        ('SELECT Id FROM Account WHERE Name = "x"', "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE " + "(" * 50 + "Id = null" + ")" * 50, "MALFORMED_QUERY"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Nothing FROM Account", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'no id'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(rest: Rest, soql: str, code: str) -> None:
    answer = rest.query(soql)
    assert (answer.status_code, error(answer)["errorCode"]) == (400, code)


def test_a_hidden_field_is_no_column_anywhere_in_a_query(org: SalesforceOrg) -> None:
    org.stand_in.arrange(users=[{"Username": REP, "rights": {"hidden": ["Account.Phone"]}}])
    rep = org.rest(REP)
    for soql in (
        "SELECT Phone FROM Account",
        "SELECT Id FROM Account WHERE Phone = '1'",
        "SELECT Id FROM Account ORDER BY Phone",
        "SELECT Account.Phone FROM Opportunity",
    ):
        assert error(rep.query(soql))["errorCode"] == "INVALID_FIELD"
