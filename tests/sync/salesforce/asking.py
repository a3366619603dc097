"""Our client against the stand-in: one that is quick to give up, and a way to await it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from sync.salesforce.client import SalesforceClient
from sync.salesforce.connection import ClientCredentials, Connection, Credentials, JwtBearer
from tests.sync.salesforce.org import APP, PRIVATE_KEY, SECRET, SYNC, SalesforceOrg

BY_JWT = JwtBearer(APP, PRIVATE_KEY, SYNC)
BY_SECRET = ClientCredentials(APP, SECRET)
GRAPH_ID = "Contract_Graph_Id__c"
T = TypeVar("T")


def connection(org: SalesforceOrg, credentials: Credentials = BY_JWT, **said: Any) -> Connection:
    certificate = Path(org.stand_in.certificate) if org.stand_in.certificate else None
    return Connection(
        credentials=credentials,
        **{"url": org.stand_in.url, "certificate": certificate, "read_timeout": 5.0} | said,
    )


def asked(org: SalesforceOrg, question: Callable[[SalesforceClient], Awaitable[T]], **said: Any) -> T:
    """Ask by a client of its own; `said` is of its connection."""

    async def ask() -> T:
        async with SalesforceClient(connection(org, **said)) as client:
            return await question(client)

    return asyncio.run(ask())


def new(org: SalesforceOrg, **values: Any) -> dict[str, Any]:
    return {"AccountId": org.account} | values
