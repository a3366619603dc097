"""Every query of the Grafana dashboard names metrics and labels that a process tells."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.metrics import PREFIX
from api.settings import Settings
from api.sync_metrics import of_health
from domain.identity import uuid7
from domain.passage import Fate, Figure, FigureName, Passage, SyncDirection
from sync.health import Health
from sync.registry import now
from tests.api.command_line import ROOT
from tests.api.graph import graph_over
from tests.keys import KEY_ENCRYPTION

DASHBOARD = ROOT / "docs" / "grafana" / "contract-graph.json"
LABELLED = {
    "requests_turned_away_total": {"code"},
    "oauth_answers_total": {"endpoint", "result"},
    "requests_total": {"operation", "status", "code"},
    "request_seconds": {"operation"},
    "replica_lag_seconds": {"replica"},
    "replica_passed_over_total": {"replica", "why"},
}
"""Labels of what is told only once it has happened."""


def panels() -> Iterator[dict[str, Any]]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        if panel["type"] != "row":
            yield panel


@pytest.fixture
def told(database_url: str, loop: asyncio.Runner, tmp_path: Path) -> Mapping[str, set[str]]:
    """The labels of each metric that a process with a worker in it tells."""
    settings = Settings(
        home=tmp_path, pool_size=2, key_encryption_key=KEY_ENCRYPTION, embedded_worker=True,
        replica_urls=database_url,
    )  # fmt: skip
    health = Health()
    health.note(
        uuid7(),
        [Passage(direction=SyncDirection.FROM_CLM, object="Contract", fate=Fate.DONE, since=now())],
        now(),
    )
    health.note_figures(uuid7(), [Figure(name=name, count=1) for name in FigureName], now())
    with graph_over(settings, database_url, loop) as running:
        families = [*running.run(running.application.metrics()), *of_health(health)]
    found: dict[str, set[str]] = {}
    for family in families:
        seen = {label for labels, _ in family.samples for label in labels}
        suffixes = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        for suffix in suffixes:
            labels = seen | LABELLED.get(family.name, set()) | {"process", "instance"}
            found.setdefault(family.name + suffix, set()).update(
                labels | ({"le"} if suffix == "_bucket" else set())
            )
    return found


def test_every_query_names_what_there_is(told: Mapping[str, set[str]]) -> None:
    for panel in panels():
        assert panel["targets"]
        for target in panel["targets"]:
            named = re.findall(rf"\b{PREFIX}(\w+)", target["expr"])
            assert named, panel["title"]
            assert set(named) <= set(told), panel["title"]
            labels = set.intersection(*(told[name] for name in named))
            used = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            for grouped in re.findall(r"by \(([^)]*)\)", target["expr"]):
                used.update(part.strip() for part in grouped.split(","))
            used.discard("le")
            used.update(re.findall(r'(\w+)!?="', target["expr"]))
            assert used <= labels, f"{panel['title']}: {used - labels}"


def test_every_metric_is_on_the_dashboard(told: Mapping[str, set[str]]) -> None:
    text = DASHBOARD.read_text()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told}
    assert not [name for name in families if PREFIX + name not in text]


def test_panels_say_what_they_show_and_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith(".")
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
