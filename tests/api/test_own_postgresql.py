"""docs/operators.md on a PostgreSQL of one's own, done as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.identity import salesforce_id
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.api.command_line import run_here
from tests.standby import sql

GUIDE = Path(__file__).parents[2] / "docs" / "operators.md"
SECTION = GUIDE.read_text().partition("## A PostgreSQL of your own\n")[2].partition("\n## ")[0]
STATEMENTS = re.findall(r"```sql\n(.*?)```", SECTION, re.DOTALL)[0].strip().splitlines()
COMMANDS = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)[0].strip().splitlines()
THEIRS = "database_of_their_own"


@pytest.fixture
def own(cluster: Cluster) -> Iterator[dict[str, str]]:
    """The settings for a database that the guide's statements made; both roles are there before."""
    made = [each.replace("DATABASE contract_graph", f"DATABASE {THEIRS}") for each in STATEMENTS]
    # A superuser needs no membership, and must not keep one: others of these tests look at it.
    for each in made:
        if not each.startswith(("CREATE ROLE", "GRANT contract_graph_owner")):
            sql(cluster, each)
    yield {"DATABASE_URL": cluster.dsn(READ_WRITE, THEIRS), "DATABASE_OWNER_URL": cluster.dsn(OWNER, THEIRS)}
    sql(cluster, f"DROP DATABASE {THEIRS} WITH (FORCE)")


def test_the_roles_are_called_as_migrations_and_the_embedded_database_call_them() -> None:
    made = [re.fullmatch(r"CREATE ROLE (\w+) LOGIN PASSWORD '...';", each) for each in STATEMENTS]
    assert [each[1] for each in made if each] == [OWNER, READ_WRITE]


def test_the_commands_of_the_guide_make_an_installation(
    own: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = own | {"CONTRACT_GRAPH_HOME": str(tmp_path)}
    for command in COMMANDS:
        _, *words = (each.strip('"') for each in re.findall(r'"[^"]*"|\S+', command))
        words = [salesforce_id("00Dxx0000000001") if each == "00D..." else each for each in words]
        done = run_here(monkeypatch, capsys, given, *words)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    assert "to do" not in done.stdout


def test_the_owner_alone_starts_no_other_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "DATABASE_OWNER_URL": "postgresql://owner@db.example/graph",
        "CONTRACT_GRAPH_HOME": str(tmp_path / "home"),
    }
    refused = run_here(monkeypatch, capsys, given, "orgs", "list")
    assert refused.returncode == 1
    assert "DATABASE_URL must name the read-write role" in refused.stderr
    assert not (tmp_path / "home").exists(), "an empty embedded database would answer in its place"
