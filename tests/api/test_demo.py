from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from graphql import build_schema, parse, validate

from api.landing import example_queries
from api.schema import sdl
from storage.embedded import Cluster
from tests.api.command_line import ROOT, only_line, run_here
from tests.api.running_demo import READY, RunningDemo, demo, free_port, new_home
from tests.api.test_landing import demo_of

ROLES = {"sales_rep", "legal", "security_reviewer"}


@pytest.fixture(scope="module")
def shown() -> Iterator[RunningDemo]:
    with new_home() as home, demo(home) as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(shown: RunningDemo) -> list[tuple[dict[str, str], str]]:
    """Everybody of the demo, each with the token that they got by signing in."""
    people: Any = demo_of(get(shown, "/graphiql").text)["people"]
    return [(person, sign_in(shown, person)["access_token"]) for person in people]


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as made:
        yield made


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the demo where it cannot start; gives the one line that it ends with."""

    def run(home: Path, port: int | None = None) -> str:
        given = {"CONTRACT_GRAPH_HOME": str(home), "CONTRACT_GRAPH_PORT": str(port or free_port())}
        return only_line(run_here(monkeypatch, capsys, given, "demo"))

    return run


def get(running: RunningDemo, path: str) -> httpx.Response:
    return httpx.get(running.origin + path)


def ask(running: RunningDemo, token: str, query: str) -> httpx.Response:
    return httpx.post(
        f"{running.origin}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token}"}
    )


def test_it_says_what_it_does_and_gives_tokens_of_three_roles(shown: RunningDemo) -> None:
    assert shown.said.startswith("starting the database\nbrought the database to revision ")
    assert set(shown.tokens) == ROLES
    for role, token in shown.tokens.items():
        answer = ask(shown, token, "{ viewer { roles } contracts { totalCount } }").json()["data"]
        assert answer["viewer"]["roles"] == [role]
        assert answer["contracts"]["totalCount"] > 30
    assert f"Open {shown.origin}/ in a browser" in shown.said


def test_the_printed_command_gives_the_printed_answer(shown: RunningDemo) -> None:
    command, answer = shown.command
    shell = shutil.which("bash") or "bash"
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json.loads(answer)
    assert json.loads(answer)["data"]["contracts"]["nodes"]


def test_the_landing_page_shows_the_command_and_signs_everybody_in(shown: RunningDemo) -> None:
    page = get(shown, "/")
    assert page.status_code == 200
    assert "curl -s " in page.text
    for person in demo_of(get(shown, "/graphiql").text)["people"]:
        assert isinstance(person, dict)
        assert f"/graphiql?as={person['user']}" in page.text
    for asset in ("/pages/landing.css", "/pages/landing.js", "/graphiql/signin.js"):
        assert get(shown, asset).status_code == 200


def sign_in(running: RunningDemo, person: Mapping[str, str]) -> dict[str, Any]:
    """Sign a person in as the pages do, and give the answer of the token endpoint."""
    verifier, back = secrets.token_urlsafe(48), f"{running.origin}/graphiql"
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code", "client_id": person["client"], "redirect_uri": back, "state": "here",
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(), "code_challenge_method": "S256",
        "login_hint": person["user"],
    }  # fmt: skip
    with httpx.Client(follow_redirects=True) as browser:
        came = browser.get(f"{running.origin}/oauth/authorize", params=asked)
        query = dict(came.url.params)
        assert (came.status_code, query["state"], query["iss"]) == (200, "here", running.origin), query
        form = {
            "grant_type": "authorization_code", "code": query["code"], "redirect_uri": back,
            "client_id": person["client"], "code_verifier": verifier,
        }  # fmt: skip
        answer = browser.post(f"{running.origin}/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("path", ["/", "/events", "/graphiql"])
def test_pages_come_with_a_policy_that_runs_nothing_foreign(shown: RunningDemo, path: str) -> None:
    headers = get(shown, path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert not any("unsafe" in value or "http" in value for value in policy.values())
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert headers["x-content-type-options"] == "nosniff"


def test_graphiql_is_served_as_it_was_published(shown: RunningDemo) -> None:
    page = get(shown, "/graphiql").text
    sums = (ROOT / "api" / "graphiql" / "SHA256SUMS").read_text(encoding="utf-8")
    for line in sums.splitlines():
        digest, name = line.split()
        assert f"/graphiql/{name}" in page
        assert hashlib.sha256(get(shown, f"/graphiql/{name}").content).hexdigest() == digest
    assert len(demo_of(page)["people"]) > 5


@pytest.mark.parametrize(
    "path", ["/graphiql/../settings.py", "/graphiql/%2e%2e/settings.py", "/pages/", "/keys"]
)
def test_pages_serve_their_own_files_only(shown: RunningDemo, path: str) -> None:
    with httpx.Client(base_url=shown.origin) as client:
        assert client.send(client.build_request("GET", httpx.URL(shown.origin + path))).status_code == 404


@pytest.mark.parametrize("query", example_queries())
def test_every_example_is_valid_and_answered_for_every_person(
    shown: RunningDemo, signed_in: list[tuple[dict[str, str], str]], query: str
) -> None:
    assert validate(build_schema(sdl()), parse(query)) == []
    for person, token in signed_in:
        answer = ask(shown, token, query)
        codes = {each["extensions"]["code"] for each in answer.json().get("errors", [])}
        assert answer.status_code == 200
        # Whoever may not see a date cannot order by it, nor sum what is not for them; legal sees it all.
        assert codes <= (set() if person["role"] == "legal" else {"ACCESS_DENIED"})


def test_a_second_demo_on_the_same_port_says_so_and_leaves_the_first_alone(
    shown: RunningDemo, home: Path, failed: Callable[..., str]
) -> None:
    line = failed(home, shown.port)
    assert line == (
        f"Port {shown.port} of 127.0.0.1 is taken: stop what uses it, or set CONTRACT_GRAPH_PORT to another."
    )
    assert not home.exists()
    assert get(shown, "/ready").json() == {"status": "ready"}


def test_a_demo_that_finds_the_database_running_leaves_it_running(shown: RunningDemo) -> None:
    with demo(shown.home) as second:
        assert second.said.startswith("the database is running\n")
        assert ask(second, second.tokens["legal"], "{ contracts { totalCount } }").status_code == 200
    assert Cluster(shown.home).status().running
    assert get(shown, "/ready").json() == {"status": "ready"}


def test_the_data_stay_however_the_demo_ends(home: Path, failed: Callable[..., str]) -> None:
    counted = "{ contracts { totalCount nodes { id number } } }"
    with demo(home) as first:
        before = ask(first, first.tokens["legal"], counted).json()
        assert "records added" in first.said
        assert first.end(signal.SIGINT) == 130
        assert "Traceback" not in first.said
        assert first.said.endswith("stopped; the data stay for the next start\n")
    assert not Cluster(home).status().running
    with demo(home) as second:
        assert ask(second, second.tokens["legal"], counted).json() == before
        assert "records added" not in second.said
        assert "brought the database" not in second.said
        assert second.end(signal.SIGTERM) == 143
        assert "Traceback" not in second.said
    assert not Cluster(home).status().running
    with demo(home) as third:
        third.process.kill()
        third.process.wait()
    with demo(home) as fourth:
        assert ask(fourth, fourth.tokens["legal"], counted).json() == before
    _newer_revision(home)
    assert "newer contract-graph (ffffffffffff)" in failed(home)


def _newer_revision(home: Path) -> None:
    async def write(url: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        await connection.close()

    cluster = Cluster(home)
    cluster.start()
    asyncio.run(write(cluster.dsn("contract_graph_owner")))
    cluster.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_changes_their_mind_while_it_starts_leaves_nothing_running(
    home: Path, number: signal.Signals
) -> None:
    running = RunningDemo(home)
    running.until("starting the database")
    assert running.end(number) in (130, 143)
    assert "Traceback" not in running.said
    assert not Cluster(home).status().running
    with demo(home) as again:
        assert READY in again.said


@pytest.mark.parametrize("path", ["/proc/contract-graph", "/dev/null/contract-graph"])
def test_a_home_that_cannot_be_written_is_one_line(path: str, failed: Callable[..., str]) -> None:
    assert failed(Path(path))


@pytest.mark.parametrize("major", ["99", "9"])
def test_a_database_of_another_postgresql_is_one_line(
    home: Path, major: str, failed: Callable[..., str]
) -> None:
    (home / "pg").mkdir(parents=True)
    (home / "pg" / "PG_VERSION").write_text(f"{major}\n")
    line = failed(home)
    assert line.startswith(f"An old database: {home}/pg was made by PostgreSQL {major}")
    assert (home / "pg" / "PG_VERSION").read_text() == f"{major}\n"


@pytest.mark.parametrize("size", ["1m", "24m"])
def test_a_full_disk_is_one_line(home: Path, size: str, failed: Callable[..., str]) -> None:
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or unmount is None:
        pytest.skip("only root can mount a small file system to fill")
    home.mkdir(mode=0o711)
    options = ["-t", "tmpfs", "-o", f"size={size},mode=0711", "tmpfs", str(home)]
    mounted = subprocess.run([mount, *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.strip()}")
    try:
        line = failed(home)
        assert line.startswith("The disk that holds ")
        assert not Cluster(home).status().running
    finally:
        subprocess.run([unmount, "--lazy", str(home)], check=True)
