from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from graphql import build_schema, parse, validate

from api.cli import parser
from api.schema import sdl
from domain.org import Org
from storage.orgs import save_org
from sync.feeds.sample import sample_orgs
from tests.api.command_line import environment

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNNABLE = re.findall(r"<!-- run -->\n```sh\n(.*?)```", README, re.DOTALL)
DAY = date(2026, 11, 21)


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_tree_lists_exactly_the_folders_that_there_are() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - found on the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode:
        pytest.skip("this is no checkout: what belongs to the repository cannot be told")
    there = {line.split("/")[0] for line in tracked.stdout.splitlines() if "/" in line}
    listed = re.findall(r"^([a-z-]+)/ +\w", section("The tree"), re.MULTILINE)
    assert sorted(listed) == sorted(name for name in there if not name.startswith("."))


def test_every_file_that_is_named_or_linked_to_exists() -> None:
    linked = re.findall(r"\]\((?!http)([^)#]+)", README)
    named = re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|toml|py))`", README)
    missing = {
        name
        for name in {*linked, *named}
        if not (ROOT / name).exists() and not name.startswith((".", "~", "/"))
    }
    assert linked
    assert missing - {"policy.toml"} == set()
    assert "policy.toml" not in missing or (ROOT / "auth" / "policy.toml").exists()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_every_file_that_a_page_links_to_exists(page: Path) -> None:
    linked = re.findall(r"\]\((?!http)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [name for name in linked if not (page.parent / name).exists()] == []


def test_the_commands_are_all_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE)) - {"help"}
    assert set(re.findall(r"^\| `make ([a-z]+)`", README, re.MULTILINE)) == targets
    commands = set(re.findall(r"^\| `contract-graph ([a-z]+)`", README, re.MULTILINE))
    choices = next(action.choices for action in parser()._actions if action.dest == "command")
    assert choices is not None
    assert commands == set(choices)


def test_every_command_that_is_named_exists() -> None:
    named = {
        tuple(words.split())
        for words in re.findall(r"contract-graph ((?:[a-z]+ ?){1,2})(?=[\s`|\"-])", README)
    }
    assert ("demo",) in named
    for words in sorted(named):
        if words[0] not in {"import", "db"}:
            words = words[:1]  # noqa: PLW2901 - what follows is prose
        with pytest.raises(SystemExit) as end:
            parser().parse_args([*words, "--help"])
        assert end.value.code == 0, words


def test_every_variable_that_is_named_is_a_setting() -> None:
    settings = (ROOT / "api" / "settings.py").read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:CONTRACT_GRAPH|DATABASE)_[A-Z_]+)\b", README))
    assert named
    assert all(f'"{name}"' in settings for name in named)


def test_the_demo_prints_what_the_excerpt_shows() -> None:
    """The question is the demo's own; test_demo holds that its answer is the API's."""
    demo = (ROOT / "api" / "commands" / "demo.py").read_text(encoding="utf-8")
    excerpt = section("What you then see")
    question = re.search(r'"query": "(.*?)"\}', excerpt)
    assert question
    assert question[1] in demo
    for sample in sample_orgs(DAY):
        assert f"sample data of {sample.org.name}: " in excerpt


@pytest.mark.parametrize("block", RUNNABLE, ids=[str(number) for number, _ in enumerate(RUNNABLE)])
def test_the_blocks_for_a_shell_run_as_they_stand(
    tmp_path: Path, database_url: str, owner_url: str, block: str
) -> None:
    """In an empty folder, with a curl that shows what it was told: test_demo runs the demo's own."""

    async def make_org() -> None:
        owner = await asyncpg.connect(owner_url)
        (northlight, *_) = sample_orgs(DAY)
        await save_org(owner, Org(id=northlight.org.id, name=northlight.org.name))
        await owner.close()

    asyncio.run(make_org())
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "activate").write_text(f"PATH={tools}:$PATH\n", encoding="utf-8")
    for name, text in (
        ("contract-graph", f'exec "{sys.executable}" -m api.cli "$@"'),
        ("curl", 'printf "%s\\n" "$@"'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    given = {
        "CONTRACT_GRAPH_HOME": str(tmp_path / "home"),
        "DATABASE_URL": database_url,
        "DATABASE_OWNER_URL": owner_url,
        "PATH": f"{tools}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],  # noqa: S607 - found on the PATH
        cwd=tmp_path,
        env=environment(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert done.stdout.strip()


def test_the_questions_are_valid() -> None:
    questions = re.findall(r"""-d '(\{"query".*?\})'$""", README, re.MULTILINE)
    assert len(questions) == 2
    for question in questions:
        assert validate(build_schema(sdl()), parse(json.loads(question)["query"])) == []


def test_there_are_blocks_to_run() -> None:
    assert len(RUNNABLE) == 2
