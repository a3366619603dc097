"""What a change of a record comes to once all is known that it does not tell itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.identity import salesforce_id
from sync.salesforce.changes.change import Kind, RecordChange, names_of
from sync.salesforce.changes.forms import as_json
from sync.salesforce.contract_status import ContractStatuses
from sync.salesforce.description import ObjectDescription
from sync.salesforce.drafts import CURRENCY
from sync.salesforce.failures import Permanent
from sync.salesforce.orgs import OpenOrg

SETTLED: Final = timedelta(minutes=5)
"""After so long nothing more is committed in a second that Salesforce has told of."""

OVER: Final = timedelta(seconds=2)
"""After so long the second is over that Salesforce has told of, with one more for clocks that disagree."""

STAMP: Final = "SystemModstamp"
"""By which field a record says of when it is."""

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
        fields = tuple(sorted((asked & described.fields.keys()) | {STAMP}))
        row = await org.read(change.object, "Id", change.record, fields)
        if row is None:
            return Reading(change=replace(change, kind=Kind.GONE), values={}, described=described)
        values |= {name: row[name] for name in asked & seen}
        currency = str(row[CURRENCY]) if many and row.get(CURRENCY) else currency
        change = _as_of(change, row[STAMP], now)
    elif many:
        currency = None
    statuses = await statuses_of(org, change.object)
    return Reading(
        change=change, values={name: value for name, value in values.items() if name in seen},
        described=described, statuses=statuses, currency=currency,
    )  # fmt: skip


def read_row(
    org: OpenOrg,
    described: ObjectDescription,
    row: Mapping[str, Any],
    statuses: ContractStatuses | None,
    asked_at: datetime,
) -> Reading:
    """Return what a whole record comes to that was asked for at a moment, in the form of JSON.

    Raises LookupError or ValueError where it does not say which it is, or of when.
    """
    name = described.name
    values = {each: row[each] for each in names_of(name).keys() & described.fields.keys() & row.keys()}
    change = RecordChange(
        object=name, record=salesforce_id(str(row["Id"])), kind=Kind.WHOLE, at=0, number=0, event="load",
        values=values,
    )  # fmt: skip
    return Reading(
        change=_as_of(change, str(row[STAMP]), asked_at), values=values, described=described,
        statuses=statuses, currency=str(row[CURRENCY]) if row.get(CURRENCY) else org.currency,
    )  # fmt: skip


def columns_of(name: str, described: ObjectDescription) -> tuple[str, ...]:
    """Return all that a whole record of an object is read by, as far as our user may see it."""
    wanted = names_of(name).keys() | {"Id", STAMP, CURRENCY}
    return tuple(sorted(wanted & described.fields.keys()))


def _as_of(change: RecordChange, said: str, now: datetime) -> RecordChange:
    """Return a change of a whole record with the moment and the name of what was read."""
    if change.kind is not Kind.WHOLE:
        return change
    moment = datetime.fromisoformat(said).astimezone(UTC)
    at = int(moment.timestamp() * 1000)
    # Read twice unchanged it says the same, and is known as that. What is read while its second lasts is
    # known as something else, which comes before: it may say less than what is read once that is over.
    over = now - moment >= OVER
    name = f"{change.object} {change.record} {'of' if over else 'in'} {moment.isoformat()}"
    again = 0 if over else at + int(OVER.total_seconds() * 1000)
    # Salesforce keeps whole seconds: a record that rests is as of the end of its last one.
    at = at + _SECOND if now - moment > SETTLED else max(at, change.at)
    return replace(change, at=at, event=name, not_before=again)


async def statuses_of(org: OpenOrg, name: str) -> ContractStatuses | None:
    """Return the statuses that it takes to understand records of an object. Raises SalesforceFailure."""
    try:
        return await org.statuses() if name == "Contract" else None
    except Permanent:
        return None
