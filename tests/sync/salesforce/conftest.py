from __future__ import annotations

import pytest

from sync.salesforce.stand_in.process import Started
from tests.sync.salesforce.org import SYNC, Rest, SalesforceOrg, furnished
from tests.sync.salesforce.telling import On, runner


@pytest.fixture
def org(stand_in: Started) -> SalesforceOrg:
    return furnished(stand_in)


@pytest.fixture
def rest(org: SalesforceOrg) -> Rest:
    return org.rest(SYNC)


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str, org: SalesforceOrg) -> On:
    """Runs a test's own coroutine over an outbox."""
    return runner((database_url, owner_url, superuser_url), org)
