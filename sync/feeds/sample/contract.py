from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from domain.amendments import Terms
from domain.contract import Contract
from domain.lifecycle import is_signed
from domain.line import ContractLine
from domain.money import Money
from domain.term import Period
from sync.feeds.sample.amendment import Amended, amend
from sync.feeds.sample.desk import Desk, PricedLine, priced_lines
from sync.feeds.sample.document import documents, external_reference
from sync.feeds.sample.history import field_changes
from sync.feeds.sample.line import contract_lines
from sync.feeds.sample.party import parties
from sync.feeds.sample.performance import milestones, obligations, service_levels
from sync.feeds.sample.risk import risk_assessment
from sync.feeds.sample.rows import ContractRow

_SIGNED_BEFORE_START = timedelta(days=9)


def contract(desk: Desk, row: ContractRow) -> Contract:
    """A contract of the table with all its parts, its risk as of today and its history."""
    start, end = _term(desk, row)
    signed = _signed(desk, row, start)
    priced = priced_lines(row.lines, row.currency)
    base = Terms(total_value=_base_value(desk, row, priced), expiration_date=end)
    amended = amend(desk, row, base)
    lines = tuple(contract_lines(desk, row, priced, amended.amendments, start=start, end=end))
    bound = parties(desk, row)
    plain = _with_clauses(desk, row, _with_money(desk, row, _head(desk, row, start, signed, amended), lines))
    whole = replace(
        plain,
        base_value=base.total_value,
        billing_start_date=start if row.billing else None,
        parties=bound,
        documents=tuple(documents(desk, row, signed, amended.amendments)),
        amendments=amended.amendments,
        lines=lines,
        milestones=tuple(milestones(desk, row)),
        service_levels=tuple(service_levels(desk, row)),
        obligations=tuple(obligations(desk, row, bound[0].id, bound[:2][-1].id)),
    )
    return _with_history(desk, row, whole)


def _head(
    desk: Desk, row: ContractRow, start: date | None, signed: date | None, amended: Amended
) -> Contract:
    """What it is, and its dates as the amendments left them."""
    keys, users = desk.keys, desk.users_by_role
    return Contract(
        id=keys.id_of("contract", row.name),
        source_key=keys.source_key("contract", row.name),
        number=row.number,
        external_reference=external_reference(row.number) if row.number else None,
        title=row.title,
        type=row.type,
        side=row.side,
        status=row.status,
        template=row.template,
        parent_id=None if row.parent is None else keys.id_of("contract", row.parent),
        account_id=None if row.account is None else keys.id_of("account", row.account),
        opportunity_id=None if row.opportunity is None else keys.id_of("opportunity", row.opportunity),
        signed_date=signed,
        effective_date=start,
        expiration_date=amended.after.expiration_date,
        renewal_type=row.renewal,
        renewal_term=_period(row.term),
        notice_period=_period(row.notice),
        notice_window_days=row.window,
        total_value=amended.after.total_value,
        contract_owner_id=keys.id_of("user", users["legal"]),
        business_owner_id=keys.id_of("user", users["sales_rep"]) if row.account else None,
        renewal_owner_id=keys.id_of("user", users["customer_success"]) if row.renewal else None,
    )


def _with_money(desk: Desk, row: ContractRow, plain: Contract, lines: Sequence[ContractLine]) -> Contract:
    arr, mrr = row.assigned or (None, None)
    return replace(
        plain,
        one_time_amount=_sum(lines, row.currency, recurring=False),
        recurring_amount=_sum(lines, row.currency, recurring=True),
        assigned_arr=desk.money(arr, row.currency),
        assigned_mrr=desk.money(mrr, row.currency),
        billing_frequency=row.billing,
        payment_terms=row.payment_terms,
        discount_percent=_decimal(row.discount),
        uplift_percent=_decimal(row.uplift),
        price_escalation_trigger=row.escalation,
    )


def _with_clauses(desk: Desk, row: ContractRow, plain: Contract) -> Contract:
    return replace(
        plain,
        termination_for_convenience=_period(row.convenience),
        termination_for_cause=_period(row.cause),
        governing_law=row.law,
        liability_cap=desk.money(row.cap, row.currency),
        liability_uncapped=row.uncapped if row.cap is None else False,
        template_deviations=row.deviations,
        has_redline_summary=None if row.redlines is None else row.redlines > 0,
    )


def _with_history(desk: Desk, row: ContractRow, whole: Contract) -> Contract:
    if row.assessed:
        latest = risk_assessment(desk, row, whole)
        whole = replace(whole, risk_assessments=(latest,), risk_score=latest.score, risk_level=latest.level)
    return replace(whole, changes=field_changes(desk, row, whole))


def _term(desk: Desk, row: ContractRow) -> tuple[date | None, date | None]:
    """First and last day; the last day is the one before the start returns."""
    start, end = desk.calendar.maybe(row.start), desk.calendar.maybe(row.end)
    if row.months is not None and start is not None:
        end = desk.calendar.months_after(start, row.months) - timedelta(days=1)
    elif row.months is not None and end is not None:
        start = desk.calendar.months_after(end + timedelta(days=1), -row.months)
    return start, end


def _signed(desk: Desk, row: ContractRow, start: date | None) -> date | None:
    if not is_signed(row.status):
        return None
    return min(start or desk.calendar.today, desk.calendar.today) - _SIGNED_BEFORE_START


def _base_value(desk: Desk, row: ContractRow, priced: Sequence[PricedLine]) -> Money | None:
    if not priced:
        return desk.money(row.value, row.currency)
    return sum((line.total for line in priced), start=Money.zero(row.currency))


def _sum(lines: Sequence[ContractLine], currency: str, *, recurring: bool) -> Money | None:
    if not lines:
        return None
    totals = (line.total for line in lines if line.recurring is recurring and line.total is not None)
    return sum(totals, start=Money.zero(currency))


def _period(text: str | None) -> Period | None:
    return None if text is None else Period.parse(text)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
