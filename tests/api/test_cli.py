from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from uuid import UUID

import asyncpg
import httpx
import pytest

from api.app import Application
from api.cli import COMMANDS, EXPECTED, parser
from api.settings import load_settings
from domain.org import Org
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.orgs import save_org
from tests.api.command_line import ROOT, environment, only_line, run_here
from tests.api.command_line import run as in_a_process

NORTHWIND = Org(id=UUID(int=1), name="Northwind", salesforce_org_id="00Dxx0000000001EAA")
CONTOSO = Org(id=UUID(int=2), name="Contoso")
ROLES = "admin, customer_success, finance, integrator, legal, sales_manager, sales_rep, security_reviewer"


@pytest.fixture
def given(tmp_path: Path, database_url: str, owner_url: str) -> dict[str, str]:
    """The environment of an installation on a database of its operator's, with two orgs."""

    async def fill() -> None:
        owner = await asyncpg.connect(owner_url)
        for org in (NORTHWIND, CONTOSO):
            await save_org(owner, org)
        await owner.close()

    asyncio.run(fill())
    return {
        "CONTRACT_GRAPH_HOME": str(tmp_path),
        "DATABASE_URL": database_url,
        "DATABASE_OWNER_URL": owner_url,
    }


Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with the environment `given` and nothing else of ours."""

    def run_with(*arguments: str, given: dict[str, str]) -> CompletedProcess[str]:
        return run_here(monkeypatch, capsys, given, *arguments)

    return run_with


def nothing(tmp_path: Path) -> dict[str, str]:
    return {"CONTRACT_GRAPH_HOME": str(tmp_path / "home")}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_is_told_in_a_line_is_an_error_that_there_is(name: str) -> None:
    module, _, error = name.rpartition(".")
    found = getattr(import_module(module), error)
    assert issubclass(found, Exception)
    assert f"{found.__module__}.{found.__qualname__}" == name


@pytest.mark.parametrize("command", ["held list --org X", "worker --help", "roles --help", "clm --help"])
def test_a_command_imports_no_schema_that_it_does_not_need(tmp_path: Path, command: str) -> None:
    """Which takes longer than what it does."""
    program = (
        "import atexit, sys; from api.cli import main;"
        "atexit.register(lambda: print([n for n in sys.modules if n in ('strawberry', 'api.schema')]));"
        f"sys.exit(main({command.split()!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(nothing(tmp_path)), capture_output=True, text=True,
        check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_help_names_every_command_with_what_it_does(tmp_path: Path, run: Run) -> None:
    done = run("--help", given=nothing(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("demo", "serve", "db", "import", "token", "docs"):
        assert re.search(rf"^ +{name} +\w", done.stdout, re.MULTILINE)
    assert len(COMMANDS) == len(re.findall(r"^    [a-z]+ +\w", done.stdout, re.MULTILINE))
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("db",),
        ("db", "nonsense"),
        ("import",),
        ("token",),
        ("demo", "more"),
        ("docs", "--chek"),
    ],
)
def test_what_is_no_command_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], run: Run) -> None:
    done = run(*arguments, given=nothing(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("usage: contract-graph")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_every_command_that_a_message_or_page_names_exists() -> None:
    named = {
        tuple(re.findall(r"[a-z]+", words))
        for floor in ("api", "auth", "domain", "storage", "sync", "docs")
        for path in (ROOT / floor).rglob("*")
        if path.suffix in {".py", ".md", ".html", ".toml"}
        for words in re.findall(r"[`$] ?contract-graph ((?:[a-z]+ ?){1,2})", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 4
    for command in sorted(named):
        with pytest.raises(SystemExit) as end:
            parser().parse_args([*command, "--help"])
        assert end.value.code == 0, command


def test_a_token_opens_the_api_for_its_org_and_roles(given: dict[str, str], run: Run) -> None:
    done = run("token", "--org", "northwind", "--role", "legal", "--role", "finance", given=given)
    assert (done.returncode, done.stderr) == (0, "")
    token = done.stdout.strip()
    settings = load_settings(given)
    assert settings.database_url is not None
    query = {"query": "{ viewer { org { name } roles } }"}
    application = Application(settings, settings.database_url)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=application)
        async with (
            application._lifespan(application._rest),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
        ):
            return await client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token}"})

    viewer = asyncio.run(ask()).json()["data"]["viewer"]
    assert (viewer["org"]["name"], sorted(viewer["roles"])) == ("Northwind", ["finance", "legal"])


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    read: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def test_a_token_changes_something_only_where_that_was_asked_for(given: dict[str, str], run: Run) -> None:
    for more, scope in (
        ((), "graph:documents graph:read"),
        (("--write",), "graph:documents graph:read graph:write"),
    ):
        done = run("token", "--org", "Northwind", "--role", "admin", *more, given=given)
        assert claims(done.stdout.strip())["scope"] == scope


@pytest.mark.parametrize("name", ["Contoso", "CONTOSO", str(CONTOSO.id)])
def test_an_org_is_known_by_its_name_or_id(given: dict[str, str], name: str, run: Run) -> None:
    done = run(
        "token", "--org", name, "--role", "admin", "--minutes", "1440", "--subject", "ada", given=given
    )
    said = claims(done.stdout.strip())
    assert (said["org"], said["sub"], said["roles"]) == (str(CONTOSO.id), "ada", ["admin"])
    assert isinstance(said["exp"], int)
    assert isinstance(said["iat"], int)
    assert said["exp"] - said["iat"] == 1440 * 60


def test_an_unknown_org_is_told_with_those_that_are_known(given: dict[str, str], run: Run) -> None:
    done = run("token", "--org", "Nobody", "--role", "legal", given=given)
    assert "'Nobody'" in (line := only_line(done))
    assert "'Contoso', 'Northwind'" in line


def test_an_unknown_role_is_told_with_those_that_are_known(given: dict[str, str], run: Run) -> None:
    done = run("token", "--org", "Northwind", "--role", "legal", "--role", "king", given=given)
    assert only_line(done) == f"the policy in force has no role 'king'; it has: {ROLES}"
    assert done.stdout == ""


@pytest.mark.parametrize("minutes", ["0", "-5", "1441"])
def test_a_local_token_lasts_a_day_at_most(given: dict[str, str], minutes: str, run: Run) -> None:
    done = run("token", "--org", "Northwind", "--role", "legal", f"--minutes={minutes}", given=given)
    assert only_line(done) == "--minutes is from 1 to 1440"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "contracts.example"])  # noqa: S104
def test_no_local_token_is_made_for_an_api_that_others_can_reach(
    given: dict[str, str], host: str, run: Run
) -> None:
    done = run("token", "--org", "Northwind", "--role", "legal", given=given | {"CONTRACT_GRAPH_HOST": host})
    assert "on loopback only" in only_line(done)
    assert done.stdout == ""


def test_a_token_needs_the_owner_of_the_tables_to_find_the_org(given: dict[str, str], run: Run) -> None:
    del given["DATABASE_OWNER_URL"]
    line = only_line(run("token", "--org", "Northwind", "--role", "legal", given=given))
    assert "DATABASE_OWNER_URL" in line


def test_a_token_of_a_database_without_tables_says_what_is_missing(
    tmp_path: Path, cluster: Cluster, run: Run
) -> None:
    given = {
        "CONTRACT_GRAPH_HOME": str(tmp_path),
        "DATABASE_URL": cluster.dsn(READ_WRITE),
        "DATABASE_OWNER_URL": cluster.dsn(OWNER),
    }
    line = only_line(run("token", "--org", "Northwind", "--role", "legal", given=given))
    assert "has no tables of contract-graph" in line


def superuser(url: str) -> str:
    return url.replace("contract_graph_rw", "postgres")


def owner(url: str) -> str:
    return url.replace("contract_graph_rw", OWNER)


def unmigrated(url: str) -> str:
    return re.sub(r"/test_\d+", "/contract_graph", url)


def absent(url: str) -> str:
    return re.sub(r"/test_\d+", "/no_such_database", url)


def unreachable(_: str) -> str:
    return "postgresql://rw:hunter2@127.0.0.1:1/graph"


def nonsense(_: str) -> str:
    return "mysql://rw:hunter2@127.0.0.1/graph"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (superuser, "is a superuser"),
        (owner, "owns tables"),
        (unmigrated, "has no tables of contract-graph"),
        (absent, "cannot be reached"),
        (unreachable, "cannot be reached"),
        (nonsense, "cannot be read"),
    ],
)
def test_serving_a_database_that_will_not_do_ends_in_one_line(
    given: dict[str, str], changed: Callable[[str], str], said: str, run: Run
) -> None:
    given = given | {"DATABASE_URL": changed(given["DATABASE_URL"]), "CONTRACT_GRAPH_PORT": "0"}
    done = run("serve", given=given)
    assert said in only_line(done)
    assert "hunter2" not in done.stdout + done.stderr


def test_a_setting_that_cannot_be_used_ends_in_one_line(given: dict[str, str], run: Run) -> None:
    done = run("serve", given=given | {"CONTRACT_GRAPH_PORT": "eighty"})
    assert only_line(done) == "CONTRACT_GRAPH_PORT must be a whole number from 0 to 65535, not 'eighty'"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a b"])
def test_an_address_that_is_not_ours_ends_in_one_line(given: dict[str, str], host: str, run: Run) -> None:
    done = run("serve", given=given | {"CONTRACT_GRAPH_HOST": host, "CONTRACT_GRAPH_PORT": "0"})
    assert f"{host}:0 cannot be listened on" in only_line(done)


def test_keys_that_cannot_be_read_end_in_one_line(given: dict[str, str], run: Run) -> None:
    done = run("token", "--org", "Northwind", "--role", "legal", given=given)
    assert done.returncode == 0
    for key in Path(given["CONTRACT_GRAPH_HOME"], "keys").iterdir():
        key.write_text("nothing like a key")
    assert "key" in only_line(run("token", "--org", "Northwind", "--role", "legal", given=given))


def test_an_installation_without_a_home_to_write_in_ends_in_one_line(given: dict[str, str], run: Run) -> None:
    file = Path(given["CONTRACT_GRAPH_HOME"], "file")
    file.touch()
    given = given | {"CONTRACT_GRAPH_HOME": str(file / "home")}
    line = only_line(run("token", "--org", "Northwind", "--role", "legal", given=given))
    assert str(file) in line


def test_docs_are_written_and_a_stale_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("api.commands.docs.ROOT", tmp_path)
    reference, schema = tmp_path / "docs" / "fields.md", tmp_path / "api" / "schema.graphql"

    def check() -> tuple[int, str]:
        done = run("docs", "--check", given=nothing(tmp_path))
        return done.returncode, done.stderr

    assert check()[0] == 1
    assert not reference.exists()
    assert run("docs", given=nothing(tmp_path)).returncode == 0
    assert check() == (0, "")
    schema.write_text(schema.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert check() == (1, "api/schema.graphql is stale: run `contract-graph docs`\n")
    reference.unlink()
    assert len(check()[1].splitlines()) == 2
    assert "wrote docs/fields.md" in run("docs", given=nothing(tmp_path)).stdout
    assert check() == (0, "")


def test_the_command_is_a_program_of_its_own(tmp_path: Path) -> None:
    """And what goes wrong in it is one line there too."""
    done = in_a_process("serve", given=nothing(tmp_path) | {"CONTRACT_GRAPH_PORT": "eighty"})
    assert only_line(done) == "CONTRACT_GRAPH_PORT must be a whole number from 0 to 65535, not 'eighty'"
    assert not (tmp_path / "home").exists()


def test_a_check_whose_reader_leaves_did_not_pass(tmp_path: Path) -> None:
    """As of `contract-graph policy test | head -1`: what is wrong may stand where nobody reads it."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", "policy", "matrix"],
            cwd=ROOT, env=environment({"CONTRACT_GRAPH_HOME": str(tmp_path)}),
            stdout=nobody, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_the_demo_shows_its_tokens_on_loopback_only(run: Run) -> None:
    done = run("demo", given={"CONTRACT_GRAPH_HOST": "0.0.0.0"})  # noqa: S104 - what is to be refused
    assert "loopback only" in only_line(done)
