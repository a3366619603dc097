"""Backups as an operator makes them, and the drill that says whether they are any good."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from domain.org import Org
from storage import migrate
from storage.embedded import Cluster
from storage.embedded_roles import OWNER
from storage.orgs import save_org
from tests.api.command_line import only_line, run_here
from tests.api.commands.test_audit_commands import add
from tests.auth.audit_logs import ORG, event_at
from tests.storage.conftest import open_folder

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """An embedded database with one org, and an event in its log."""
    with open_folder() as folder:
        made = Cluster(folder / "home", durable=False)
        made.start()

        async def fill() -> None:
            await migrate.upgrade(made.dsn(OWNER))
            owner = await asyncpg.connect(made.dsn(OWNER))
            await save_org(owner, Org(id=ORG, name="Northlight"))
            await owner.close()

        asyncio.run(fill())
        add(made.dsn(), event_at(datetime.now(UTC) - timedelta(seconds=90), 1))
        yield made
        made.stop("immediate")


@pytest.fixture
def command(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: object, **other: str) -> subprocess.CompletedProcess[str]:
        given = {"CONTRACT_GRAPH_HOME": str(cluster.home)} | other
        return run_here(monkeypatch, capsys, given, *map(str, arguments))

    return run


def test_the_drill_finds_what_was_done_to_the_log_and_a_moment_before_is_in_order(
    command: Command, cluster: Cluster
) -> None:
    assert "No backups yet" in only_line(command("backup"))
    assert "No backups yet" in only_line(command("restore", "--check"))
    assert "warning  backups     no change is kept" in command("doctor").stdout
    assert command("token", "--org", "Northlight", "--role", "legal").returncode == 0
    assert command("audit", "seal").returncode == 0
    made = command("backup", "--into", cluster.home.parent / "backups", "--keep", "7")
    assert made.returncode == 0, made.stderr
    assert "ok       backups     the last copy is 0 days old" in command("doctor").stdout
    before = datetime.now(UTC)
    asyncio.run(_tamper(cluster))

    drill = command("restore", "--check")
    assert drill.returncode == 1
    assert re.search("to do    audit       Northlight: .*, not in order", drill.stdout)
    assert not list(cluster.home.glob("restore-check-*"))

    new = cluster.home.parent / "new"
    backups = cluster.home.parent / "backups"
    done = command("restore", "--into", new, "--to", before.isoformat(), "--from", backups)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok       audit       Northlight: 1 event under 1 head, in order" in done.stdout
    assert "ok       keys        the one that signs is 0 days old" in done.stdout
    assert re.search(r"restored \d+ MB in \d+\.\d s", done.stdout)
    assert f"start everything with CONTRACT_GRAPH_HOME={new}" in done.stdout
    assert "is not an empty folder" in only_line(command("restore", "--into", new))


async def _tamper(cluster: Cluster) -> None:
    superuser = await asyncpg.connect(cluster.dsn("postgres"))
    await superuser.execute("DELETE FROM audit_event")
    await superuser.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("restore", "--check", "--to", "2026-11-27T08:30:00"), "says no time zone"),
        (("restore", "--check", "--to", "yesterday"), "a time such as"),
        (("restore", "--check", "--to", "9026-11-27T08:30:00Z"), "is not over yet"),
        (("restore",), "one of the arguments --into --check is required"),
        (("restore", "--check", "--into", "x"), "not allowed with"),
        (("backup", "--keep", "0"), "a whole number from 1 to 10000, not '0'"),
        (("backup", "--keep", "all"), "a whole number from 1 to 10000, not 'all'"),
    ],
)
def test_what_cannot_be_meant_is_refused(command: Command, arguments: tuple[str, ...], said: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("arguments", [("backup",), ("restore", "--check")])
def test_a_database_of_the_operators_own_is_left_to_its_operator(
    command: Command, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = command(*arguments, DATABASE_URL="postgresql://x@127.0.0.1:1/x", CONTRACT_GRAPH_HOME=str(tmp_path))
    assert "that database is in its operator's charge; docs/operators.md has the steps" in only_line(done)
