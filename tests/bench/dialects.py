"""How each server is asked the same, and what it answers in the words of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import domain.graph  # noqa: F401 - it registers every entity
from api.planner.cursor import order_digest
from api.planner.plan import Order, Term
from api.trusted import FOLDER
from domain.field import field_named

HERE = Path(__file__).parent
PEERS = HERE / "peers"
ORDER_DIGEST = order_digest(
    Order("Contract", (Term(field_named("Contract", "expiration_date"), descending=False),))
)
POSTGRAPHILE_DIGEST = "9745c7e88b"
"""What PostGraphile's cursors of contracts begin with: a hash of its ORDER BY."""

LAST_DAY = "9999-12-31"
"""What stands for an absent day in PostGraphile's order: see peers/postgraphile.mjs."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The documents of one server by operation, its variables for ours, and ours for its answers."""

    documents: Mapping[str, str]
    variables: Callable[[Mapping[str, Any], UUID], Mapping[str, Any]]
    read: Callable[[Any], Any]


def cursor_of(*values: Any) -> str:
    """Write a cursor as ours and PostGraphile do, but for how they pad."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def place_of(cursor: str) -> list[Any]:
    """Read a cursor: a digest of its order, then the values that it orders by."""
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return found


def in_postgraphile(variables: Mapping[str, Any], org: UUID) -> Mapping[str, Any]:
    """Say the org where a key consists of it too, and the place after which a page begins."""
    if "after" not in variables:
        return {**variables, "org": str(org)} if "opportunity" in variables else variables
    _, day, identity = place_of(variables["after"])
    return {**variables, "after": cursor_of(POSTGRAPHILE_DIGEST, day or LAST_DAY, str(org), identity)}


def from_postgraphile(answer: Any) -> Any:
    """Put plain lists into connections, the two columns of an amount together, and cursors into ours."""
    if isinstance(answer, list):
        return [from_postgraphile(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    read: dict[str, Any] = {}
    for key, value in answer.items():
        if key.endswith("Amount"):
            currency = answer[key.removesuffix("Amount") + "Currency"]
            known = value is not None and currency is not None
            read[key.removesuffix("Amount")] = {"amount": value, "currency": currency} if known else None
        elif key == "endCursor" and value is not None:
            _, day, _, identity = place_of(value)
            read[key] = cursor_of(ORDER_DIGEST, None if day == LAST_DAY else day, identity)
        elif isinstance(value, list) and key != "nodes":
            read[key] = {"nodes": from_postgraphile(value)}
        elif not key.endswith("Currency"):
            read[key] = from_postgraphile(value)
    return read


OURS = Dialect(
    documents={
        # What limit_panel.sql answers by hand: the trusted document has grown with the component since.
        "panel": (HERE / "panel.graphql").read_text(),
        "contracts": (FOLDER / "contracts.graphql").read_text(),
        "search": (HERE / "search.graphql").read_text(),
        "portfolio": (HERE / "portfolio.graphql").read_text(),
    },
    variables=lambda variables, _: variables,
    read=lambda answer: answer,
)
IDIOMATIC = replace(OURS, documents={name: OURS.documents[name] for name in ("panel", "contracts", "search")})
# It groups by no column without a plug-in that has no version for it yet: it is not asked about portfolios.
POSTGRAPHILE = Dialect(
    documents={path.stem: path.read_text() for path in (PEERS / "documents").glob("*.graphql")},
    variables=in_postgraphile,
    read=from_postgraphile,
)
