"""What Salesforce does with some fields beside storing them: it ignores, computes, refuses.

As salesforce.md says in section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.term import Period, add
from sync.salesforce.stand_in.catalogue import objects
from sync.salesforce.stand_in.refusal import Refused
from sync.salesforce.stand_in.store import Store, Values

_DRAFT, _ACTIVATED = "Draft", "Activated"
_LINE, _PARENT = "OpportunityLineItem", objects()["OpportunityLineItem"].fields["OpportunityId"]
_STAGES = {
    "Prospecting": (10, "Pipeline"), "Qualification": (10, "Pipeline"), "Needs Analysis": (20, "Pipeline"),
    "Proposal/Price Quote": (75, "BestCase"), "Negotiation/Review": (90, "Forecast"),
    "Closed Won": (100, "Closed"), "Closed Lost": (0, "Omitted"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What an admin of the org has chosen.

    `auto_calculate_end_date` makes Contract.EndDate the end of the term; `draft_first` lets a contract be
    created only in a status of the category Draft; `access_status` is the HTTP status of a refused right,
    which no document settles; without `bulk` no job is taken. `change_entities` are selected for change
    events, at most `change_budget` of them; a transaction of more than `overflow_after` changed fields is
    told of as an overflow. A stream is closed `pending_patience` seconds after all that was asked for came,
    says every `keepalive` seconds that it lives, and begins `repeats` events too early when it is taken up
    again. `automations` are flows: what they set, by object, in the transaction of whoever saves such a
    record.
    """

    auto_calculate_end_date: bool = True
    draft_first: bool = True
    access_status: int = 400
    daily_limit: int = 100_000
    bulk: bool = True
    session_seconds: int = 7200
    change_entities: Sequence[str] = ("Opportunity", "Account", "Contact", "Contract", "OpportunityLineItem")
    change_budget: int = 5
    overflow_after: int = 100_000
    pending_patience: float = 60.0
    keepalive: float = 270.0
    repeats: int = 0
    daily_events: int = 25_000
    automations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := set(self.change_entities) - objects().keys():
            raise ValueError(f"no such objects: {', '.join(sorted(unknown))}")
        if len(self.change_entities) > self.change_budget:
            raise ValueError(f"an org selects at most {self.change_budget} objects for change events")

    def automated(self, object_name: str, record: Values) -> Values:
        """Return what flows of the org make of a record that is saved."""
        found = self.automations.get(object_name, {})
        return {name: value for name, value in found.items() if record.get(name) != value}

    def computed(self, object_name: str) -> frozenset[str]:
        """Return the fields of an object that this org computes: nobody may write them."""
        end_date = object_name == "Contract" and self.auto_calculate_end_date
        return frozenset({"EndDate"} if end_date else ())


def settle(store: Store, settings: Settings, name: str, before: Values | None, after: Values) -> None:
    """Make of a record what Salesforce makes of it, in place, before it is saved. Raises Refused."""
    given = after if before is None else {f: v for f, v in after.items() if v != before.get(f)}
    if name == "Contract":
        _contract(store, settings, before, after)
    elif name == "Opportunity":
        _opportunity(store, before, after, given)
    elif name == _LINE:
        _line(store, before, after, given)
    elif name in ("Contact", "User"):
        after["Name"] = " ".join(part for part in (after.get("FirstName"), after.get("LastName")) if part)


def lines_of(store: Store, opportunity_id: str) -> list[Values]:
    """Return the line items of an opportunity."""
    return store.having(_LINE, _PARENT, opportunity_id)


def _contract(store: Store, settings: Settings, before: Values | None, after: Values) -> None:
    codes = {row["ApiName"]: row["StatusCode"] for row in store.all("ContractStatus")}
    after["StatusCode"] = code = codes.get(after["Status"])
    known = None if before is None else before["StatusCode"]
    too_early = known is None and settings.draft_first and code != _DRAFT
    if too_early or (known == _ACTIVATED and code != _ACTIVATED):
        message = "Choose a valid contract status and save your changes. Ask your admin for details."
        raise Refused("FAILED_ACTIVATION", message, ["Status"])
    if settings.auto_calculate_end_date:
        after["EndDate"] = _end_date(after.get("StartDate"), after.get("ContractTerm"))


def _end_date(start: str | None, months: int | None) -> str | None:
    end = add(date.fromisoformat(start), Period(months=months)) if start and months else None
    return (end - timedelta(days=1)).isoformat() if end else None


def _opportunity(store: Store, before: Values | None, after: Values, given: Mapping[str, Any]) -> None:
    lines = lines_of(store, after["Id"])
    if lines:
        if "Pricebook2Id" in given:
            message = "cannot change the price book of an opportunity that has products"
            raise Refused("FIELD_INTEGRITY_EXCEPTION", message, ["Pricebook2Id"])
        # No error and no word: what was sent is not what is there.
        after["Amount"] = sum(line["TotalPrice"] or 0.0 for line in lines)
    after["HasOpportunityLineItem"] = bool(lines)
    if before is None or "StageName" in given:
        probability, forecast = _STAGES.get(after["StageName"], (0, "Pipeline"))
        after["IsWon"] = forecast == "Closed"
        after["IsClosed"] = forecast in ("Closed", "Omitted")
        after["ForecastCategory"] = forecast
        if "Probability" not in given or before is not None:
            after["Probability"] = float(probability)


def _line(store: Store, before: Values | None, after: Values, given: Mapping[str, Any]) -> None:
    priced = [name for name in ("UnitPrice", "TotalPrice") if given.get(name) is not None]
    if before is None and len(priced) != 1:
        message = "unit price or total price must be given, and not both"
        raise Refused("FIELD_INTEGRITY_EXCEPTION", message, ["UnitPrice", "TotalPrice"])
    quantity = after["Quantity"] or 1.0
    discount = 1 - (after.get("Discount") or 0.0) / 100
    if "UnitPrice" in priced:
        after["TotalPrice"] = round(after["UnitPrice"] * quantity * discount, 2)
    elif after.get("TotalPrice") is not None:
        # Also where the quantity alone changes: the total stays, and the price of one follows.
        after["UnitPrice"] = round(after["TotalPrice"] / quantity / (discount or 1), 2)
    after["Subtotal"] = round((after.get("UnitPrice") or 0.0) * quantity, 2)
    product = store.get("Product2", after.get("Product2Id") or "") or {}
    after["ProductCode"], after["ListPrice"] = product.get("ProductCode"), after.get("UnitPrice")
    parent = store.get("Opportunity", after["OpportunityId"]) or {}
    after["Name"] = " ".join(part for part in (parent.get("Name"), product.get("Name")) if part)
