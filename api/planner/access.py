"""What the planner says of access to an operation's fields, for cases of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.errors import AccessDenied
from api.planner.dry_run import dry_run
from auth.review.trial import Access
from auth.view import View


def access_of(source: str, variables: Mapping[str, Any], view: View) -> Access:
    """Plan an operation and tell what of it is denied and masked. Raises ApiError where it is none."""
    try:
        planned = dry_run(source, variables, view)
    except AccessDenied as error:
        return Access(refused=error.extensions.get("field"))
    denied, masked = (
        frozenset(entry["field"] for entry in entries) for entries in (planned.denied, planned.masked)
    )
    return Access(denied, masked)
