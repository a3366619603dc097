"""The figures as a picture: `python -m tests.bench.chart FIGURES.json CHART.svg`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from operator import itemgetter
from pathlib import Path
from typing import Any

WIDTH = 880
ROW = 19
BAR = 12
HEAD = 74
GROUP = 40
"""Pixels above the rows of an operation, its heading included."""

NAMES = {
    "ours": "contract-graph",
    "limit": "limit",
    "postgraphile": "PostGraphile 5, RLS",
    "mercurius": "mercurius + jit",
    "idiomatic": "Strawberry, ORM",
}
OPERATIONS = {
    "panel": "panel",
    "contracts": "page of 50 contracts",
    "search": "search by text",
    "portfolio": "portfolio, added up",
}
STYLE = """
text{font:12px system-ui,sans-serif;fill:#24292f}
.h{font-weight:600}.t{font-size:16px;font-weight:600}.n{text-anchor:end}.q{fill:#57606a}
.paper{fill:#fff}.ours{fill:#0b5cab}.other{fill:#8c959f}.postgres{fill:#d0d7de}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.q{fill:#9198a1}
.paper{fill:#0d1117}.ours{fill:#4493f8}.other{fill:#7d8590}.postgres{fill:#3d444d}}
"""


@dataclass(frozen=True, kw_only=True)
class Column:
    """Where the bars of one quantity stand, and how long the longest of an operation is."""

    left: int
    width: int


NAMED = 150
RATE = Column(left=160, width=200)
CPU = Column(left=480, width=250)


def chart(document: Mapping[str, Any]) -> str:
    """Draw the operations that several servers were asked, each at its most connections, as SVG."""
    drawn: list[str] = []
    top = HEAD
    for each in _drawn(document):
        drawn += _operation(each, top)
        top += GROUP + ROW * len(each["servers"])
    height = top + 44
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    note = (
        f"{document['contracts']:,} contracts in 20 orgs, one worker each, {document['cores']} cores for"
        f" client, server and PostgreSQL; medians of {document['rounds']} interleaved rounds of"
        f" {document['seconds']:g} s, {document['measured']}"
    )
    about = (
        "limit: bare ASGI and asyncpg, one fixed statement, no auth."
        " Only contract-graph keeps an audit log, which each of its answers waits for."
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
            '<title id="title">Requests a second and CPU per request, beside other servers</title>',
            f'<desc id="desc">{escape(_told(document))}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" rx="6" class="paper"/>',
            _text(16, 28, "The same questions, the same database", "t"),
            _text(RATE.left, 56, "requests a second", "h"),
            _text(CPU.left, 56, "CPU per request, µs:", "h"),
            _swatch(CPU.left + 146, 47, "other"),
            _text(CPU.left + 162, 56, "server"),
            _swatch(CPU.left + 212, 47, "postgres"),
            _text(CPU.left + 228, 56, "PostgreSQL"),
            *drawn,
            _text(16, height - 28, note, "q"),
            _text(16, height - 11, about, "q"),
            "</svg>",
            "",
        ]
    )


def _told(document: Mapping[str, Any]) -> str:
    """Say what is drawn, to who does not see it."""
    return " ".join(
        f"{OPERATIONS.get(each['operation'], each['operation'])}, {each['connections']} connections: "
        + ", ".join(
            f"{NAMES.get(n, n)} {r['requests_per_second']:,.0f}/s" for n, r in each["servers"].items()
        )
        + "."
        for each in _drawn(document)
    )


def _drawn(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    busiest = {
        each["operation"]: each for each in sorted(document["operations"], key=itemgetter("connections"))
    }
    return list(busiest.values())


def _operation(each: Mapping[str, Any], top: int) -> Iterator[str]:
    heading = f"{OPERATIONS.get(each['operation'], each['operation'])}, {each['connections']} connections"
    yield _text(16, top + 24, heading, "h")
    rows = each["servers"]
    fastest = max(row["requests_per_second"] for row in rows.values())
    # The slowest by far would make all others alike: its bar is cut, and its figure says how long it is.
    dearest = max(_spent(row) for name, row in rows.items() if name != "idiomatic") * 1.1
    for number, (name, row) in enumerate(rows.items()):
        y = top + GROUP - 6 + ROW * number
        yield _text(NAMED, y + 10, NAMES.get(name, name), "n h" if name == "ours" else "n")
        yield from _rate(row["requests_per_second"], fastest, y, "ours" if name == "ours" else "other")
        yield from _cpu(row, dearest, y, "ours" if name == "ours" else "other")


def _rate(rate: float, fastest: float, y: int, kind: str) -> Iterator[str]:
    length = RATE.width * rate / fastest
    yield _bar(RATE.left, y, length, kind)
    yield _text(RATE.left + length + 6, y + 10, f"{rate:,.0f}")


def _cpu(row: Mapping[str, Any], dearest: float, y: int, kind: str) -> Iterator[str]:
    spent = _spent(row)
    if not spent:
        return
    server = min(CPU.width * (row["server_cpu"] or 0) / dearest, CPU.width)
    whole = min(CPU.width * spent / dearest, CPU.width)
    yield _bar(CPU.left, y, server, kind)
    yield _bar(CPU.left + server, y, whole - server, "postgres")
    cut = spent > dearest
    if cut:
        x = CPU.left + CPU.width - 26
        yield f'<path d="M{x} {y + BAR + 2}l6 -{BAR + 4}h5l-6 {BAR + 4}z" class="paper"/>'
    yield _text(CPU.left + whole + 6, y + 10, f"{spent:,.0f}")


def _spent(row: Mapping[str, Any]) -> float:
    return (row["server_cpu"] or 0) + (row["postgres_cpu"] or 0)


def _bar(x: float, y: float, length: float, kind: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{BAR}" class="{kind}"/>'


def _swatch(x: float, y: float, kind: str) -> str:
    return f'<rect x="{x}" y="{y}" width="11" height="11" class="{kind}"/>'


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y}"{named}>{escape(text)}</text>'


def main() -> None:
    """Draw one file of figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chart", description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("chart", type=Path)
    given = parser.parse_args()
    given.chart.write_text(chart(json.loads(given.figures.read_text())))


if __name__ == "__main__":
    main()
