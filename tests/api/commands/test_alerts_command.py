from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import asyncpg
import pytest

from tests.api.command_line import only_line, run_here
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import Work, opened
from tests.sync.alerts.hook import Hook, hooks

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(  # noqa: PLR0913, PLR0917 - fixtures, each by name
    tmp_path: Path,
    database_url: str,
    owner_url: str,
    superuser_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    async def make_orgs() -> Work:
        async with opened(database_url, owner_url, superuser_url) as work:
            return work

    asyncio.run(make_orgs())
    given = {
        "CONTRACT_GRAPH_HOME": str(tmp_path), "DATABASE_URL": database_url, "DATABASE_OWNER_URL": owner_url,
        "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY": KEY_ENCRYPTION,
    }  # fmt: skip

    def run_with(*arguments: str, org: str = "Northwind") -> CompletedProcess[str]:
        return run_here(monkeypatch, capsys, given, "alerts", *arguments, "--org", org)

    return run_with


def address(tmp_path: Path, text: str) -> str:
    file = tmp_path / "address.txt"
    file.write_text(f"{text}\n")
    return str(file)


def test_a_target_is_added_listed_tested_and_ended_and_its_address_shown_nowhere(
    run: Run, tmp_path: Path, superuser_url: str
) -> None:
    hook = Hook()
    with hooks(hook):
        file = address(tmp_path, hook.url)
        added = run("add", "--name", "on call", "--shape", "slack", "--address-file", file)
        listed, tested = run("list"), run("test", "--name", "on call")
        ended, after = run("end", "--name", "on call"), run("list")
        again = run("add", "--name", "on call", "--shape", "teams", "--address-file", file)
    for done in (added, listed, tested, ended, after, again):
        assert (done.returncode, done.stderr) == (0, "")
        assert "canary" not in done.stdout
    assert "told of      everything" in listed.stdout
    assert tested.stdout == "on call took it: HTTP 200\n"
    assert "alerts arrive here" in hook.bodies()[0]["text"]
    assert ", ended " in after.stdout

    async def stored() -> str:
        connection = await asyncpg.connect(superuser_url)
        try:
            return str(await connection.fetch("SELECT * FROM alert_target"))
        finally:
            await connection.close()

    assert "canary" not in asyncio.run(stored())


def test_a_generic_target_has_a_key_that_is_shown_once(run: Run, tmp_path: Path) -> None:
    file = address(tmp_path, "https://alerts.example/canary")
    added = run("add", "--name", "p", "--shape", "generic", "--address-file", file, "--kind", "QUEUE_STUCK")
    (key,) = re.findall(r"^key +(\S{43})  \(shown this once", added.stdout, re.MULTILINE)
    listed = run("list").stdout
    assert key not in listed
    assert "told of      QUEUE_STUCK\n" in listed


@pytest.mark.parametrize(
    "bad",
    [
        "http://example.com/canary",
        "https://canary:secret@example.com/",
        "https://example.com/#canary",
        "ftp://example.com/canary",
        "https://example.com/canary x",
        "https://example.com:canary/",
        "https:///canary",
        "",
        "https://example.com/" + "canary" * 400,
    ],
)
def test_an_address_that_would_not_keep_a_secret_is_refused_and_not_repeated(
    run: Run, tmp_path: Path, bad: str
) -> None:
    line = only_line(run("add", "--name", "x", "--shape", "slack", "--address-file", address(tmp_path, bad)))
    assert line.startswith("The address must be one line, https")
    assert "canary" not in line


def test_other_orgs_targets_are_not_listed_tested_or_ended(run: Run, tmp_path: Path) -> None:
    file = address(tmp_path, "https://alerts.example/canary")
    run("add", "--name", "ours", "--shape", "slack", "--address-file", file)
    assert "ours" not in run("list", org="Contoso").stdout
    for action in ("test", "end"):
        assert "no alert target 'ours'" in only_line(run(action, "--name", "ours", org="Contoso"))
    assert ", ended " not in run("list").stdout


def test_what_is_wrong_is_said_in_a_line(run: Run, tmp_path: Path) -> None:
    file = address(tmp_path, "https://alerts.example/canary")
    good = ("add", "--name", "x", "--shape", "slack", "--address-file", file)
    run(*good)
    assert "already: end it, or choose another name" in only_line(run(*good))
    assert "verifies no signature" in only_line(run(*good, "--key-file", file))
    assert "cannot be read" in only_line(run(*good[:-1], str(tmp_path / "none")))
    assert "at most 100 characters" in only_line(run("add", "--name", " ", *good[3:]))


def test_a_test_that_does_not_arrive_says_why_and_not_where(run: Run, tmp_path: Path) -> None:
    hook = Hook(404)
    with hooks(hook):
        run("add", "--name", "x", "--shape", "slack", "--address-file", address(tmp_path, hook.url))
        line = only_line(run("test", "--name", "x"))
    assert line.startswith("x: The target did not take it: HTTP 404")
    assert "canary" not in only_line(run("test", "--name", "x")) + line
