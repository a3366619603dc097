"""Contracts in figures, summed in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.field import Entity
from domain.money import total
from tests.reference.paging import text_of

Key = Callable[[Any], str | None]


def _month(contract: Any) -> str | None:
    day = contract.expiration_date
    return None if day is None else day.replace(day=1).isoformat()


GROUPS: dict[str, tuple[str, Key]] = {
    "byStatus": ("status", lambda contract: str(contract.status)),
    "byType": ("type", lambda contract: str(contract.type)),
    "byExpirationMonth": ("month", _month),
}


def portfolio(contracts: list[Any]) -> dict[str, Any]:
    """Return all figures of these contracts."""
    return figures(contracts) | {name: _grouped(contracts, *group) for name, group in GROUPS.items()}


def figures(contracts: list[Any]) -> dict[str, Any]:
    valued = [contract.total_value for contract in contracts if contract.total_value is not None]
    sums = sorted(total(valued).items())
    return {
        "count": len(contracts),
        "totals": [
            {"currency": currency, "amount": text_of(money.amount),
             "count": sum(value.currency == currency for value in valued)}
            for currency, money in sums
        ],
    }  # fmt: skip


def _grouped(contracts: list[Entity], name: str, key: Key) -> list[dict[str, Any]]:
    keys = sorted({key(contract) for contract in contracts}, key=lambda found: (found is None, found or ""))
    return [{name: each} | figures([c for c in contracts if key(c) == each]) for each in keys]
