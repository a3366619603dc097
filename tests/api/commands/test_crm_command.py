"""`contract-graph crm`: Salesforce set up, looked into, sent to and ended, against the stand-in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from sync.salesforce.stand_in.process import started
from tests.api.command_line import only_line, run_here
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import ONE, opened
from tests.sync.salesforce.drifting import Drifting, change, contracts, rep
from tests.sync.salesforce.org import APP, PRIVATE_KEY, REP, SECRET, SYNC, SalesforceOrg, furnished
from tests.sync.salesforce.telling import outbox_over

Run = Callable[..., CompletedProcess[str]]
Urls = tuple[str, str, str]


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with started() as stand_in:
        yield furnished(stand_in)


@pytest.fixture
def urls(database_url: str, owner_url: str, superuser_url: str) -> Urls:
    async def make() -> None:
        async with opened(database_url, owner_url, superuser_url):
            pass

    asyncio.run(make())
    return database_url, owner_url, superuser_url


@pytest.fixture
def run(
    tmp_path: Path, urls: Urls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    given = {
        "CONTRACT_GRAPH_HOME": str(tmp_path), "DATABASE_URL": urls[0], "DATABASE_OWNER_URL": urls[1],
        "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY": KEY_ENCRYPTION,
    }  # fmt: skip

    def run_with(*arguments: str) -> CompletedProcess[str]:
        return run_here(monkeypatch, capsys, given, "crm", *arguments, "--org", "Northwind")

    return run_with


@pytest.fixture
def run_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_with(*arguments: str) -> CompletedProcess[str]:
        given = {"CONTRACT_GRAPH_HOME": str(tmp_path)}
        return run_here(monkeypatch, capsys, given, "crm", "fields", *arguments)

    return run_with


def rows(urls: Urls, statement: str) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(urls[2])
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    return asyncio.run(ask())


def by_jwt(org: SalesforceOrg, folder: Path, *more: str) -> list[str]:
    key = folder / "key.pem"
    key.write_text(PRIVATE_KEY, encoding="ascii")
    return [
        "set", "--url", org.stand_in.url, "--consumer-key", APP, "--key-file", str(key), "--username", SYNC,
        *more,
    ]  # fmt: skip


def test_salesforce_is_set_shown_checked_and_ended(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    assert "has no Salesforce" in run("show").stdout
    done = run(*by_jwt(org, tmp_path, "--currency", "USD"))
    assert (done.returncode, done.stderr) == (0, "")
    [row] = rows(urls, "SELECT * FROM salesforce_connection")
    assert "PRIVATE KEY" not in row["secret"]
    assert row["secret"].startswith("v1.")
    shown = run("show").stdout
    assert org.stand_in.url in shown
    assert SYNC in shown
    assert "sharing" not in shown
    assert run(*by_jwt(org, tmp_path, "--last-known", "30")).returncode == 0
    assert "its last word counts 30 min" in run("show").stdout
    run(*by_jwt(org, tmp_path, "--currency", "USD"))
    done = run("check")
    assert (done.returncode, done.stderr) == (0, "")
    *looked_at, last = done.stdout.splitlines()
    assert last == f"{org.stand_in.url} lets us in, and lacks nothing"
    assert all(line.startswith("ok  ") for line in looked_at)
    for text in ("Enterprise Edition", "View All Data", "calls of the API are left", "Contract has change"):
        assert text in done.stdout
    assert "ended" in run("end").stdout
    assert "has no Salesforce" in only_line(run("check"))


def test_a_secret_signs_in_as_well(run: Run, org: SalesforceOrg, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET, encoding="ascii")
    said = ["--url", org.stand_in.url, "--consumer-key", APP, "--secret-file", str(file), "--currency", "USD"]
    assert run("set", *said).returncode == 0
    assert run("check").returncode == 0


def test_what_is_missing_is_told_with_what_to_do(run: Run, org: SalesforceOrg, tmp_path: Path) -> None:
    rights = {
        "hidden": ["Contract.ARR__c", "Opportunity.HasOpportunityLineItem"],
        "read_only": ["Contract.Renewal_Type__c"],
    }
    org.stand_in.arrange(users=[{"Username": SYNC, "rights": rights}])
    try:
        run(*by_jwt(org, tmp_path))
        done = run("check")
        assert done.returncode == 1
        for text in (
            "there is no Contract.ARR__c", "may not write Contract.Renewal_Type__c", "--currency",
            "may not see Opportunity.HasOpportunityLineItem", "the rest is written",
        ):  # fmt: skip
            assert text in done.stdout
        assert "Setup > Object Manager > Contract > Fields & Relationships" in done.stdout
        hidden = {"hidden": ["Contract.Contract_Graph_Id__c"], "objects": {"Opportunity": "none"}}
        org.stand_in.arrange(users=[{"Username": SYNC, "rights": hidden}])
        done = run("check")
        assert "MISSING  Contract has no external id Contract_Graph_Id__c" in done.stdout
        assert "our user may not see Opportunity" in done.stdout
        assert "nothing is written until" in done.stderr
    finally:
        org.stand_in.arrange(users=[{"Username": SYNC, "rights": {}}])


def test_what_the_org_is_like_is_told_with_the_way_to_it(
    run: Run, org: SalesforceOrg, tmp_path: Path
) -> None:
    run(*by_jwt(org, tmp_path, "--currency", "USD"))
    hidden = {"objects": {"Organization": "none", "UserPermissionAccess": "none"}}
    org.stand_in.arrange(users=[{"Username": SYNC, "rights": hidden}], calls=80_000)
    try:
        done = run("check")
        assert done.returncode == 1
        assert "the edition could not be looked at" in done.stdout
        assert "the rights of our user could not be looked at" in done.stdout
        assert "Setup > System Overview > API Usage" in done.stdout
        rights = {"objects": {"PlatformEventChannelMember": "none"}}
        org.stand_in.arrange(users=[{"Username": SYNC, "rights": rights}], calls=0)
        assert "Setup > Integrations > Change Data Capture" in run("check").stdout
    finally:
        org.stand_in.arrange(users=[{"Username": SYNC, "rights": {}}], calls=0)


def test_whom_salesforce_does_not_let_in_is_told_so(run: Run, org: SalesforceOrg, tmp_path: Path) -> None:
    said = by_jwt(org, tmp_path)
    said[said.index(SYNC)] = "nobody@example.com"
    run(*said)
    assert "Salesforce does not let us in" in only_line(run("check"))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"--url": "http://acme.my.salesforce.com"}, "--url must be https"),
        ({"--consumer-key": " "}, "--consumer-key takes a line"),
        ({"--username": None}, "--username goes with --key-file"),
        ({"--currency": "EURO"}, "ISO 4217"),
        ({"--last-known": "0"}, "--last-known takes minutes, from 1 to 1440"),
        ({"--last-known": "1441"}, "--last-known takes minutes, from 1 to 1440"),
        ({"--key-file": "/nowhere/key.pem"}, "cannot be read"),
        ({"--key-file": __file__}, "holds no private key"),
    ],
)
def test_what_cannot_be_is_refused(
    run: Run, org: SalesforceOrg, tmp_path: Path, change: dict[str, str | None], text: str
) -> None:
    said = by_jwt(org, tmp_path, "--currency", "USD", "--last-known", "30")
    for name, value in change.items():
        place = said.index(name)
        said[place : place + 2] = [] if value is None else [name, value]
    assert text in only_line(run(*said))


def test_teams_are_brought_as_salesforce_has_them_and_what_it_said_of_their_accounts_is_forgotten(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    rep = next(each["Id"] for each in org.stand_in.records("User") if each["Username"] == REP)
    other = org.stand_in.arrange(records={"Account": [{"Name": "Elsewhere"}]})["Account"][0]
    member = {"AccountId": org.account, "UserId": rep, "TeamMemberRole": "Sales Rep"}
    stored = "SELECT salesforce_id, role FROM account_team_member ORDER BY role"
    run(*by_jwt(org, tmp_path, "--currency", "USD"))
    acme, rita = UUID(int=12), UUID(int=11)
    for statement in (
        f"""INSERT INTO "user" (org_id, id, salesforce_id, name, active)
            VALUES ('{ONE}', '{rita}', '{rep}', 'Rita', true)""",
        f"""INSERT INTO account (org_id, id, salesforce_id, name)
            VALUES ('{ONE}', '{acme}', '{org.account}', 'Acme')""",
        f"""INSERT INTO account_team_member (org_id, id, account_id, user_id, role)
            VALUES ('{ONE}', '{UUID(int=13)}', '{acme}', '{rita}', 'of elsewhere')""",
        f"""INSERT INTO salesforce_access (org_id, id, user_id, record_id, may_read, asked_at)
            VALUES ('{ONE}', '{UUID(int=14)}', '{rep}', '{org.account}', true, '2026-01-01Z')""",
    ):
        rows(urls, statement)
    made = org.stand_in.arrange(
        records={
            "AccountTeamMember": [member, member | {"AccountId": other}],
            "OpportunityTeamMember": [{"OpportunityId": org.opportunity, "UserId": rep}],
        }
    )
    id_, deals = made["AccountTeamMember"][0], "OpportunityTeamMember: 1 there; "
    assert run("teams").stdout.splitlines() == [
        "AccountTeamMember: 2 there; 1 new, 0 changed, 0 gone; 1 left out: their record or user is not here",
        deals + "0 new, 0 changed, 0 gone; 1 left out: their record or user is not here",
    ]
    assert rows(urls, stored) == [(id_, "Sales Rep"), (None, "of elsewhere")]
    assert rows(urls, "SELECT may_read FROM salesforce_access") == [(None,)]
    rows(
        urls,
        f"""INSERT INTO opportunity (org_id, id, salesforce_id, name, stage)
            VALUES ('{ONE}', '{UUID(int=15)}', '{org.opportunity}', 'Deal', 'Prospecting')""",
    )
    rest = org.rest()
    assert rest("PATCH", f"sobjects/AccountTeamMember/{id_}", {"TeamMemberRole": "Other"}).ok
    told = run("teams").stdout.splitlines()
    assert told[0].startswith("AccountTeamMember: 2 there; 0 new, 1 changed, 0 gone")
    assert told[1] == deals + "1 new, 0 changed, 0 gone"
    assert rows(urls, "SELECT opportunity_id, user_id FROM opportunity_team_member") == [(UUID(int=15), rita)]
    assert run("teams").stdout.startswith("AccountTeamMember: 2 there; 0 new, 0 changed, 0 gone")
    assert rest("DELETE", f"sobjects/AccountTeamMember/{id_}").ok
    assert run("teams").stdout.startswith("AccountTeamMember: 1 there; 0 new, 0 changed, 1 gone")
    assert rows(urls, stored) == [(None, "of elsewhere")]


def test_an_org_without_teams_of_a_kind_is_told_so_and_the_other_kind_is_brought(
    run: Run, org: SalesforceOrg, tmp_path: Path
) -> None:
    run(*by_jwt(org, tmp_path, "--currency", "USD"))
    hidden = {"objects": {"AccountTeamMember": "none"}}
    org.stand_in.arrange(users=[{"Username": SYNC, "rights": hidden}])
    try:
        done = run("teams")
        assert done.returncode == 1
        assert "are these teams turned on" in done.stdout.splitlines()[0]
        assert "0 gone" in done.stdout.splitlines()[1]
    finally:
        org.stand_in.arrange(users=[{"Username": SYNC, "rights": {}}])


def test_what_was_never_told_or_was_refused_is_sent(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    assert "has no Salesforce" in only_line(run("send"))
    run(*by_jwt(org, tmp_path, "--currency", "USD"))

    async def fill() -> None:
        async with outbox_over(urls, org) as outbox:
            await outbox.have(title="one")
            await outbox.have(title="x" * 81)
            await outbox.run()
            await outbox.have(title="two")
            await outbox.work.superuser.execute("DELETE FROM lane_message")
            await outbox.work.superuser.execute("UPDATE lane SET pending = 0, next_at = 'infinity'")

    asyncio.run(fill())
    assert run("send").stdout.startswith("2 contracts are to be written")
    assert run("send", "--all").stdout.startswith("3 contracts are to be written")
    assert [row["in_doubt"] for row in rows(urls, "SELECT in_doubt FROM salesforce_record")].count(False) == 0


def test_changes_are_read_from_now_on_shown_and_read_no_more(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    assert "has no Salesforce" in run("events").stderr
    run(*by_jwt(org, tmp_path))
    assert "nothing is read" in run("events", "--show").stdout
    assert "api.pubsub.salesforce.com:7443 over TLS" in run("events").stdout
    assert "in clear, on this machine" in run("events", "--address", "127.0.0.1:7443").stdout
    assert rows(urls, "SELECT count(*) AS n FROM lane_message AS m JOIN lane AS l ON l.id = m.lane_id"
                      " WHERE l.queue = 'stream'")[0]["n"] == 1  # fmt: skip
    shown = run("events", "--show").stdout
    assert "/data/ChangeEvents at 127.0.0.1:7443" in shown
    assert "nothing yet" in shown
    assert "no change" in run("events", "--end").stdout
    assert ", ended " in run("events", "--show").stdout


def test_what_changed_is_asked_for_now_and_then_and_no_more(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    assert "has no Salesforce" in run("poll").stderr
    run(*by_jwt(org, tmp_path))
    assert (
        "every 15 minutes which of Account changed"
        in run("poll", "--object", "Account", "--minutes", "15").stdout
    )
    assert "once a day" in run("events").stdout
    polls = {row["object"]: row["minutes"] for row in rows(urls, "SELECT * FROM salesforce_poll")}
    assert (polls["Account"], polls["Opportunity"]) == (15, 1440)
    assert "--minutes" in run("poll", "--minutes", "0").stderr
    assert "any more" in run("poll", "--end").stdout
    assert all(row["ended_at"] for row in rows(urls, "SELECT ended_at FROM salesforce_poll"))


def test_what_is_there_is_brought_once_or_again(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    assert "has no Salesforce" in run("load").stderr
    run(*by_jwt(org, tmp_path, "--currency", "USD"))
    there = {each["Name"] for each in org.stand_in.records("Account")}
    count = len(there)
    done = run("load")
    assert done.returncode == 0
    assert f"Account: {count} records, in " in done.stdout
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"object": "Account", "state": "DONE", "rows": count, "total": count, "left": 0} in told
    held = rows(urls, "SELECT name FROM account WHERE salesforce_id IS NOT NULL")
    assert {row["name"] for row in held} == there
    done = run("load", "--object", "Account", "--object", "Contact")
    assert "Account: brought on" in done.stdout
    assert "Product2" not in done.stdout
    assert f"Account: {count} records, in " in run("load", "--object", "Account", "--again").stdout
    org.stand_in.arrange(users=[{"Username": SYNC, "rights": {"objects": {"Product2": "none"}}}])
    try:
        done = run("load", "--object", "Product2", "--object", "Contact", "--again")
        assert done.returncode == 1
        assert "may our user see it?" in done.stdout
        assert "Contact: 0 records" in done.stdout
        org.stand_in.arrange(faults=[{"kind": "job_failed", "times": None}])
        done = run("load", "--object", "Contact", "--again")
        assert done.returncode == 1
        assert "goes on where it was" in done.stderr.splitlines()[-1]
    finally:
        org.stand_in.clear("faults")
        org.stand_in.arrange(users=[{"Username": SYNC, "rights": {}}])


@pytest.mark.parametrize("given", [("--address", "nowhere"), ("--address", "x:0"), ("--topic", "Account")])
def test_a_stream_needs_an_address_and_a_topic(run: Run, given: tuple[str, str]) -> None:
    done = run("events", *given)
    assert done.returncode == 1
    assert given[0] in done.stderr


def test_the_fields_to_deploy_are_printed_or_written_as_a_project(run_fields: Run, tmp_path: Path) -> None:
    assert "<fullName>Contract_Graph_Id__c</fullName>" in run_fields().stdout
    done = run_fields("--to", str(tmp_path / "project"))
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "project").rglob("ARR__c.field-meta.xml"))
    (tmp_path / "file").touch()
    assert "cannot be written to" in only_line(run_fields("--to", str(tmp_path / "file")))


def test_drift_is_told_repaired_and_accepted(
    run: Run, org: SalesforceOrg, urls: Urls, tmp_path: Path
) -> None:
    for when in ("--now", "--nightly"):
        assert "Northwind has no Salesforce" in only_line(run("drift", when))
    run(*by_jwt(org, tmp_path, "--currency", "USD"))
    assert rows(urls, "SELECT key FROM lane WHERE queue = 'drift' AND pending = 1")
    assert "is compared every night" in run("drift", "--nightly").stdout
    done = run("drift")
    assert (done.returncode, "nothing of Northwind is known to differ" in done.stdout) == (0, True)

    async def fill() -> None:
        async with outbox_over(urls, org) as outbox:
            drifting = Drifting(outbox)
            await outbox.have(title="drifting")
            await outbox.run()
            person = rep(outbox)
            [there] = [each for each in contracts(outbox) if each["Name"] == "drifting"]
            for turn in range(2):
                change(person, "Contract", there["Id"], {"Name": f"Mine {turn}"})
                await drifting.round()

    asyncio.run(fill())
    done = run("drift", "--list")
    assert (done.returncode, done.stdout.count("Contract.Name")) == (3, 1)
    assert "changes it back" in done.stdout
    assert "Mine" not in done.stdout
    report = run("drift")
    assert (report.returncode, report.stdout.split()[6]) == (3, "Contract.Name")
    id_ = done.stdout.split()[0]
    assert "--by names" in only_line(run("drift", "--repair", "all"))
    assert "--why says" in only_line(run("drift", "--accept", id_, "--by", "Ada"))
    assert "--repair takes ids" in only_line(run("drift", "--repair", "x", "--by", "Ada"))
    assert run("drift", "--repair", id_, "--by", "Ada").stdout.startswith("1 field is to be written")
    assert run("drift", "--accept", id_, "--why", "so", "--by", "Ada").stdout.startswith("1 field stays")
    assert run("drift", "--list").returncode == 0
    assert "as soon as a worker is free" in run("drift", "--now").stdout
    org.stand_in.arrange(now=None)
