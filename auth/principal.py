from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a subject of one org, the client that acts for them, and what both were granted.

    `org_id` is the tenant that every statement is bound to. `client` is None only for a caller inside
    this process, which needs no token. `roles` are names of the policy; `scopes` narrow them, never widen.
    """

    org_id: UUID
    subject: str
    client: str | None
    roles: frozenset[str]
    scopes: frozenset[str]
