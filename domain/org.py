"""The tenant of everything."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Org:
    """One Salesforce organisation: every row of the graph belongs to exactly one."""

    id: UUID
    name: str
    salesforce_org_id: str | None = None
