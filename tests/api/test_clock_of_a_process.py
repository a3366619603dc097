"""A process whose clock is wrong: what it refuses, what it lets in, and who finds out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.api.command_line import ROOT, environment, run
from tests.api.graph import OURS
from tests.api.running_demo import free_port
from tests.api.small import store
from tests.api.test_serve_workers import PATIENCE, QUERY, Serving, until
from tests.keys import new_vault
from tests.skewed import skewed

TEN_MINUTES = 600


def fill(superuser_url: str) -> None:
    async def work() -> None:
        superuser = await asyncpg.connect(superuser_url)
        await store(superuser, OURS, new_vault())
        await superuser.close()

    asyncio.run(work())


@contextmanager
def serving(given: Mapping[str, str]) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        cwd=ROOT, env=environment({**given, "CONTRACT_GRAPH_PORT": str(port)}), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    origin = f"http://127.0.0.1:{port}"
    try:
        until(Serving(process, origin, {}).ready)
        yield origin
    finally:
        process.terminate()
        process.wait(PATIENCE)


def status(origin: str, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.post(f"{origin}/graphql", json=QUERY, headers=headers, timeout=30).status_code


@pytest.mark.skipif(
    "CONTRACT_GRAPH_FAULTS" not in os.environ, reason="it takes a minute: make faults runs it"
)
def test_it_refuses_what_is_not_good_by_its_clock_and_the_log_and_the_doctor_tell_of_it(
    database_url: str, owner_url: str, superuser_url: str, tmp_path: Path
) -> None:
    fill(superuser_url)
    given = {
        "CONTRACT_GRAPH_HOME": str(tmp_path / "home"),
        "CONTRACT_GRAPH_ISSUER": "http://127.0.0.1:9",
        "DATABASE_URL": database_url,
        "DATABASE_OWNER_URL": owner_url,
    }
    token = ("token", "--org", OURS.org.name, "--role", "legal", "--minutes")
    brief, usual = (run(*token, minutes, given=given).stdout.strip() for minutes in ("5", "60"))
    ahead = {**given, **skewed(tmp_path, TEN_MINUTES)}
    early = run(*token, "60", given=ahead).stdout.strip()

    with serving(given) as origin:
        assert [status(origin, each) for each in (brief, usual, early)] == [200, 200, 401]
    with serving(ahead) as origin:
        # Ended by its clock; and what a process as far ahead has issued is good to it.
        assert [status(origin, each) for each in (brief, usual, early)] == [401, 200, 200]
    with serving({**given, **skewed(tmp_path, -TEN_MINUTES)}) as origin:
        assert [status(origin, each) for each in (brief, usual, early)] == [401, 401, 401]

    assert "to do    clock       600." in run("doctor", given=ahead).stdout
    sealed = run("audit", "seal", given=given)
    assert sealed.returncode == 0, sealed.stderr
    verified = run("audit", "verify", given=given)
    assert verified.returncode == 3
    assert verified.stdout.count("CLOCK: event") == 2  # what was let in by the one ahead
