"""What of changes a caller is told: of which contracts, and which names of fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from api.planner.feed import CONTRACT, ID
from api.planner.parameters import Environment
from api.planner.plan import CHANGED, Feed, Literally
from api.planner.record_ids import take_ids
from api.planner.run import Plan
from auth.audit import Access
from storage.contract_changes import ContractChange
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change as its caller may know of it."""

    cursor: str
    contract_id: str
    fields: Sequence[str]
    at: datetime

    def result(self, plan: Plan) -> bytes:
        """Return what a subscription asks for of it, as JSON."""
        feed = _feed(plan)
        known = {
            "cursor": self.cursor,
            "contractId": self.contract_id,
            "fields": self.fields,
            "at": self.at,
        }
        members = {
            key: orjson.Fragment(part.json) if isinstance(part, Literally) else known[part]
            for key, part in feed.parts
        }
        return orjson.dumps({"data": {feed.key: members}})


async def told_of(
    database: Database, plan: Plan, environment: Environment, changes: Sequence[ContractChange]
) -> Sequence[Told]:
    """Ask what a plan's caller may be told of changes, at most a page of them; raises as Database does.

    It is decided by the contract as it is now: who reaches it no more is told nothing of what came before.
    """
    feed = _feed(plan)
    named = dict.fromkeys(str(each.contract_id) for each in changes)
    found = await database.answer(plan.statement, plan.arguments(environment | {CHANGED[0]: list(named)}))
    nodes = orjson.loads(take_ids(found)[0])[feed.key]["nodes"]
    return list(_told(feed, {node[ID]: node for node in nodes}, changes))


def access_to(plan: Plan, names: Iterable[str]) -> Access:
    """Return what the audit log says of it: the fields that were named, and by which it was looked for."""
    named = {f"{CONTRACT}.{name}" for name in names}
    return Access.of(sorted(named), (), (), _feed(plan).used)


def _told(
    feed: Feed, seen: Mapping[str, Mapping[str, Any]], changes: Sequence[ContractChange]
) -> Iterator[Told]:
    for each in changes:
        contract = seen.get(str(each.contract_id))
        if contract is None:
            continue
        names = [name for name in each.fields if name in feed.always or contract.get(name) is True]
        if names:
            yield Told(cursor=str(each.id), contract_id=str(each.contract_id), fields=names, at=each.at)


def _feed(plan: Plan) -> Feed:
    if plan.feed is None:
        raise TypeError("the plan is of no subscription")
    return plan.feed
