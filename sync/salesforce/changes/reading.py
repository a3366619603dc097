"""What a change of a record comes to once all is known that it does not tell itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sync.salesforce.changes.change import Kind, RecordChange, names_of
from sync.salesforce.changes.forms import as_json
from sync.salesforce.contract_status import ContractStatuses
from sync.salesforce.description import ObjectDescription
from sync.salesforce.drafts import CURRENCY
from sync.salesforce.failures import Permanent
from sync.salesforce.orgs import OpenOrg

SETTLED: Final = timedelta(minutes=5)
"""After so long nothing more is committed in a second that Salesforce has told of."""

_STAMP = "SystemModstamp"
_SECOND = 999  # milliseconds to the end of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A change with its values in the form of JSON, and what of the org it takes to understand them."""

    change: RecordChange
    values: Mapping[str, Any] = field(repr=False)
    described: ObjectDescription
    statuses: ContractStatuses | None = None
    currency: str | None = None


async def read_change(
    org: OpenOrg, change: RecordChange, doubtful: frozenset[str], now: datetime
) -> Reading | None:
    """Complete a change by what Salesforce holds; `doubtful` fields are asked for whatever it says.

    None where our user may not see the object. Raises SalesforceFailure.
    """
    try:
        described = await org.describe(change.object)
    except Permanent:
        return None
    seen = names_of(change.object).keys() & described.fields.keys()
    values = {name: as_json(described.fields.get(name), value) for name, value in change.values.items()}
    asked = set(change.asked) | (doubtful & values.keys())
    if change.kind is Kind.WHOLE:
        asked = set(seen)
    currency = org.currency
    many = CURRENCY in described.fields
    if many and any(described.fields[name].type == "currency" for name in (values.keys() | asked) & seen):
        asked.add(CURRENCY)
    if change.kind is not Kind.GONE and asked:
        fields = tuple(sorted((asked & described.fields.keys()) | {_STAMP}))
        row = await org.read(change.object, "Id", change.record, fields)
        if row is None:
            return Reading(change=replace(change, kind=Kind.GONE), values={}, described=described)
        values |= {name: row[name] for name in asked & seen}
        currency = str(row[CURRENCY]) if many and row.get(CURRENCY) else currency
        change = _as_of(change, row[_STAMP], now)
    elif many:
        currency = None
    statuses = await _statuses(org) if change.object == "Contract" else None
    return Reading(
        change=change, values={name: value for name, value in values.items() if name in seen},
        described=described, statuses=statuses, currency=currency,
    )  # fmt: skip


def _as_of(change: RecordChange, said: str, now: datetime) -> RecordChange:
    """Return a change of a whole record with the moment and the name of what was read."""
    if change.kind is not Kind.WHOLE:
        return change
    moment = datetime.fromisoformat(said).astimezone(UTC)
    at = int(moment.timestamp() * 1000)
    # Salesforce keeps whole seconds: a record that rests is as of the end of its last one.
    at = at + _SECOND if now - moment > SETTLED else max(at, change.at)
    # Read twice unchanged it says the same, and is known as that.
    return replace(change, at=at, event=f"{change.object} {change.record} of {moment.isoformat()}")


async def _statuses(org: OpenOrg) -> ContractStatuses | None:
    try:
        return await org.statuses()
    except Permanent:
        return None
