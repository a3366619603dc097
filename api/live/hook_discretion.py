"""What a webhook may be told: what a caller with its roles would be, as the policy in force has it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from api.asked import Asked
from api.errors import ApiError, Unavailable
from api.graphql import Endpoint
from api.live.telling import Told, access_to, told_of
from api.planner.run import Plan, Planner
from auth.crypto import Sealer
from auth.policy import Policy
from auth.policy_file import load_policy
from auth.policy_watch import PolicyWatch
from auth.principal import Principal
from auth.scopes import READ
from auth.vault import Vault
from auth.view import Views
from storage.contract_changes import ContractChange
from storage.database import Database
from storage.hooks import StoredHook
from sync.hooks.hook import Noticed
from sync.hooks.work import NeverKnown, NotKnownNow
from sync.salesforce.orgs import SalesforceOrgs
from sync.salesforce.sharing import KEPT_BACK, Sharing

DOCUMENT: Final = """subscription Webhook($filter: ContractFilter) {
  contractChanged(filter: $filter) { cursor contractId fields at }
}"""


class HookDiscretion:
    """Asks the planner on behalf of webhooks; the audit log tells of what they are told as of any read."""

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._policies = PolicyWatch(load_policy())
        sharing = Sharing(database, SalesforceOrgs(sealer, kept_back=KEPT_BACK), clock)
        self._endpoint = Endpoint(
            database, Views(self._policies.in_force), lambda: clock().date(), Vault(sealer), sharing=sharing
        )

    async def noticed(self, hook: StoredHook, changes: Sequence[ContractChange]) -> Sequence[Told]:
        """Return what of changes it may know. Raises NotKnownNow, NeverKnown, and as Database does."""
        await self._policies.refresh(self._database)
        if self._endpoint.views.policy != self._policies.in_force:
            self._endpoint.views = Views(self._policies.in_force)
        try:
            asked, plan = self._planned(hook, "")
            environment, _ = await self._endpoint.prepared(asked, plan)
        except Unavailable as error:
            raise NotKnownNow(error.message) from error
        except ApiError as error:
            raise NeverKnown(error.message) from error
        return await told_of(self._database, plan, environment, changes)

    async def record(self, hook: StoredHook, noticed: Noticed) -> None:
        """Have the log tell of a change that is about to be told. Raises NotKnownNow: then it must not be."""
        began = time.perf_counter_ns()
        asked, plan = self._planned(hook, noticed.cursor)
        records = [noticed.contract_id.encode()]
        access = access_to(plan, noticed.fields)
        try:
            await self._endpoint.recording.went_on(asked, plan, began=began, records=records, access=access)
        except Unavailable as error:
            raise NotKnownNow(error.message) from error

    async def close(self) -> None:
        """Ask Salesforce nothing more."""
        await self._endpoint.sharing.close()

    def _planned(self, hook: StoredHook, request: str) -> tuple[Asked, Plan]:
        who = Principal(
            hook.org_id, hook.subject, f"webhook:{hook.id}", frozenset(hook.roles), frozenset({READ})
        )
        asked = Asked(who, request, time.perf_counter_ns(), self._policies.in_force.digest)
        asked.request = _asked(hook)
        return asked, self._endpoint.planned_anew(asked)


def check_hook(policy: Policy, hook: StoredHook) -> None:
    """Refuse a filter that its roles may not use, or that is none. Raises ApiError."""
    asked = _asked(hook)
    view = Views(policy).of(frozenset(hook.roles))
    Planner().plan(asked["query"], None, asked["variables"], view)


def _asked(hook: StoredHook) -> dict[str, Any]:
    return {"query": DOCUMENT, "variables": {"filter": orjson.loads(hook.filter)}}
