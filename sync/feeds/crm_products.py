"""Products and what their price book says of them: whether they recur, and at what price."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from domain.crm import Product
from domain.identity import uuid7
from domain.money import Money
from sync.feeds.crm_rows import identified
from sync.feeds.graph import Graph
from sync.feeds.reject import Place
from sync.feeds.table import Row
from sync.feeds.values import Values

_ONE_TIME = "OneTime"
_CURRENCY = "USD"


@dataclass(slots=True)
class PriceBook:
    """Selling models and dollar prices by product, and the ids of the products that are known."""

    models: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    prices: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    known: set[str] = field(default_factory=set)

    def add(self, _place: Place, row: Row) -> None:
        """Take an entry; a row of a selling model alone says nothing of a product."""
        product = row.get("Product_External_Id", "").strip()
        if not product or row.get("IsActive", "true").lower() == "false":
            return
        self.models[product].add(row.get("SellingModelType", ""))
        if row.get("CurrencyIsoCode") == _CURRENCY:
            self.prices[product].add(row.get("UnitPrice", ""))

    def recurring(self, product: str) -> bool | None:
        """Whether any way of selling it recurs; None where the book does not have it."""
        models = self.models.get(product)
        return any(model != _ONE_TIME for model in models) if models else None

    def price(self, values: Values, product: str) -> Money | None:
        """Its price in dollars, where it has exactly one; of several none is the price."""
        prices = self.prices.get(product, set())
        return values.money("UnitPrice", next(iter(prices)), _CURRENCY) if len(prices) == 1 else None


def product_of(place: Place, row: Row, book: PriceBook) -> Graph:
    """Return the product of a row; raises RecordRefusedError without an id or a name."""
    values, key = identified(place, row)
    own_price = values.money("ListPrice", row.get("ListPrice"), row.get("CurrencyIsoCode"))
    product = Product(
        id=uuid7(),
        source_key=key,
        name=values.required("Name", row.get("Name")),
        code=values.text("ProductCode", row.get("ProductCode")),
        family=values.text("Family", row.get("Family")),
        recurring=book.recurring(key),
        list_price=own_price or book.price(values, key),
    )
    book.known.add(key)
    return Graph(place=place, record=product, rejects=tuple(values.rejects))
