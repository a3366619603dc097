from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.preview_page import render_preview
from domain.identity import uuid7
from storage.database import Database
from storage.embedded import Cluster
from storage.embedded_roles import DATABASE, READ_WRITE
from storage.lanes import Message, Queue, enqueue
from tests.api.running_demo import RunningDemo, demo, new_home
from tests.api.test_landing import Reader, demo_of
from tests.lwc_client.conftest import PROJECT, Npm


async def put_aside(home: Path) -> None:
    """Have something in quarantine: messages about events that nobody has."""
    superuser = await asyncpg.connect(Cluster(home).dsn("postgres", DATABASE))
    org = await superuser.fetchval("SELECT id FROM org WHERE name = 'Northlight Systems'")
    await superuser.close()
    database = await Database.open(Cluster(home).dsn(READ_WRITE, DATABASE), 1)
    async with database.transaction(org) as connection:
        ids = [str(uuid7()) for _ in range(3)]
        messages = [Message(key=each, payload=each, correlation=each) for each in ids]
        await enqueue(connection, org, Queue.INBOX, messages, datetime.now(UTC))
    await database.close()


@pytest.fixture(scope="module")
def shown(built: Path) -> Iterator[RunningDemo]:
    assert built
    with new_home() as home, demo(home, unlimited=True) as running:
        asyncio.run(put_aside(home))
        yield running


def test_a_browser_finds_the_panel_whole_for_everybody_in_every_state(shown: RunningDemo, npm: Npm) -> None:
    done = npm("browse", given={"ORIGIN": shown.origin})
    if "no Chromium" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


def test_the_page_has_everybody_and_their_records(shown: RunningDemo) -> None:
    page = httpx.get(f"{shown.origin}/preview")
    assert page.status_code == 200
    found = demo_of(page.text)
    assert len(found["people"]) == 10
    assert {org: len(each["opportunities"]) > 3 for org, each in found["records"].items()} == {
        "Northlight Systems": True, "Harbour & Pine": True,
    }  # fmt: skip
    for asset in ("/preview/preview.js", "/preview/preview.css", "/preview/lwc/main.js"):
        assert httpx.get(shown.origin + asset).status_code == 200


def test_the_page_runs_only_its_own_and_is_framed_only_by_itself(shown: RunningDemo) -> None:
    headers = httpx.get(f"{shown.origin}/preview").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["frame-ancestors"] == "'self'"


@pytest.mark.parametrize(
    "path", ["/preview/lwc/../../package.json", "/preview/lwc/%2e%2e/main.js", "/preview/"]
)
def test_the_page_serves_nothing_beside_what_was_built(shown: RunningDemo, path: str) -> None:
    with httpx.Client(base_url=shown.origin) as client:
        assert client.send(client.build_request("GET", httpx.URL(shown.origin + path))).status_code == 404


def test_nothing_that_fills_the_page_closes_its_script() -> None:
    hostile = {"</script><script>x": {"opportunities": [{"id": "1", "name": "<!--"}], "accounts": []}}
    counts = {Reader(render_preview([], "", each)).count("script") for each in ({}, hostile)}
    assert len(counts) == 1


def test_without_a_build_the_page_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.preview_page.BUILT", PROJECT / "nowhere")
    assert "Node.js 20.19" in render_preview([], "", {})
