"""`contract-graph roles review`, as a security reviewer types it."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.api.command_line import only_line, run_here
from tests.api.graph import OURS

ADA = "005Hs00000AAAAAIA5"
Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(  # noqa: PLR0913, PLR0917 - fixtures
    small_orgs: str,  # noqa: ARG001 - the database has them
    superuser_url: str,
    owner_url: str,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    monkeypatch.chdir(tmp_path)

    async def prepare() -> None:
        superuser = await asyncpg.connect(superuser_url)
        await superuser.execute("UPDATE role_grant SET granted_at = '2026-01-01' WHERE role = 'admin'")
        await superuser.execute("UPDATE role_grant SET granted_at = now() WHERE role <> 'admin'")
        await superuser.close()

    asyncio.run(prepare())
    given = {
        "DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url, "CONTRACT_GRAPH_HOME": str(tmp_path),
    }  # fmt: skip
    return lambda line, *more: run_here(
        monkeypatch, capsys, given, *line.split(), "--org", OURS.org.name, *more
    )


def test_a_review_tells_who_holds_what_and_marks_what_is_unused(typed: Typed) -> None:
    assert typed("clients add --role integrator --name sync").returncode == 0
    done = typed("roles review")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        f"admin  {ADA}  since 2026-01-01, no use known  UNUSED\n"
        f"    by user {ADA}, granted by Ada north: as agreed\n"
    ) in done.stdout
    assert re.search(r"^integrator  \S+ \(sync\)  since [\d-]+, no use known$", done.stdout, re.MULTILINE)
    assert "legal" not in done.stdout
    assert "south" not in done.stdout
    assert done.stdout.endswith(
        "north Works: 3 roles held, 1 of them unused for 90 days; the audit log has no event\n"
    )


def test_a_user_who_cannot_use_it_is_told(typed: Typed) -> None:
    assert typed("roles grant --user 005xx0000000009 --role finance --reason bills").returncode == 0
    assert "\n    the user was not imported yet\n    by user " in typed("roles review").stdout


def test_a_review_is_written_for_a_spreadsheet(typed: Typed) -> None:
    done = typed("roles review", "--csv", "review.csv")
    assert done.stdout.startswith("north Works: 2 roles held, 1 of them unused")
    head, *lines = Path("review.csv").read_text().splitlines()
    assert head.startswith("role,subject,standing,name,by,holder,since,")
    assert len(lines) == 2
    assert lines[0].startswith(f"admin,{ADA},ACTIVE,,USER,{ADA},2026-01-01T00:00:00+00:00,Ada north,")
    assert lines[0].endswith(",unused")


def test_a_file_that_cannot_be_written_is_told_in_a_line(typed: Typed) -> None:
    told = only_line(typed("roles review", "--csv", "missing/review.csv"))
    assert told == "missing/review.csv cannot be written: No such file or directory"
