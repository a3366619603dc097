"""The figures of a quiet machine become those of the README: `python -m tests.bench.publish FIGURES.json`.

They are kept in docs/bench.json, from which the chart docs/bench.svg and the README's table are made; without
a file both are made again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.chart import NAMES, OPERATIONS, chart
from tests.bench.report import ORDER

ROOT = Path(__file__).resolve().parents[2]
FIGURES, CHART, README = ROOT / "docs" / "bench.json", ROOT / "docs" / "bench.svg", ROOT / "README.md"
BEGIN, END = "<!-- of docs/bench.json -->\n", "<!-- end -->\n"


def made_of(document: Mapping[str, Any]) -> dict[Path, str]:
    """Return the files that are made of figures, each with what it should hold."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {CHART: chart(document), README: before + BEGIN + markdown(document) + END + after}


def markdown(document: Mapping[str, Any]) -> str:
    """Write what ours does, and how many times that of each other server it is."""
    lines = [
        "| | requests/s | p50 / p99 ms | CPU, µs: server + PostgreSQL | "
        + " | ".join(f"× {NAMES[name]}" for name in ORDER)  # noqa: RUF001 - as in the README
        + " |",
        "|---" * (4 + len(ORDER)) + "|",
    ]
    for each in document["operations"]:
        cells = " | ".join(_ratio(each, name) for name in ORDER)
        what = f"{OPERATIONS[each['operation']]}, {each['connections']} connections"
        lines.append(f"| {what} | {_row(each['servers']['ours'])} | {cells} |")
    nothing = " | -" * len(ORDER)
    lines += [f"| {what} | {_row(row)}{nothing} |" for what, row in document["alone"].items()]
    told = (
        f"Measured {document['measured']} on {document['cores']} cores, {document['contracts']:,} contracts"
        f" in 20 orgs, {document['rounds']} interleaved rounds of {document['seconds']:g} s; medians."
        + (f" {document['note']}" if "note" in document else "")
    )
    return "\n".join([*lines, "", told, _of_limit(document), *_ingested(document["ingest"]), ""])


def _ratio(each: Mapping[str, Any], name: str) -> str:
    if name not in each["ratios"]:
        return "-"
    bar = next((f" (bar {bar['bar']:g})" for bar in each["bars"] if bar["beside"] == name), "")
    return f"{median(each['ratios'][name]):.2f}{bar}"


def _of_limit(document: Mapping[str, Any]) -> str:
    """Say what the limit makes of the bar that is hardest to reach: no bar can be more."""
    found = (
        f"{each['servers']['limit']['requests_per_second'] / row['requests_per_second']:.2f} × at the"  # noqa: RUF001
        f" {OPERATIONS[each['operation']]} over {each['connections']} connections"
        for each in document["operations"]
        if each["bars"] and (row := each["servers"].get("mercurius"))
    )
    return f"The limit itself is, beside mercurius, {', '.join(found)}."


def _ingested(found: Mapping[str, Any]) -> Iterator[str]:
    rate = {kind: f"{row['rows_per_second']:,.0f}" for kind, row in found["kinds"].items()}
    yield (
        f"An import stores {rate['import']} rows a second, contracts with parties, amendments, documents and"
        f" obligations, {median(found['ratios']):.2f} times what `COPY` of the same rows into the same tables"
        f" does; of what is there already it goes through {rate['again']}."
    )


def _without_rounds(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out the figures of each round, and not how many there were."""
    return {key: value for key, value in found.items() if key != "rounds" or isinstance(value, int)}


def _row(row: Mapping[str, float | None]) -> str:
    def number(name: str, form: str = ",.0f") -> str:
        value = row[name]
        return "?" if value is None else format(value, form)

    return (
        f"{number('requests_per_second')} | {number('p50', '.1f')} / {number('p99', '.1f')}"
        f" | {number('server_cpu')} + {number('postgres_cpu')}"
    )


def main() -> int:
    """Publish; the exit code is 1 for figures that lack a server."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.publish", description=__doc__)
    parser.add_argument("figures", type=Path, nargs="?", default=FIGURES, help="what --json wrote")
    parser.add_argument("--note", help="what else is to be known of them, a sentence for the README")
    given = parser.parse_args()
    document = json.loads(given.figures.read_text(encoding="utf-8"), object_hook=_without_rounds)
    if given.note:
        document["note"] = given.note
    missing = set(ORDER).difference(*(each["servers"] for each in document["operations"]))
    if missing:
        print(f"nothing is published: the figures lack {', '.join(sorted(missing))}", file=sys.stderr)
        return 1
    FIGURES.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for path, text in made_of(document).items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
