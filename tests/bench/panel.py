"""How long the contract panel waits for the API, in the demo as anybody runs it.

`python -m tests.bench.panel`: `contract-graph demo` over its embedded database, which waits for its disk; one
client that asks for the panel of every sample opportunity by the id of the trusted document, one request
after the other, as each person whose token the demo prints. The audit event of each answer is durable.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from api.trusted import trusted_documents
from domain.crm import Opportunity
from sync.feeds.sample import sample_orgs
from tests.api.running_demo import RunningDemo, demo, new_home

BAR: Final = 20
"""Milliseconds in which 99 of 100 are answered."""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="requests for each person and opportunity")
    given = parser.parse_args()
    opportunities = _opportunities()
    with new_home() as home, demo(home) as running:
        for role, token in running.tokens.items():
            waited = sorted(_waited(running, token, opportunities * given.rounds))
            p50, p99 = (1000 * waited[len(waited) * part // 100] for part in (50, 99))
            print(
                f"panel as {role}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(waited)} requests;"
                f" the bar of p99 < {BAR} ms is {'met' if p99 < BAR else 'missed'}",
                flush=True,
            )


def _opportunities() -> Sequence[str]:
    """The ids of the opportunities of the org whose tokens the demo prints."""
    first = sample_orgs(datetime.now(UTC).date())[0]
    return [each.salesforce_id or "" for each in first.records if isinstance(each, Opportunity)]


def _waited(running: RunningDemo, token: str, opportunities: Sequence[str]) -> Iterator[float]:
    """The seconds that each answer took, without those that come first: nobody has asked before them."""
    panel = next(each.id for each in trusted_documents().values() if each.name == "panel")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=running.origin, headers=headers) as client:
        for number, opportunity in enumerate([*opportunities[:20], *opportunities]):
            began = time.perf_counter()
            answer = client.post(
                "/graphql", json={"documentId": panel, "variables": {"record": opportunity}}
            ).json()
            if "errors" in answer or answer["data"]["opportunity"] is None:
                raise SystemExit(f"nothing is measured: no panel of {opportunity}: {answer}")
            if number >= 20:
                yield time.perf_counter() - began


if __name__ == "__main__":
    main()
