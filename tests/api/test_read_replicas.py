"""Reads that a real standby answers: never an older state than a caller may count on, and the same policy."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from api.checkup import Finding, Ground, Outcome
from api.replica_checkup import replicas as replicas_of
from api.settings import Settings
from auth.policy_file import read_policy
from auth.read_after import ReadAfter
from auth.view import Views
from storage.database import Database, DatabaseUnavailable, RoleTooPowerful
from storage.embedded_roles import DATABASE, READ_WRITE
from storage.last_writes import BEYOND, LastWrites
from storage.replica import Replica, Why, refuse_unfit
from tests.api.graph import GENEROUS, OURS, THEIRS, graph_over
from tests.api.mutations.office import ADMIN, GRANT, STRANGER, Office, asked
from tests.api.replica_stage import FAR, GRANTS, Stage, granted, grants, opened, theirs, until, written
from tests.api.sharing_stage import POLICY
from tests.api.test_audit_survives_kill import _children as children_of
from tests.api.test_audit_survives_kill import durable_in
from tests.keys import KEY_ENCRYPTION
from tests.standby import sql, standby_of
from tests.storage.connections import take_for_brief


@pytest.fixture(scope="module")
def stage(loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="cg-primary-", dir="/tmp") as folder:
        home = Path(folder)
        home.chmod(0o711)
        with durable_in(home) as primary, standby_of(primary, "one") as standby:
            loop.run(theirs(primary))
            given = Settings(
                home=tmp_path_factory.mktemp("home"),
                pool_size=4,
                key_encryption_key=KEY_ENCRYPTION,
                limits=GENEROUS,
                replica_urls=standby.dsn(READ_WRITE),
                replica_lag=FAR,
            )
            url, superuser = primary.dsn(READ_WRITE), primary.dsn("postgres")
            with graph_over(given, url, loop) as one, graph_over(given, url, loop) as other:
                yield Stage(primary, standby, Office(one, superuser), Office(other, superuser))


def test_queries_are_answered_by_the_standby_and_by_it_alone(stage: Stage) -> None:
    stage.caught_up()
    before = stage.replica.reads
    with stage.held_back():
        sql(stage.primary, "UPDATE contract SET title = 'of the primary'", DATABASE)
        titles = stage.office.data("{ contracts { nodes { title } } }", token=stage.office.token("legal"))
        assert "of the primary" not in json.dumps(titles)
    assert stage.replica.reads == before + 1


@pytest.mark.parametrize(
    ("query", "role"),
    [
        ("{ syncHealth(minutes: 5) { held } }", "admin"),
        ("{ review { history { __typename } } }", "security_reviewer"),
    ],
)
def test_what_is_reviewed_is_read_from_the_primary(stage: Stage, query: str, role: str) -> None:
    before = stage.replica.reads
    response = stage.office.ask(query, token=stage.office.token(role))
    assert response.status_code == 200, response.text
    assert stage.replica.reads == before


def test_what_salesforce_lets_somebody_read_is_asked_of_the_primary(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.caught_up()
    endpoint = stage.office.graph.application._door.endpoint
    monkeypatch.setattr(endpoint, "views", Views(read_policy(POLICY.encode(), "p.toml")))
    for role, reads in (("rep", 0), ("desk", 1)):
        before = stage.replica.reads
        response = stage.send(
            "{ contracts { nodes { id } } }", token=stage.office.token(role, subject=STRANGER)
        )
        assert response.json()["data"]["contracts"] is not None, response.text
        assert stage.replica.reads == before + reads, role


def test_a_change_runs_on_the_primary_and_tells_a_position(stage: Stage) -> None:
    before = stage.replica.reads
    first, second = granted(stage), granted(stage)
    assert first != second
    assert stage.replica.reads == before


def test_who_wrote_sees_it_at_once_and_others_with_the_position(stage: Stage) -> None:
    writer, colleague = stage.office.token(), stage.office.token(subject=STRANGER)
    with stage.held_back():
        before = grants(stage.office, colleague)
        after = granted(stage, writer)
        assert grants(stage.office, writer) == before + 1
        assert grants(stage.office, colleague) == before
        assert grants(stage.office, colleague, **{"read-after": after}) == before + 1
        # Another process knows of no write: it is told, or may be behind.
        assert grants(stage.other, writer) == before
        assert grants(stage.other, writer, **{"read-after": after}) == before + 1
    reads = stage.replica.reads
    assert grants(stage.office, writer, **{"read-after": after}) == before + 1
    assert stage.replica.reads == reads + 1


def test_an_answer_to_a_change_waits_for_the_standby_so_that_other_processes_have_it(stage: Stage) -> None:
    stage.caught_up()
    positions = ReadAfter(stage.office.graph.keys)
    told = (positions.read(OURS.org.id, granted(stage).encode()) for _ in range(5))
    there = [position is not None and position <= stage.replica.position for position in told]
    assert any(there)  # all of them, unless the machine is very busy


def test_a_standby_that_is_about_to_have_it_is_waited_for(stage: Stage) -> None:
    colleague = stage.office.token(subject=STRANGER)
    for _ in range(10):
        before = stage.replica.reads, stage.replica.passed_over[Why.EARLIER]
        assert grants(stage.office, colleague, **{"read-after": granted(stage)}) > 0
        assert (stage.replica.reads + stage.replica.passed_over[Why.EARLIER]) == sum(before) + 1


def test_two_hundred_wait_for_what_does_not_come_and_are_answered(stage: Stage) -> None:
    colleague = stage.office.token(subject=STRANGER)
    with stage.held_back():
        after = granted(stage)

        async def all_at_once() -> set[int]:
            body = json.dumps({"query": GRANTS})
            given = {
                "authorization": f"Bearer {colleague}",
                "content-type": "application/json",
                "read-after": after,
            }
            client = stage.office.graph.client
            answers = [client.post("/graphql", content=body, headers=given) for _ in range(200)]
            return {each.status_code for each in await asyncio.gather(*answers)}

        assert stage.run(all_at_once()) == {200}


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "0/16B3748",
        lambda _: "\xe9",
        lambda _: "A" * 91,
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[:50] + ("A" if token[50] != "A" else "B") + token[51:],
        lambda token: token[44:] + "." + token[:43],
        lambda token: token + ", " + token,
    ],
    ids=["empty", "plain", "not-ascii", "no-dot", "cut", "longer", "changed", "turned", "two"],
)
def test_a_position_that_was_not_given_out_is_refused(stage: Stage, change: Callable[[str], str]) -> None:
    sent = change(granted(stage)).encode("latin-1")
    headers = [
        (b"authorization", f"Bearer {stage.office.token()}".encode()),
        (b"content-type", b"application/json"),
        (b"accept", b"application/graphql-response+json"),
        (b"read-after", sent),
    ]
    client = stage.office.graph.client
    response = stage.run(client.post("/graphql", content=json.dumps({"query": GRANTS}), headers=headers))
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "Read-After" in error["message"]


def test_a_position_of_another_org_is_refused_and_one_of_a_key_that_ended_is_not(stage: Stage) -> None:
    after = granted(stage)
    theirs = stage.send(GRANTS, token=stage.office.token(org=THEIRS.org.id), after=after)
    assert theirs.status_code == 400
    assert stage.send(GRANTS, token=stage.office.token(), after="x" * 43 + after[43:]).status_code == 200


def test_a_position_tells_nothing_and_no_two_are_alike(stage: Stage) -> None:
    positions = ReadAfter(stage.office.graph.keys)
    given = {positions.give(OURS.org.id, 7) for _ in range(20)}
    assert len(given) == 20
    assert {positions.read(OURS.org.id, each.encode()) for each in given} == {7}


def test_of_the_far_future_nobody_waits(stage: Stage) -> None:
    stage.caught_up()
    after = ReadAfter(stage.office.graph.keys).give(OURS.org.id, 2**62)
    reads, passed = stage.replica.reads, stage.replica.passed_over[Why.EARLIER]
    position = stage.replica.position
    assert stage.send(GRANTS, token=stage.office.token(subject=STRANGER), after=after).status_code == 200
    assert (stage.replica.reads, stage.replica.passed_over[Why.EARLIER]) == (reads, passed + 1)
    assert stage.replica.position == position  # it was not even looked at


def test_a_standby_that_lags_too_far_is_passed_over_until_it_has_caught_up(stage: Stage) -> None:
    url, count = stage.primary.dsn(READ_WRITE), "SELECT count(*) FROM pg_database"
    with stage.held_back(), opened(url, 1, stage.standby.dsn(READ_WRITE)) as (runner, replicas):
        replica = replicas.all[0]
        sql(stage.primary, "CREATE DATABASE more")
        runner.run(until(lambda: replicas.state(replica) == "behind", replicas))
        more = runner.run(replicas.read(count, (), "anybody"))
        assert more == int(sql(stage.standby, count)) + 1
        assert (replica.reads, replica.passed_over) == (0, {Why.BEHIND: 1})
        sql(stage.standby, "SELECT pg_wal_replay_resume()")
        runner.run(until(lambda: replicas.state(replica) == "near", replicas))
        assert runner.run(replicas.read(count, (), "anybody")) == more
        assert replica.reads == 1


def test_a_quiet_primary_is_no_lag(stage: Stage) -> None:
    with opened(stage.primary.dsn(READ_WRITE), 1, stage.standby.dsn(READ_WRITE)) as (runner, replicas):
        runner.run(until(lambda: replicas.state(replicas.all[0]) == "near", replicas))
        runner.run(asyncio.sleep(1.5))
        assert replicas.state(replicas.all[0]) == "near"


def test_a_standby_that_is_killed_is_passed_over_and_asked_again_when_it_is_back(stage: Stage) -> None:
    stage.caught_up()
    colleague = stage.office.token(subject=STRANGER)
    stage.standby.stop("immediate")
    try:
        assert grants(stage.office, colleague) > 0
        stage.look()
        assert stage.replicas.state(stage.replica) == "away"
        ready = stage.run(stage.office.graph.client.get("/health/ready"))
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "replicas": {"1": "away"}})
        assert grants(stage.office, colleague) > 0
    finally:
        stage.standby.start()
    stage.caught_up()
    before = stage.replica.reads
    assert grants(stage.office, colleague) > 0
    assert stage.replica.reads == before + 1


def test_who_waits_for_a_standby_that_hangs_is_answered_by_the_primary(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.caught_up()
    monkeypatch.setattr("storage.replica.LONGEST_LOOK", 0.5)
    postmaster = stage.standby.status().pid
    assert postmaster is not None
    pids = (postmaster, *children_of(postmaster))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        before = stage.replica.passed_over[Why.AWAY]
        assert grants(stage.office, stage.office.token(subject=STRANGER)) > 0
        assert stage.replica.passed_over[Why.AWAY] == before + 1
        stage.look()
        assert stage.replicas.state(stage.replica) == "away"
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    stage.caught_up()


@pytest.fixture
def near(stage: Stage) -> Iterator[tuple[asyncio.Runner, Replica]]:
    """The standby, as a process of its own sees it that may ask it now."""
    with opened(stage.primary.dsn(READ_WRITE), FAR, stage.standby.dsn(READ_WRITE)) as (runner, replicas):
        runner.run(until(lambda: replicas.state(replicas.all[0]) == "near", replicas))
        yield runner, replicas.all[0]


def test_reads_that_come_at_once_share_a_round_trip_to_the_standby_too(
    near: tuple[asyncio.Runner, Replica],
) -> None:
    runner, replica = near
    said = "SELECT $1::text || ' ' || pg_is_in_recovery()"
    runner.run(replica.read(said, ("first",)))
    take_for_brief(replica.pool)

    async def crowd() -> list[str]:
        return await asyncio.gather(*(replica.read(said, (f"r{n}",)) for n in range(20)))

    assert runner.run(crowd()) == [f"r{n} true" for n in range(20)]
    assert replica.pool.batches.together >= 16


def test_a_standby_that_is_away_is_not_dialled_by_everyone_who_waits(
    near: tuple[asyncio.Runner, Replica],
) -> None:
    """Each would wait for its two seconds, and eight at a time: the primary answers at once."""
    runner, replica = near
    replica.pool.drop()
    with pytest.raises(DatabaseUnavailable, match="is away"):
        runner.run(replica.pool.read("SELECT 7", ()))


def test_a_standby_that_has_gone_back_is_looked_at_before_it_is_asked(
    near: tuple[asyncio.Runner, Replica],
) -> None:
    """As after a crash of one of its processes, from which it recovers under the same postmaster."""
    runner, replica = near
    assert replica._standing is not None
    further = replica._standing._replace(position=replica.position + 1_000_000)
    replica._standing, replica.pool.position = further, further.position
    replica.pool.abandon()
    with pytest.raises(DatabaseUnavailable, match="started again"):
        runner.run(replica.pool.read("SELECT 7", ()))
    runner.run(replica.look())
    assert (replica.fault, replica.as_of) == (Why.AWAY, -math.inf)
    assert replica.position < further.position


def test_a_commit_that_no_synchronous_standby_confirms_lets_nobody_wait_for_ever(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = stage.office.token(subject=STRANGER)
    assert grants(stage.office, token) > 0
    monkeypatch.setattr("api.audit_writer.COMMITTED_WITHIN", 0.3)
    monkeypatch.setattr("storage.database.SILENT_FOR", 1.0)
    with stage.held_back():
        sql(stage.primary, "ALTER SYSTEM SET synchronous_standby_names = 'another'")
        sql(stage.primary, "SELECT pg_reload_conf()")
        while stage.send(GRANTS, token=token).status_code != 503:
            pass  # PostgreSQL has not read its settings yet
        refused = stage.send(GRANTS, token=token).json()["errors"][0]
        assert refused["extensions"]["code"] == "UNAVAILABLE"
        assert "audit log cannot be written" in refused["message"]
        with pytest.raises(DatabaseUnavailable):
            stage.run(written(stage.primary.dsn(READ_WRITE)))
        sql(stage.primary, "ALTER SYSTEM RESET synchronous_standby_names")
        sql(stage.primary, "SELECT pg_reload_conf()")
        while stage.send(GRANTS, token=token).status_code != 200:
            pass


def test_what_a_conflict_with_recovery_cut_off_the_primary_answers(stage: Stage) -> None:
    url = stage.primary.dsn(READ_WRITE)
    sql(stage.standby, "ALTER SYSTEM SET max_standby_streaming_delay = 0")
    sql(stage.standby, "SELECT pg_reload_conf()")
    with opened(url, FAR, stage.standby.dsn(READ_WRITE)) as (runner, replicas):
        replica = replicas.all[0]

        async def cut_off() -> object:
            reading = asyncio.create_task(
                replicas.read("SELECT (SELECT count(*) FROM org) + count(*) FROM pg_sleep(0.5)", (), "me")
            )
            await asyncio.sleep(0.2)
            lock = "BEGIN; LOCK TABLE org IN ACCESS EXCLUSIVE MODE; COMMIT"
            await asyncio.to_thread(sql, stage.primary, lock, DATABASE)
            return await reading

        assert runner.run(cut_off()) == 1  # bound to no org, row-level security shows none of them
        assert (replica.reads, replica.passed_over) == (0, {Why.CONFLICT: 1})
        assert replicas.state(replica) == "conflict"


ASKED = """{ contracts(first: 50) { totalCount nodes { id title totalValue { amount } governingLaw
    parties { nodes { legalName } } contractOwner { email } } } portfolio { count } }"""


@pytest.mark.parametrize("role", ["sales_rep", "customer_success", "legal", "finance"])
@pytest.mark.parametrize("org", [OURS.org.id, THEIRS.org.id], ids=["ours", "theirs"])
def test_the_standby_answers_each_role_as_the_primary_does(stage: Stage, role: str, org: UUID) -> None:
    stage.caught_up()
    token = stage.office.token(role, org=org, subject=ADMIN)
    before = stage.replica.reads
    of_standby = stage.send(ASKED, token=token)
    assert "data" in of_standby.json(), of_standby.text
    assert stage.replica.reads == before + 1
    of_primary = stage.send(ASKED, token=token, after=ReadAfter(stage.office.graph.keys).give(org, BEYOND))
    assert of_primary.json() == of_standby.json()
    assert stage.replica.reads == before + 1
    mark = {OURS.org.id: THEIRS.mark, THEIRS.org.id: OURS.mark}[org]
    assert mark not in of_standby.text


def test_row_level_security_binds_readers_of_the_standby(stage: Stage) -> None:
    async def unbound() -> int:
        connection = await asyncpg.connect(stage.standby.dsn(READ_WRITE))
        try:
            return int(await connection.fetchval("SELECT count(*) FROM contract"))
        finally:
            await connection.close()

    assert stage.run(unbound()) == 0
    assert int(sql(stage.standby, "SELECT count(*) FROM contract", DATABASE)) > 0


def test_a_role_that_row_level_security_does_not_bind_is_refused(stage: Stage) -> None:
    with pytest.raises(RoleTooPowerful, match="is a superuser"):
        stage.run(refuse_unfit(stage.standby.dsn("postgres", DATABASE)))
    with opened(stage.primary.dsn(READ_WRITE), FAR, stage.standby.dsn("postgres", DATABASE)) as (_, replicas):
        assert replicas.all[0].fault is Why.UNFIT


def test_a_server_that_is_no_standby_of_the_database_is_not_asked(stage: Stage) -> None:
    url = stage.primary.dsn(READ_WRITE)
    with opened(url, FAR, url) as (runner, replicas):
        assert [each.fault for each in replicas.all] == [Why.UNFIT]
        assert runner.run(replicas.read("SELECT 7", (), "anybody")) == 7


def test_the_doctor_tells_how_each_replica_stands(stage: Stage) -> None:
    url, near = stage.primary.dsn(READ_WRITE), stage.standby.dsn(READ_WRITE)
    powerful = stage.standby.dsn("postgres", DATABASE)
    urls = f"{near} {url} postgresql://nobody@/g?host=/nowhere {powerful}"

    async def look() -> list[Finding]:
        database = await Database.open(url, 1)
        try:
            settings = Settings(home=stage.primary.home, replica_urls=urls, replica_lag=1)
            ground = Ground(settings, database, None, None, None)
            return [each async for each in replicas_of(ground)]
        finally:
            await database.close()

    stage.caught_up()
    power, *stand = stage.run(look())
    assert power.said.startswith("4: The role postgres of CONTRACT_GRAPH_REPLICA_URLS is a superuser")
    assert [each.said.partition(",")[0] for each in stand] == ["1: near", "2: unfit", "3: away", "4: unfit"]
    assert [each.outcome for each in stand] == [Outcome.OK, Outcome.TODO, Outcome.TODO, Outcome.TODO]
    assert all(each.todo for each in stand[1:])
    assert "nowhere" not in repr(stand)


def test_figures_tell_what_each_replica_answers(stage: Stage) -> None:
    stage.caught_up()
    families = {each.name: each.samples for each in stage.run(stage.office.graph.application.metrics())}
    reads = families["replica_reads_total"]
    assert reads == [({"replica": "1"}, stage.replica.reads)]
    assert reads[0][1] > 0
    ((label, lag),) = families["replica_lag_seconds"]
    assert (label, 0 <= lag < FAR) == ({"replica": "1"}, True)
    passed = {each[0]["why"]: each[1] for each in families["replica_passed_over_total"]}
    assert passed["earlier"] == stage.replica.passed_over[Why.EARLIER] > 0
    assert {"replica 1", "replicas"} <= {each[0]["pool"] for each in families["pool_size"]}
    ready = stage.run(stage.office.graph.client.get("/health/ready"))
    assert ready.json() == {"status": "ready", "replicas": {"1": "near"}}


def test_without_replicas_nothing_is_told_and_the_header_says_nothing(
    stage: Stage, loop: asyncio.Runner
) -> None:
    settings = replace(stage.office.graph.settings, replica_urls=None)
    with graph_over(settings, stage.primary.dsn(READ_WRITE), loop) as graph:
        office = Office(graph, stage.office.superuser_url)
        response = office.ask(GRANT, asked())
        assert "readAfter" not in response.json()["extensions"]
        assert grants(office, office.token(), **{"read-after": "garbled"}) > 1
        ready = graph.run(graph.client.get("/health/ready"))
        assert ready.json() == {"status": "ready"}


def test_the_last_writes_of_too_many_count_for_all() -> None:
    writes = LastWrites(10)
    writes.note("first", BEYOND, 0)
    writes.note("first", 3, 0)
    assert (writes.of("first", 9), writes.of("first", 10), writes.of("other", 0)) == (3, 0, 0)
    for number in range(10_000):
        writes.note(number, 2, 1)
    assert (writes.of("first", 9), writes.of("other", 9), writes.of("other", 11)) == (3, 3, 0)


def test_a_write_under_way_ends_where_the_later_of_two_ended() -> None:
    writes = LastWrites(10)
    writes.note("one", 5, 0)
    writes.note("one", 4, 0)
    assert writes.of("one", 0) == 5
    writes.note("one", BEYOND, 0)
    assert writes.of("one", 0) == BEYOND
