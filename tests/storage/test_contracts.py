from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.contract import Contract, ContractType, Side
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from domain.money import Money
from domain.org import Org
from domain.party import ContractParty, PartyRole
from domain.renewal import RenewalType
from domain.service_level import Measurement, ServiceLevel
from domain.term import Period
from storage.contracts import NEW, VersionConflict, load, save
from storage.orgs import save_org

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ORG, OTHER_ORG = uuid7(), uuid7()

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


def agreement() -> Contract:
    id_, amendment_id, level_id = uuid7(), uuid7(), uuid7()
    return Contract(
        id=id_,
        number="C-1",
        title="Support",
        type=ContractType.MSA,
        side=Side.CUSTOMER,
        status=ContractStatus.ACTIVE,
        effective_date=date(2026, 1, 1),
        expiration_date=date(2026, 12, 31),
        renewal_type=RenewalType.AUTO_RENEW,
        renewal_term=Period(months=12),
        notice_period=Period(days=90),
        liability_uncapped=False,
        total_value=Money(Decimal("1200.5"), "EUR"),
        parties=(ContractParty(id=uuid7(), contract_id=id_, legal_name="Acme", role=PartyRole.CUSTOMER),),
        lines=(
            ContractLine(
                id=uuid7(),
                contract_id=id_,
                quantity=Decimal("1.25"),
                total=Money(Decimal(1200), "EUR"),
                start_date=date(2026, 1, 1),
                end_date=date(2026, 12, 31),
                recurring=True,
            ),
        ),
        amendments=(
            Amendment(
                id=amendment_id,
                contract_id=id_,
                number="1",
                kind=AmendmentKind.VALUE,
                recorded_at=NOON,
                changes=(AmendmentChange(id=uuid7(), amendment_id=amendment_id, field="total_value"),),
            ),
        ),
        service_levels=(
            ServiceLevel(
                id=level_id,
                contract_id=id_,
                metric="Uptime",
                target=Decimal("99.9"),
                measurements=(
                    Measurement(
                        id=uuid7(),
                        service_level_id=level_id,
                        period_start=date(2026, 1, 1),
                        period_end=date(2026, 1, 31),
                        value=Decimal("99.95"),
                    ),
                ),
            ),
        ),
    )


def test_what_was_saved_is_loaded_whole_and_equal(on: On) -> None:
    async def run(connection: asyncpg.Connection) -> None:
        contract = agreement()
        saved = await save(connection, ORG, contract, NEW, now=NOON)
        assert await load(connection, ORG, contract.id) == saved
        monthly = Money(Decimal(100), "EUR")
        assert (saved.version, saved.updated_at, saved.mrr, saved.amendment_count) == (1, NOON, monthly, 1)
        assert saved.notice_deadline is None  # it depends on today, so it is computed when read
        derived = replace(
            contract,
            version=1,
            updated_at=NOON,
            arr=monthly * 12,
            mrr=monthly,
            amendment_count=1,
            lines=(replace(contract.lines[0], arr=monthly * 12, mrr=monthly),),
        )
        assert saved == derived

    on(run)


def test_a_save_makes_the_stored_parts_match_and_counts_once(on: On) -> None:
    async def run(connection: asyncpg.Connection) -> None:
        first = await save(connection, ORG, agreement(), NEW, now=NOON)
        partner = ContractParty(id=uuid7(), contract_id=uuid7(), legal_name="Bond", role=PartyRole.PARTNER)
        renamed = replace(first.parties[0], legal_name="Acme Limited")
        level = replace(first.service_levels[0], measurements=())
        changed = replace(
            first, parties=(renamed, partner), amendments=(), service_levels=(level,), liability_uncapped=None
        )
        second = await save(connection, ORG, changed, 1, now=LATER)
        assert [party.legal_name for party in second.parties] == ["Acme Limited", "Bond"]
        assert {party.contract_id for party in second.parties} == {first.id}
        assert (second.amendments, second.service_levels[0].measurements) == ((), ())
        assert (second.amendment_count, second.liability_uncapped) == (0, None)
        assert (second.version, second.updated_at) == (2, LATER)

    on(run)


def test_a_writer_who_has_not_seen_the_latest_is_refused_and_writes_nothing(on: On) -> None:
    async def run(connection: asyncpg.Connection) -> None:
        first = await save(connection, ORG, agreement(), NEW, now=NOON)
        second = await save(connection, ORG, replace(first, title="Second"), 1, now=LATER)
        with pytest.raises(
            VersionConflict, match=r"at version 2, and this change was made to version 1"
        ) as told:
            await save(connection, ORG, replace(first, title="Late", parties=()), 1, now=LATER)
        assert (told.value.expected, told.value.found) == (1, 2)
        assert await load(connection, ORG, first.id) == second

    on(run)


def test_a_contract_that_is_not_there_has_no_version_to_change(on: On) -> None:
    async def run(connection: asyncpg.Connection) -> None:
        with pytest.raises(VersionConflict) as told:
            await save(connection, ORG, agreement(), 3, now=NOON)
        assert told.value.found == NEW

    on(run)


def test_a_contract_of_another_org_is_not_there(on: On) -> None:
    async def run(connection: asyncpg.Connection) -> None:
        contract = await save(connection, ORG, agreement(), NEW, now=NOON)
        assert await load(connection, OTHER_ORG, contract.id) is None
        assert await load(connection, ORG, uuid7()) is None

    on(run)


def test_of_two_writers_at_once_one_is_refused(on: On, database_url: str) -> None:
    async def run(connection: asyncpg.Connection) -> None:
        first = await save(connection, ORG, agreement(), NEW, now=NOON)
        other = await asyncpg.connect(database_url)
        try:
            outcomes = await asyncio.gather(
                save(connection, ORG, replace(first, title="One"), 1, now=LATER),
                save(other, ORG, replace(first, title="Two"), 1, now=LATER),
                return_exceptions=True,
            )
        finally:
            await other.close()
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Contract", "VersionConflict"]

    on(run)
