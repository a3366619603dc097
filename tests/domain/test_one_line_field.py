"""A field is one line of domain/ and a generated migration: everything else follows from the declaration."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.domain.program_copy import DECLARED, DOWN, PROBE, REVISE, Copy, copy_to
from tests.storage.catalogue import Catalogue, catalogue, difference

DATABASE = "one_line_fields"
ROLES = (
    "admin",
    "customer_success",
    "finance",
    "integrator",
    "legal",
    "sales_manager",
    "sales_rep",
    "security_reviewer",
)

LINES = {
    "text": 'po_mark: Annotated[str | None, Field("Mark of the order.", CLM, COMMERCIAL, "Order__c")] = None',
    "date": 'kickoff_date: Annotated[date | None, Field("Day of the kick-off.", CLM, SCHEDULE)] = None',
    "money": 'deposit: Annotated[Money | None, Field("Deposit that is held.", CLM, LEGAL)] = None',
    "enum": 'notifier: Annotated[Side | None, Field("Who has to give notice.", CLM, SCHEDULE)] = None',
    "relation": 'sponsor_id: Annotated[UUID | None, Field("Who asked.", HERE, RISK, to="User")] = None',
}
COORDINATES = {
    "text": "Contract.poMark",
    "date": "Contract.kickoffDate",
    "money": "Contract.deposit",
    "enum": "Contract.notifier",
    "relation": "Contract.sponsor",
}


@pytest.fixture
def program(tmp_path: Path) -> Copy:
    return copy_to(tmp_path)


@dataclass(frozen=True)
class Grown:
    """What became of the five lines: what the program says, and what the database holds."""

    said: dict[str, Any]
    columns: dict[str, tuple[str, str, str]]
    constraints: dict[str, str]
    indexes: set[str]


@pytest.fixture(scope="module")
def grown(cluster: Cluster, template: str) -> Iterator[Grown]:
    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(administer(f"CREATE DATABASE {DATABASE} TEMPLATE {template} OWNER {OWNER}"))
    with tempfile.TemporaryDirectory(prefix="contract-graph-copy-") as folder:
        copy = copy_to(Path(folder))
        copy.add(*LINES.values())
        urls = cluster.dsn(OWNER, DATABASE), cluster.dsn(READ_WRITE, DATABASE)
        done = copy.run(PROBE, *urls, *COORDINATES.values())
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout.splitlines()[-1])  # above it Alembic says what it wrote
        assert said["domain"] == str(copy.folder / "domain")
    yield asyncio.run(_look(said, cluster.dsn("postgres", DATABASE)))
    asyncio.run(administer(f"DROP DATABASE {DATABASE} WITH (FORCE)"))


async def _look(said: dict[str, Any], url: str) -> Grown:
    connection = await asyncpg.connect(url)
    columns = await connection.fetch(
        "SELECT column_name, data_type, is_nullable, coalesce(col_description('contract'::regclass,"
        " ordinal_position), '') FROM information_schema.columns WHERE table_name = 'contract'"
    )
    constraints = await connection.fetch(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'contract'::regclass"
    )
    indexes = await connection.fetch("SELECT indexname FROM pg_indexes WHERE tablename = 'contract'")
    await connection.close()
    return Grown(
        said=said,
        columns={row[0]: tuple(row)[1:] for row in columns},
        constraints={row[0]: row[1] for row in constraints},
        indexes={row[0] for row in indexes},
    )


@pytest.mark.parametrize("kind", LINES)
def test_a_field_is_one_line(kind: str) -> None:
    assert "\n" not in LINES[kind]
    assert len(f"    {LINES[kind]}") <= 110


def test_the_generated_migration_adds_the_fields_and_does_nothing_else(grown: Grown) -> None:
    upgrade = grown.said["migration"].split("def upgrade")[1].split("def downgrade")[0]
    operations = re.findall(r"op\.([a-z_]+)\('?([a-z_.]*)", upgrade)
    assert sorted(name for name, _ in operations if name != "f") == [
        *["add_column"] * 6,
        *["create_check_constraint"] * 2,
        "create_foreign_key",
        "create_index",
    ]
    assert grown.said["before"] in grown.said["migration"]
    assert len(grown.said["ran"]) == 1


@pytest.mark.parametrize(
    ("column", "type_", "comment"),
    [
        ("po_mark", "text", "Mark of the order."),
        ("kickoff_date", "date", "Day of the kick-off."),
        ("deposit_amount", "numeric", "Deposit that is held."),
        ("deposit_currency", "text", ""),
        ("notifier", "text", "Who has to give notice."),
        ("sponsor_id", "uuid", "Who asked."),
    ],
)
def test_the_table_has_the_column(grown: Grown, column: str, type_: str, comment: str) -> None:
    assert grown.columns[column] == (type_, "YES", comment)


def test_the_database_itself_refuses_what_the_declaration_does_not_allow(grown: Grown) -> None:
    assert "'CUSTOMER'" in grown.constraints["ck_contract_notifier"]
    assert "deposit_currency ~ '^[A-Z]{3}$'" in grown.constraints["ck_contract_deposit"]
    assert grown.constraints["fk_contract_org_id_sponsor_id"] == (
        'FOREIGN KEY (org_id, sponsor_id) REFERENCES "user"(org_id, id)'
    )
    assert "ix_contract_org_id_sponsor_id_id" in grown.indexes


@pytest.mark.parametrize(
    "line",
    ["poMark: String", "kickoffDate: Date", "deposit: Money", "notifier: Side", "sponsor: User"],
)
def test_the_schema_has_the_field_with_its_meaning(grown: Grown, line: str) -> None:
    contract = re.search(r"^type Contract [^{]*\{\n(.*?)^\}", grown.said["sdl"], re.DOTALL | re.MULTILINE)
    assert contract
    lines = [each.strip() for each in contract[1].splitlines()]
    assert line in lines
    meanings = " ".join(lines[lines.index(line) - 3 : lines.index(line)])
    assert any(meaning in meanings for _, _, meaning in grown.columns.values() if meaning)


@pytest.mark.parametrize("coordinate", COORDINATES.values())
def test_the_view_of_every_role_decides_about_it(grown: Grown, coordinate: str) -> None:
    decisions = {role: said[coordinate] for role, said in grown.said["decisions"].items()}
    assert set(decisions) == set(ROLES)
    assert {"Show", "Deny"} <= set(decisions.values()) <= {"Show", "Mask", "Deny"}


@pytest.mark.parametrize(
    "row",
    [
        "| `poMark` | str | Mark of the order. | CLM | COMMERCIAL | `Order__c` |",
        "| `kickoffDate` | date | Day of the kick-off. | CLM | SCHEDULE |  |",
        "| `deposit` | Money | Deposit that is held. | CLM | LEGAL |  |",
        "| `notifier` | `CUSTOMER` `VENDOR` | Who has to give notice. | CLM | SCHEDULE |  |",
        "| `sponsor` | User | Who asked. | HERE | RISK |  |",
    ],
)
def test_the_field_reference_lists_it(grown: Grown, row: str) -> None:
    contract = grown.said["reference"].split("\n## Contract\n")[1].split("\n## ")[0]
    assert row in contract.splitlines()


def test_it_is_asked_for_and_answered(grown: Grown) -> None:
    node = grown.said["answers"]["legal"]["data"]["contracts"]["nodes"][0]
    assert node == {
        "poMark": "PO-7",
        "kickoffDate": "2026-03-01",
        "deposit": {"amount": "12.50", "currency": "EUR"},
        "notifier": "VENDOR",
        "sponsor": {"name": "Ada"},
    }
    assert (
        "extensions" not in grown.said["answers"]["legal"]
        or not (grown.said["answers"]["legal"]["extensions"]["access"]["denied"])
    )


def test_who_may_not_see_it_gets_null_and_the_rule(grown: Grown) -> None:
    answer = grown.said["answers"]["finance"]
    assert answer["data"]["contracts"]["nodes"] == [
        {
            "poMark": "PO-7",
            "kickoffDate": "2026-03-01",
            "deposit": None,
            "notifier": "VENDOR",
            "sponsor": None,
        }
    ]
    denied = {each["field"]: each["rule"] for each in answer["extensions"]["access"]["denied"]}
    assert denied["Contract.deposit"] == "finance.LEGAL = deny"
    assert denied["Contract.sponsor"] == "default"


def test_fields_that_change_or_go_are_migrated_too_and_every_step_leads_back(
    program: Copy, owner_url: str
) -> None:
    def after(code: str, *arguments: str) -> Catalogue:
        done = program.run(code, owner_url, *arguments)
        assert done.returncode == 0, done.stderr
        return asyncio.run(catalogue(owner_url))

    before = asyncio.run(catalogue(owner_url))
    program.add(*LINES.values())
    grown = after(REVISE)
    program.change(f"    {LINES['money']}\n", "")
    program.change(f"    {LINES['relation']}\n", "")
    program.change("Who has to give notice.", "Who gives notice.")
    program.change('    NDA = "NDA"\n', '    NDA = "NDA"\n    LEASE = "LEASE"\n')
    changed = after(REVISE)
    assert difference(changed, after(REVISE)) == []
    for expected in (changed, grown, before):
        assert difference(expected, after(DOWN, "-1")) == []
    assert not any(after(DOWN, "base").values())
    assert difference(changed, after(DECLARED)) == []


@pytest.mark.parametrize(
    "line",
    [
        'unsaid: Annotated[str | None, Field("A note.", CLM)] = None',
        'unsaid: Annotated[str | None, Field("A note.", audience=LEGAL)] = None',
        "unsaid: str | None = None",
        'unsaid: Annotated[list[str], Field("Notes.", CLM, LEGAL)]',
        'unsaid: Annotated[str | None, Field("A note.", CLM, LEGAL)]',
        'unsaid: Annotated[str | None, Field(" ", CLM, LEGAL)] = None',
        'unsaid: Annotated[UUID | None, Field("A user.", CLM, LEGAL, to="User")] = None',
    ],
)
def test_a_field_that_is_not_whole_stops_the_start_and_is_named(program: Copy, line: str) -> None:
    program.add(line)
    done = program.run("import domain.graph, storage.tables")
    assert done.returncode == 1
    assert "Contract.unsaid" in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "starting", ["import auth.policy_file; auth.policy_file.load_policy()", "import api.schema"]
)
def test_a_field_without_an_audience_stops_every_start(program: Copy, starting: str) -> None:
    program.add('unsaid: Annotated[str | None, Field("A note.", CLM)] = None')
    done = program.run(starting)
    assert done.returncode == 1
    assert "audience" in done.stderr


@pytest.mark.parametrize(
    "starting",
    [
        "from auth.policy_file import check_coverage, load_policy; check_coverage(load_policy())",
        (
            "import os; from api.app import Application; from api.settings import load_settings\n"
            "Application(load_settings({'CONTRACT_GRAPH_HOME': os.getcwd()}), 'postgresql://')"
        ),
    ],
)
def test_an_audience_that_the_policy_does_not_mention_stops_the_start(program: Copy, starting: str) -> None:
    audiences = program.folder / "domain" / "field.py"
    text = audiences.read_text(encoding="utf-8")
    known = '    OVERSIGHT = "OVERSIGHT"\n'
    audiences.write_text(text.replace(known, f'{known}    NEWCOMERS = "NEWCOMERS"\n'), encoding="utf-8")
    program.add('mentor: Annotated[str | None, Field("Who helps.", CLM, Audience.NEWCOMERS)] = None')
    contract = program.folder / "domain" / "contract.py"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("    Entity,\n", "    Audience,\n    Entity,\n", 1), encoding="utf-8")
    done = program.run(starting)
    assert done.returncode == 1
    assert "no role mentions the audience NEWCOMERS" in done.stderr.strip().splitlines()[-1]
