"""CUAD: facts that lawyers marked in contracts filed with the SEC, and the hashes of the texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from domain.contract import Contract, ContractType, Side
from domain.document import Document, DocumentType
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.party import ContractParty, PartyRole
from domain.renewal import RenewalType
from domain.term import Period
from storage.vanished import SEPARATOR
from sync.feeds.graph import Graph, Item
from sync.feeds.reject import Place, Reject
from sync.feeds.source import json_lines
from sync.feeds.values import RecordRefusedError, Values

SUFFIXES = (".jsonl",)

Row = Mapping[str, Any]

TYPES: Final = {"msa": ContractType.MSA, "amendment": ContractType.AMENDMENT}
"""What a title says of the type; the 25 classes of CUAD are subjects, none of which is a type of ours."""

_DATES = ("agreement_date", "effective_date", "expiration_date")
_HALVES = frozenset({"month", "year", "redacted"})
_PARTIAL = "a date that is partly blacked out was left absent"


def read(files: Iterable[Path]) -> Iterator[Item]:
    """Give every contract of the facts; a text proves the hash that its facts state, and is never kept.

    Files of texts are told by their field `text`, and read before the facts, for their hashes alone.
    """
    facts: list[Path] = []
    hashes: dict[str, str] = {}
    for path in files:
        if _holds_texts(path):
            for line in json_lines(path):
                if isinstance(line, Reject):
                    yield line
                else:
                    hashes[str(line[1].get("id"))] = _sha256(line[1])
        else:
            facts.append(path)
    for path in facts:
        for line in json_lines(path):
            yield line if isinstance(line, Reject) else _item(*line, hashes)


def _holds_texts(path: Path) -> bool:
    first = next((line for line in json_lines(path) if not isinstance(line, Reject)), None)
    return first is not None and "text" in first[1]


def _sha256(row: Row) -> str:
    return hashlib.sha256(str(row.get("text") or "").encode("utf-8", errors="surrogatepass")).hexdigest()


def _item(place: Place, row: Row, hashes: Mapping[str, str]) -> Item:
    try:
        return graph_of(place, row, hashes.get(str(row.get("id"))))
    except RecordRefusedError as error:
        return error.reject


def graph_of(place: Place, row: Row, text_sha256: str | None) -> Graph:
    """Return the contract that the facts tell of; `text_sha256` is the hash of its text, where that is here.

    A date that is partly blacked out is left absent, and never guessed. So is an expiration date before the
    first day, with a reject for that field. Raises RecordRefusedError without identity, or where the text is
    not the one that the facts were marked in.
    """
    values = Values(place, None)
    identifier = values.required("id", row.get("id"))
    key = values.record = f"cuad:{identifier.removeprefix('cuad-')}"
    stated = values.text("text_sha256", row.get("text_sha256"))
    if text_sha256 is not None and text_sha256 != stated:
        reason = "the text is not the one that the facts were marked in: fetch both again"
        raise values.refuse("text_sha256", stated, reason)
    name = values.text("document_name", row.get("document_name")) or values.text("title", row.get("title"))
    title = " ".join((name or identifier).split())
    signed = _day(values, "agreement_date", row)
    contract = Contract(
        id=uuid7(),
        source_key=key,
        number=identifier,
        external_reference=values.text("title", row.get("title")),
        title=title,
        type=TYPES.get(str(row.get("type_guess") or "").lower(), ContractType.OTHER),
        side=Side.VENDOR,
        status=ContractStatus.EXECUTED,
        signed_date=signed,
        effective_date=_day(values, "effective_date", row),
        renewal_type=_renewal_type(row),
        renewal_term=_period(values, "renewal_term", row),
        notice_period=_period(values, "notice_period", row),
        governing_law="; ".join(map(str, row.get("governing_law") or ())) or None,
        liability_uncapped=_uncapped(row),
    )
    contract = replace(
        contract,
        expiration_date=_expiration(values, row, contract.effective_date or signed),
        parties=_parties(values, contract, row),
        documents=(
            Document(
                id=uuid7(),
                source_key=f"{key}{SEPARATOR}text",
                contract_id=contract.id,
                type=DocumentType.AGREEMENT,
                title=title,
                sha256=stated,
                signed_at=signed,
                executed=True,
            ),
        ),
    )
    notes = tuple(_PARTIAL for field in _DATES if _told(row, field).get("precision") in _HALVES)
    return Graph(place=place, record=contract, rejects=tuple(values.rejects), notes=notes)


def _told(row: Row, field: str) -> Row:
    told = row.get(field)
    return told if isinstance(told, Mapping) else {}


def _day(values: Values, field: str, row: Row) -> date | None:
    told = _told(row, field)
    return values.day(field, told.get("value")) if told.get("precision") == "day" else None


def _expiration(values: Values, row: Row, start: date | None) -> date | None:
    day = _day(values, "expiration_date", row)
    if day is not None and start is not None and day < start:
        reason = f"it lies before the first day, {start}: correct one of the two"
        values.leave_out("expiration_date", day, reason)
        return None
    return day


def _renewal_type(row: Row) -> RenewalType | None:
    """What the labels say: a contract without end is evergreen, a term that repeats itself renews."""
    if _told(row, "expiration_date").get("perpetual"):
        return RenewalType.EVERGREEN
    if row.get("auto_renew_text"):
        return RenewalType.AUTO_RENEW
    return RenewalType.OPTION_TO_RENEW if _told(row, "renewal_term").get("iso") else None


def _period(values: Values, field: str, row: Row) -> Period | None:
    return values.period(field, _told(row, field).get("iso"))


def _uncapped(row: Row) -> bool | None:
    """True where a clause lifts the cap; without one, silence says nothing."""
    return True if _told(row, "clauses").get("uncapped_liability") else None


def _parties(values: Values, contract: Contract, row: Row) -> tuple[ContractParty, ...]:
    """The parties as named; CUAD does not say who sells to whom."""
    names: dict[str, str] = {}
    for party in row.get("parties") or ():
        name = values.text("parties.name", party.get("name")) if isinstance(party, Mapping) else None
        if name is not None:
            names.setdefault(name.casefold(), " ".join(name.split()))
    return tuple(
        ContractParty(
            id=uuid7(),
            source_key=f"{contract.source_key}{SEPARATOR}party:{folded}",
            contract_id=contract.id,
            legal_name=name,
            role=PartyRole.OTHER,
        )
        for folded, name in names.items()
    )
