from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from domain.amendment import Amendment
from domain.line import ContractLine
from sync.feeds.sample.desk import Desk, PricedLine
from sync.feeds.sample.rows import ContractRow

_MONTHS_WITHOUT_END = 12


def contract_lines(  # noqa: PLR0913 - what is sold, and between which days
    desk: Desk,
    row: ContractRow,
    priced: Sequence[PricedLine],
    amendments: Sequence[Amendment],
    *,
    start: date | None,
    end: date | None,
) -> Iterator[ContractLine]:
    """The lines as first signed, then one for each amendment of the value: they sum up to the total value.

    A contract without an end is sold by the year, so its lines cover twelve months from the start.
    """
    if start is not None and end is None:
        end = desk.calendar.months_after(start, _MONTHS_WITHOUT_END) - timedelta(days=1)
    for place, line in enumerate(priced, start=1):
        product = desk.products[line.product]
        key = f"{row.name}:{place}"
        yield ContractLine(
            id=desk.keys.id_of("line", key),
            source_key=desk.keys.source_key("line", key),
            contract_id=desk.keys.id_of("contract", row.name),
            product_id=desk.keys.id_of("product", product.code),
            description=product.name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            total=line.total,
            start_date=start,
            end_date=end,
            recurring=product.recurring,
        )
    for amendment in amendments if priced else ():
        if amendment.value_change is not None:
            yield _adjustment(desk, row, priced[0], amendment, end)


def _adjustment(
    desk: Desk, row: ContractRow, first: PricedLine, amendment: Amendment, end: date | None
) -> ContractLine:
    """What an amendment adds, or takes away, from the day on which it counts."""
    key = f"{row.name}:{amendment.number}"
    return ContractLine(
        id=desk.keys.id_of("line", key),
        source_key=desk.keys.source_key("line", key),
        contract_id=amendment.contract_id,
        product_id=desk.keys.id_of("product", first.product),
        description=f"Amendment {amendment.number}: {amendment.rationale}",
        quantity=Decimal(1),
        unit_price=amendment.value_change.amount if amendment.value_change else None,
        total=amendment.value_change,
        start_date=amendment.effective_date,
        end_date=max(filter(None, (end, amendment.expiration_after)), default=None),
        recurring=desk.products[first.product].recurring,
    )
