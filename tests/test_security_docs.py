"""docs/security-reviewers.md says what the commands say; CONTRACT_GRAPH_UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from graphql import GraphQLObjectType

from api.schema import GRAPHQL
from auth.policy_file import SHIPPED
from auth.review.cases import KEYS, read_cases
from storage.embedded import Cluster
from storage.embedded_roles import OWNER
from tests.api.command_line import environment
from tests.api.graph import Graph

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "security-reviewers.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCK = re.compile(r"(<!-- run -->\n```console\n)(.*?)(```)", re.DOTALL)
BLOCKS = [found[2] for found in BLOCK.finditer(TEXT)]
UPDATE = os.environ.get("CONTRACT_GRAPH_UPDATE_DOCS") == "1"


@pytest.mark.parametrize("block", BLOCKS, ids=[each.split("\n")[0][2:40] for each in BLOCKS])
def test_a_command_of_the_guide_says_what_the_guide_shows(
    tmp_path: Path, cluster: Cluster, seeded: str, seeded_url: str, block: str
) -> None:
    lines = block.splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    given = {
        "DATABASE_URL": seeded_url,
        "DATABASE_OWNER_URL": cluster.dsn(OWNER, seeded),
        "CONTRACT_GRAPH_HOME": str(tmp_path),
    }
    ran = "".join(run(command, given, tmp_path) for command in commands)
    told = "".join(f"$ {command}\n" for command in commands) + ran
    # The digest changes with every letter of the policy: the page tells that there is one.
    told = re.sub(r"SHA-256 [0-9a-f]{64}", "SHA-256 ...", told)
    if UPDATE:
        text = GUIDE.read_text(encoding="utf-8")
        GUIDE.write_text(text.replace(block, told), encoding="utf-8")
    assert told == block or UPDATE


def run(command: str, given: dict[str, str], folder: Path) -> str:
    """Run a line of the guide at the root of the repository, with its /tmp elsewhere."""
    program = folder / "contract-graph"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m api.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", command.replace("/tmp/", f"{folder}/")],  # noqa: S607 - found on the PATH
        cwd=ROOT,
        env=environment(given | {"PATH": f"{folder}:{os.environ['PATH']}"}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.replace(f"{folder}/", "/tmp/")


def test_the_guide_tells_every_key_of_a_case() -> None:
    told = {
        key
        for row in re.findall(
            r"^\| (`[a-z_`, ]+) \|", TEXT.split("\n## Hold it against cases\n")[1], re.MULTILINE
        )
        for key in row.split("`")[1::2]
    }
    assert told == set(KEYS)


def test_the_guides_question_in_graphql_is_answered(graph: Graph) -> None:
    (question,) = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
    found = graph.data(question, {"candidate": SHIPPED.read_text()}, role="security_reviewer")["review"]
    assert found["check"]["findings"] == []
    members = GRAPHQL.type_map["Review"]
    assert isinstance(members, GraphQLObjectType)
    rows = re.findall(r"^\| (`[a-zA-Z`, ]+`) \|", TEXT.split("\n## Ask in GraphQL\n")[1], re.MULTILINE)
    told = {name for row in rows for name in row.split("`")[1::2]}
    assert set(members.fields) <= told


def test_the_guides_own_case_is_one(tmp_path: Path) -> None:
    (case,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert tomllib.loads(case)
    (tmp_path / "case.toml").write_text(case, encoding="utf-8")
    (read,) = read_cases([tmp_path / "case.toml"])
    assert read.roles == ("sales_rep",)


def test_the_guide_tells_how_a_policy_comes_into_force() -> None:
    told = set(re.findall(r"^contract-graph policy ([a-z]+)", TEXT, re.MULTILINE))
    assert told == {"text", "propose", "diff", "trial", "approve", "reject", "rollback", "history"}


def test_the_guide_runs_every_command_of_policy() -> None:
    ran = set(re.findall(r"^\$ contract-graph policy ([a-z]+)", TEXT, re.MULTILINE))
    assert ran == {"check", "matrix", "explain", "plan", "diff", "test"}


def test_every_file_that_is_linked_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (GUIDE.parent / target).exists(), target


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[a-z_/.]+)`", TEXT)
    assert len(named) > 40
    for target in named:
        assert (ROOT / target).exists(), target
