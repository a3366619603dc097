"""The audit commands, as an operator and a reviewer run them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from api.audit_writer import AuditWriter
from auth.audit import AuditEvent, Refusal
from domain.org import Org
from storage.audit_months import Month, make_months
from storage.orgs import save_org
from tests.api.command_line import ROOT, environment, only_line, run_here
from tests.auth.audit_logs import ACCESS, ORG, event_at
from tests.storage.connections import OTHER, opened

CHECK = ROOT / "scripts" / "check-audit-proof.py"
RECORD = "01a21b63-fe57-71cd-bbdc-8505641ecc51"
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)

Ran = subprocess.CompletedProcess[str]
Audit = Callable[..., Ran]


@pytest.fixture
def given(tmp_path: Path, database_url: str, owner_url: str) -> dict[str, str]:
    """The settings of an installation with one org, whose log has three events."""
    events = [
        event_at(NOW, 1, records=(RECORD.encode(),)),
        event_at(NOW + timedelta(seconds=1), 2, refusal=Refusal("ACCESS_DENIED", "a rule", "Contract.id")),
        event_at(NOW + timedelta(seconds=2), 3),
    ]

    async def fill() -> None:
        owner = await asyncpg.connect(owner_url)
        await save_org(owner, Org(id=ORG, name="Northlight"))
        await owner.close()

    asyncio.run(fill())
    add(database_url, *events)
    home = tmp_path / "home"
    return {
        "CONTRACT_GRAPH_HOME": str(home), "DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url,
    }  # fmt: skip


@pytest.fixture
def audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str]
) -> Audit:
    return lambda *arguments: run_here(monkeypatch, capsys, given, "audit", *map(str, arguments))


def add(url: str, *events: AuditEvent) -> None:
    async def run() -> None:
        async with opened(url) as database:
            writer = AuditWriter(database)
            for event in events:
                await writer.append(event, ACCESS)

    asyncio.run(run())


def execute(url: str, statement: str) -> list[asyncpg.Record]:
    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    return asyncio.run(run())


# Search


def test_search_tells_events_the_latest_first(audit: Audit) -> None:
    told = audit("search", "--org", "Northlight").stdout
    heads = [line for line in told.splitlines() if not line.startswith("    ")]
    assert [line.split("  ")[3] for line in heads] == ["0 records", "REFUSED ACCESS_DENIED", "1 record"]
    assert f"    records  {RECORD}" in told
    assert "    refused  Contract.id by a rule" in told
    assert "    by       005 someone (legal) through a client" in told
    assert "    shown    Contract.id" in told


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("--record", RECORD), {"request 1"}),
        (("--decision", "refused"), {"request 2"}),
        (("--request", "request 3"), {"request 3"}),
        (("--subject", "005 someone", "--client", "a client"), {"request 1", "request 2", "request 3"}),
        (("--subject", "nobody"), set()),
        (("--operation", "Panel"), set()),
        (("--since", f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"), {"request 2", "request 3"}),
        (("--until", f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"), {"request 1"}),
        (("--until", "1960-01-01"), set()),
        (("--after", str(event_at(NOW + timedelta(seconds=2), 3).id)), {"request 1", "request 2"}),
        (("--most", "1"), {"request 3"}),
    ],
)
def test_search_finds_what_was_asked_for(audit: Audit, asked: tuple[str, ...], found: set[str]) -> None:
    told = audit("search", "--org", "Northlight", "--json", *asked)
    assert {json.loads(line)["request"] for line in told.stdout.splitlines()} == found


def test_search_says_that_there_is_none(audit: Audit) -> None:
    told = audit("search", "--org", "Northlight", "--subject", "nobody")
    assert told.stdout == "no such event in the log of Northlight\n"


def test_search_says_that_there_are_older_ones_and_how_to_go_on(audit: Audit) -> None:
    latest = audit("search", "--org", "Northlight", "--most", "2", "--json")
    last = json.loads(latest.stdout.splitlines()[-1])["id"]
    assert len(latest.stdout.splitlines()) == 2
    assert latest.stderr == f"there are older ones: the same with --after {last}\n"
    rest = audit("search", "--org", "Northlight", "--most", "2", "--json", "--after", last)
    assert len(rest.stdout.splitlines()) == 1
    assert rest.stderr == ""


# Seal, export and verify


def test_what_was_sealed_is_in_order_until_somebody_changes_it(
    audit: Audit, tmp_path: Path, superuser_url: str
) -> None:
    heads = tmp_path / "heads"
    assert audit("seal", "--export", heads).stdout.startswith("Northlight: sealed 3 events, 3 in all; root ")
    assert audit("seal", "--export", heads).stdout == "Northlight: nothing new; 3 events are sealed\n"
    done = audit("verify", "--head", heads)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "Northlight: in order"
    assert "    compared with 1 exported head, the largest of 3 events" in done.stdout
    edited = event_at(NOW + timedelta(seconds=1), 2).id
    execute(superuser_url, f"UPDATE audit_event SET body = body || ' ' WHERE id = '{edited}'")
    done = audit("verify", "--head", heads)
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "Northlight: NOT in order"
    assert f"    EDITED: event {edited}, position 1: it is not what was sealed" in done.stdout


def test_a_log_that_nobody_seals_is_told_from_one_that_was_changed(audit: Audit, superuser_url: str) -> None:
    audit("seal")
    old = event_at(NOW - timedelta(minutes=30), 9)
    statement = f"INSERT INTO audit_event SELECT org_id, '{old.id}', body FROM audit_event LIMIT 1"
    execute(superuser_url, statement)
    done = audit("verify")
    assert (done.returncode, done.stdout.splitlines()[0]) == (3, "Northlight: NOT sealed in time")
    assert f"UNSEALED: event {old.id}" in done.stdout
    assert "`contract-graph audit seal` did not run since" in done.stdout


def test_a_moment_that_is_none_is_told_with_one_that_is(audit: Audit) -> None:
    done = audit("search", "--org", "Northlight", "--since", "yesterday")
    assert done.returncode == 2
    assert "'yesterday' is no moment, such as 2026-11-21T09:30:00Z" in done.stderr


def test_verify_takes_a_public_key_and_makes_none(audit: Audit, tmp_path: Path) -> None:
    assert "say the public keys with --key" in only_line(audit("verify"))
    assert "run this where the sealer runs" in only_line(audit("key"))
    assert not (tmp_path / "home" / "audit").exists()
    audit("seal")
    public = tmp_path / "public.pem"
    public.write_text(audit("key").stdout)
    assert audit("verify", "--key", public).returncode == 0
    public.write_text("nonsense")
    assert "it holds no public keys" in only_line(audit("verify", "--key", public))


def test_a_log_that_does_not_go_on_from_what_was_exported_is_not_exported(
    audit: Audit, tmp_path: Path, superuser_url: str
) -> None:
    heads = tmp_path / "heads"
    audit("seal")
    assert audit("export", heads).stdout == f"Northlight: 1 new in {heads}\n"
    for table in ("audit_leaf", "audit_head"):
        execute(superuser_url, f"DELETE FROM {table}")
    assert "is not in its log" in only_line(audit("export", heads))
    audit("seal")  # the same events again: of the same root, in a head of another moment
    assert audit("export", heads).returncode == 0


def test_events_are_sealed_again_and_again_until_told_to_stop(
    given: dict[str, str], database_url: str, superuser_url: str
) -> None:
    sealing = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "audit", "seal", "--every", "1"],
        cwd=ROOT, env=environment(given), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until(lambda: _sealed(superuser_url) == 3)
        add(database_url, event_at(datetime.now(UTC), 4))
        _until(lambda: _sealed(superuser_url) == 4)
    finally:
        sealing.send_signal(signal.SIGTERM)
        sealing.wait(30)
    months = execute(
        superuser_url, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_event'::regclass"
    )
    assert months[0][0] > 1


def _sealed(url: str) -> int:
    return int(execute(url, "SELECT count(*) FROM audit_leaf")[0][0])


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_log_that_was_tampered_with_keeps_no_other_from_being_sealed(
    audit: Audit, database_url: str, owner_url: str, superuser_url: str
) -> None:
    async def another() -> None:
        owner = await asyncpg.connect(owner_url)
        await save_org(owner, Org(id=OTHER, name="Southlight"))
        await owner.close()

    audit("seal")
    asyncio.run(another())
    execute(superuser_url, "UPDATE audit_head SET root = sha256(root)")
    theirs = replace(event_at(NOW, 9), who=replace(event_at(NOW, 9).who, org_id=OTHER))
    add(database_url, theirs, event_at(NOW, 8))
    done = audit("seal")
    assert done.returncode == 1
    assert f"The last head of {ORG}, of 3 events, is not signed by this key: nothing is sealed" in done.stderr
    assert done.stdout.startswith("Southlight: sealed 1 event,")


# Webhook


class _Taking(BaseHTTPRequestHandler):
    taken: list[bytes]
    status: int

    def do_POST(self) -> None:
        self.taken.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def webhook() -> Iterator[tuple[str, type[_Taking]]]:
    """An address that takes heads, and what it took."""
    taking = type("Taking", (_Taking,), {"taken": [], "status": 200})
    server = HTTPServer(("127.0.0.1", 0), taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/heads", taking
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_head_is_posted_as_it_would_be_exported(
    audit: Audit, webhook: tuple[str, type[_Taking]], tmp_path: Path
) -> None:
    url, taking = webhook
    audit("seal", "--webhook", url, "--export", tmp_path / "heads")
    assert taking.taken == [(tmp_path / "heads").read_bytes()]


@pytest.mark.parametrize("status", [500, 302, 404])
def test_a_head_that_is_not_taken_is_told(
    audit: Audit, webhook: tuple[str, type[_Taking]], status: int
) -> None:
    url, taking = webhook
    taking.status = status
    assert (
        only_line(audit("seal", "--webhook", url)) == f"The heads could not be sent to {url}: HTTP {status}."
    )


def test_a_head_is_sent_to_no_address_in_the_clear(audit: Audit) -> None:
    assert "must be https" in only_line(audit("seal", "--webhook", "http://siem.example/heads"))


# Proofs, checked without our code


def _checked(proof: str, pem: str, folder: Path) -> Ran:
    (folder / "proof.json").write_text(proof)
    (folder / "key.pem").write_text(pem)
    return subprocess.run(
        [sys.executable, "-I", str(CHECK), "proof.json", "key.pem"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_proof_is_checked_by_a_script_that_shares_no_code_with_us(audit: Audit, tmp_path: Path) -> None:
    text = CHECK.read_text()
    assert not {"auth", "api", "storage", "domain"} & set(text.replace("\n", " ").split())
    audit("seal")
    pem = audit("key").stdout
    for number in (1, 2, 3):
        event = event_at(NOW + timedelta(seconds=number - 1), number)
        proof = audit("prove", event.id, "--org", "Northlight").stdout
        done = _checked(proof, pem, tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"proved: position {number - 1} of the 3 events signed at ")
        assert str(event.id) in done.stdout


@pytest.mark.parametrize("given", [("{}", "PEM"), ("{", "PEM"), ("{}", "")])
def test_what_is_no_proof_or_no_key_is_told_in_a_line(tmp_path: Path, given: tuple[str, str]) -> None:
    done = _checked(*given, tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("REFUSED: this is no proof, or no Ed25519 public key in PEM: ")
    usage = subprocess.run([sys.executable, "-I", str(CHECK)], capture_output=True, text=True, check=False)
    assert usage.stderr == "usage: check-audit-proof.py PROOF.json PUBLIC_KEY.pem\n"


@pytest.mark.parametrize(
    "change",
    [
        {"event": "{}"},
        {"position": 1},
        {"position": 3},
        {"position": -1},
        {"leaf": "00" * 32},
        {"proof": []},
        {"proof": ["00" * 32, "00" * 32]},
        {"signature": "AAAA"},
        {"head": {"size": 3}},
    ],
)
def test_a_proof_that_was_changed_proves_nothing(
    audit: Audit, tmp_path: Path, change: dict[str, object]
) -> None:
    audit("seal")
    proof = json.loads(audit("prove", event_at(NOW, 1).id, "--org", "Northlight").stdout)
    done = _checked(json.dumps(proof | change), audit("key").stdout, tmp_path)
    assert done.returncode != 0
    assert "proved" not in done.stdout


def test_an_event_that_is_not_sealed_cannot_be_proved(audit: Audit) -> None:
    told = only_line(audit("prove", event_at(NOW, 1).id, "--org", "Northlight"))
    assert told.endswith("is in no tree: it is not sealed yet, or never was there")


# Retention


def _old(months: int, number: int) -> AuditEvent:
    """An event of the middle of a month so many before this one."""
    month = NOW.year * 12 + NOW.month - 1 - months
    return event_at(datetime(month // 12, month % 12 + 1, 15, tzinfo=UTC), number)


def test_old_months_are_dropped_and_what_proves_them_is_kept(
    audit: Audit, tmp_path: Path, database_url: str, owner_url: str
) -> None:
    gone, kept = [_old(5, 10), _old(3, 11)], [_old(1, 12)]
    make(owner_url, gone[1])  # of the others no month has a partition
    add(database_url, *gone, *kept)
    before = audit("seal").stdout
    assert "sealed 6 events" in before
    copy = audit("search", "--org", "Northlight", "--json", "--request", "request 11").stdout.rstrip("\n")
    assert "Northlight: 2 events from before " in audit("retain", "--months", "2").stdout
    left = audit("search", "--org", "Northlight", "--json").stdout.splitlines()
    assert {json.loads(line)["request"] for line in left} >= {"request 1", "request 12"}
    assert not {json.loads(line)["request"] for line in left} & {"request 10", "request 11"}
    assert [json.loads(line)["kind"] for line in left].count("retention") == 1
    done = audit("verify")
    assert done.returncode == 0, done.stdout
    assert "    2 of them, before " in done.stdout
    # The proof stands without the event, and for whoever kept a copy also with it.
    proof = json.loads(audit("prove", gone[1].id, "--org", "Northlight").stdout)
    assert proof["event"] is None
    pem = audit("key").stdout
    assert "only its leaf is proved" in _checked(json.dumps(proof), pem, tmp_path).stdout
    assert str(gone[1].id) in _checked(json.dumps(proof | {"event": copy}), pem, tmp_path).stdout
    assert _checked(json.dumps(proof | {"event": copy + " "}), pem, tmp_path).returncode == 1


def make(owner_url: str, event: AuditEvent) -> None:
    """Make the partition of an event's month."""

    async def run() -> None:
        owner = await asyncpg.connect(owner_url)
        await make_months(owner, date.fromisoformat(json.loads(event.canonical())["at"][:10]))
        await owner.close()

    asyncio.run(run())


def test_an_event_that_was_deleted_is_not_taken_for_a_dropped_one(
    audit: Audit, database_url: str, superuser_url: str
) -> None:
    add(database_url, _old(5, 10))
    audit("seal")
    audit("retain", "--months", "2")
    execute(superuser_url, f"DELETE FROM audit_event WHERE id = '{event_at(NOW, 1).id}'")
    done = audit("verify")
    assert done.returncode == 3
    assert f"DELETED: event {event_at(NOW, 1).id}" in done.stdout


def test_no_month_is_dropped_but_whole_ones(audit: Audit) -> None:
    assert "1 at least" in only_line(audit("retain", "--months", "0"))


# Partitions


def test_events_lie_in_the_partition_of_their_month(
    owner_url: str, database_url: str, superuser_url: str
) -> None:
    there, elsewhere = event_at(NOW, 1), _old(7, 2)
    make(owner_url, there)
    add(database_url, there, elsewhere)
    rows = execute(superuser_url, "SELECT tableoid::regclass::text, id FROM audit_event ORDER BY id")
    month = Month.of(NOW.date())
    assert [tuple(row) for row in rows] == [
        ("audit_event_rest", elsewhere.id),
        (month.partition, there.id),
    ]


def test_a_month_whose_events_lie_elsewhere_already_gets_no_partition(
    owner_url: str, database_url: str, superuser_url: str
) -> None:
    event = event_at(NOW, 1)
    add(database_url, event)
    make(owner_url, event)
    rows = execute(superuser_url, "SELECT tableoid::regclass::text FROM audit_event")
    assert [row[0] for row in rows] == ["audit_event_rest"]


def test_the_application_reaches_no_partition_of_a_month_by_itself(owner_url: str, database_url: str) -> None:
    make(owner_url, event_at(NOW, 1))
    partition = Month.of(NOW.date()).partition
    for statement in (f"SELECT FROM {partition}", f"DELETE FROM {partition}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            execute(database_url, statement)


def test_a_month_has_the_ids_of_its_moments() -> None:
    month = Month(date(2026, 12, 1))
    inside = event_at(datetime(2026, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), 1).id
    assert month.floor <= inside < month.next.floor
    assert month.floor <= event_at(datetime(2026, 12, 1, tzinfo=UTC), 0).id
    assert isinstance(month.floor, UUID)
    assert (str(month), str(month.next)) == ("2026-12", "2027-01")
