"""The limits that an installation may set; docs/limits.md lists all that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.settings_forms import whole_number


def _limit(default: int, variable: str, highest: int) -> Any:  # noqa: ANN401 - what dataclasses take
    return field(default=default, metadata={"variable": f"CONTRACT_GRAPH_{variable}", "highest": highest})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a caller may ask for at most; each is 1 at least."""

    query_cost: int = _limit(10_000, "QUERY_COST", 10**9)
    caller_points: int = _limit(50_000, "CALLER_POINTS", 10**12)
    caller_restored: int = _limit(500, "CALLER_RESTORED", 10**12)
    client_points: int = _limit(200_000, "CLIENT_POINTS", 10**12)
    client_restored: int = _limit(2_000, "CLIENT_RESTORED", 10**12)
    caller_operations: int = _limit(8, "CALLER_OPERATIONS", 10_000)
    worker_operations: int = _limit(100, "WORKER_OPERATIONS", 10_000)
    operation_seconds: int = _limit(5, "OPERATION_SECONDS", 600)
    answer_bytes: int = _limit(5 * 1024 * 1024, "ANSWER_BYTES", 2**30)
    head_seconds: int = _limit(10, "HEAD_SECONDS", 600)
    body_seconds: int = _limit(10, "BODY_SECONDS", 600)
    idle_seconds: int = _limit(5, "IDLE_SECONDS", 600)
    taking_seconds: int = _limit(30, "TAKING_SECONDS", 600)


USUAL = Limits()
VARIABLES = frozenset(each.metadata["variable"] for each in Limits.__dataclass_fields__.values())


def read_limits(environment: Mapping[str, str]) -> Limits:
    """Read the limits that are set. Raises SourceError, which names the variable and what it takes."""
    given = {}
    for name, declared in Limits.__dataclass_fields__.items():
        variable = declared.metadata["variable"]
        if environment.get(variable):
            highest = declared.metadata["highest"]
            given[name] = whole_number(variable, environment[variable], 1, highest)
    return Limits(**given)
