"""Each request that would hang, flood or pump a careless server is answered or refused in JSON.

How fast, and with how much memory, `make attack` says: it is no matter of a test that runs beside others.
"""

from __future__ import annotations

import pytest

from tests.api.graph import Graph
from tests.attack.documents import DOCUMENTS


@pytest.mark.parametrize("what", DOCUMENTS)
def test_it_is_answered_or_refused(graph: Graph, what: str) -> None:
    response = graph.post(DOCUMENTS[what])
    assert response.status_code in (200, 400, 413), response.text
    assert response.json().keys() & {"data", "errors"}
    assert len(response.content) < 5 * 1024 * 1024


def test_there_are_sixty_at_least() -> None:
    assert len(DOCUMENTS) >= 60
