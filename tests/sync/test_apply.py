"""Reports of sources, applied to the database: what changes, what is kept, and what does not happen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.claim import NoSuchClaim, Report
from domain.contract import Contract, ContractType
from domain.crm import Account
from domain.document import Document, DocumentType
from domain.field import CLM, SALESFORCE
from domain.history import Decision, FieldChange
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.org import Org
from domain.party import ContractParty, PartyRole
from domain.provenance import Provenance
from storage.connections import StoredConnection, add_connection
from storage.contracts import load
from storage.ingest import Ingest
from storage.orgs import save_org
from storage.tenancy import bind_org
from sync.apply import (
    CLOCKS_APART,
    Applied,
    FromTheFuture,
    NameOfAnother,
    UnknownContract,
    apply_report,
)

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
ORG, OTHER_ORG = uuid7(), uuid7()
S = ContractStatus
ACCOUNT = "001Aa00000ABCDEFGH"

On = Callable[[Callable[[asyncpg.Connection], Awaitable[None]]], None]


@pytest.fixture
def on(owner_url: str, database_url: str) -> On:
    def run(test: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
        async def inside() -> None:
            owner = await asyncpg.connect(owner_url)
            for org_id in (ORG, OTHER_ORG):
                await save_org(owner, Org(id=org_id, name=f"Org {org_id}"))
            await owner.close()
            connection = await asyncpg.connect(database_url)
            try:
                await test(connection)
            finally:
                await connection.close()

        asyncio.run(inside())

    return run


def report(minute: int = 0, **changes: Any) -> Report:
    said: dict[str, Any] = {
        "contract": "AGR-1", "system": CLM, "source": "esign", "event": f"event-{minute}",
        "claimed_at": NOON + timedelta(minutes=minute), "fields": {},
    }  # fmt: skip
    return Report(**said | changes)


async def apply(
    connection: asyncpg.Connection, *reports: Report, org: Any = ORG, now: datetime = LATER
) -> list[Applied]:
    applied = []
    for each in reports:
        async with connection.transaction():
            await bind_org(connection, org)
            applied.append(await apply_report(connection, org, each, now=now))
    return applied


async def contract(connection: asyncpg.Connection, applied: Applied, org: Any = ORG) -> Contract:
    found = await load(connection, org, applied.contract.id)
    assert found is not None
    return found


def usd(amount: int) -> Money:
    return Money(Decimal(amount), "USD")


SIGNED = {
    "title": "Support order", "type": ContractType.ORDER_FORM, "status": S.EXECUTED,
    "signed_date": date(2026, 11, 27), "total_value": usd(1200), "recurring_amount": usd(1200),
    "effective_date": date(2026, 12, 1), "expiration_date": date(2027, 11, 30),
}  # fmt: skip


def test_the_first_report_of_a_contract_system_makes_the_contract(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        [applied] = await apply(connection, report(fields=SIGNED))
        found = await contract(connection, applied)
        assert (found.title, found.external_reference, found.status) == ("Support order", "AGR-1", S.EXECUTED)
        assert found.total_value == usd(1200)
        assert applied.counts == {Decision.ACCEPTED: len(SIGNED)}
        assert {each.field for each in found.changes} == {
            "id", "title", "type", "status", "signedDate", "totalValue", "recurringAmount",
            "effectiveDate", "expirationDate",
        }  # fmt: skip
        value = next(each for each in found.provenance if each.field == "totalValue")
        assert (value.owner, value.system, value.source, value.event) == (CLM, CLM, "esign", "event-0")
        assert found.version == 2

    on(check)


def test_only_a_contract_system_makes_a_contract(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        with pytest.raises(UnknownContract, match="SALESFORCE speaks of the contract 'AGR-1'"):
            await apply(connection, report(system=SALESFORCE, fields={"payment_terms": "30 days"}))
        assert await connection.fetchval("SELECT count(*) FROM contract") == 0

    on(check)


def test_a_refused_claim_changes_nothing_and_is_told(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        edit = report(60, system=SALESFORCE, source="salesforce", fields={"total_value": usd(1)})
        first, second = await apply(connection, report(fields=SIGNED), edit)
        found = await contract(connection, first)
        assert found.total_value == usd(1200)
        assert found.version == 2, "it was no change"
        assert second.counts == {Decision.REFUSED: 1}
        line = next(each for each in found.changes if each.decision is Decision.REFUSED)
        assert (line.field, line.before, line.after) == ("totalValue", "1200.00 USD", "1.00 USD")
        value = next(each for each in found.provenance if each.field == "totalValue")
        assert value.refused_because == line.reason

    on(check)


def paper(number: int, title: str) -> Document:
    return Document(
        id=uuid7(), source_key=f"esign:AGR-1#doc-{number}", contract_id=uuid7(),
        type=DocumentType.AMENDMENT, title=title, sha256="ab" * 32,
    )  # fmt: skip


def test_parts_are_written_whole_with_what_hangs_on_them_and_keep_what_others_own(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        first_paper = paper(1, "First")
        key = "esign:AGR-1#am-1"
        amendment = Amendment(
            id=uuid7(), source_key=key, contract_id=uuid7(), number="1", kind=AmendmentKind.VALUE,
            signed_date=date(2026, 11, 27), document_id=first_paper.id, changes=(
                AmendmentChange(id=uuid7(), source_key=f"{key}#1", amendment_id=uuid7(), field="totalValue"),
                AmendmentChange(id=uuid7(), source_key=f"{key}#2", amendment_id=uuid7(), field="arr"),
            ),
        )  # fmt: skip
        amendment = replace(
            amendment, changes=tuple(replace(each, amendment_id=amendment.id) for each in amendment.changes)
        )
        party = ContractParty(
            id=uuid7(), source_key="esign:AGR-1#p-1", contract_id=uuid7(), legal_name="Acme Inc",
            role=PartyRole.CUSTOMER,
        )  # fmt: skip
        [applied] = await apply(connection, report(fields=SIGNED, parts=(amendment, first_paper, party)))
        found = await contract(connection, applied)
        assert found.amendment_count == 1, "what is computed from claims is computed anew"
        assert found.amendments[0].document_id == found.documents[0].id
        assert len(found.amendments[0].changes) == 2
        account = Account(id=uuid7(), source_key="crm:1", salesforce_id=ACCOUNT, name="Acme")
        await Ingest(connection, ORG, lambda: NOON).save([account])
        async with connection.transaction():
            await bind_org(connection, ORG)
            await connection.execute("UPDATE contract_party SET account_id = (SELECT id FROM account)")
        newer = replace(amendment, rationale="More seats", document_id=None, changes=amendment.changes[:1])
        renamed = replace(party, legal_name="Acme Incorporated")
        await apply(connection, report(5, parts=(newer, renamed)))
        found = await contract(connection, applied)
        assert found.amendments[0].rationale == "More seats"
        assert len(found.amendments[0].changes) == 1
        assert found.parties[0].legal_name == "Acme Incorporated"
        assert found.parties[0].account_id is not None, "Salesforce owns the link to its account"

    on(check)


def test_a_reference_is_found_by_its_salesforce_id_or_refused(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        [applied] = await apply(connection, report(fields=SIGNED))
        edit = report(1, system=SALESFORCE, source="salesforce", fields={"account_id": ACCOUNT})
        [refused] = await apply(connection, edit)
        [verdict] = refused.verdicts.values()
        assert verdict.reason.endswith("no Account is known by it")
        account = Account(id=uuid7(), source_key="crm:1", salesforce_id=ACCOUNT, name="Acme")
        await Ingest(connection, ORG, lambda: NOON).save([account])
        await apply(connection, replace(edit, event="again"))
        found = await contract(connection, applied)
        assert found.account_id is not None

    on(check)


def test_nothing_is_stored_of_a_report_that_cannot_be_claimed(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        with pytest.raises(NoSuchClaim):
            await apply(connection, report(fields={"title": "x", "colour": "red"}))
        assert await connection.fetchval("SELECT count(*) FROM contract") == 0

    on(check)


def test_an_org_does_not_reach_the_contracts_of_another(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        [ours] = await apply(connection, report(fields=SIGNED))
        [theirs] = await apply(connection, report(1, fields={"title": "Theirs"}), org=OTHER_ORG)
        assert ours.contract.id != theirs.contract.id
        assert (await contract(connection, ours)).title == "Support order"
        assert (await contract(connection, theirs, OTHER_ORG)).title == "Theirs"

    on(check)


def test_reports_in_any_order_come_to_the_same_contract(on: On) -> None:
    crm = {"system": SALESFORCE, "source": "salesforce"}
    reports = [
        report(0, fields={"title": "Draft", "status": S.DRAFT}),
        report(1, **crm, fields={"total_value": usd(900), "discount_percent": Decimal(5)}),
        report(2, fields={"status": S.PENDING_SIGNATURE, "governing_law": "Ohio"}),
        report(3, **crm, fields={"total_value": usd(950)}),
        report(4, fields=SIGNED, parts=(paper(1, "Old"),)),
        report(5, **crm, fields={"total_value": usd(1)}),
        report(6, fields={"status": S.ACTIVE}, parts=(paper(1, "New"), paper(2, "Other"))),
        report(7, fields={"governing_law": None, "total_value": usd(1300)}),
    ]  # fmt: skip

    def canonical(found: Contract) -> Any:
        lists = {"changes": (), "provenance": (), "version": 0, "updated_at": None, "source_key": None}
        papers = sorted((each.source_key, each.title) for each in found.documents)
        return replace(found, **lists, documents=()), papers

    async def check(connection: asyncpg.Connection) -> None:
        dice = random.Random(7)
        expected = None
        for turn in range(12):
            # The first is always the contract system's: Salesforce makes no contract.
            order = [reports[0], *dice.sample(reports[1:], len(reports) - 1)] if turn else reports
            named = [replace(each, contract=f"AGR-{turn}", parts=tuple(
                replace(part, id=uuid7(), source_key=f"{part.source_key}-{turn}") for part in each.parts
            )) for each in order]  # fmt: skip
            applied = await apply(connection, *named)
            found, papers = canonical(await contract(connection, applied[0]))
            made = replace(found, id=ORG, external_reference=None), [title for _, title in papers]
            expected = expected or made
            assert made == expected

    on(check)


def test_what_is_kept_of_claims_is_named_as_the_api_names_fields(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        [applied] = await apply(connection, report(fields={"expiration_date": date(2027, 1, 1)}))
        found = await contract(connection, applied)
        kept: list[FieldChange | Provenance] = [*found.changes, *found.provenance]
        assert {each.field for each in kept} == {"id", "expirationDate"}

    on(check)


def test_what_is_claimed_for_the_future_is_not_believed(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        soon = replace(report(fields=SIGNED), claimed_at=LATER + CLOCKS_APART)
        await apply(connection, soon)
        with pytest.raises(FromTheFuture, match="which is yet to come"):
            await apply(connection, replace(soon, claimed_at=soon.claimed_at + timedelta(seconds=1)))

    on(check)


def test_a_report_that_is_told_twice_is_told_once(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        said = report(fields=SIGNED, parts=(paper(1, "First"),))
        [first, second] = await apply(connection, said, said)
        found = await contract(connection, first)
        assert found.version == 2
        assert len(found.changes) == 1 + len(SIGNED) + 1, "that it was heard of, its values, its paper"
        assert second.counts == {}

    on(check)


def test_two_connections_that_count_alike_are_not_mixed(on: On) -> None:
    async def check(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            await bind_org(connection, ORG)
            for name in ("esign", "archive"):
                made = StoredConnection(
                    org_id=ORG, id=uuid7(), name=name, vendor="generic", settings={}, made_at=NOON
                )
                await add_connection(connection, made)
        await apply(connection, report(fields=SIGNED))
        theirs = report(1, source="archive", fields={"title": "Of the other system"})
        with pytest.raises(NameOfAnother, match="the connection esign made"):
            await apply(connection, theirs)
        await apply(connection, replace(theirs, contract="AGR-2"))

    on(check)
