"""Contracts in figures, summed in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from domain.field import Entity
from domain.money import total
from tests.reference.filters import graph_field
from tests.reference.paging import text_of
from tests.reference.seen import Seen

Key = Callable[[Any], str | None]


def _month(day: date | None) -> str | None:
    return None if day is None else day.replace(day=1).isoformat()


def _text(value: object) -> str | None:
    return None if value is None else str(value)


GROUPS: dict[str, tuple[str, str, Key]] = {
    "byStatus": ("status", "status", _text),
    "byType": ("type", "type", _text),
    "byExpirationMonth": ("month", "expirationDate", _month),
}


def portfolio(rows: Seen, contracts: list[Any]) -> dict[str, Any]:
    """Return all figures of these contracts."""
    groups = {name: _grouped(rows, contracts, *group) for name, group in GROUPS.items()}
    return figures(rows, contracts) | groups


def figures(rows: Seen, contracts: list[Any]) -> dict[str, Any]:
    value = graph_field("Contract", "totalValue")
    valued = [money for money in (rows.value(contract, value) for contract in contracts) if money is not None]
    sums = sorted(total(valued).items())
    return {
        "count": len(contracts),
        "totals": [
            {"currency": currency, "amount": text_of(money.amount),
             "count": sum(value.currency == currency for value in valued)}
            for currency, money in sums
        ],
    }  # fmt: skip


def _grouped(rows: Seen, contracts: list[Entity], name: str, field: str, key: Key) -> list[dict[str, Any]]:
    by = graph_field("Contract", field)
    keyed = [(key(rows.value(contract, by)), contract) for contract in contracts]
    keys = sorted({found for found, _ in keyed}, key=lambda found: (found is None, found or ""))
    return [{name: each} | figures(rows, [c for found, c in keyed if found == each]) for each in keys]
