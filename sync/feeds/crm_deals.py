"""An opportunity with its lines, its account and its owner."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.crm import Account, Opportunity, OpportunityLine, Product, User
from domain.error import DomainError
from domain.identity import uuid7
from domain.money import Money
from storage.ingest import Reference
from storage.vanished import SEPARATOR
from sync.feeds.crm_products import PriceBook
from sync.feeds.crm_rows import identified, reference
from sync.feeds.graph import Graph
from sync.feeds.reject import Place, Reject
from sync.feeds.table import Row
from sync.feeds.values import RecordRefusedError, Values


def deal_of(place: Place, row: Row, parts: list[tuple[Place, Row]], book: PriceBook) -> Graph:
    """Return the opportunity of a row with the lines of others; raises RecordRefusedError.

    A line that is refused is left out, and one whose product is not known stays, unlinked.
    """
    values, key = identified(place, row)
    owner = values.text("OwnerName", row.get("OwnerName"))
    source = row.get("Source") or "crm"
    user = User(id=uuid7(), source_key=f"{source}:user:{owner.casefold()}", name=owner) if owner else None
    deal = Opportunity(
        id=uuid7(),
        source_key=key,
        name=values.required("Name", row.get("Name")),
        stage=values.required("StageName", row.get("StageName")),
        is_closed=values.flag("IsClosed", row.get("IsClosed")),
        is_won=values.flag("IsWon", row.get("IsWon")),
        close_date=values.day("CloseDate", row.get("CloseDate")),
        amount=values.money("Amount", row.get("Amount"), row.get("CurrencyIsoCode")),
        owner_id=user.id if user else None,
    )
    references = list(
        reference(values, Opportunity, key, "account_id", Account, row.get("Account_External_Id"))
    )
    lines: list[OpportunityLine] = []
    rejects: list[Reject] = []
    for where, part in parts:
        try:
            line, product, left_out = _line(where, part, deal, str(row.get("CurrencyIsoCode") or ""), book)
        except RecordRefusedError as error:
            rejects.append(error.reject)
            continue
        lines.append(line)
        references += product
        rejects += left_out
    return Graph(
        place=place,
        record=replace(deal, lines=tuple(lines)),
        links=(user,) if user else (),
        references=tuple(references),
        rejects=(*values.rejects, *rejects),
    )


def _line(
    place: Place, row: Row, deal: Opportunity, currency: str, book: PriceBook
) -> tuple[OpportunityLine, tuple[Reference, ...], list[Reject]]:
    values, own = identified(place, row)
    key = f"{deal.source_key}{SEPARATOR}{own}"
    product = values.text("Product_External_Id", row.get("Product_External_Id"))
    quantity = values.number("Quantity", row.get("Quantity"))
    price = values.number("UnitPrice", row.get("UnitPrice"))
    discount = values.number("Discount", row.get("Discount"))
    line = OpportunityLine(
        id=uuid7(),
        source_key=key,
        opportunity_id=deal.id,
        # The name that the row uses is all that is left of a product that nobody knows.
        description=product.partition(":")[2] or product if product and product not in book.known else None,
        quantity=quantity,
        unit_price=price,
        discount_percent=discount,
        total=_total(values, quantity, price, discount, currency),
    )
    return line, reference(values, OpportunityLine, key, "product_id", Product, product), values.rejects


def _total(
    values: Values, quantity: Decimal | None, price: Decimal | None, discount: Decimal | None, currency: str
) -> Money | None:
    if quantity is None or price is None:
        return None
    share = 1 - (discount or Decimal(0)) / 100
    try:
        return Money.rounded(quantity * price * share, currency)
    except DomainError as error:
        values.leave_out("UnitPrice", price, f"{error}: correct the price or the currency")
        return None
