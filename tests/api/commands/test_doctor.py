from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from api.checkup import Outcome, disk
from tests.api.command_line import run_here
from tests.api.graph import OURS
from tests.api.small import store
from tests.keys import KEY_ENCRYPTION, new_vault

Doctor = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def doctor(
    database_url: str,
    owner_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Doctor:
    def look(*arguments: str, **other: str) -> subprocess.CompletedProcess[str]:
        given: Mapping[str, str] = {
            "CONTRACT_GRAPH_HOME": str(tmp_path / "home"),
            "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY": KEY_ENCRYPTION,
            "DATABASE_URL": database_url,
            "DATABASE_OWNER_URL": owner_url,
        }
        done = run_here(monkeypatch, capsys, {**given, **other}, *(arguments or ("doctor",)))
        assert KEY_ENCRYPTION not in done.stdout
        assert "Traceback" not in done.stderr
        return done

    return look


def found(done: subprocess.CompletedProcess[str], about: str) -> str:
    return "\n".join(line for line in done.stdout.splitlines() if line[9:].startswith(about))


def execute(url: str, *statements: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        try:
            for each in statements:
                await connection.execute(each)
        finally:
            await connection.close()

    asyncio.run(work())


def fill(url: str) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(url)
        await store(connection, OURS, new_vault())
        await connection.close()

    asyncio.run(work())


def test_where_all_is_well_nothing_is_to_do_and_nothing_was_made(
    doctor: Doctor, superuser_url: str, tmp_path: Path
) -> None:
    fill(superuser_url)
    assert "none is made yet" in found(doctor(), "keys")
    assert not (tmp_path / "home").exists()
    assert doctor("token", "--org", OURS.org.name, "--role", "legal").returncode == 0
    done = doctor()
    assert done.returncode == 0, done.stdout
    assert found(done, "keys") == "ok       keys        the one that signs is 0 days old"
    assert found(done, "roles") == "ok       roles       row-level security is forced on every table"
    assert re.search(r"ok       policy      [0-9a-f]{12} is in force", done.stdout)
    assert "to do" not in done.stdout


def test_a_table_without_row_security_is_named(doctor: Doctor, superuser_url: str) -> None:
    execute(superuser_url, "ALTER TABLE contract NO FORCE ROW LEVEL SECURITY")
    done = doctor()
    assert done.returncode == 1
    assert found(done, "roles") == "to do    roles       row-level security is not forced on contract"


def test_a_role_that_passes_by_row_security_is_told_of(doctor: Doctor, superuser_url: str) -> None:
    done = doctor(DATABASE_URL=superuser_url)
    assert done.returncode == 1
    assert "is a superuser: row security would not bind it" in found(done, "roles")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = 'abcdefabcdef'", "migrated by a newer contract-graph"),
        ("DELETE FROM alembic_version", "at revision None, this program's is "),
    ],
)
def test_tables_of_another_revision_are_told_of(
    doctor: Doctor, superuser_url: str, statement: str, said: str
) -> None:
    execute(superuser_url, statement)
    done = doctor()
    assert done.returncode == 1
    assert said in found(done, "tables")


def test_another_key_than_the_one_that_was_used_is_told_of(doctor: Doctor, superuser_url: str) -> None:
    fill(superuser_url)
    assert doctor("token", "--org", OURS.org.name, "--role", "legal").returncode == 0
    other = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    done = doctor(CONTRACT_GRAPH_KEY_ENCRYPTION_KEY=other)
    assert done.returncode == 1
    assert found(done, "keys").startswith("to do")
    assert other not in done.stdout
    missing = doctor(CONTRACT_GRAPH_KEY_ENCRYPTION_KEY="")
    assert "the key-encryption key is not in " in found(missing, "keys")


def test_an_old_key_is_to_be_rotated(doctor: Doctor, superuser_url: str) -> None:
    fill(superuser_url)
    assert doctor("token", "--org", OURS.org.name, "--role", "legal").returncode == 0
    execute(superuser_url, "UPDATE signing_key SET made_at = made_at - interval '91 days'")
    done = doctor()
    assert found(done, "keys") == "warning  keys        the one that signs is 91 days old"
    assert "-> contract-graph keys rotate" in done.stdout


def test_work_that_nobody_does_is_told_of(doctor: Doctor, superuser_url: str) -> None:
    fill(superuser_url)
    org = OURS.org.id
    execute(
        superuser_url,
        "INSERT INTO lane (org_id, id, queue, key, last_seq, pending, next_at, attempts, alone, taken)"
        f" VALUES ('{org}', '{org}', 'inbox', 'k', 3, 3, now() - interval '1 hour', 0, 0, 0)",
    )
    done = doctor()
    assert done.returncode == 1
    assert "to do    queues      inbox: 3 messages wait, the first due since" in done.stdout


def test_without_the_owner_it_says_what_it_did_not_look_at(doctor: Doctor) -> None:
    done = doctor(DATABASE_OWNER_URL="")
    assert done.returncode == 0
    for about in ("tables", "audit", "salesforce"):
        assert found(done, about).startswith("warning")


def test_a_database_that_is_away_is_one_finding_without_the_password(doctor: Doctor) -> None:
    done = doctor(DATABASE_URL="postgresql://rw:hunter2@127.0.0.1:1/g")
    assert done.returncode == 1
    assert found(done, "database").startswith("to do    database    the database cannot be reached")
    assert "hunter2" not in done.stdout + done.stderr


def test_an_embedded_database_that_is_stopped_is_not_started(doctor: Doctor, tmp_path: Path) -> None:
    done = doctor(DATABASE_URL="", DATABASE_OWNER_URL="")
    assert done.returncode == 1
    assert "to do    database    the embedded one is stopped" in done.stdout
    assert not (tmp_path / "home").exists()


def test_the_disk_is_looked_at_where_the_home_will_be(tmp_path: Path) -> None:
    looked = disk(tmp_path / "not" / "made" / "yet")
    assert looked.about == "disk"
    assert f"where {tmp_path} lies" in looked.said
    assert (looked.outcome is Outcome.OK) == (looked.todo == "")


def test_days_that_are_infinities_are_told_of_and_mended(doctor: Doctor, superuser_url: str) -> None:
    fill(superuser_url)
    assert "every day is one" in found(doctor(), "dates")
    execute(superuser_url, "UPDATE contract SET expiration_date = 'infinity' WHERE number = 'K-1'")
    told = doctor()
    assert (told.returncode, "1 of contract.expiration_date" in found(told, "dates")) == (1, True)
    assert "1 of contract.expiration_date are days now" in doctor("db", "mend").stdout
    assert "every day is one" in found(doctor(), "dates")
    assert "every day is one" in doctor("db", "mend").stdout
