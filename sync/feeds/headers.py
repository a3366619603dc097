"""What the columns of a spreadsheet mean: told by the importer, or by their names."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from domain.contract import Contract
from domain.field import DeclaredField, Kind, fields_of
from storage.records import REVISION, layout_of

CURRENCY, ACCOUNT, COUNTERPARTY, PARENT = "currency", "account", "counterparty", "parent"
BESIDE_FIELDS: Final = (CURRENCY, ACCOUNT, COUNTERPARTY, PARENT)
"""What a column can mean besides a field: the currency of all amounts, and names of other records."""

_SYNONYMS: Final[Mapping[str, str]] = {
    "number": "no; nr; contract no; contract number; contract id; agreement number; agreement no",
    "external_reference": "reference; ref; external id; our reference; file number",
    "title": "name; contract name; contract title; agreement name; agreement title; agreement; subject;"
    " description",
    "type": "contract type; agreement type; kind; category",
    "side": "direction; buy or sell; role",
    "status": "state; contract status; stage",
    "signed_date": "signed; date signed; signed on; signature date; execution date; sign date",
    "effective_date": "effective; effective from; start; start date; valid from; commencement date; from",
    "expiration_date": "end; end date; expiry; expiry date; expires; expires on; expiration; valid until",
    "renewal_type": "renewal; auto renew; auto renewal; automatic renewal",
    "renewal_term": "renewal period; renewal months",
    "notice_period": "notice; notice days; cancellation notice; period of notice",
    "total_value": "value; amount; total; contract value; total amount; contract amount; tcv",
    "governing_law": "law; jurisdiction",
    "payment_terms": "terms of payment; payment",
    "billing_frequency": "billing; invoicing; billing cycle",
    "discount_percent": "discount",
    "uplift_percent": "uplift; price increase",
    CURRENCY: "currency code; ccy; iso currency",
    ACCOUNT: "account name; customer; customer name; client; client name; company",
    COUNTERPARTY: "counter party; party; other party; vendor; vendor name; supplier; supplier name; partner",
    PARENT: "parent number; parent contract; framework; framework agreement; master agreement",
}


class MappingError(ValueError):
    """The importer's mapping does not fit the file, or names what is no field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """The column of each meaning, and for each column without one, what it may have been meant for."""

    columns: Mapping[str, str]
    unknown: Mapping[str, str | None]


def headers_of(names: Sequence[str], told: Mapping[str, str]) -> Headers:
    """Find what the columns mean: `told` by column name first, then by field, GraphQL name or synonym.

    Neither case nor punctuation matters. Raises MappingError for a told column that is not there, or a
    told meaning that is none.
    """
    by_plain = {_plain(name): name for name in names}
    columns: dict[str, str] = {}
    for column, meaning in told.items():
        target = _meanings().get(_plain(meaning))
        if target is None:
            raise MappingError(f"{meaning!r} is no field: use one of {', '.join(sorted(meanings()))}")
        if _plain(column) not in by_plain:
            raise MappingError(f"no column is called {column!r}: there are {', '.join(names)}")
        columns[target] = by_plain[_plain(column)]
    unknown: dict[str, str | None] = {}
    for name in names:
        if name in columns.values() or not name:
            continue
        target = _meanings().get(_plain(name))
        if target is not None and target not in columns:
            columns[target] = name
        else:
            near = difflib.get_close_matches(_plain(name), _meanings(), n=1, cutoff=0.75)
            unknown[name] = _meanings()[near[0]] if near else None
    return Headers(columns=columns, unknown=unknown)


def meanings() -> tuple[str, ...]:
    """Return everything that a column can mean."""
    return (*importable(), *BESIDE_FIELDS)


@cache
def importable() -> Mapping[str, DeclaredField]:
    """Return the fields of a contract that a cell can hold, by name."""
    fixed = {"id", "source_key", *REVISION}
    stored = (declared for declared in layout_of(Contract).stored if declared.kind is not Kind.REFERENCE)
    return {each.name: each for each in stored if each.name not in fixed and not each.field.rule}


def mapping_file(path: Path) -> tuple[dict[str, str], str | None]:
    """Read a mapping from TOML: a table `columns` of column = "field", and an optional `date_format`.

    Raises MappingError.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise MappingError(f"{path} cannot be read as TOML: {error}") from error
    columns, date_format = content.get("columns"), content.get("date_format")
    if not isinstance(columns, dict) or not all(isinstance(each, str) for each in columns.values()):
        raise MappingError(f'{path} needs a table [columns] with lines such as "Contract No" = "number"')
    if date_format is not None and not isinstance(date_format, str):
        raise MappingError(f"{path}: date_format is a text such as %d.%m.%Y")
    return columns, date_format


def told_by(pairs: Iterable[str]) -> dict[str, str]:
    """Read `Contract No=number` of the command line; raises MappingError."""
    told: dict[str, str] = {}
    for pair in pairs:
        column, equals, meaning = pair.rpartition("=")
        if not (equals and column.strip() and meaning.strip()):
            raise MappingError(f'{pair!r} is no mapping: write "Contract No=number"')
        told[column.strip()] = meaning.strip()
    return told


@cache
def _meanings() -> Mapping[str, str]:
    """Every way to write a meaning, plainly, with the meaning; a field's own names win over synonyms."""
    found: dict[str, str] = {}
    for meaning, words in _SYNONYMS.items():
        found |= {_plain(word): meaning for word in words.split(";")}
    found |= {_plain(name): name for name in BESIDE_FIELDS}
    for declared in fields_of(Contract):
        if declared.name in importable():
            found |= {_plain(name): declared.name for name in (declared.name, declared.graph_name)}
    return found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
