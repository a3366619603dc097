"""A contract told to its org of Salesforce: its own record, and the records where some of its fields live."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from domain.contract import Contract
from domain.field import DeclaredField
from sync.salesforce.failures import ChangedSince, Permanent, SalesforceFailure
from sync.salesforce.mapping import mapped
from sync.salesforce.orgs import OpenOrg
from sync.salesforce.other_record import elsewhere, tell_other
from sync.salesforce.own_record import OWN, first_step, tell_own
from sync.salesforce.telling import Known, NotSetUp, Step, Telling

_OUTDATED: Final = frozenset(
    {
        "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "NOT_FOUND",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "STRING_TOO_LONG",
    }
)  # fmt: skip
"""What is refused of a write that was checked: the org was changed since it was described."""

_TRIES = 2


def references(contract: Contract) -> Sequence[tuple[DeclaredField, UUID]]:
    """Return the references of a contract that a write may have to follow, with where they lead."""
    leading = (place for place in mapped(Contract).values() if place.via or place.is_id)
    through = dict.fromkeys(place.via or place.declared for place in leading)
    known = ((each, getattr(contract, each.name)) for each in through)
    return [(each, target) for each, target in known if isinstance(target, UUID)]


async def tell(org: OpenOrg, known: Known) -> Sequence[Telling]:
    """Write to each object what is to be written there, and say of each what became of it."""
    others = dict.fromkeys(place.object for place in elsewhere(known.contract))
    return await asyncio.gather(*(_told(org, known, name) for name in (OWN, *others)))


async def first_steps(org: OpenOrg, many: Sequence[Known]) -> Mapping[UUID, Step]:
    """Return what the own records of contracts are to be told first, by contract, of those that need it.

    What is refused or waits is left to the turn of its contract. Raises SalesforceFailure for all of them.
    """

    async def first(known: Known) -> Step | None:
        try:
            return await first_step(org, known)
        except (Permanent, NotSetUp):
            return None

    steps = await asyncio.gather(*(first(each) for each in many))
    return {known.contract.id: step for known, step in zip(many, steps, strict=True) if step is not None}


async def _told(org: OpenOrg, known: Known, name: str) -> Telling:
    work = tell_own if name == OWN else tell_other
    for attempt in range(_TRIES):
        again = attempt < _TRIES - 1
        try:
            return await work(org, known, name)
        except ChangedSince as failure:
            if not again:
                return Telling(object=name, failure=failure)
        except Permanent as failure:
            if not again or failure.code not in _OUTDATED:
                return Telling(object=name, failure=failure)
            org.forget()
        except SalesforceFailure as failure:
            return Telling(object=name, failure=failure)
    raise AssertionError  # the last attempt returns
