from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.salesforce.stand_in.process import Started, started
from tests.sync.salesforce.org import SYNC, Rest, SalesforceOrg, furnished


@pytest.fixture(scope="session")
def stand_in() -> Iterator[Started]:
    with started() as running:
        yield running


@pytest.fixture
def org(stand_in: Started) -> SalesforceOrg:
    return furnished(stand_in)


@pytest.fixture
def rest(org: SalesforceOrg) -> Rest:
    return org.rest(SYNC)
