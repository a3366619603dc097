"""The figures as a table, with the bars that they are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from tests.bench.measure import Figures

Rounds = Sequence[Mapping[str, Figures]]
"""For every round the figures by server."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """How many times the throughput of another server ours has to reach."""

    beside: str
    ratio: float


BARS = {
    "panel": (Bar(beside="limit", ratio=0.75), Bar(beside="idiomatic", ratio=30)),
    "contracts": (Bar(beside="limit", ratio=0.80), Bar(beside="idiomatic", ratio=30)),
}
TITLES = {
    "panel": "panel: an opportunity, its contracts, their parties, amendments, documents and obligations",
    "contracts": "contracts: a page of 50 by expiration, half of them after a cursor",
}
_HEADER = (
    "server        req/s   p50 ms   p99 ms   CPU us server + PostgreSQL   RSS MB   x limit   x idiomatic"
)


def summary(operation: str, rounds: Rounds) -> dict[str, Any]:
    """Return medians over the rounds, and the ratios of each round."""
    return {
        "servers": {name: _medians([each[name] for each in rounds]) for name in rounds[0]},
        "ratios": {
            name: {other: _ratios(rounds, name, other) for other in ("limit", "idiomatic")}
            for name in rounds[0]
        },
        "cpu": _cpu(rounds),
        "bars": [
            {
                "beside": bar.beside,
                "bar": bar.ratio,
                "reached": median(_ratios(rounds, "ours", bar.beside)),
                "met": median(_ratios(rounds, "ours", bar.beside)) >= bar.ratio,
            }
            for bar in BARS[operation]
        ],
        "rounds": [{name: asdict(figures) for name, figures in each.items()} for each in rounds],
    }


def table(operation: str, found: Mapping[str, Any]) -> str:
    """Write a summary for a person."""
    lines = [TITLES[operation], _HEADER]
    for name, row in found["servers"].items():
        ratios = {other: median(values) for other, values in found["ratios"][name].items()}
        cpu = f"{_number(row['server_cpu'])} + {_number(row['postgres_cpu'])}"
        lines.append(
            f"{name:<10} {row['requests_per_second']:8.0f} {row['p50']:8.2f} {row['p99']:8.2f} {cpu:>28}"
            f" {_number(row['memory']):>8} {ratios['limit']:9.2f} {ratios['idiomatic']:13.1f}"
        )
    for bar in found["bars"]:
        rounds = ", ".join(f"{each:.2f}" for each in found["ratios"]["ours"][bar["beside"]])
        lines.append(
            f"  ours >= {bar['bar']:g} x {bar['beside']}: {'met' if bar['met'] else 'missed'}"
            f" with {bar['reached']:.2f} (rounds: {rounds})"
        )
    if found["cpu"] is not None:
        lines.append(
            f"  CPU per request, server and PostgreSQL: {found['cpu']:.2f} x limit (steadier than throughput)"
        )
    return "\n".join(lines)


def _medians(figures: Sequence[Figures]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for field in fields(Figures):
        values = [getattr(each, field.name) for each in figures]
        found[field.name] = None if None in values else median(values)
    return found


def _ratios(rounds: Rounds, name: str, other: str) -> list[float]:
    return [each[name].requests_per_second / each[other].requests_per_second for each in rounds]


def _cpu(rounds: Rounds) -> float | None:
    """Return how much CPU a request takes beside LIMIT, which other work on the machine sways less."""

    def spent(figures: Figures) -> float:
        return (figures.server_cpu or 0) + (figures.postgres_cpu or 0)

    ratios = [spent(each["ours"]) / spent(each["limit"]) for each in rounds if spent(each["limit"])]
    return median(ratios) if ratios else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
