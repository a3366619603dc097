"""The tables of a CRM, told by their headers: accounts, products with prices, opportunities with lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from sync.feeds.crm_deals import deal_of
from sync.feeds.crm_products import PriceBook, product_of
from sync.feeds.crm_rows import account_of
from sync.feeds.graph import Graph, Item, Note
from sync.feeds.reject import Place, Reject, What
from sync.feeds.sorted_runs import SortedRuns
from sync.feeds.table import Row, header_of, rows_of
from sync.feeds.values import RecordRefusedError

SUFFIXES = (".csv",)

_TABLES = (
    ("lines", {"Opportunity_External_Id", "Product_External_Id"}),
    ("opportunities", {"External_Id", "StageName"}),
    ("prices", {"Pricebook", "Product_External_Id", "SellingModelType"}),
    ("models", {"SellingModelType", "PricingTermUnit"}),
    ("products", {"External_Id", "ProductCode"}),
    ("accounts", {"External_Id", "Name"}),
)
"""By the columns that no other table has all of; the first that fits."""


def read(files: Iterable[Path]) -> Iterator[Item]:
    """Give accounts, then products, then opportunities with their lines, whatever the order of the files."""
    tables: dict[str, list[Path]] = {name: [] for name, _ in _TABLES}
    for path in files:
        header = set(header_of(path))
        name = next((name for name, columns in _TABLES if columns <= header), None)
        if name is None:
            yield Note(text=f"{path.name} is no table of a CRM that is known here, and was ignored")
        else:
            tables[name].append(path)
    yield from _each(tables["accounts"], account_of)
    book = PriceBook()
    for price in _rows(tables["prices"] + tables["models"]):
        if isinstance(price, Reject):
            yield price
        else:
            book.add(*price)
    yield from _each(tables["products"], lambda place, row: product_of(place, row, book))
    yield from _deals(tables["opportunities"], tables["lines"], book)


def _rows(paths: Iterable[Path]) -> Iterator[tuple[Place, Row] | Reject]:
    for path in paths:
        yield from rows_of(path)


def _each(paths: Iterable[Path], read_one: Callable[[Place, Row], Graph]) -> Iterator[Item]:
    for found in _rows(paths):
        if isinstance(found, Reject):
            yield found
            continue
        try:
            yield read_one(*found)
        except RecordRefusedError as error:
            yield error.reject


def _deals(opportunities: Iterable[Path], lines: Iterable[Path], book: PriceBook) -> Iterator[Item]:
    """Bring each opportunity and its lines together, sorted on disk: either table may be long."""
    with SortedRuns() as runs:
        for turn, paths, column in (
            ("0", opportunities, "External_Id"),
            ("1", lines, "Opportunity_External_Id"),
        ):
            for found in _rows(paths):
                if isinstance(found, Reject):
                    yield found
                    continue
                place, row = found
                key = [row.get(column, "").strip(), turn, row.get("External_Id", "")]
                runs.add((key, {"path": place.path, "line": place.line, "row": row}))
        for _, group in groupby(runs, key=lambda entry: entry[0][0]):
            members = [
                (key[1], Place(path=each["path"], line=each["line"]), each["row"]) for key, each in group
            ]
            parts = [(place, row) for turn, place, row in members if turn == "1"]
            deals = [(place, row) for turn, place, row in members if turn == "0"]
            yield from _deal(deals, parts, book)


def _deal(deals: list[tuple[Place, Row]], parts: list[tuple[Place, Row]], book: PriceBook) -> Iterator[Item]:
    for place, row in deals[:-1]:
        reason = "a later row has the same External_Id, and counts: remove one of the two"
        yield Reject(place=place, record=row.get("External_Id"), field="External_Id", reason=reason)
    if not deals:
        for place, row in parts:
            reason = "its opportunity is in none of the files: import both together"
            field, value = "Opportunity_External_Id", row.get("Opportunity_External_Id")
            yield Reject(
                place=place,
                what=What.RECORD,
                record=row.get("External_Id"),
                field=field,
                value=value,
                reason=reason,
            )
        return
    try:
        yield deal_of(*deals[-1], parts, book)
    except RecordRefusedError as error:
        yield error.reject
