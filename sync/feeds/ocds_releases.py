"""OCDS releases, gathered into contracts: the first release, then those that amend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sync.feeds.reject import Place, Reject
from sync.feeds.sorted_runs import Entry

Row = dict[str, Any]
Slice = Entry
"""One contract of one release, with what the release says of its parties, under a key that sorts it."""

_BUYERS, _SUPPLIERS = ("buyer", "procuringEntity"), ("supplier",)


def slices_of(place: Place, document: Any) -> Iterator[Slice | Reject]:  # noqa: ANN401 - any JSON
    """Give the contracts of a package, a record, a release, or a list of these."""
    for release in _releases(document):
        ocid = release.get("ocid")
        if not ocid:
            yield Reject(
                place=place, field="ocid", reason="a release without an ocid: its publisher must add it"
            )
            continue
        for contract in _objects(release.get("contracts")):
            if contract.get("id") in (None, ""):
                reason = "a contract without an id: its publisher must add it"
                yield Reject(place=place, record=f"ocds:{ocid}", field="contracts.id", reason=reason)
                continue
            amends = [each for each in _objects(contract.get("amendments")) if each.get("id")]
            number = str(amends[-1]["id"]) if amends else ""
            turn = [str(ocid), str(contract["id"]), str(release.get("date") or ""), _sortable(number)]
            yield (
                turn,
                {
                    "path": place.path,
                    "line": place.line,
                    "ocid": str(ocid),
                    "number": number,
                    "amends": amends[-1] if amends else None,
                    "date": release.get("date"),
                    "contract": contract,
                    "parties": _parties(release, contract),
                    "tender": _first_text(release.get("tender")),
                },
            )


def gathered(slices: Iterable[Slice]) -> Iterator[tuple[Place, Row]]:
    """Give each contract as one row, in the shape of the gathered JSON lines."""
    for _, group in groupby(slices, key=lambda entry: entry[0][:2]):
        yield _contract([each for _, each in group])


def _releases(document: Any) -> Iterator[Row]:  # noqa: ANN401 - any JSON
    if isinstance(document, list):
        for each in document:
            yield from _releases(each)
    elif isinstance(document, dict):
        inside = [*_objects(document.get("records")), *_objects(document.get("releases"))]
        whole = [
            each for each in inside if "contracts" in each or "releases" in each or "compiledRelease" in each
        ]
        if whole:
            for each in whole:
                yield from _releases(each)
        elif isinstance(document.get("compiledRelease"), dict):
            yield document["compiledRelease"]  # a record that gives its releases by link only
        elif "contracts" in document:
            yield document


def _contract(slices: list[Row]) -> tuple[Place, Row]:
    """One row: base from the last release before any amendment, if one is known; the rest as it last was."""
    plain = [each for each in slices if not each["number"]]
    amending = list({each["number"]: each for each in slices if each["number"]}.values())
    base, last = (plain[-1] if plain else None), (amending or plain)[-1]
    contract = last["contract"]
    row = {
        "ocid": last["ocid"],
        "contract_number": str(contract["id"]),
        "title": contract.get("title"),
        "description": contract.get("description") or last["tender"],
        "status": contract.get("status"),
        "signed_date": _day(contract.get("dateSigned")),
        "effective_date": _day(_period(contract).get("startDate")),
        "expiration_date": _day(_period(contract).get("endDate")),
        "original_value": base["contract"].get("value") if base else None,
        "total_value": contract.get("value"),
        "parties": last["parties"],
        "items": _objects(contract.get("items")),
        "documents": _objects(contract.get("documents")),
        "milestones": [
            *_objects(contract.get("milestones")),
            *_objects(_object(contract.get("implementation")).get("milestones")),
        ],
        "amendments": [_amendment(each) for each in amending],
    }
    return Place(path=last["path"], line=last["line"]), row


def _amendment(slice_: Row) -> Row:
    said, contract = _object(slice_["amends"]), slice_["contract"]
    return {
        "number": slice_["number"],
        "recorded_at": slice_["date"],
        "signed_date": _day(said.get("date")),
        "description": said.get("rationale") or said.get("description"),
        "value_after": _object(contract.get("value")).get("amount"),
        "currency": _object(contract.get("value")).get("currency"),
        "expiration_date_after": _day(_period(contract).get("endDate")),
    }


def _parties(release: Row, contract: Row) -> list[Row]:
    """The parties by their roles; where a release lists none, its buyer and its award's suppliers."""
    told = [
        _party(each, role)
        for role, names in (("buyer", _BUYERS), ("supplier", _SUPPLIERS))
        for each in _objects(release.get("parties"))
        if set(names) & set(each.get("roles") or ())
    ]
    if told:
        return told
    buyers = [_party(each, "buyer") for each in _objects([release.get("buyer")])]
    awards = [each for each in _objects(release.get("awards")) if each.get("id") == contract.get("awardID")]
    suppliers = [_party(each, "supplier") for award in awards for each in _objects(award.get("suppliers"))]
    return buyers + suppliers


def _party(party: Row, role: str) -> Row:
    identifiers = [_object(party.get("identifier")), *_objects(party.get("additionalIdentifiers"))]
    known = next((each for each in identifiers if each.get("id") and each.get("scheme")), {})
    address = _object(party.get("address"))
    return {
        "role": role,
        "name": party.get("name"),
        "id_scheme": known.get("scheme"),
        "id": known.get("id"),
        "country": address.get("countryName"),
    }


def _first_text(tender: Any) -> str | None:  # noqa: ANN401 - any JSON
    found = _object(tender)
    return found.get("title") or found.get("description")


def _period(contract: Row) -> Row:
    return _object(contract.get("period"))


def _object(value: Any) -> Row:  # noqa: ANN401 - any JSON
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Row]:  # noqa: ANN401 - any JSON
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _day(value: Any) -> Any:  # noqa: ANN401 - whatever is no text goes on, to be rejected with its place
    return value[:10] if isinstance(value, str) else value


def _sortable(number: str) -> str:
    """The number with its digits filled up, so that amendment A10 follows A9."""
    return re.sub(r"[0-9]+", lambda digits: digits.group().zfill(12), number)
