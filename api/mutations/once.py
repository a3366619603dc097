"""A mutation from its input to its answer: one transaction, and one effect however often it is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import asyncpg
import orjson

from api.errors import InsufficientScope
from api.mutations.claim_contracts import ClaimContracts
from api.mutations.command import Act, Asked, Command, Made, Sender, wrong
from api.mutations.contract_actions import AcknowledgeRenewal, FlagValue, RequestAccess
from api.mutations.held import DiscardHeld, ReplayHeld
from api.mutations.role_grants import GrantRole, RevokeRole
from api.mutations.settle_conflict import SettleConflict
from api.mutations.settle_drift import SettleDrift
from api.mutations.settlements import SettleAccessRequest, SettleFlag
from api.planner.arguments import read_value
from api.planner.parameters import Environment, given_value
from api.planner.plan import MADE, SHARED_SINCE, TODAY, TOLD, Change
from api.planner.run import Plan
from auth.digest import digest_id
from auth.principal import Principal
from auth.scopes import WRITE
from storage.database import Database
from storage.idempotency_keys import Kept, KeyReused, note_made, take_key

COMMANDS: Final[Mapping[str, type[Command]]] = MappingProxyType(
    {
        "grantRole": GrantRole,
        "revokeRole": RevokeRole,
        "acknowledgeRenewal": AcknowledgeRenewal,
        "flagValue": FlagValue,
        "requestAccess": RequestAccess,
        "claimContracts": ClaimContracts,
        "settleConflict": SettleConflict,
        "settleDrift": SettleDrift,
        "settleFlag": SettleFlag,
        "settleAccessRequest": SettleAccessRequest,
        "replayHeld": ReplayHeld,
        "discardHeld": DiscardHeld,
    }
)
Record = Callable[[asyncpg.Connection, bytes], Awaitable[bytes]]
"""Adds to the audit log, in the transaction of the change, and returns the answer that is given out."""

_KEY = re.compile(r"[!-~]{1,255}")


class Mutations:
    """Makes the changes that plans ask for, each once, and has their answers read in the same transaction."""

    def __init__(
        self, database: Database, roles: Callable[[], frozenset[str]], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._roles = roles
        self._clock = clock

    async def answer(
        self,
        change: Change,
        plan: Plan,
        sender: Sender,
        environment: Environment,
        record: Record,
    ) -> bytes:
        """Make a change, read its answer, and have both recorded.

        Raises ApiError, DatabaseUnavailable; then nothing was changed.
        Where the connection is lost, all of it is done anew: the key sees to it that it has one effect.
        """
        principal = sender.principal
        if WRITE not in principal.scopes:
            raise InsufficientScope(f"the token does not have the scope {WRITE}", scope=WRITE)
        now = self._clock()
        given = given_value(read_value(change.given, change.type, environment), environment)
        key = str(given["idempotencyKey"])
        if not _KEY.fullmatch(key):
            raise wrong("idempotencyKey", "1 to 255 visible ASCII characters are expected, such as a UUID")
        command = COMMANDS[change.name].read(Asked(given, self._roles(), now))
        once = _Once(change.name, key, command, principal, now)

        async def work(connection: asyncpg.Connection) -> bytes:
            today = environment[TODAY[0]]
            since = environment[SHARED_SINCE[0]]
            act = Act(connection, principal, sender.view, now, today, sender.request, since)
            made = await once.made(act)
            known = environment | {MADE[0]: [str(each) for each in made.ids], TOLD[0]: made.told}
            data = await connection.fetchval(plan.statement, *plan.arguments(known))
            return await record(connection, data)

        return await self._database.write(principal.org_id, work)


class _Once:
    """A command under its key."""

    def __init__(self, name: str, key: str, command: Command, principal: Principal, now: datetime) -> None:
        self._command, self._principal, self._now = command, principal, now
        # A key is its sender's: nobody can take those of others, nor find out about them.
        self._id = digest_id(orjson.dumps([principal.subject, key]).decode())
        self._request = hashlib.sha256(orjson.dumps([name, command], default=str)).digest()

    async def made(self, act: Act) -> Made:
        connection, org_id = act.connection, self._principal.org_id
        try:
            known = await take_key(connection, org_id, self._id, self._request, self._now)
        except KeyReused:
            what = "it was sent before with another input: take a new key for a new request"
            raise wrong("idempotencyKey", what) from None
        if known is not None:
            return Made(known.made, orjson.loads(known.told) if known.told else ())
        made = await self._command.run(act)
        told = orjson.dumps(made.told).decode() if made.told else None
        await note_made(connection, org_id, self._id, Kept(made.ids, told))
        return made
