from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from domain.amendment import Amendment
from domain.amendments import Terms, amended_total, field_by_field
from domain.contract import Contract
from domain.crm import Account, Contact, Opportunity, User
from domain.decision import Refused
from domain.document import Document
from domain.field import Entity, Kind, derive, fields_of
from domain.graph import ENTITIES
from domain.history import Decision, FieldChange
from domain.identity import salesforce_id
from domain.lifecycle import ContractStatus, is_signed, move
from domain.money import Money
from domain.obligation import Obligation, ObligationStatus
from domain.renewal import RenewalType
from domain.revenue import total_contract_value
from domain.risk import LEVEL_FROM, level_of
from domain.service_level import ServiceLevel, ServiceLevelState
from storage.records import with_parts
from sync.feeds.sample import SampleOrg, sample_orgs

TODAY = date(2026, 11, 21)
DAYS = (TODAY, date(2026, 12, 31), date(2027, 3, 31), date(2028, 2, 29), date(2028, 3, 1))
E = TypeVar("E", bound=Entity)


@pytest.fixture(params=DAYS, ids=str)
def today(request: pytest.FixtureRequest) -> date:
    day: date = request.param
    return day


# Roles are granted where people are let in: they are no part of what is imported.
IMPORTED = set(ENTITIES.values()) - {
    ENTITIES[name]
    for name in (
        "RoleGrant", "RenewalAcknowledgement", "ValueFlag", "AccessRequest", "Provenance", "SalesforceWrite",
        "SalesforceRefusal", "DriftFinding",
    )
}  # fmt: skip
"""What a sample has; the others come of what people do here, of claims and of writes."""


def every(org: SampleOrg) -> list[Entity]:
    return [part for record in org.records for part in with_parts(record)]


def of(kind: type[E], orgs: tuple[SampleOrg, ...]) -> list[E]:
    return [record for org in orgs for record in every(org) if isinstance(record, kind)]


@cache
def orgs_on(today: date) -> tuple[SampleOrg, ...]:
    return tuple(sample_orgs(today))


def contract(number: str, today: date = TODAY, org: int = 0) -> Contract:
    return next(each for each in of(Contract, orgs_on(today)[org : org + 1]) if each.number == number)


def named(values: set[str | None]) -> set[str]:
    return {value for value in values if value}


def test_about_sixty_contracts_lie_in_two_orgs_and_every_type_of_record_is_there(today: date) -> None:
    orgs = orgs_on(today)
    assert [org.org.name for org in orgs] == ["Northlight Systems", "Harbour & Pine"]
    assert 55 <= len(of(Contract, orgs)) <= 65
    assert {type(record) for org in orgs for record in every(org)} == IMPORTED


def test_every_state_of_a_contract_is_there_at_least_twice(today: date) -> None:
    states = Counter(each.status for each in of(Contract, orgs_on(today)))
    assert {state: states[state] for state in ContractStatus if states[state] < 2} == {}


def test_every_value_of_every_enumeration_is_used(today: date) -> None:
    orgs = orgs_on(today)
    unused = {
        f"{entity.__name__}.{field.name}": missing
        for entity in IMPORTED
        for field in fields_of(entity)
        if field.kind is Kind.SCALAR and issubclass(field.type, StrEnum) and not field.field.rule
        if (missing := set(field.type) - {getattr(each, field.name) for each in of(entity, orgs)})
    }
    assert unused == {}


def test_every_field_has_a_value_somewhere_so_that_hiding_it_shows(today: date) -> None:
    orgs = orgs_on(today)
    empty = {
        f"{entity.__name__}.{field.name}"
        for entity in IMPORTED
        for field in fields_of(entity)
        if field.kind is not Kind.LIST and not field.field.rule
        if all(getattr(each, field.name) is None for each in of(entity, orgs))
    }
    # Storage writes the first; the others are of claims that came by a connection.
    claimed = {"FieldChange.source", "FieldChange.part", "FieldChange.stale"}
    assert empty == {"Contract.updated_at", *claimed}


def test_contracts_are_in_five_currencies_from_one_cent_to_billions(today: date) -> None:
    values = [each.total_value for each in of(Contract, orgs_on(today)) if each.total_value]
    assert {value.currency for value in values} == {"USD", "EUR", "GBP", "JPY", "KWD"}
    assert min(value.amount for value in values) == Decimal("0.01")
    assert max(value.amount for value in values if value.currency == "USD") == Decimal(1_250_000_000)


def test_every_reference_leads_to_a_record_of_the_same_org(today: date) -> None:
    for org in orgs_on(today):
        there: dict[str, set[UUID]] = {name: set() for name in ENTITIES}
        for record in every(org):
            there[type(record).__name__].add(record.id)
        dangling = [
            (record.source_key, field.name)
            for record in every(org)
            for field in fields_of(type(record))
            if field.kind is Kind.REFERENCE and getattr(record, field.name) is not None
            if getattr(record, field.name) not in there[field.target]
        ]
        assert dangling == []


def test_a_part_points_at_the_record_that_holds_it(today: date) -> None:
    for each in of(Contract, orgs_on(today)):
        lists = (
            each.parties,
            each.documents,
            each.amendments,
            each.lines,
            each.milestones,
            each.service_levels,
            each.obligations,
            each.risk_assessments,
            each.changes,
        )
        assert {part.contract_id for parts in lists for part in parts} <= {each.id}


def test_what_is_declared_unique_is_unique_within_an_org(today: date) -> None:
    for org in orgs_on(today):
        values = Counter(
            (type(record).__name__, field.name, getattr(record, field.name))
            for record in every(org)
            for field in fields_of(type(record))
            if (field.field.key or field.name == "id") and getattr(record, field.name) is not None
        )
        assert [key for key, count in values.items() if count > 1] == []
        assert all(record.source_key for record in every(org))


def test_source_keys_and_orgs_are_the_same_on_every_day_and_ids_are_provisional() -> None:
    def keys(today: date) -> list[tuple[str, set[tuple[str, str | None]]]]:
        return [
            (
                str(org.org.id),
                {
                    (type(record).__name__, record.source_key)
                    for record in every(org)
                    if type(record).__name__ != "RiskFactor"  # whether a factor applies depends on the day
                },
            )
            for org in orgs_on(today)
        ]

    assert all(keys(day) == keys(TODAY) for day in DAYS)
    first, second = ({record.id for record in every(sample_orgs(TODAY)[0])} for _ in range(2))
    assert not first & second


def test_two_orgs_share_numbers_references_and_account_names() -> None:
    ours, theirs = orgs_on(TODAY)

    def shared(kind: type[Entity], field: str) -> set[str]:
        left, right = (named({getattr(each, field) for each in of(kind, (org,))}) for org in (ours, theirs))
        return left & right

    assert shared(Contract, "number") == {"MSA-0001", "SOW-0001", "OF-0001"}
    assert len(shared(Contract, "external_reference")) == 3
    assert shared(Account, "name") == {"Brightwater Foods Ltd", "Ordway & Finch LLP"}


def test_the_total_value_is_the_base_plus_every_change_and_each_amendment_says_so(today: date) -> None:
    for each in of(Contract, orgs_on(today)):
        assert amended_total(each.base_value, each.amendments) == each.total_value
        if each.base_value:
            changes = [a.value_change for a in each.amendments if a.value_change]
            assert sum(changes, start=each.base_value) == each.total_value
        base = Terms(total_value=each.base_value)
        for replayed in field_by_field(base, each.amendments):
            assert replayed.findings == ()
            assert isinstance(replayed.amendment, Amendment)
            said = {change.field: change.after for change in replayed.amendment.changes}
            if replayed.before.total_value != replayed.after.total_value:
                assert said["total_value"] == str(replayed.after.total_value)
            if replayed.amendment.expiration_after:
                assert said["expiration_date"] == replayed.amendment.expiration_after.isoformat()


def test_history_names_fields_of_the_contract_as_graphql_does(today: date) -> None:
    known = {name: each.graph_name for each in fields_of(Contract) for name in each.spellings}
    lines = of(FieldChange, orgs_on(today))
    assert {Decision.CONFLICT, Decision.REFUSED} < {each.decision for each in lines}
    assert [each.field for each in lines if known.get(each.field, each.field) != each.field] == []


def test_the_last_amendment_of_the_term_is_the_expiration_date(today: date) -> None:
    extended = [
        (each, [a.expiration_after for a in each.amendments if a.expiration_after])
        for each in of(Contract, orgs_on(today))
    ]
    moved = [(each.expiration_date, days[-1]) for each, days in extended if days]
    assert len(moved) >= 3
    assert all(there == said for there, said in moved)


def test_lines_sum_up_to_the_total_value_and_split_into_once_and_recurring(today: date) -> None:
    with_lines = [each for each in of(Contract, orgs_on(today)) if each.lines]
    assert len(with_lines) >= 35
    for each in with_lines:
        assert total_contract_value(each.lines) == each.total_value
        assert each.one_time_amount is not None
        assert each.recurring_amount is not None
        assert each.one_time_amount + each.recurring_amount == each.total_value
        for line in each.lines:
            assert line.quantity is not None
            assert line.unit_price is not None
            assert line.total is not None
            assert line.total == Money(line.quantity * line.unit_price, line.total.currency)


def test_an_opportunity_amounts_to_its_lines(today: date) -> None:
    deals = [deal for deal in of(Opportunity, orgs_on(today)) if deal.lines]
    assert len(deals) >= 8
    for deal in deals:
        assert total_contract_value([_Line(line.total) for line in deal.lines]) == deal.amount


class _Line:
    recurring = False
    start_date = end_date = None

    def __init__(self, total: Money | None) -> None:
        self.total = total


def test_opportunities_lead_to_no_contract_to_one_and_to_three(today: date) -> None:
    orgs = orgs_on(today)
    counts = Counter(each.opportunity_id for each in of(Contract, orgs))
    assert {counts[deal.id] for deal in of(Opportunity, orgs)} >= {0, 1, 3}
    assert None in counts


def test_one_contract_was_signed_for_less_than_its_opportunity() -> None:
    signed = contract("NL-1029")
    deal = next(each for each in of(Opportunity, orgs_on(TODAY)[:1]) if each.name == "Zażółć fleet tracking")
    assert (signed.total_value, deal.amount) == (
        Money(Decimal(291_000), "EUR"),
        Money(Decimal(300_000), "EUR"),
    )


def test_derived_fields_can_be_computed_for_every_record_on_any_day(today: date) -> None:
    for record in (record for org in orgs_on(today) for record in every(org)):
        for day in DAYS:
            derived = derive(record, day)
            assert set(derived) == {field.name for field in fields_of(type(record)) if field.field.rule}


def test_one_deadline_is_tomorrow_one_was_yesterday_and_several_windows_are_open(today: date) -> None:
    live = {each.number: derive(each, today) for each in of(Contract, orgs_on(today))}
    assert live["NL-1006"]["notice_deadline"] == today + timedelta(days=1)
    assert live["NL-1006"]["in_notice_window"] is True
    assert live["NL-1007"]["notice_deadline"] == today - timedelta(days=1)
    assert live["NL-1007"]["in_notice_window"] is False
    assert live["NL-1015"]["in_notice_window"] is None
    assert sum(each["in_notice_window"] is True for each in live.values()) >= 4


def test_terms_hang_on_a_leap_day_and_on_the_end_of_a_month(today: date) -> None:
    since_leap_day, ended_on_one = contract("NL-1011", today), contract("NL-1012", today)
    assert since_leap_day.effective_date is not None
    assert (since_leap_day.effective_date.month, since_leap_day.effective_date.day) == (2, 29)
    assert ended_on_one.expiration_date == since_leap_day.effective_date
    assert derive(ended_on_one, today)["renewal_date"] >= today
    monthly = contract("NL-1010", today)
    assert monthly.effective_date is not None
    assert (monthly.effective_date.month, monthly.effective_date.day) == (1, 31)
    month_end = contract("NL-1013", today).expiration_date
    assert month_end is not None
    assert (month_end + timedelta(days=1)).day == 1


def test_dates_fit_the_state(today: date) -> None:
    for each in of(Contract, orgs_on(today)):
        where = (each.number, each.status)
        assert is_signed(each.status) is (each.signed_date is not None), where
        assert each.signed_date is None or each.signed_date <= today, where
        if each.effective_date and each.expiration_date:
            assert each.effective_date <= each.expiration_date, where
        if each.status is ContractStatus.EXPIRING_SOON:
            assert each.expiration_date is not None
            assert 0 <= (each.expiration_date - today).days <= 60, where
        if each.status in {ContractStatus.RENEWED, ContractStatus.TERMINATED}:
            assert each.expiration_date is not None
            assert each.expiration_date < today, where
        if each.status is ContractStatus.AMENDED:
            assert each.amendments, where
        if each.status is ContractStatus.ACTIVE and each.effective_date:
            assert each.effective_date <= today, where


def test_assigned_revenue_is_both_or_neither_and_some_have_it(today: date) -> None:
    contracts = of(Contract, orgs_on(today))
    assert all((each.assigned_arr is None) is (each.assigned_mrr is None) for each in contracts)
    assert sum(each.assigned_arr is not None for each in contracts) >= 4


def test_one_history_of_amendments_is_long() -> None:
    assert max(len(each.amendments) for each in of(Contract, orgs_on(TODAY))) >= 30


def test_frameworks_have_agreements_beneath_them() -> None:
    for org in orgs_on(TODAY):
        contracts = of(Contract, (org,))
        parents = {each.parent_id for each in contracts if each.parent_id}
        frameworks = {each.number: each.id for each in contracts}
        assert frameworks["MSA-0001"] in parents
        assert len(parents) >= 2


def test_risk_is_what_its_factors_add_up_to_and_the_contract_says_the_same(today: date) -> None:
    contracts = of(Contract, orgs_on(today))
    assert {each.risk_level for each in contracts} == {None, *LEVEL_FROM}
    for each in contracts:
        if not each.risk_assessments:
            assert each.risk_score is None
            continue
        latest = each.risk_assessments[-1]
        assert (each.risk_score, each.risk_level) == (latest.score, latest.level)
        assert latest.score is not None
        assert latest.score == min(100, sum(factor.points or 0 for factor in latest.factors))
        assert latest.level is level_of(latest.score)


def test_accepted_changes_of_the_state_are_allowed_moves_and_end_where_it_stands(today: date) -> None:
    for each in of(Contract, orgs_on(today)):
        at = ContractStatus.DRAFT
        for change in (change for change in each.changes if change.field == "status"):
            assert change.before == at
            after = ContractStatus(change.after or "")
            assert not isinstance(move(at, after), Refused)
            at = after
        assert at is each.status


def test_the_last_accepted_change_of_a_field_is_its_value(today: date) -> None:
    for each in of(Contract, orgs_on(today)):
        last: dict[str, FieldChange] = {
            change.field: change for change in each.changes if change.decision is Decision.ACCEPTED
        }
        for field, change in last.items():
            if hasattr(each, field) and field != "parties":
                assert change.after == str(getattr(each, field)), (each.number, field)


def test_history_lies_in_the_past_and_what_was_not_accepted_has_a_reason(today: date) -> None:
    changes = of(FieldChange, orgs_on(today))
    assert all(change.claimed_at < change.recorded_at for change in changes)
    assert all(change.recorded_at.date() <= today for change in changes)
    turned_down = [change for change in changes if change.decision is not Decision.ACCEPTED]
    assert {change.decision for change in turned_down} == {Decision.REFUSED, Decision.CONFLICT}
    assert all(len(change.reason) > 20 for change in turned_down)


def test_obligations_read_by_a_model_have_a_clause_and_a_confidence_and_overdue_ones_are_late(
    today: date,
) -> None:
    duties = of(Obligation, orgs_on(today))
    for duty in duties:
        if duty.status is ObligationStatus.EXTRACTED:
            assert duty.source_clause
            assert duty.confidence is not None
            assert 0 < duty.confidence <= 1
            assert duty.reviewer_id is None
        if duty.status is ObligationStatus.OVERDUE:
            assert duty.due_date is not None
            assert duty.due_date < today


def test_a_service_level_is_breached_where_its_last_measurement_passes_the_threshold(today: date) -> None:
    measured = [level for level in of(ServiceLevel, orgs_on(today)) if level.measurements]
    assert len(measured) >= 6
    for level in measured:
        assert level.target is not None
        assert level.credit_threshold is not None
        last = level.measurements[-1]
        assert last.period_end < today.replace(day=1)
        worse = 1 if level.credit_threshold > level.target else -1
        assert (level.state is ServiceLevelState.BREACHED) is (
            (last.value - level.credit_threshold) * worse > 0
        ), level.metric


def test_milestones_were_met_early_on_the_day_and_late_and_some_are_missed_or_to_come(today: date) -> None:
    orgs = orgs_on(today)
    variances = [
        derive(stone, today)["variance_days"] for each in of(Contract, orgs) for stone in each.milestones
    ]
    assert {0 if days == 0 else days // abs(days) for days in variances if days is not None} == {-1, 0, 1}
    assert None in variances


def test_documents_are_links_and_hashes_and_no_two_are_the_same_text(today: date) -> None:
    documents = of(Document, orgs_on(today))
    hashes = [document.sha256 or "" for document in documents]
    assert all(re.fullmatch(r"[0-9a-f]{64}", text) for text in hashes)
    assert len(set(hashes)) == len(hashes)
    assert all((document.link or "").startswith("https://clm.example/agreements/") for document in documents)
    assert {document.executed for document in documents} == {True, False, None}


def test_salesforce_ids_have_eighteen_characters_and_the_prefix_of_their_object() -> None:
    prefixes = {
        "User": "005", "Account": "001", "AccountTeamMember": "01M", "Contact": "003", "Opportunity": "006",
        "Product": "01t", "PermissionSetAssignment": "0Pa", "OpportunityTeamMember": "00q",
        "OpportunityContactRole": "00K",
    }  # fmt: skip
    for org in orgs_on(TODAY):
        for record in every(org):
            identifier = getattr(record, "salesforce_id", None)
            if identifier is not None:
                assert salesforce_id(identifier) == identifier
                assert identifier.startswith(prefixes[type(record).__name__])


def test_no_address_or_telephone_number_can_be_real() -> None:
    orgs = orgs_on(TODAY)
    text = "\n".join(str(value) for org in orgs for each in every(org) for value in vars(each).values())
    hosts = set(re.findall(r"(?:@|https?://)([\w.-]+)", text))
    assert len(hosts) > 15
    assert [host for host in hosts if not host.endswith(".example")] == []
    phones = [contact.phone or "" for contact in of(Contact, orgs)]
    assert all(re.fullmatch(r"\+1 202-555-01\d\d", phone) for phone in phones)
    emails = [user.email or "" for user in of(User, orgs)]
    emails += [contact.email or "" for contact in of(Contact, orgs)]
    assert all(re.fullmatch(r"[a-z0-9.-]+@[a-z-]+\.example", email) for email in emails)


@pytest.mark.parametrize(
    "awkward", ["'", "&", "<", '"', "🚀", "架空", "اتفاقية", "ż", "Æ"], ids=[
        "apostrophe", "ampersand", "less than", "quote", "emoji", "Japanese", "Arabic", "Polish", "Icelandic"
    ],
)  # fmt: skip
def test_names_hold_what_breaks_careless_code(awkward: str) -> None:
    orgs = orgs_on(TODAY)
    names = [each.title for each in of(Contract, orgs)] + [each.name for each in of(Account, orgs)]
    assert any(awkward in name for name in names)


def test_one_title_is_very_long_and_one_contract_has_no_number() -> None:
    contracts = of(Contract, orgs_on(TODAY))
    assert max(len(each.title) for each in contracts) > 255
    assert sum(each.number is None for each in contracts) == 1


def test_what_a_renewal_needs_is_unknown_somewhere() -> None:
    in_force = [each for each in of(Contract, orgs_on(TODAY)) if each.status is ContractStatus.ACTIVE]
    assert any(each.renewal_type is None for each in in_force)
    assert any(
        each.renewal_type is RenewalType.AUTO_RENEW and each.notice_period is None for each in in_force
    )


def test_the_people_have_roles_of_the_policy_and_are_users_of_their_org() -> None:
    policy = tomllib.loads((Path(__file__).parents[3] / "auth" / "policy.toml").read_text("utf-8"))
    for org in orgs_on(TODAY):
        users = {user.salesforce_id: user.name for user in of(User, (org,))}
        for person in org.people:
            assert users[person.salesforce_id] == person.name
            assert person.org == org.org.name
            assert person.role in policy["roles"]
            assert person.look_at
    first, second = ({person.role for person in org.people} for org in orgs_on(TODAY))
    assert first >= {"sales_rep", "legal", "security_reviewer"}
    assert "sales_rep" in second


def test_what_the_roles_differ_in_is_there_to_be_hidden_in_one_contract() -> None:
    shown = contract("NL-1029")
    assert shown.liability_cap
    assert shown.risk_score is not None
    assert shown.total_value
    assert shown.changes
    assert shown.service_levels
    assert shown.obligations
    assert shown.documents
    contacts = of(Contact, orgs_on(TODAY)[:1])
    assert any(contact.account_id == shown.account_id and contact.email for contact in contacts)
