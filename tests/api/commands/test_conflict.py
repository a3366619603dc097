"""`contract-graph conflict`: what waits for a person is listed, shown and decided once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import asyncpg
import pytest

from domain.claim import Report
from domain.document import Document, DocumentType
from domain.field import CLM
from domain.identity import uuid7
from sync.apply import apply_report
from tests.api.command_line import run_here
from tests.storage.lane_work import ONE, Work, opened

Run = Callable[..., CompletedProcess[str]]
BEFORE = datetime(2026, 11, 27, 8, tzinfo=UTC)


@pytest.fixture
def urls(database_url: str, owner_url: str, superuser_url: str) -> tuple[str, str, str]:
    return database_url, owner_url, superuser_url


@pytest.fixture
def run(
    tmp_path: Path,
    urls: tuple[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command, over a contract whose title and document were claimed at an earlier version."""

    async def fill() -> None:
        async with opened(*urls) as work:
            await claim(work, "e-1", None, "One")
            await claim(work, "e-2", None, "Two")
            await claim(work, "e-3", 1, "Three")

    asyncio.run(fill())
    given = {"CONTRACT_GRAPH_HOME": str(tmp_path), "DATABASE_URL": urls[0], "DATABASE_OWNER_URL": urls[1]}

    def run_with(*arguments: str) -> CompletedProcess[str]:
        return run_here(monkeypatch, capsys, given, "conflict", *arguments, "--org", "Northwind")

    return run_with


async def claim(work: Work, event: str, version: int | None, title: str) -> None:
    paper = Document(
        id=uuid7(), source_key="d1", contract_id=uuid7(), title=f"Paper {title}", type=DocumentType.AGREEMENT
    )
    report = Report(
        contract="A-1", system=CLM, source="clm", event=event,
        claimed_at=BEFORE + timedelta(minutes=int(event[-1])), fields={"title": title}, parts=(paper,),
    )  # fmt: skip
    async with work.database.transaction(ONE) as connection:
        await apply_report(connection, ONE, report, now=BEFORE + timedelta(hours=1), version=version)


def ids(run: Run) -> dict[str, str]:
    lines = [each.split() for each in run("list").stdout.splitlines() if not each.startswith(" ")]
    return {words[2]: words[0] for words in lines if words[1] == "A-1"}


def test_what_waits_is_listed_without_values_and_shown_with_them(run: Run) -> None:
    listed = run("list").stdout
    assert "A-1  title" in listed
    assert "A-1  documents d1" in listed
    assert "Three" not in listed
    assert '"title": "Paper Three"' in run("show", ids(run)["documents"]).stdout
    assert "claimed Three" in run("show", ids(run)["title"]).stdout


def test_a_part_and_a_value_are_decided_once(run: Run, superuser_url: str) -> None:
    found = ids(run)
    told = run("take", found["documents"], "--reason", "it is the signed one", "--by", "Ada")
    assert (told.returncode, "documents d1: what was claimed holds" in told.stdout) == (0, True)
    assert "what is known is kept" in run("keep", found["title"], "--why", "it stays", "--by", "Ada").stdout
    again = run("keep", found["documents"], "--reason", "no")
    assert (again.returncode, "it was decided before" in again.stderr) == (1, True)
    assert run("list").stdout == "nothing is in conflict in Northwind\n"

    async def known() -> tuple[object, ...]:
        connection = await asyncpg.connect(superuser_url)
        row = await connection.fetchrow(
            "SELECT c.title, d.title, (SELECT count(*) FROM lane WHERE queue = 'outbox' AND pending > 0)"
            " FROM contract AS c JOIN document AS d ON d.contract_id = c.id"
        )
        await connection.close()
        return tuple(row)

    assert asyncio.run(known()) == ("Two", "Paper Three", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("take", str(uuid7()), "--reason", "x"), "no such line of history is there"),
        (("take", str(uuid7()), "--reason", " "), "--reason is a line of text"),
        (("keep", str(uuid7()), "--reason", "x", "--by", "\x1b"), "--by is a line of text"),
    ],
    ids=["unknown", "no reason", "no name"],
)
def test_what_cannot_be_is_refused_in_a_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    told = run(*arguments)
    assert (told.returncode, said in told.stderr) == (1, True)
