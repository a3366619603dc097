from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise, takewhile

from domain.amendment import Amendment
from domain.contract import Contract
from domain.field import System, fields_of
from domain.history import Decision, FieldChange
from domain.lifecycle import ContractStatus
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.rows import ContractRow

_S = ContractStatus
_TO_FORCE = (_S.DRAFT, _S.IN_REVIEW, _S.PENDING_SIGNATURE, _S.EXECUTED, _S.ACTIVE)
_ARRIVAL = timedelta(minutes=2)


def field_changes(desk: Desk, row: ContractRow, contract: Contract) -> tuple[FieldChange, ...]:
    """What became of every claim about the contract: its states, its amendments, then the table's claims."""
    changes = (*_states(desk, row, contract), *_amended(desk, row, contract.amendments), *_claims(desk, row))
    return tuple(sorted(changes, key=lambda change: change.recorded_at))


def _states(desk: Desk, row: ContractRow, contract: Contract) -> Iterator[FieldChange]:
    """The way from draft to where the contract stands now."""
    passed = [*takewhile(lambda state: state != contract.status, _TO_FORCE)]
    path = (*passed, contract.status)
    days = _days(desk, contract)
    for before, after in pairwise(path):
        yield _change(
            desk,
            row,
            key=f"status:{after}",
            field="status",
            before=before,
            after=after,
            claimed_by=System.CLM,
            claimed_at=desk.calendar.moment(days[after], 14),
            event=f"agreement.{after.lower()}:{contract.external_reference or row.name}",
            decision=Decision.ACCEPTED,
            reason="The CLM owns the status.",
        )


def _days(desk: Desk, contract: Contract) -> dict[ContractStatus, date]:
    """On which day each state was entered."""
    today = desk.calendar.today
    signed = contract.signed_date or today - timedelta(days=1)
    active = min(max(contract.effective_date or signed, signed), today)
    left = {
        _S.EXPIRING_SOON: today - timedelta(days=3),
        _S.AMENDED: max((a.signed_date for a in contract.amendments if a.signed_date), default=today),
        _S.SUSPENDED: today - timedelta(days=12),
        _S.RENEWED: contract.expiration_date or today,
        _S.TERMINATED: contract.expiration_date or today,
    }
    later = {state: max(active, min(day, today)) for state, day in left.items()}
    return later | {
        _S.IN_REVIEW: signed - timedelta(days=21),
        _S.PENDING_SIGNATURE: signed - timedelta(days=5),
        _S.EXECUTED: signed,
        _S.ACTIVE: active,
    }


def _amended(desk: Desk, row: ContractRow, amendments: Sequence[Amendment]) -> Iterator[FieldChange]:
    for amendment in amendments:
        for change in amendment.changes:
            yield _change(
                desk,
                row,
                key=f"{amendment.number}:{change.field}",
                field=change.field,
                before=change.before,
                after=change.after,
                claimed_by=System.CLM,
                claimed_at=amendment.recorded_at or desk.calendar.moment(desk.calendar.today),
                event=f"amendment.executed:{row.name}:{amendment.number}",
                decision=Decision.ACCEPTED,
                reason=f"Amendment {amendment.number}, signed by all, changes it.",
            )


def _claims(desk: Desk, row: ContractRow) -> Iterator[FieldChange]:
    for place, claim in enumerate(row.claims, start=1):
        yield _change(
            desk,
            row,
            key=f"claim:{place}",
            field=claim.field,
            before=claim.before,
            after=claim.after,
            claimed_by=claim.by,
            claimed_at=desk.calendar.moment(desk.calendar.day(claim.arrived), 11, 5),
            event=f"change-event:{row.name}:{place}",
            decision=claim.decision,
            reason=claim.reason,
        )


def _change(  # noqa: PLR0913 - the fields of a change
    desk: Desk,
    row: ContractRow,
    *,
    key: str,
    field: str,
    before: str | None,
    after: str | None,
    claimed_by: str,
    claimed_at: datetime,
    event: str,
    decision: Decision,
    reason: str,
) -> FieldChange:
    return FieldChange(
        id=desk.keys.id_of("change", f"{row.name}:{key}"),
        source_key=desk.keys.source_key("change", f"{row.name}:{key}"),
        contract_id=desk.keys.id_of("contract", row.name),
        field=_called(field),
        before=before,
        after=after,
        claimed_by=claimed_by,
        claimed_at=claimed_at,
        recorded_at=claimed_at + _ARRIVAL,
        event=event,
        decision=decision,
        reason=reason,
    )


def _called(field: str) -> str:
    """Return a field's name in GraphQL; an amendment may also change what is kept in no field."""
    return next((each.graph_name for each in fields_of(Contract) if each.name == field), field)
