"""The program copied into a folder of its own, to be changed and run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("api", "auth", "domain", "migrations", "storage", "sync")

PROBE = """
import asyncio, json, sys
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import domain
from api.field_reference import field_reference
from api.graphql import Endpoint
from api.schema import sdl
from auth.crypto import Sealer
from auth.key_encryption import LocalKeys
from auth.policy_file import check_coverage, load_policy
from auth.principal import Principal
from auth.scopes import UNSAID
from auth.vault import Vault
from auth.view import Views
from domain.contract import Contract, ContractType, Side
from domain.crm import User
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.org import Org
from storage import migrate
from storage.database import Database, connect
from storage.ingest import Ingest
from storage.orgs import save_org

ORG = Org(id=UUID(int=1), name="Northwind")
QUERY = '''{ contracts(filter: {FILTER}) { nodes {
    poMark kickoffDate deposit { amount currency } notifier sponsor { name } } } }'''


async def main(owner_url, url, probed):
    before = await migrate.current(owner_url)
    written = await migrate.revise(owner_url, "five fields")
    ran = await migrate.upgrade(owner_url)
    policy = load_policy()
    check_coverage(policy)
    views = Views(policy)
    owner, application = await connect(owner_url), await connect(url)
    await save_org(owner, ORG)
    sponsor = User(id=UUID(int=2), source_key="u1", name="Ada", active=True)
    contract = Contract(
        id=UUID(int=3), source_key="c1", title="MSA", type=ContractType.MSA, side=Side.CUSTOMER,
        status=ContractStatus.ACTIVE, po_mark="PO-7", kickoff_date=date(2026, 3, 1),
        deposit=Money(Decimal("12.50"), "EUR"), notifier=Side.VENDOR, sponsor_id=sponsor.id,
    )
    await Ingest(application, ORG.id, lambda: datetime(2026, 11, 21, tzinfo=UTC)).save([sponsor, contract])
    await owner.close()
    await application.close()
    database = await Database.open(url, 1)
    endpoint = Endpoint(database, views, lambda: date(2026, 11, 21), Vault(Sealer(LocalKeys([bytes(32)]))))
    answers = {}
    for role in policy.roles:
        principal = Principal(ORG.id, "test", None, frozenset([role]), frozenset(UNSAID))
        body = json.dumps({"query": QUERY.replace("{FILTER}", "{}")}).encode()
        answers[role] = json.loads((await endpoint.answer(principal, body)).body)
    await database.close()
    decisions = {
        role: {each: type(views.of(frozenset([role])).decisions.get(each)).__name__ for each in probed}
        for role in policy.roles
    }
    print(json.dumps({
        "domain": domain.__path__[0], "before": before, "ran": ran, "migration": written.read_text(),
        "sdl": sdl(), "reference": field_reference(), "answers": answers, "decisions": decisions,
    }))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
"""


REVISE = """
import asyncio, sys
from storage import migrate
asyncio.run(migrate.revise(sys.argv[1], "the declarations as they are"))
asyncio.run(migrate.upgrade(sys.argv[1]))
"""
DOWN = """
import asyncio, sys
from storage import migrate
asyncio.run(migrate._run(sys.argv[1], lambda config: migrate.command.downgrade(config, sys.argv[2])))
"""
DECLARED = """
import asyncio, sys
from sqlalchemy.ext.asyncio import create_async_engine
import storage.alert_tables
import storage.allowances
import storage.audit_tables
import storage.change_tables
import storage.data_keys
import storage.hook_tables
import storage.idempotency_keys
import storage.inbox_tables
import storage.lane_tables
import storage.oauth_tables
import storage.policy_tables
import storage.salesforce_tables
import storage.sync_tables
from storage.row_security import security_ddl
from storage.tables import metadata

async def main():
    engine = create_async_engine(sys.argv[1].replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for table in metadata.sorted_tables:
            for ddl in security_ddl(table.name):
                await connection.exec_driver_sql(ddl)
    await engine.dispose()

asyncio.run(main())
"""


@dataclass(frozen=True)
class Copy:
    """The program in a folder of its own, to be changed and run there."""

    folder: Path

    def add(self, *lines: str) -> None:
        place = "    template: Annotated["
        self.change(place, "".join(f"    {line}\n" for line in lines) + place)

    def change(self, before: str, after: str) -> None:
        path = self.folder / "domain" / "contract.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        path.write_text(text.replace(before, after), encoding="utf-8")

    def run(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def copy_to(folder: Path) -> Copy:
    """Copy the program with its bytecode, of which Python takes what still fits its source."""
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, folder / floor, ignore=shutil.ignore_patterns("graphiql"))
    return Copy(folder)
