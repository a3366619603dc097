from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.salesforce.stand_in.process import Started, started
from tests.sync.salesforce.hearing import Hears, hears
from tests.sync.salesforce.org import SYNC, Rest, SalesforceOrg, furnished
from tests.sync.salesforce.telling import On, runner


@pytest.fixture
def org(stand_in: Started) -> SalesforceOrg:
    return furnished(stand_in)


@pytest.fixture(scope="module")
def telling() -> Iterator[Started]:
    """A stand-in that tells of changes."""
    with started("--events") as running:
        yield running


@pytest.fixture
def both(database_url: str, owner_url: str, superuser_url: str, telling: Started) -> Hears:
    """Runs a test's own coroutine over a graph and a Salesforce that hear of each other."""
    return hears((database_url, owner_url, superuser_url), furnished(telling))


@pytest.fixture
def rest(org: SalesforceOrg) -> Rest:
    return org.rest(SYNC)


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str, org: SalesforceOrg) -> On:
    """Runs a test's own coroutine over an outbox."""
    return runner((database_url, owner_url, superuser_url), org)
