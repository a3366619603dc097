"""What an org of Salesforce is told of a contract, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from domain.contract import Contract
from storage.salesforce_bulk import StoredRow
from storage.salesforce_records import StoredRecord
from sync.salesforce.description import ObjectDescription
from sync.salesforce.drafts import CURRENCY, Refusal, currency_of
from sync.salesforce.failures import Permanent, SalesforceFailure, of_cell
from sync.salesforce.orgs import OpenOrg, Row


class NotSetUp(SalesforceFailure):
    """The org is not ready for us; `wait` seconds until it is looked at again."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}: `contract-graph crm check` tells what is missing", "NOT_SET_UP")
        self.wait = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One write of a record: made or changed by the external id `by`, or changed by its own id where None.

    `told` is all that the record has been told once it is done.
    """

    by: str | None
    key: str
    values: Mapping[str, Any] = field(repr=False)
    told: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known here of a contract that Salesforce is to be told of.

    `ids` are the Salesforce ids of the records that it points at, `records` what was told before, by object,
    `shared` the fields that another contract has a value for in the same place, and `ahead` what of its own
    record went ahead in a bulk job, and came to.
    """

    contract: Contract
    today: date
    ids: Mapping[UUID, str]
    records: Mapping[str, StoredRecord]
    shared: frozenset[str] = frozenset()
    ahead: StoredRow | None = None

    def check(self, values: Mapping[str, Any]) -> None:
        """Refuse what a bulk job was refused just now, in the words that Salesforce had for it.

        Raises Permanent. What passes by itself is tried again.
        """
        if self.ahead is not None and self.ahead.refusal is not None and self.ahead.sent == values:
            failure = of_cell(self.ahead.refusal)
            if isinstance(failure, Permanent):
                raise failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What became of one object: what its record was told, what not, and why it waits or failed.

    `wrote` says that Salesforce was told anything now; `record` holds what it was told before, too.
    """

    object: str
    wrote: bool = False
    record: StoredRecord | None = None
    refusals: Sequence[Refusal] = ()
    waits: str | None = None
    failure: SalesforceFailure | None = field(default=None, repr=False)


def currency_there(
    org: OpenOrg, contract: Contract, described: ObjectDescription, current: Row | None, *, new: bool
) -> str | None:
    """Return the currency of a record: its own where the org has several, else that of the org."""
    if CURRENCY not in described.fields:
        return org.currency
    if current is not None:
        return str(current[CURRENCY])
    return currency_of(contract, described.name) if new else None
