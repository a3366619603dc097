"""What contract systems send, from the delivery to the graph."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg

from domain.claim import Report
from domain.contract import Contract
from domain.identity import uuid7
from domain.ledger import contract_id_for
from domain.lifecycle import ContractStatus
from domain.org import Org
from storage.contracts import load
from storage.orgs import save_org
from storage.tenancy import bind_org
from sync.apply import Applied, apply_report
from sync.clm.mapping_file import shipped
from tests.sync.clm.deliveries import Signed, docusign, generic, pandadoc, sample

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def of_samples() -> Iterator[Report]:
    signed: Signed
    for signed in (docusign(), pandadoc(), generic()):
        for event in signed.connector.events(signed.delivery):
            yield from signed.connector.read(event, event.content, signed.name)
    for vendor in ("ironclad_workflow", "ironclad_record", "oneflow_contract"):
        content = json.loads(sample(f"{vendor}.json"))
        yield from shipped(vendor).map.read(content, source=vendor.partition("_")[0], event=vendor)


def test_what_every_system_sends_becomes_a_contract_and_twice_changes_nothing(
    owner_url: str, database_url: str
) -> None:
    org = Org(id=uuid7(), name="Buyers of beans")

    async def run() -> None:
        owner = await asyncpg.connect(owner_url)
        await save_org(owner, org)
        await owner.close()
        connection = await asyncpg.connect(database_url)

        async def apply(report: Report) -> Applied:
            async with connection.transaction():
                await bind_org(connection, org.id)
                return await apply_report(connection, org.id, report, now=NOW)

        async def stored(name: str) -> Contract:
            async with connection.transaction():
                await bind_org(connection, org.id)
                found = await load(connection, org.id, contract_id_for(org.id, name))
            assert found is not None
            # History may tell that it was said again; what holds stays.
            return replace(found, changes=(), provenance=(), version=0)

        try:
            found = list(of_samples())
            for report in found:
                await apply(report)
            names = {report.contract for report in found}
            before = {name: await stored(name) for name in names}
            for report in found:
                await apply(report)
            assert {name: await stored(name) for name in names} == before
        finally:
            await connection.close()

        envelope = before["0f0e"]
        assert (envelope.status, envelope.signed_date) == (ContractStatus.EXECUTED, date(2026, 2, 28))
        assert sorted(document.title for document in envelope.documents) == ["Beans.pdf", "Summary"]
        # The record of a workflow goes on where the workflow ended.
        assert before["IC-7"].title == "NDA with Boba Ltd"
        assert before["IC-7"].status is ContractStatus.ACTIVE
        assert [party.legal_name for party in before["IC-7"].parties] == ["Boba Ltd"]
        assert before["IC-7"].amendment_count == 1
        assert before["4711"].title == "Beans"

    asyncio.run(run())
