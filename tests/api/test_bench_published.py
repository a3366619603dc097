from __future__ import annotations

import json

from tests.bench.publish import FIGURES, made_of


def test_chart_and_table_are_those_of_the_figures() -> None:
    """Stale? `python -m tests.bench.publish`"""
    document = json.loads(FIGURES.read_text(encoding="utf-8"))
    for path, text in made_of(document).items():
        assert path.read_text(encoding="utf-8") == text, path
