from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from domain.money import Money
from sync.feeds.sample.calendar import Calendar
from sync.feeds.sample.keys import Keys
from sync.feeds.sample.rows import AccountRow, OrgRows, ProductRow


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What is at hand while one org's records are made: its tables, the calendar and the names given out."""

    rows: OrgRows
    calendar: Calendar
    keys: Keys

    @cached_property
    def accounts(self) -> Mapping[str, AccountRow]:
        """The accounts by key."""
        return {account.key: account for account in self.rows.accounts}

    @cached_property
    def products(self) -> Mapping[str, ProductRow]:
        """The products by code."""
        return {product.code: product for product in self.rows.products}

    @cached_property
    def users_by_role(self) -> Mapping[str, str]:
        """The key of the first user of each role."""
        return {user.role: user.key for user in reversed(self.rows.users) if user.role}

    def money(self, text: str | None, currency: str) -> Money | None:
        """The amount meant, or None where the table leaves it open."""
        return None if text is None else Money.parse(text, currency)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of a table's `PLAT 250x480; IMPL 1x15000`, with its discount in percent if it has one."""

    product: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal | None
    total: Money


def priced_lines(text: str, currency: str) -> tuple[PricedLine, ...]:
    """The lines meant; each total is exactly its quantity times its unit price, less the discount."""
    lines = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        product, reckoning = part.split()
        gross, _, percent = reckoning.rstrip("%").partition("-")
        quantity, price = (Decimal(number) for number in gross.split("x"))
        discount = Decimal(percent) if percent else None
        total = Money(quantity * price * (100 - (discount or 0)) / 100, currency)
        lines.append(PricedLine(product, quantity, price, discount, total))
    return tuple(lines)
