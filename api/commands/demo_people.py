"""The people of the demo: who can sign in on its pages, where, and with which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import asyncpg

from api.installation import Installation
from api.landing import DemoPerson
from api.stand_in import CLIENT_ID, StandInProvider, StandInUser
from auth.oauth.client import RegisteredClient, client_id_of, new_public_client
from domain.crm import Account, Opportunity
from domain.identity import uuid7
from domain.role_grant import HolderKind, RoleGrant
from storage.database import connect
from storage.oauth_clients import add_client, list_clients
from storage.role_grants import add_grant, list_grants
from storage.sign_ins import SignInProvider, set_provider
from storage.tenancy import bind_org
from sync.feeds.sample import SampleOrg


async def let_in(
    installation: Installation, stand_in: StandInProvider, sample: SampleOrg, origin: str
) -> str:
    """Let the people of an org sign in, each with the role that is theirs; returns the pages' client id."""
    connection = await connect(installation.url)
    try:
        async with connection.transaction():
            await bind_org(connection, sample.org.id)
            issuer = stand_in.issuer(sample.org.salesforce_org_id or "")
            await set_provider(connection, sample.org.id, SignInProvider(issuer, CLIENT_ID))
            await _grant(connection, sample)
            return await _client(connection, sample, [f"{origin}/graphiql", f"{origin}/preview"])
    finally:
        await connection.close()


async def _grant(connection: asyncpg.Connection, sample: SampleOrg) -> None:
    known = {(each.holder_id, each.role) for each in await list_grants(connection, sample.org.id)}
    for person in sample.people:
        if (person.salesforce_id, person.role) not in known:
            grant = RoleGrant(
                id=uuid7(), role=person.role, holder_kind=HolderKind.USER, holder_id=person.salesforce_id,
                granted_at=_now(), granted_by="contract-graph demo", reason="one of the sample's people",
            )  # fmt: skip
            await add_grant(connection, sample.org.id, grant)


async def _client(connection: asyncpg.Connection, sample: SampleOrg, redirect_uris: Sequence[str]) -> str:
    for client in await list_clients(connection, sample.org.id):
        if all(RegisteredClient("", client).check_redirect_uri(each) for each in redirect_uris):
            return client_id_of(client)
    made = new_public_client(sample.org.id, "Pages of the demo", redirect_uris, _now())
    await add_client(connection, made)
    return client_id_of(made)


def demo_people(sample: SampleOrg, client_id: str) -> list[DemoPerson]:
    """Say who of an org can sign in on the pages."""
    return [
        DemoPerson(
            name=person.name,
            role=person.role,
            org=sample.org.name,
            user=person.salesforce_id,
            client=client_id,
        )
        for person in sample.people
    ]


def sample_records(orgs: Sequence[SampleOrg]) -> Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]:
    """Say which opportunities and accounts of each org the preview of the panel can be looked at on."""
    return {
        sample.org.name: {
            "opportunities": [_named(each) for each in sample.records if isinstance(each, Opportunity)],
            "accounts": [_named(each) for each in sample.records if isinstance(each, Account)],
        }
        for sample in orgs
    }


def _named(record: Opportunity | Account) -> Mapping[str, str]:
    return {"id": record.salesforce_id or "", "name": record.name or ""}


def stand_in_users(orgs: Sequence[SampleOrg]) -> list[StandInUser]:
    """Say whom the stand-in knows."""
    return [
        StandInUser(sample.org.salesforce_org_id or "", person.salesforce_id, person.name, person.role)
        for sample in orgs
        for person in sample.people
    ]


def _now() -> datetime:
    return datetime.now(UTC)
