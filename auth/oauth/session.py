"""The sessions of people: begun by a code, kept up by refresh tokens, and ended whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy.util import await_only

from auth.digest import digest_id
from auth.oauth.form import AuthorizationRequest
from auth.oauth.grants import GrantedUser
from auth.revocation import Holder, revoke_all
from domain.identity import uuid7
from storage import sessions
from storage.sessions import AuthorizationCode, Once, RefreshToken

CODE_LIFETIME = timedelta(seconds=60)
IDLE_LIFETIME = timedelta(hours=8)
"""How long a refresh token waits to be used."""
SESSION_LIFETIME = timedelta(days=30)
"""How long somebody stays signed in, however often their client refreshes."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of an org, for one request: `jkt` names the key that its sender proved, if any.

    Its methods wait inside a greenlet, as Authlib's hooks do, in a transaction that is bound to the org.
    """

    connection: asyncpg.Connection
    org_id: UUID
    now: datetime
    jkt: str | None

    def begin(self, code: str, request: AuthorizationRequest) -> None:
        """Save the code that a signed-in person's client will exchange."""
        asked = request.payload.data
        made = AuthorizationCode(
            id=digest_id(code), client_id=request.client.registered.id, salesforce_user_id=request.user.id,
            redirect_uri=asked["redirect_uri"], scope=request.scope, code_challenge=asked["code_challenge"],
            session_id=uuid7(), expires_at=self.now + CODE_LIFETIME, dpop_jkt=asked.get("dpop_jkt"),
        )  # fmt: skip
        await_only(sessions.save(self.connection, self.org_id, made, self.now))

    def keep_up(self, token: str, scope: str, client_id: UUID, user: GrantedUser) -> None:
        """Save a refresh token, as a hash."""
        ends = user.session_ends_at or self.now + SESSION_LIFETIME
        made = RefreshToken(
            id=digest_id(token), client_id=client_id, salesforce_user_id=user.id, scope=scope,
            session_id=user.session_id or uuid7(), session_ends_at=ends,
            expires_at=min(self.now + IDLE_LIFETIME, ends), dpop_jkt=self.jkt,
        )  # fmt: skip
        await_only(sessions.save(self.connection, self.org_id, made, self.now))

    def use(self, kind: type[Once], secret: str, client_id: UUID) -> Once | None:
        """Use up a code or a refresh token. One that comes again was stolen, or is: its session ends."""
        id_ = digest_id(secret)
        found = await_only(
            sessions.use(self.connection, kind, self.org_id, id_=id_, client_id=client_id, now=self.now)
        )
        if found is None:
            return None
        if found.used_at is None:
            # RFC 9449 sections 5 and 10: who has not the key has stolen the rest.
            return found if found.dpop_jkt in (None, self.jkt) else None
        self.end(found.session_id)
        return None

    def find(self, token: str) -> RefreshToken | None:
        """Return a refresh token, also one that was used: whoever signs out may be refreshing."""
        return await_only(sessions.find_refresh(self.connection, self.org_id, digest_id(token)))

    def end(self, session_id: UUID) -> None:
        """End a session: its refresh tokens, and the access tokens that it gave."""
        await_only(sessions.end_session(self.connection, self.org_id, session_id))
        await_only(revoke_all(self.connection, self.org_id, Holder.SESSION, str(session_id)))
