from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import asyncpg
import pytest

from tests.api.command_line import only_line, run_here
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import Work, opened
from tests.sync.alerts.hook import Hook, hooks

Run = Callable[..., CompletedProcess[str]]
SECRET = re.compile(r"^secret +(whsec_\S{44})  \(shown this once", re.MULTILINE)


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

    def run_with(*arguments: str, org: str = "Northwind", networks: str = "127.0.0.0/8") -> Any:
        known = given | {"CONTRACT_GRAPH_HOOK_NETWORKS": networks}
        return run_here(monkeypatch, capsys, known, "hooks", *arguments, "--org", org)

    return run_with


def address(tmp_path: Path, text: str) -> str:
    file = tmp_path / "address.txt"
    file.write_text(f"{text}\n")
    return str(file)


def test_a_webhook_is_added_tested_rotated_and_ended_and_its_address_shown_nowhere(
    run: Run, tmp_path: Path, superuser_url: str
) -> None:
    hook = Hook()
    with hooks(hook):
        file = address(tmp_path, hook.url)
        added = run("add", "--name", "ledger", "--role", "finance", "--address-file", file)
        rotated, tested = run("rotate", "--name", "ledger"), run("test", "--name", "ledger")
        listed = run("list")
        at_once = run("rotate", "--name", "ledger", "--hours", "0")
        run("test", "--name", "ledger")
        elsewhere = run("test", "--name", "ledger", org="Initech")
        ended, after = run("end", "--name", "ledger"), run("list")
        again = run("add", "--name", "ledger", "--role", "legal", "--address-file", file)
    for done in (added, rotated, tested, listed, at_once, ended, after, again):
        assert (done.returncode, done.stderr) == (0, "")
        assert "canary" not in done.stdout
    secrets = [SECRET.search(done.stdout) for done in (added, rotated, at_once, again)]
    assert all(secrets)
    assert len({found[1] for found in secrets if found}) == 4
    assert "told as  finance (webhook ledger)\n" in listed.stdout
    assert "secrets  2," in listed.stdout
    assert "whsec_" not in listed.stdout
    assert tested.stdout == "ledger took it: HTTP 200\n"
    assert hook.bodies()[0]["type"] == "test"
    assert [len(headers["webhook-signature"].split(" ")) for headers, _ in hook.sent] == [2, 1]
    assert elsewhere.returncode != 0
    assert ", ended " in after.stdout

    async def stored() -> str:
        connection = await asyncpg.connect(superuser_url)
        try:
            return str(await connection.fetch("SELECT h.*, k.secret FROM hook AS h, hook_key AS k"))
        finally:
            await connection.close()

    found = asyncio.run(stored())
    assert "canary" not in found
    assert "whsec_" not in found


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (["--role", "king"], "the policy in force has no role 'king'"),
        (["--role", "finance", "--filter", "{"], "--filter takes JSON"),
        (["--role", "finance", "--filter", "[]"], "--filter takes a JSON object"),
        (["--role", "finance", "--filter", '{"colour": {"eq": "red"}}'], "--filter: "),
        (
            ["--role", "finance", "--filter", '{"governingLaw": {"eq": "France"}}'],
            "--filter: Contract.governingLaw",
        ),
    ],
)
def test_what_would_never_tell_anything_is_refused(
    run: Run, tmp_path: Path, bad: list[str], said: str
) -> None:
    line = only_line(
        run("add", "--name", "x", "--address-file", address(tmp_path, "http://127.0.0.1:9/canary"), *bad)
    )
    assert line.startswith(said)


@pytest.mark.parametrize(
    ("bad", "networks"),
    [
        ("http://example.com/canary", ""),
        ("http://127.0.0.1:9/canary", ""),
        ("https://127.0.0.1/canary", "10.0.0.0/8"),
    ],
)
def test_an_address_that_may_not_be_reached_is_refused_and_not_repeated(
    run: Run, tmp_path: Path, bad: str, networks: str
) -> None:
    file = address(tmp_path, bad)
    line = only_line(run("add", "--name", "x", "--role", "legal", "--address-file", file, networks=networks))
    assert "address" in line
    assert "canary" not in line


def test_networks_that_are_none_are_refused(run: Run) -> None:
    assert "CONTRACT_GRAPH_HOOK_NETWORKS" in only_line(run("list", networks="everywhere"))
