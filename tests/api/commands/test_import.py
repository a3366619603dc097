from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from api.cli import main

Run = Callable[..., int]
SHEET = "number,title,value\nC-1,Support,12 EUR\n"


@pytest.fixture
def run(database_url: str, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", owner_url)
    monkeypatch.chdir(tmp_path)

    def import_(feed: str, content: str | None, *options: str, org: str = "Acme") -> int:
        path = tmp_path / f"file.{'csv' if feed == 'csv' else 'jsonl'}"
        if content is not None:
            path.write_text(content, encoding="utf-8")
        return main(["import", feed, str(path), "--org", org, *options])

    return import_


def rejects_files(folder: Path) -> list[Path]:
    return list(folder.glob("import-rejects-csv-*Z.csv"))


def test_a_clean_import_ends_with_0_and_a_table(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("csv", SHEET, "--create-org") == 0
    said = capsys.readouterr().out
    assert "read 1 record, rejected 0" in said
    assert said.split()[:6] == ["inserted", "updated", "unchanged", "removed", "Contract", "1"]
    assert rejects_files(tmp_path) == []
    assert run("csv", SHEET) == 0
    assert capsys.readouterr().out.split()[4:9] == ["Contract", "0", "0", "1", "0"]


def test_something_rejected_ends_with_3_and_names_the_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("csv", SHEET + "C-2,Lease,12 secretcurrency\n", "--create-org") == 3
    (path,) = rejects_files(tmp_path)
    told = capsys.readouterr()
    assert path.name in told.out
    assert "0 records, 1 field, 0 links" in told.out
    assert "secretcurrency" not in told.out + told.err
    assert "secretcurrency" in path.read_text()
    assert run("csv", None, "--rejects", str(tmp_path / "mine.csv")) == 3
    assert (tmp_path / "mine.csv").exists()


def test_wrong_usage_ends_with_2_in_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("csv", None) == 2
    assert capsys.readouterr().err.endswith("file.csv cannot be read: No such file or directory.\n")
    assert run("csv", SHEET, "--map", "nope=title") == 2
    assert "no column is called 'nope'" in capsys.readouterr().err
    assert run("csv", SHEET, "--rejects", "/nowhere/r.csv") == 2
    assert "choose with --rejects" in capsys.readouterr().err
    with pytest.raises(SystemExit) as told:
        main(["import", "carrier-pigeon", "x", "--org", "Acme"])
    assert told.value.code == 2


def test_an_org_that_is_not_there_ends_with_1_and_is_not_made(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("csv", SHEET) == 1
    assert "no org 'Acme'" in capsys.readouterr().err


def test_the_contracts_are_of_that_org_alone(run: Run, superuser_url: str) -> None:
    assert run("csv", SHEET, "--create-org") == 0
    assert run("csv", SHEET, "--create-org", org="Bond") == 0

    async def rows() -> list[tuple[str, str]]:
        connection = await asyncpg.connect(superuser_url)
        query = "SELECT o.name, c.number FROM contract c JOIN org o ON o.id = c.org_id ORDER BY 1"
        found = [tuple(row) for row in await connection.fetch(query)]
        await connection.close()
        return found

    assert asyncio.run(rows()) == [("Acme", "C-1"), ("Bond", "C-1")]


def test_the_totals_of_fpds_are_reported(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    line = (
        '{"id": "fpds:IDV|9|A|", "contract_number": "A", "title": "T", "type": "MSA", "status": "active",'
        ' "original_value": {"amount": 1.0, "currency": "USD"},'
        ' "total_value": {"amount": 3.0, "currency": "USD"}}\n'
    )
    assert run("fpds", line, "--create-org", "--quiet") == 0
    said = capsys.readouterr()
    assert "for 0 of 1 contracts (0.00%)" in said.out
    assert "A: reckoned 1.00 USD, reported 3.00 USD" in said.out
    assert said.err == ""
