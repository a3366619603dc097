from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.contract import Contract, ContractType, Side
from domain.crm import Account, Opportunity, OpportunityLine, Product
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from domain.milestone import Milestone, MilestoneStatus
from domain.money import Money
from domain.org import Org
from storage.aggregate import load_many
from storage.identities import MissingSourceKeyError, statement_of_ids
from storage.ingest import Ingest, Reference, Saved
from storage.orgs import save_org
from storage.tenancy import bind_org

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ORG, OTHER_ORG = uuid7(), uuid7()
LATER = NOON + timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Feed:
    """An org, a connection and an Ingest over them, whose clock the test sets."""

    def __init__(self, connection: asyncpg.Connection, org_id: UUID) -> None:
        self.connection, self.org_id, self.clock = connection, org_id, Clock()
        self.ingest = Ingest(connection, org_id, self.clock)

    async def contract(self, key: str) -> Contract:
        ids = await self.ingest.ids_of(Contract, [key])
        async with self.connection.transaction():
            await bind_org(self.connection, self.org_id)
            return (await load_many(self.connection, self.org_id, Contract, [ids[key]]))[ids[key]]

    async def execute(self, sql: str, *values: object) -> None:
        async with self.connection.transaction():
            await bind_org(self.connection, self.org_id)
            await self.connection.execute(sql, *values)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def on(owner_url: str, database_url: str) -> Callable[[Callable[[Feed], Awaitable[None]]], None]:
    def run(test: Callable[[Feed], Awaitable[None]]) -> None:
        async def inside() -> None:
            async with connected(owner_url) as owner:
                for org_id in (ORG, OTHER_ORG):
                    await save_org(owner, Org(id=org_id, name=f"Org {org_id}"))
            async with connected(database_url) as connection:
                await test(Feed(connection, ORG))

        asyncio.run(inside())

    return run


On = Callable[[Callable[[Feed], Awaitable[None]]], None]


def agreement(key: str = "t:1", amendments: int = 2, **values: object) -> Contract:
    id_ = uuid7()
    made = []
    for turn in range(1, amendments + 1):
        amendment_id = uuid7()
        change = AmendmentChange(
            id=uuid7(), source_key=f"{key}#a{turn}#total", amendment_id=amendment_id, field="total_value"
        )
        made.append(
            Amendment(
                id=amendment_id,
                source_key=f"{key}#a{turn}",
                contract_id=id_,
                number=str(turn),
                kind=AmendmentKind.VALUE,
                signed_date=date(2025, 1, turn),
                value_change=Money(Decimal(5), "EUR"),
                changes=(change,),
            )
        )
    contract = Contract(
        id=id_,
        source_key=key,
        title="Maintenance",
        type=ContractType.MSA,
        side=Side.VENDOR,
        status=ContractStatus.ACTIVE,
        total_value=Money(Decimal("10.5"), "EUR"),
        amendments=tuple(made),
    )
    return replace(contract, **values)  # type: ignore[arg-type]


def totals(saved: Saved) -> tuple[int, int, int, int]:
    counters = (saved.inserted, saved.updated, saved.unchanged, saved.deleted)
    inserted, updated, unchanged, deleted = (counter.total() for counter in counters)
    return inserted, updated, unchanged, deleted


def test_a_contract_is_stored_whole_with_its_derived_values(on: On) -> None:
    async def run(feed: Feed) -> None:
        saved = await feed.ingest.save([agreement()])
        assert saved.inserted == {"Contract": 1, "Amendment": 2, "AmendmentChange": 2} | dict.fromkeys(
            set(saved.inserted) - {"Contract", "Amendment", "AmendmentChange"}, 0
        )
        stored = await feed.contract("t:1")
        assert (stored.amendment_count, stored.latest_amendment_date) == (2, date(2025, 1, 2))
        assert (stored.version, stored.updated_at) == (1, NOON)
        assert [a.changes[0].field for a in stored.amendments] == ["total_value"] * 2

    on(run)


def test_the_same_import_again_writes_nothing(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement(), agreement("t:2")])
        feed.clock.now = LATER
        saved = await feed.ingest.save([agreement(), agreement("t:2")])
        assert totals(saved) == (0, 0, 10, 0)
        stored = await feed.contract("t:1")
        assert (stored.version, stored.updated_at) == (1, NOON)

    on(run)


def test_a_changed_field_counts_as_one_change_of_the_contract(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement()])
        feed.clock.now = LATER
        saved = await feed.ingest.save([agreement(title="Maintenance and repair")])
        assert totals(saved) == (0, 1, 4, 0)
        stored = await feed.contract("t:1")
        assert (stored.title, stored.version, stored.updated_at) == ("Maintenance and repair", 2, LATER)

    on(run)


def test_a_change_of_a_part_of_a_part_counts_as_a_change_of_the_contract(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement(), agreement("t:2")])
        feed.clock.now = LATER
        again = agreement()
        first, second = again.amendments
        other = replace(second, changes=(replace(second.changes[0], after="20.50 EUR"),))
        await feed.ingest.save([replace(again, amendments=(first, other)), agreement("t:2")])
        assert (await feed.contract("t:1")).version == 2
        assert (await feed.contract("t:1")).updated_at == LATER
        assert (await feed.contract("t:2")).version == 1

    on(run)


def test_a_part_that_its_source_no_longer_has_goes_with_its_own_parts(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement(amendments=3)])
        feed.clock.now = LATER
        saved = await feed.ingest.save([agreement(amendments=1)])
        assert saved.deleted["Amendment"] == saved.deleted["AmendmentChange"] == 2
        stored = await feed.contract("t:1")
        assert [a.number for a in stored.amendments] == ["1"]
        assert (stored.amendment_count, stored.version, stored.updated_at) == (1, 2, LATER)

    on(run)


def test_a_part_that_somebody_else_added_stays_and_counts(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement(amendments=1)])
        stored = await feed.contract("t:1")
        await feed.execute(
            "INSERT INTO amendment (org_id, id, contract_id, number, kind, signed_date)"
            " VALUES ($1, $2, $3, 'by hand', 'SCOPE', '2025-06-01')",
            feed.org_id,
            uuid7(),
            stored.id,
        )
        saved = await feed.ingest.save([agreement(amendments=2)])
        assert saved.deleted.total() == 0
        stored = await feed.contract("t:1")
        assert {a.number for a in stored.amendments} == {"1", "2", "by hand"}
        assert (stored.amendment_count, stored.latest_amendment_date) == (3, date(2025, 6, 1))
        assert totals(await feed.ingest.save([agreement(amendments=2)]))[:2] == (0, 0)

    on(run)


def test_a_vanished_part_that_something_points_at_stays(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement(amendments=1)])
        stored = await feed.contract("t:1")
        party = uuid7()
        await feed.execute(
            "INSERT INTO contract_party (org_id, id, source_key, contract_id, legal_name, role)"
            " VALUES ($1, $2, 't:1#p', $3, 'Acme', 'VENDOR')",
            feed.org_id,
            party,
            stored.id,
        )
        await feed.execute(
            "INSERT INTO obligation"
            " (org_id, id, contract_id, kind, status, deliverable, responsible_party_id)"
            " VALUES ($1, $2, $3, 'DELIVERY', 'OPEN', 'A report', $4)",
            feed.org_id,
            uuid7(),
            stored.id,
            party,
        )
        saved = await feed.ingest.save([agreement(amendments=1)])
        assert saved.deleted.total() == 0
        assert [p.id for p in (await feed.contract("t:1")).parties] == [party]

    on(run)


def test_an_absent_value_leaves_what_people_added(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement()])
        await feed.execute("UPDATE contract SET governing_law = 'Norway' WHERE org_id = $1", feed.org_id)
        saved = await feed.ingest.save([agreement()])
        assert totals(saved)[:2] == (0, 0)
        assert (await feed.contract("t:1")).governing_law == "Norway"

    on(run)


def test_derived_values_follow_the_record_as_it_is_stored(on: On) -> None:
    async def run(feed: Feed) -> None:
        contract = agreement(amendments=0)
        stone = Milestone(
            id=uuid7(),
            source_key="t:1#m",
            contract_id=contract.id,
            name="Go live",
            status=MilestoneStatus.SCHEDULED,
            target_date=date(2026, 3, 1),
        )
        line = ContractLine(
            id=uuid7(),
            source_key="t:1#l",
            contract_id=contract.id,
            total=Money(Decimal(1200), "EUR"),
            start_date=date(2026, 1, 1),
            end_date=date(2026, 12, 31),
            recurring=True,
        )
        await feed.ingest.save([replace(contract, milestones=(stone,), lines=(line,))])
        assert (await feed.contract("t:1")).mrr == Money(Decimal(100), "EUR")
        await feed.execute("UPDATE milestone SET actual_date = '2026-03-05' WHERE org_id = $1", feed.org_id)
        moved = replace(stone, target_date=date(2026, 3, 4))
        await feed.ingest.save([replace(contract, milestones=(moved,), lines=(line,))])
        stored = await feed.contract("t:1")
        assert stored.milestones[0].variance_days == 1
        assert stored.mrr == Money(Decimal(100), "EUR")

    on(run)


def test_links_are_made_where_missing_and_never_updated(on: On) -> None:
    async def run(feed: Feed) -> None:
        parent = Account(id=uuid7(), source_key="uei:P", name="Acme Holding")
        supplier = Account(id=uuid7(), source_key="uei:A", name="Acme", parent_id=parent.id)
        contract = agreement(account_id=supplier.id)
        saved = await feed.ingest.save([contract], [supplier, parent])
        assert saved.inserted["Account"] == 2
        renamed = Account(id=uuid7(), source_key="uei:A", name="ACME LIMITED")
        saved = await feed.ingest.save([agreement(account_id=renamed.id)], [renamed])
        assert totals(saved)[:2] == (0, 0)
        assert await feed.ingest.ids_of(Account, ["acme"], by="name") == {
            "acme": (await feed.contract("t:1")).account_id
        }

    on(run)


def test_an_account_of_the_same_name_will_do_unless_there_are_two(on: On) -> None:
    async def run(feed: Feed) -> None:
        known = Account(id=uuid7(), source_key="crm:1", name="Acme")
        twins = [Account(id=uuid7(), source_key=f"crm:{turn}", name="Twin") for turn in (2, 3)]
        await feed.ingest.save([known, *twins])
        first = Account(id=uuid7(), source_key="sheet:acme", name="ACME")
        second = Account(id=uuid7(), source_key="sheet:twin", name="Twin")
        contracts = [agreement("t:1", account_id=first.id), agreement("t:2", account_id=second.id)]
        saved = await feed.ingest.save(contracts, [first, second], match_names=True)
        assert saved.inserted["Account"] == 1
        ids = await feed.ingest.ids_of(Account, ["crm:1", "sheet:twin"])
        assert (await feed.contract("t:1")).account_id == ids["crm:1"]
        assert (await feed.contract("t:2")).account_id == ids["sheet:twin"]

    on(run)


def test_a_reference_finds_records_stored_in_the_same_call_or_before(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([Product(id=uuid7(), source_key="p:1", name="Lamp")])
        deal_id = uuid7()
        line = OpportunityLine(id=uuid7(), source_key="o:1#1", opportunity_id=deal_id)
        deal = Opportunity(id=deal_id, source_key="o:1", name="Lamps", stage="Won", lines=(line,))
        account = Account(id=uuid7(), source_key="a:1", name="Acme")
        references = [
            Reference(
                entity=OpportunityLine, source_key="o:1#1", field="product_id", target=Product, value="p:1"
            ),
            Reference(entity=Opportunity, source_key="o:1", field="account_id", target=Account, value="a:1"),
            Reference(entity=Opportunity, source_key="o:1", field="owner_id", target=Account, value="a:2"),
        ]
        saved = await feed.ingest.save([deal, account], references=references)
        assert saved.unresolved == (references[2],)
        async with feed.connection.transaction():
            await bind_org(feed.connection, feed.org_id)
            rows = await feed.connection.fetch(
                "SELECT a.source_key, p.source_key FROM opportunity o JOIN account a ON a.id = o.account_id"
                " JOIN opportunity_line l ON l.opportunity_id = o.id JOIN product p ON p.id = l.product_id"
            )
        assert [tuple(row) for row in rows] == [("a:1", "p:1")]

    on(run)


def test_a_parent_that_comes_later_is_linked_afterwards(on: On) -> None:
    async def run(feed: Feed) -> None:
        reference = Reference(
            entity=Contract, source_key="t:1", field="parent_id", target=Contract, value="MSA-9", by="number"
        )
        saved = await feed.ingest.save([agreement()], references=[reference])
        assert saved.unresolved == (reference,)
        await feed.ingest.save([agreement("t:2", number="MSA-9")])
        feed.clock.now = LATER
        assert await feed.ingest.link(saved.unresolved) == ()
        child, parent = await feed.contract("t:1"), await feed.contract("t:2")
        assert child.parent_id == parent.id
        assert (child.version, child.updated_at, parent.version) == (2, LATER, 1)
        assert await feed.ingest.link([reference]) == ()
        assert (await feed.contract("t:1")).version == 2

    on(run)


def test_a_number_that_another_contract_has_is_left_out_and_told(on: On) -> None:
    async def run(feed: Feed) -> None:
        await feed.ingest.save([agreement("t:1", number="C-1")])
        twins = [
            agreement("t:2", number="C-1"),
            agreement("t:3", number="C-2"),
            agreement("t:4", number="C-2"),
        ]
        saved = await feed.ingest.save(twins)
        assert {(clash.source_key, clash.field) for clash in saved.clashes} == {
            ("t:2", "number"),
            ("t:4", "number"),
        }
        assert (await feed.contract("t:2")).number is None
        assert (await feed.contract("t:3")).number == "C-2"

    on(run)


def test_of_two_records_with_one_source_key_the_last_counts(on: On) -> None:
    async def run(feed: Feed) -> None:
        saved = await feed.ingest.save([agreement(title="First"), agreement(title="Second")])
        assert saved.inserted["Contract"] == 1
        assert (await feed.contract("t:1")).title == "Second"

    on(run)


def test_two_orgs_keep_the_same_source_keys_apart(on: On) -> None:
    async def run(one: Feed) -> None:
        other = Feed(one.connection, OTHER_ORG)
        await one.ingest.save([agreement(title="Ours")])
        saved = await other.ingest.save([agreement(title="Theirs")])
        assert saved.inserted["Contract"] == 1
        assert (await one.contract("t:1")).title == "Ours"
        assert (await other.contract("t:1")).title == "Theirs"

    on(run)


def test_a_record_without_a_source_key_is_refused(on: On) -> None:
    async def run(feed: Feed) -> None:
        with pytest.raises(MissingSourceKeyError, match="Contract has no source key"):
            await feed.ingest.save([replace(agreement(), source_key=None)])

    on(run)


def test_a_failed_call_stores_nothing(on: On) -> None:
    async def run(feed: Feed) -> None:
        with pytest.raises(asyncpg.PostgresError):
            await feed.ingest.save([agreement("t:1"), agreement("t:2", account_id=uuid7())])
        assert await feed.ingest.ids_of(Contract, ["t:1", "t:2"]) == {}

    on(run)


def test_what_is_stored_is_found_by_the_index_of_its_key_before_statistics_are(on: On) -> None:
    """A first import makes a large org in a minute: to read it for every batch would take ever longer."""

    async def run(feed: Feed) -> None:
        await feed.execute(
            "INSERT INTO account (org_id, id, source_key, name)"
            " SELECT $1, gen_random_uuid(), 'crm:' || n, 'Account ' || n FROM generate_series(1, 2000) AS n",
            ORG,
        )
        statement = statement_of_ids(Account, "source_key")
        arguments = statement.arguments(org_id=ORG, values=[f"crm:{number}" for number in range(400)])
        async with feed.connection.transaction():
            await bind_org(feed.connection, ORG)
            plan = await feed.connection.fetch(f"EXPLAIN {statement.text}", *arguments)
        (condition,) = (line[0] for line in plan if "Index Cond" in line[0])
        assert "(source_key = wanted.value)" in condition

    on(run)
