"""A spreadsheet of contracts, saved as CSV: one row each, columns as its owner called them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.contract import Contract, ContractType, Side
from domain.crm import Account
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.party import ContractParty, PartyRole
from storage.ingest import Reference
from storage.vanished import SEPARATOR
from sync.feeds.cells import read_cell
from sync.feeds.graph import Graph, Item, Note
from sync.feeds.headers import (
    ACCOUNT,
    COUNTERPARTY,
    CURRENCY,
    PARENT,
    Headers,
    MappingError,
    headers_of,
    importable,
)
from sync.feeds.reject import Place, Reject
from sync.feeds.table import Row, header_of, rows_of
from sync.feeds.values import RecordRefusedError, Values

SUFFIXES = (".csv", ".tsv", ".txt")

_VENDORS = ("vendor", "supplier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the importer tells of the file: meanings by column, and how dates are written."""

    told: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None


def read(files: Iterable[Path], layout: Layout) -> Iterator[Item]:
    """Give the contract of every row; raises MappingError before the first where the layout does not fit.

    A row is found again by its number, or else its external reference: one with neither is rejected, and
    so is one that repeats another's. Columns that mean nothing are told, with what they may mean.
    """
    paths = list(files)
    return _read([(path, headers_for(path, layout)) for path in paths], layout)


def headers_for(path: Path, layout: Layout) -> Headers:
    """Find out what the columns of one file mean; raises MappingError, also where none tells rows apart."""
    names = header_of(path)
    headers = headers_of(names, layout.told)
    if not {"number", "external_reference"} & set(headers.columns):
        raise MappingError(
            f"{path.name} has no column that is known to tell its contracts apart:"
            f' say which with --map "COLUMN=number"; there are {", ".join(names) or "no columns at all"}'
        )
    return headers


def _read(files: list[tuple[Path, Headers]], layout: Layout) -> Iterator[Item]:
    lines: dict[str, Place] = {}
    for path, headers in files:
        for column, near in headers.unknown.items():
            hint = f'; if it is {near}, say --map "{column}={near}"' if near else ""
            yield Note(text=f"the column {column!r} of {path.name} is not known, and was left out{hint}")
        for found in rows_of(path):
            if isinstance(found, Reject):
                yield found
                continue
            try:
                graph = graph_of(*found, headers, layout)
            except RecordRefusedError as error:
                yield error.reject
                continue
            key = str(graph.record.source_key)
            if (first := lines.setdefault(key, graph.place)) is not graph.place:
                reason = f"the row in line {first.line} has the same number: make one of the two differ"
                yield Reject(place=graph.place, record=key, field="number", reason=reason)
            else:
                yield graph


def graph_of(place: Place, row: Row, headers: Headers, layout: Layout) -> Graph:
    """Return the contract of one row; raises RecordRefusedError where nothing tells it apart."""
    values = Values(place, None)
    cells = {meaning: row.get(column, "") for meaning, column in headers.columns.items()}
    key = values.record = _key(values, cells)
    currency = values.text(CURRENCY, cells.get(CURRENCY))
    read: dict[str, Any] = {}
    for name, declared in importable().items():
        if name in cells:
            read[name] = read_cell(values, declared, cells[name], currency, layout.date_format)
    read["title"] = read.get("title") or str(read.get("number") or read.get("external_reference"))
    read["type"] = read.get("type") or ContractType.OTHER
    read["side"] = read.get("side") or _side(headers)
    read["status"] = read.get("status") or _status(read)
    contract_id = uuid7()
    names = {name: values.text(name, cells.get(name)) for name in (ACCOUNT, COUNTERPARTY)}
    account = _account(names[ACCOUNT] or names[COUNTERPARTY])
    party = _party(key, contract_id, names[COUNTERPARTY] or names[ACCOUNT], read["side"], account)
    contract = Contract(
        **read,
        id=contract_id,
        source_key=key,
        account_id=account.id if account else None,
        parties=(party,) if party else (),
    )
    parent = values.text(PARENT, cells.get(PARENT))
    return Graph(
        place=place,
        record=contract,
        links=(account,) if account else (),
        references=(_parent(key, parent),) if parent else (),
        rejects=tuple(values.rejects),
    )


def _key(values: Values, cells: Mapping[str, str]) -> str:
    for name in ("number", "external_reference"):
        if (value := values.text(name, cells.get(name))) is not None:
            values.rejects.clear()  # read once more with the other cells, and told then
            return f"csv:{value}"
    if values.rejects:
        bad = values.rejects[0]
        raise values.refuse(str(bad.field), bad.value, bad.reason)
    raise values.refuse("number", None, "it has neither number nor reference to find it by: fill one in")


def _side(headers: Headers) -> Side:
    """Who sells, where no column says so: the name of the other party's column may."""
    columns = (headers.columns.get(name, "").casefold() for name in (ACCOUNT, COUNTERPARTY))
    return Side.VENDOR if any(word in column for column in columns for word in _VENDORS) else Side.CUSTOMER


def _status(read: Mapping[str, Any]) -> ContractStatus:
    return ContractStatus.EXECUTED if read.get("signed_date") else ContractStatus.DRAFT


def _account(name: str | None) -> Account | None:
    """The account of that name: one that is stored, or a new one."""
    if name is None:
        return None
    return Account(id=uuid7(), source_key=f"csv:account:{name.casefold()}", name=name)


def _party(
    key: str, contract_id: UUID, name: str | None, side: Side, account: Account | None
) -> ContractParty | None:
    if name is None:
        return None
    return ContractParty(
        id=uuid7(),
        source_key=f"{key}{SEPARATOR}counterparty",
        contract_id=contract_id,
        legal_name=name,
        role=PartyRole.CUSTOMER if side is Side.CUSTOMER else PartyRole.VENDOR,
        account_id=account.id if account else None,
    )


def _parent(key: str, number: str) -> Reference:
    return Reference(
        entity=Contract, source_key=key, field="parent_id", target=Contract, value=number, by="number"
    )
