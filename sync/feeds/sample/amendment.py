from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.amendment import Amendment, AmendmentChange
from domain.amendments import FieldDelta, Replayed, Terms, field_by_field
from domain.term import Period, add
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.rows import AmendmentRow, ContractRow

_DAYS_TO_EFFECT = 5


@dataclass(frozen=True, slots=True)
class Amended:
    """The amendments of a contract with the terms that they lead to."""

    amendments: tuple[Amendment, ...]
    after: Terms


def amend(desk: Desk, row: ContractRow, base: Terms) -> Amended:
    """Replays the table's amendments on the base by the domain's rule, and writes down what it finds."""
    bare = [_bare(desk, row, place) for place in range(1, len(row.amendments) + 1)]
    replayed = field_by_field(base, bare)
    if [each.amendment for each in replayed] != bare:
        raise ValueError(f"the amendments of {row.name} are not listed in the order of their signature")
    whole = tuple(
        _whole(desk, amendment, each, said)
        for amendment, each, said in zip(bare, replayed, row.amendments, strict=True)
    )
    return Amended(whole, replayed[-1].after if replayed else base)


def amendment_key(contract: str, place: int) -> str:
    """The key of a contract's amendment, and of the document that it is written in."""
    return f"{contract}:A{place}"


def _bare(desk: Desk, row: ContractRow, place: int) -> Amendment:
    said = row.amendments[place - 1]
    key = amendment_key(row.name, place)
    signed = desk.calendar.day(said.signed)
    return Amendment(
        id=desk.keys.id_of("amendment", key),
        source_key=desk.keys.source_key("amendment", key),
        contract_id=desk.keys.id_of("contract", row.name),
        number=f"A{place}",
        kind=said.kind,
        signed_date=signed,
        effective_date=_effective(signed),
        recorded_at=desk.calendar.moment(signed, 16),
        rationale=said.rationale,
        value_change=desk.money(said.change, row.currency),
        expiration_after=desk.calendar.maybe(said.end),
        document_id=desk.keys.id_of("document", key),
    )


def _whole(desk: Desk, amendment: Amendment, replayed: Replayed, said: AmendmentRow) -> Amendment:
    deltas = (*replayed.changed, *(FieldDelta(*fields) for fields in said.fields))
    return replace(
        amendment,
        value_after=replayed.after.total_value,
        changes=tuple(_changes(desk, amendment, deltas)),
    )


def _changes(desk: Desk, amendment: Amendment, deltas: Sequence[FieldDelta]) -> list[AmendmentChange]:
    prefix = (amendment.source_key or "").removeprefix(desk.keys.source_key("amendment", ""))
    return [
        AmendmentChange(
            id=desk.keys.id_of("amendment-change", f"{prefix}:{delta.field}"),
            source_key=desk.keys.source_key("amendment-change", f"{prefix}:{delta.field}"),
            amendment_id=amendment.id,
            field=delta.field,
            before=delta.before,
            after=delta.after,
        )
        for delta in deltas
    ]


def _effective(signed: date) -> date | None:
    return add(signed, Period(days=_DAYS_TO_EFFECT))
