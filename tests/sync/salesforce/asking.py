"""Our client against the stand-in: one that is quick to give up, and a way to await it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sync.salesforce.bulk import Results, close_job, look_at, make_job, results_of, send_rows
from sync.salesforce.client import SalesforceClient
from sync.salesforce.connection import ClientCredentials, Connection, Credentials, JwtBearer
from sync.salesforce.results import Values
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


async def run_job(client: SalesforceClient, name: str, field: str, rows: Mapping[str, Values]) -> str:
    """Run a bulk job to its end; return its id."""
    job = await make_job(client, name, field)
    await send_rows(client, job, field, list(rows.items()))
    await close_job(client, job)
    while not (await look_at(client, job)).ended:
        pass
    return job


async def in_bulk(client: SalesforceClient, name: str, field: str, rows: Mapping[str, Values]) -> Results:
    return await results_of(client, await run_job(client, name, field, rows), field)
