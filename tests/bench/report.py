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
    "panel": (
        Bar(beside="limit", ratio=0.75),
        Bar(beside="postgraphile", ratio=4),
        Bar(beside="mercurius", ratio=3.2),
        Bar(beside="idiomatic", ratio=30),
    ),
    "contracts": (
        Bar(beside="limit", ratio=0.80),
        Bar(beside="postgraphile", ratio=3),
        Bar(beside="mercurius", ratio=2),
        Bar(beside="idiomatic", ratio=30),
    ),
}
ORDER = ("limit", "postgraphile", "mercurius", "idiomatic")
TITLES = {
    "panel": "panel: an opportunity, its contracts, their parties, amendments, documents and obligations",
    "contracts": "contracts: a page of 50 by expiration, half of them after a cursor",
    "search": "search: up to 50 contracts with a text in number, title or a party's name, in any case",
    "portfolio": "portfolio: an org's contracts counted and added up by currency, and by state",
}
_HEADER = "server          req/s   p50 ms   p99 ms   CPU us server + PostgreSQL   RSS MB   ours is   its CPU"


def summary(operation: str, connections: int, rounds: Rounds) -> dict[str, Any]:
    """Return medians over the rounds, and the ratios of each round."""
    names = list(rounds[0])
    return {
        "operation": operation,
        "connections": connections,
        "servers": {name: _medians([each[name] for each in rounds]) for name in names},
        "ratios": {name: _ratios(rounds, name) for name in names},
        "cpu": {name: _cpu(rounds, name) for name in names},
        "bars": [
            {
                "beside": bar.beside,
                "bar": bar.ratio,
                "reached": median(_ratios(rounds, bar.beside)),
                "met": median(_ratios(rounds, bar.beside)) >= bar.ratio,
            }
            for bar in BARS.get(operation, ())
            if bar.beside in names
        ],
        "rounds": [{name: asdict(figures) for name, figures in each.items()} for each in rounds],
    }


def alone(rounds: Sequence[Figures]) -> dict[str, Any]:
    """Return medians over rounds in which only ours was asked."""
    return {**_medians(rounds), "rounds": [asdict(each) for each in rounds]}


def table(found: Mapping[str, Any]) -> str:
    """Write a summary for a person."""
    lines = [f"{TITLES[found['operation']]}; {found['connections']} connections", _HEADER]
    for name, row in found["servers"].items():
        cpu = f"{_number(row['server_cpu'])} + {_number(row['postgres_cpu'])}"
        beside = "" if found["cpu"][name] is None else f"{found['cpu'][name]:7.2f} x"
        lines.append(
            f"{name:<12} {row['requests_per_second']:8.0f} {row['p50']:8.2f} {row['p99']:8.2f} {cpu:>28}"
            f" {_number(row['memory']):>8} {median(found['ratios'][name]):7.2f} x {beside}"
        )
    for bar in found["bars"]:
        rounds = ", ".join(f"{each:.2f}" for each in found["ratios"][bar["beside"]])
        lines.append(
            f"  ours >= {bar['bar']:g} x {bar['beside']}: {'met' if bar['met'] else 'missed'}"
            f" with {bar['reached']:.2f} (rounds: {rounds})"
        )
    return "\n".join(lines)


def overview(document: Mapping[str, Any]) -> str:
    """Write what ours is of each other server, and what it costs, in one table."""
    names = [name for name in ORDER if any(name in each["servers"] for each in document["operations"])]
    lines = [
        "requests/s of ours by those of another, and in brackets CPU by CPU, server and PostgreSQL",
        f"{'':<30}{'ours, req/s':>12}{'CPU us':>8}" + "".join(f"{'x ' + name:>20}" for name in names),
    ]
    for each in document["operations"]:
        row = each["servers"]["ours"]
        cells = ""
        for name in names:
            known = name in each["ratios"]
            cell = f"{median(each['ratios'][name]):.2f} ({each['cpu'][name] or 0:.2f})" if known else "-"
            cells += f"{cell:>20}"
        what = f"{each['operation']}, {each['connections']} connections"
        lines.append(f"{what:<30}{row['requests_per_second']:>12.0f}{_spent(row):>8}{cells}")
    for what, row in document["alone"].items():
        lines.append(f"{what:<30}{row['requests_per_second']:>12.0f}{_spent(row):>8}")
    return "\n".join(lines)


def _spent(row: Mapping[str, float | None]) -> str:
    server, postgres = row["server_cpu"], row["postgres_cpu"]
    return _number(None if server is None or postgres is None else server + postgres)


def _medians(figures: Sequence[Figures]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for field in fields(Figures):
        values = [getattr(each, field.name) for each in figures]
        found[field.name] = None if None in values else median(values)
    return found


def _ratios(rounds: Rounds, other: str) -> list[float]:
    """Return how many times the throughput of another ours had, by round."""
    return [each["ours"].requests_per_second / each[other].requests_per_second for each in rounds]


def _cpu(rounds: Rounds, other: str) -> float | None:
    """Return how many times the CPU of another a request to ours takes; other work sways it less."""

    def spent(figures: Figures) -> float:
        return (figures.server_cpu or 0) + (figures.postgres_cpu or 0)

    ratios = [spent(each["ours"]) / spent(each[other]) for each in rounds if spent(each[other])]
    return median(ratios) if ratios else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
