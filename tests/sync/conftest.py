from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.salesforce.stand_in.process import Started, started


@pytest.fixture(scope="session")
def stand_in() -> Iterator[Started]:
    with started() as running:
        yield running
