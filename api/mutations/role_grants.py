"""Roles given and taken through the API: the same writes as those of `contract-graph roles`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Optional, Self

import strawberry

from api.errors import AccessDenied
from api.mutations.command import KEY, Act, Asked, Made, line, wrong
from auth.role_grants import give_role, take_role
from domain.error import DomainError
from domain.role_grant import end_of, holder
from storage.role_grants import UnknownGrant

_HOLDER = "Salesforce id of a user (005), a profile (00e) or a permission set (0PS), 15 or 18 characters."


@strawberry.input(description="Which role to give to whom, and why.")
class GrantRoleInput:
    """Input of grantRole."""

    idempotency_key: str = strawberry.field(description=KEY)
    holder_id: str = strawberry.field(description=_HOLDER)
    role: str = strawberry.field(description="Role of the policy.")
    reason: str = strawberry.field(description="Why, for whoever reviews it later: a line of text.")
    until: Optional[date] = strawberry.field(  # noqa: UP045 - as all inputs are declared
        description="Last day on which it holds, in UTC; for good where unsaid.", default=strawberry.UNSET
    )


@strawberry.input(description="Which role to take from whom, and why.")
class RevokeRoleInput:
    """Input of revokeRole."""

    idempotency_key: str = strawberry.field(description=KEY)
    holder_id: str = strawberry.field(description=_HOLDER)
    role: str = strawberry.field(description="Role that it has.")
    reason: str = strawberry.field(description="Why, for whoever reviews it later: a line of text.")


@dataclass(frozen=True, slots=True)
class GrantRole:
    """One role for one holder."""

    holder_id: str
    role: str
    reason: str
    until: date | None

    @classmethod
    def read(cls, asked: Asked) -> Self:
        until = asked.given.get("until")
        if asked.given["role"] not in asked.roles:
            known = ", ".join(sorted(asked.roles))
            raise wrong("role", f"the policy has no such role; it has: {known}")
        try:
            if until is not None:
                end_of(until, asked.now)
        except DomainError as error:
            raise wrong("until", str(error)) from None
        return cls(_holder_id(asked), asked.given["role"], line(asked.given, "reason"), until)

    async def run(self, act: Act) -> Made:
        if self.holder_id == act.principal.subject:
            raise AccessDenied(
                "nobody gives a role to themselves: somebody else who may has to",
                field="Mutation.grantRole",
                rule="four eyes",
            )
        made = await give_role(
            act.connection, act.principal.org_id, holder_id=self.holder_id, role=self.role,
            by=act.principal.subject, because=self.reason, until=self.until, now=act.now,
        )  # fmt: skip
        return Made([made.id])


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """One role of one holder; it may be one that the policy has no more."""

    holder_id: str
    role: str
    reason: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(_holder_id(asked), line(asked.given, "role"), line(asked.given, "reason"))

    async def run(self, act: Act) -> Made:
        try:
            ended = await take_role(
                act.connection, act.principal.org_id, holder_id=self.holder_id, role=self.role,
                by=act.principal.subject, because=self.reason, now=act.now,
            )  # fmt: skip
        except UnknownGrant:
            what = "it does not have this role by a grant of its own: roleGrants lists who has what"
            raise wrong("holderId", what) from None
        return Made(ended)


def _holder_id(asked: Asked) -> str:
    try:
        return holder(asked.given["holderId"])[1]
    except DomainError as error:
        raise wrong("holderId", str(error).rstrip(".")) from None
