"""Tokens taken back before they end: one token, all of a client, all of a user."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from auth.digest import digest_id
from auth.token_refused import RevokedToken
from auth.tokens import AccessToken
from storage.database import Database
from storage.revocations import revoke, still_stands

LONGEST_LIFE = timedelta(hours=24)
"""A token of the command line may live so long; those of the server live ten minutes."""

ASK_AGAIN = 2.0
"""Seconds for which a token that stood is taken to stand: how late a worker may learn of a revocation."""


class Holder(StrEnum):
    """What tokens are taken back by."""

    TOKEN = "token"  # noqa: S105 - a word
    CLIENT = "client"
    USER = "user"
    SESSION = "session"


def revocation_id(holder: Holder, name: str) -> UUID:
    """Return what a revocation is stored under: it names nobody."""
    return digest_id(f"{holder}|{name}")


async def revoke_all(connection: asyncpg.Connection, org_id: UUID, holder: Holder, *names: str) -> None:
    """End every token of the holders that was issued until now, inside a transaction bound to the org."""
    now = datetime.now(UTC)
    ids = [revocation_id(holder, name) for name in names]
    await revoke(connection, org_id, ids, now, now + LONGEST_LIFE)


class Revocations:
    """Knows which tokens still stand; of each it asks the database again after `ASK_AGAIN` seconds."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def check(self, token: AccessToken) -> None:
        """Refuse a token that was revoked. Raises RevokedToken, DatabaseUnavailable."""
        now = self._clock()
        if now < token.stands_until:
            return
        if not await stands(self._database, token):
            raise RevokedToken
        token.stands_until = now + ASK_AGAIN


async def stands(asked: Database | asyncpg.Connection, token: AccessToken) -> bool:
    """Ask whether neither a token, nor its client, user or session was revoked since it was issued."""
    who = token.principal
    ids = [
        revocation_id(Holder.TOKEN, token.id),
        revocation_id(Holder.CLIENT, who.client or ""),
        revocation_id(Holder.USER, who.subject),
    ]
    if token.session_id is not None:
        ids.append(revocation_id(Holder.SESSION, token.session_id))
    return await still_stands(asked, who.org_id, ids, datetime.fromtimestamp(token.issued_at, UTC))
