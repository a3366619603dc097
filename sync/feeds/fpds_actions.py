"""FPDS actions, gathered from Atom pages into contracts: the base action, then its modifications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from sync.feeds.atom import entries_of
from sync.feeds.reject import Place, Reject
from sync.feeds.sorted_runs import SortedRuns

Row = dict[str, Any]

_KINDS = {
    "IDV": ("IDVID", "referencedIDVID", "lastDateToOrder"),
    "award": ("awardContractID", "referencedIDVID", "ultimateCompletionDate"),
}
"""By the element that holds an action: its identifier, its parent's, and its last day."""

_TITLE = 160


def gathered(pages: Iterable[Path], today: date) -> Iterator[tuple[Place, Row] | Reject]:
    """Give each contract of the pages as one row, in the shape of the gathered JSON lines.

    The actions are sorted by contract on disk, so that memory does not grow with the pages. The pages of
    a contract must be given together: one whose base action is missing is rejected.
    """
    with SortedRuns() as actions:
        for page in pages:
            for entry in entries_of(page):
                if isinstance(entry, Reject):
                    yield entry
                elif (action := _action(*entry)) is None:
                    reason = (
                        "the entry holds no contract: an IDV or an award with agency and PIID is expected"
                    )
                    yield Reject(place=entry[0], reason=reason)
                else:
                    signed, recorded = action["signed_date"] or "", action["recorded_at"] or ""
                    actions.add(([action["key"], signed, recorded, action["number"]], action))
        for _, group in groupby(actions, key=lambda entry: entry[0][0]):
            yield _contract([action for _, action in group], today)


def _action(place: Place, entry: Element) -> Row | None:
    kind = next((name for name in _KINDS if entry.find(f"content/{name}") is not None), None)
    if kind is None or (action := entry.find(f"content/{kind}")) is None:
        return None
    own, parent, last_day = _KINDS[kind]
    say = _Said(action)
    identifier = f"contractID/{own}"
    agency, piid = say(f"{identifier}/agencyID"), say(f"{identifier}/PIID")
    if agency is None or piid is None:
        return None
    parent_piid = say(f"contractID/{parent}/PIID")
    vendor = "vendor/vendorSiteDetails/entityIdentifiers/vendorUEIInformation"
    location = "vendor/vendorSiteDetails/vendorLocation"
    return {
        "path": place.path,
        "line": place.line,
        "key": f"fpds:{kind}|{agency}|{piid}|{parent_piid or ''}",
        "kind": kind,
        "contract_number": piid,
        "parent_number": parent_piid,
        "number": say(f"{identifier}/modNumber") or "0",
        "txn": say(f"{identifier}/transactionNumber"),
        "signed_date": _day(say("relevantContractDates/signedDate")),
        "effective_date": _day(say("relevantContractDates/effectiveDate")),
        "expiration_date": _day(say(f"relevantContractDates/{last_day}")),
        "recorded_at": say("transactionInformation/createdDate"),
        "modified_at": say("transactionInformation/lastModifiedDate"),
        "closed": say("transactionInformation/closedStatus") == "Y",
        "reason": say("contractData/reasonForModification", "description"),
        "description": say("contractData/descriptionOfContractRequirement"),
        "ceiling_delta": say("dollarValues/baseAndAllOptionsValue"),
        "reported": say("totalDollarValues/totalBaseAndAllOptionsValue"),
        "buyer": {
            "role": "buyer",
            "name": say("purchaserInformation/contractingOfficeAgencyID", "name"),
            "id": say("purchaserInformation/contractingOfficeAgencyID"),
        },
        "supplier": {
            "role": "supplier",
            "name": say("vendor/vendorHeader/vendorName"),
            "id": say(f"{vendor}/UEI"),
            "parent": say(f"{vendor}/ultimateParentUEIName"),
            "parent_id": say(f"{vendor}/ultimateParentUEI"),
            "city": say(f"{location}/city"),
            "region": say(f"{location}/state"),
            "country": say(f"{location}/countryCode"),
        },
    }


class _Said:
    """Reads what an action says at a path: text, or an attribute; None for nothing."""

    def __init__(self, action: Element) -> None:
        self._action = action

    def __call__(self, path: str, attribute: str | None = None) -> str | None:
        found = self._action.find(path)
        if found is None:
            return None
        said = found.text if attribute is None else found.get(attribute)
        return (said or "").strip() or None


def _contract(actions: list[Row], today: date) -> tuple[Place, Row] | Reject:
    """One row of all actions of a contract, in the order of signature and recording."""
    latest: dict[tuple[str, str | None], Row] = {}
    for action in actions:  # pages overlap: of one action told twice, the last modified counts
        known = latest.get(identity := (action["number"], action["txn"]))
        if known is None or (action["modified_at"] or "") >= (known["modified_at"] or ""):
            latest[identity] = action
    base = next((action for action in latest.values() if action["number"] in {"0", ""}), None)
    place = Place(path=actions[0]["path"], line=actions[0]["line"])
    if base is None:
        reason = "its base action (modification 0) is on none of the pages: import all its pages together"
        return Reject(place=place, record=actions[0]["key"], field="modNumber", reason=reason)
    changes = [action for action in latest.values() if action is not base]
    last = [base, *changes][-1]
    row = {
        "id": base["key"],
        "contract_number": base["contract_number"],
        "parent_number": base["parent_number"],
        "title": (base["description"] or "")[:_TITLE],
        "type": "MSA" if base["kind"] == "IDV" else "SOW" if base["parent_number"] else "STANDALONE",
        "signed_date": base["signed_date"],
        "effective_date": base["effective_date"],
        "original_value": {"amount": base["ceiling_delta"], "currency": "USD"},
        "total_value": {"amount": last["reported"], "currency": "USD"} if last["reported"] else None,
        "parties": [last["buyer"], last["supplier"]],
    }
    expiration, vendor = base["expiration_date"], base["supplier"]
    amendments: list[Row] = []
    for change in changes:
        amendments.append(_amendment(change, expiration, vendor))
        expiration = change["expiration_date"] or expiration
        vendor = change["supplier"]
    row |= {"amendments": amendments, "expiration_date": expiration}
    row["status"] = _status(changes, expiration, today, closed=last["closed"])
    return Place(path=base["path"], line=base["line"]), row


def _amendment(change: Row, expiration: str | None, vendor: Row) -> Row:
    names = ("number", "txn", "signed_date", "effective_date", "recorded_at", "reason", "description")
    amendment = {name: change[name] for name in (*names, "ceiling_delta")}
    if change["expiration_date"] != expiration:
        amendment["expiration_date_after"] = change["expiration_date"]
    if (change["supplier"]["name"], change["supplier"]["id"]) != (vendor["name"], vendor["id"]):
        amendment["vendor_after"], amendment["uei_after"] = (
            change["supplier"]["name"],
            change["supplier"]["id"],
        )
    return amendment


def _status(changes: list[Row], expiration: str | None, today: date, *, closed: bool) -> str:
    """The word for a contract's state that the gathered lines use."""
    reasons = {change["reason"] or "" for change in changes}
    if any(reason.startswith(("TERMINATE", "LEGAL CONTRACT CANCELLATION")) for reason in reasons):
        return "terminated"
    if closed or "CLOSE OUT" in reasons:
        return "closed"
    return "expired" if expiration is not None and expiration < today.isoformat() else "active"


def _day(text: str | None) -> str | None:
    return text[:10] if text else None
