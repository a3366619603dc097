"""The tables of a CRM, told by their headers: users, accounts, products, prices, opportunities and lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from sync.feeds.crm_deals import deal_of
from sync.feeds.crm_products import PriceBook, product_of
from sync.feeds.crm_rows import account_of
from sync.feeds.crm_users import same_id, user_of
from sync.feeds.graph import Graph, Item, Note
from sync.feeds.reject import Place, Reject, What
from sync.feeds.sorted_runs import SortedRuns
from sync.feeds.table import Row, header_of, rows_of
from sync.feeds.values import RecordRefusedError

SUFFIXES = (".csv",)

_TABLES = (
    ("assignments", {"AssigneeId", "PermissionSetId"}),
    ("users", {"Id", "Name", "IsActive"}),
    ("lines", {"Opportunity_External_Id", "Product_External_Id"}),
    ("opportunities", {"External_Id", "StageName"}),
    ("prices", {"Pricebook", "Product_External_Id", "SellingModelType"}),
    ("models", {"SellingModelType", "PricingTermUnit"}),
    ("products", {"External_Id", "ProductCode"}),
    ("accounts", {"External_Id", "Name"}),
)
"""By the columns that no other table has all of; the first that fits."""


def read(files: Iterable[Path]) -> Iterator[Item]:
    """Give users with their permission sets, accounts, products, and opportunities with their lines.

    The order of the files does not matter.
    """
    tables: dict[str, list[Path]] = {name: [] for name, _ in _TABLES}
    for path in files:
        header = set(header_of(path))
        name = next((name for name, columns in _TABLES if columns <= header), None)
        if name is None:
            yield Note(text=f"{path.name} is no table of a CRM that is known here, and was ignored")
        else:
            tables[name].append(path)
    users = Whole(tables["users"], "Id", same_id)
    yield from _together(users, Parts(tables["assignments"], "AssigneeId", "user"), user_of)
    yield from _each(tables["accounts"], account_of)
    book = PriceBook()
    for price in _rows(tables["prices"] + tables["models"]):
        if isinstance(price, Reject):
            yield price
        else:
            book.add(*price)
    yield from _each(tables["products"], lambda place, row: product_of(place, row, book))
    deals = Whole(tables["opportunities"], "External_Id")
    lines = Parts(tables["lines"], "Opportunity_External_Id", "opportunity")
    yield from _together(deals, lines, lambda place, row, parts: deal_of(place, row, parts, book))


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


@dataclass(frozen=True, slots=True)
class Whole:
    """Tables of records that have parts, and the column that names a record; `same` reads a name."""

    paths: Iterable[Path]
    column: str
    same: Callable[[str], str] = str.strip


@dataclass(frozen=True, slots=True)
class Parts:
    """Tables of parts, the column that names what each is a part of, and what that is called."""

    paths: Iterable[Path]
    column: str
    of: str


_Read = Callable[[Place, Row, list[tuple[Place, Row]]], Graph]


def _together(whole: Whole, parts: Parts, read_one: _Read) -> Iterator[Item]:
    """Bring each record and its parts together, sorted on disk: either table may be long."""
    with SortedRuns() as runs:
        for turn, paths, column in (("0", whole.paths, whole.column), ("1", parts.paths, parts.column)):
            for found in _rows(paths):
                if isinstance(found, Reject):
                    yield found
                    continue
                place, row = found
                key = [whole.same(row.get(column, "")), turn, row.get("External_Id") or row.get("Id", "")]
                runs.add((key, {"path": place.path, "line": place.line, "row": row}))
        for _, group in groupby(runs, key=lambda entry: entry[0][0]):
            members = [
                (key[1], Place(path=each["path"], line=each["line"]), each["row"]) for key, each in group
            ]
            below = [(place, row) for turn, place, row in members if turn == "1"]
            above = [(place, row) for turn, place, row in members if turn == "0"]
            yield from _one(whole, above, parts, below, read_one)


def _one(
    whole: Whole,
    found: list[tuple[Place, Row]],
    parts: Parts,
    below: list[tuple[Place, Row]],
    read_one: _Read,
) -> Iterator[Item]:
    for place, row in found[:-1]:
        reason = f"a later row has the same {whole.column}, and counts: remove one of the two"
        yield Reject(place=place, record=row.get(whole.column), field=whole.column, reason=reason)
    if not found:
        for place, row in below:
            yield Reject(
                place=place,
                what=What.RECORD,
                record=row.get("External_Id") or row.get("Id"),
                field=parts.column,
                value=row.get(parts.column),
                reason=f"its {parts.of} is in none of the files: import both together",
            )
        return
    try:
        yield read_one(*found[-1], below)
    except RecordRefusedError as error:
        yield error.reject
