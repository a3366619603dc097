"""`contract-graph keys ... --org`, as an administrator types them."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from api.cli import main
from auth.key_encryption import LocalKeys
from tests.api.graph import OURS, THEIRS
from tests.keys import KEY_ENCRYPTION

Type = Callable[..., tuple[int, str, str]]
KIDS = "SELECT DISTINCT split_part(email, '.', 2) FROM contact WHERE org_id = $1 AND email IS NOT NULL"


@pytest.fixture
def look(superuser_url: str) -> Callable[..., list[str]]:
    """Runs a statement as a superuser, and gives the first column."""

    def run(statement: str, *values: object) -> list[str]:
        async def inside() -> list[str]:
            connection = await asyncpg.connect(superuser_url)
            try:
                return [row[0] for row in await connection.fetch(statement, *values)]
            finally:
                await connection.close()

        return asyncio.run(inside())

    return run


@pytest.fixture
def type_(
    filled: None,  # noqa: ARG001 - the database that the commands work on
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    monkeypatch.setenv("CONTRACT_GRAPH_HOME", str(tmp_path))
    monkeypatch.setenv("CONTRACT_GRAPH_KEY_ENCRYPTION_KEY", KEY_ENCRYPTION)

    def typed(line: str, *, org: str = OURS.org.name) -> tuple[int, str, str]:
        code = main([*line.split(), "--org", org])
        out, err = capsys.readouterr()
        return code, out, err

    return typed


@pytest.fixture
def filled(
    small_orgs: str,  # noqa: ARG001 - the database has them
    database_url: str,
    owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", owner_url)


def test_a_new_key_encrypts_and_the_old_one_opens_until_all_is_encrypted_anew(
    type_: Type, look: Callable[..., list[str]]
) -> None:
    (first,) = look(KIDS, OURS.org.id)
    theirs = look(KIDS, THEIRS.org.id)
    code, said, _ = type_("keys rotate")
    assert code == 0
    assert "new keys encrypt the personal values of north Works from now on: of contact, user" in said
    _, listed, _ = type_("keys list")
    states = {line.split()[0]: line.split()[2] for line in listed.splitlines() if "  contact  " in line}
    (newest,) = [kid for kid, state in states.items() if state == "encrypts"]
    assert states == {first: "opens", newest: "encrypts"}
    assert type_("keys reseal") == (0, "3 personal values of north Works were encrypted anew\n", "")
    assert look(KIDS, OURS.org.id) == [newest]
    assert type_("keys reseal")[1].startswith("0 personal values")
    assert look(KIDS, THEIRS.org.id) == theirs


def test_what_does_not_open_is_left_and_named(type_: Type, look: Callable[..., list[str]]) -> None:
    look("UPDATE contact SET email = phone WHERE email IS NOT NULL AND org_id = $1", OURS.org.id)
    type_("keys rotate")
    code, said, told = type_("keys reseal")
    assert (code, said) == (1, "2 personal values of north Works were encrypted anew\n")
    assert told.startswith(f"left as it is: Contact.email of {OURS.id('Contact', 1)} does not open")
    assert told.count("\n") == 1


def test_destroying_wants_to_be_meant_and_leaves_the_evidence(
    type_: Type, look: Callable[..., list[str]]
) -> None:
    code, said, told = type_("keys shred")
    assert (code, said) == (1, "")
    assert "say --yes" in told
    assert look("SELECT count(*) FROM data_key WHERE wrapped IS NULL") == [0]
    code, said, _ = type_("keys shred --yes")
    assert code == 0
    assert said.startswith("3 keys of north Works were destroyed")
    assert look("SELECT count(*) FROM data_key WHERE wrapped IS NOT NULL AND org_id = $1", OURS.org.id) == [0]
    assert look("SELECT count(*) FROM data_key WHERE wrapped IS NOT NULL") == [3]
    assert type_("keys list")[1].count("destroyed") == 3
    assert type_("keys list", org=THEIRS.org.name)[1].count("encrypts") == 3
    assert type_("keys reseal")[1].startswith("0 personal values")


@pytest.mark.parametrize(
    "line", ["keys rotate", "keys list", "keys reseal", "keys rewrap", "keys shred --yes"]
)
def test_an_org_that_is_not_there_is_refused_in_a_line(type_: Type, line: str) -> None:
    code, said, told = type_(line, org="nobody")
    assert (code, said) == (1, "")
    assert told.startswith("contract-graph: There is no org 'nobody'")


@pytest.mark.parametrize("line", ["keys rotate", "keys reseal", "keys rewrap"])
def test_another_key_encryption_key_than_the_workers_have_is_refused(
    type_: Type, look: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    assert type_("keys reseal")[0] == 0
    before = look("SELECT wrapped FROM data_key ORDER BY id")
    monkeypatch.delenv("CONTRACT_GRAPH_KEY_ENCRYPTION_KEY")
    code, said, told = type_(line)
    assert (code, said) == (1, "")
    assert "is not here: name it beside the new one" in told
    assert look("SELECT wrapped FROM data_key ORDER BY id") == before


def test_another_key_encryption_key_takes_over_and_no_value_changes(
    type_: Type, look: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = look("SELECT email FROM contact ORDER BY id")
    theirs = look("SELECT wrapped FROM data_key WHERE org_id = $1 ORDER BY id", THEIRS.org.id)
    new = b64encode(b"n" * 32).decode()
    assert main(["keys", "list"]) == 0  # as a worker: it makes the first signing key
    monkeypatch.setenv("CONTRACT_GRAPH_KEY_ENCRYPTION_KEY", f"{new},{KEY_ENCRYPTION}")
    code, said, _ = type_("keys rewrap")
    kid = LocalKeys([b"n" * 32]).kid
    assert (code, said.splitlines()[-2:]) == (0, [
        f"3 keys of north Works were encrypted anew, under {kid}",
        "0 secrets of its connections were encrypted anew",
    ])  # fmt: skip
    assert type_("keys rewrap")[1].startswith("0 keys")
    assert type_("keys list")[1].count(f"encrypted by {kid}") == 3
    assert look("SELECT email FROM contact ORDER BY id") == values
    assert look("SELECT wrapped FROM data_key WHERE org_id = $1 ORDER BY id", THEIRS.org.id) == theirs
    type_("keys rotate")
    assert type_("keys reseal")[1].startswith("3 personal values")


def test_destroying_needs_no_key(type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_GRAPH_KEY_ENCRYPTION_KEY")
    assert type_("keys shred --yes")[0] == 0


def test_stolen_is_said_of_keys_that_sign_only(type_: Type) -> None:
    code, _, told = type_("keys rotate --stolen")
    assert code == 1
    assert "keys reseal" in told
