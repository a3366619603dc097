"""One question of a reviewer: what it is about, and its arguments, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.errors import BadUserInput
from api.planner.arguments import checked
from auth.policy import Policy

LONGEST_NAME = 200
Answer = Any
"""JSON: objects by the names of their members in GraphQL."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about the policy that decides and the log of an org; `given` are the arguments."""

    policy: Policy
    org_id: UUID
    given: Mapping[str, Any]
    now: datetime

    def text(self, name: str, longest: int) -> str | None:
        """Return an argument that is a text. Raises BadUserInput where it is longer than may be."""
        value = self.given.get(name)
        if value is not None and len(value) > longest:
            raise BadUserInput(f"{name} is longer than {longest:,} characters")
        return None if value is None else str(checked(value, name))

    def roles(self) -> list[str] | None:
        """Return the roles that are asked about. Raises BadUserInput, which names those that there are."""
        given = self.given.get("roles")
        if given is None:
            return None
        for role in given:
            if role not in self.policy.roles:
                known = ", ".join(sorted(self.policy.roles))
                raise BadUserInput(f"the policy has no role {str(role)[:LONGEST_NAME]!r}; it has: {known}")
        return list(dict.fromkeys(given))
