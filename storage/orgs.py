"""The orgs of an installation: made, named and listed by the owner of the tables."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from domain.org import Org


class UnknownOrg(Exception):
    """There is no org {name!r}; there are: {known}. `contract-graph orgs add` makes one."""


class AmbiguousOrg(UnknownOrg):
    """Several orgs are called {name!r}: say the id of one of {ids}."""


async def list_orgs(connection: asyncpg.Connection) -> list[Org]:
    """Return every org by name, for a connection of the owner; others see at most their own."""
    rows = await connection.fetch("SELECT id, name, salesforce_org_id FROM org ORDER BY name, id")
    return [Org(id=row["id"], name=row["name"], salesforce_org_id=row["salesforce_org_id"]) for row in rows]


async def save_org(connection: asyncpg.Connection, org: Org) -> None:
    """Make an org, or rename it."""
    await connection.execute(
        "INSERT INTO org (id, name, salesforce_org_id) VALUES ($1, $2, $3) ON CONFLICT (id)"
        " DO UPDATE SET name = excluded.name, salesforce_org_id = excluded.salesforce_org_id",
        org.id,
        org.name,
        org.salesforce_org_id,
    )


async def find_org(connection: asyncpg.Connection, name: str) -> Org:
    """Find an org by id, Salesforce id or name. Raises UnknownOrg or AmbiguousOrg."""
    orgs = await list_orgs(connection)
    wanted = name.strip().casefold()
    found = [
        org
        for org in orgs
        if wanted and wanted in (str(org.id), (org.salesforce_org_id or "").casefold(), org.name.casefold())
    ]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(org.id) for org in found)
        raise AmbiguousOrg((AmbiguousOrg.__doc__ or "").format(name=name, ids=ids))
    known = ", ".join(repr(org.name) for org in orgs) or "none yet"
    raise UnknownOrg((UnknownOrg.__doc__ or "").format(name=name, known=known))


async def bound_org(connection: asyncpg.Connection, org_id: UUID) -> Org:
    """Return the org that the transaction is bound to."""
    row = await connection.fetchrow("SELECT id, name, salesforce_org_id FROM org WHERE id = $1", org_id)
    return Org(**dict(row))


async def salesforce_org_id(connection: asyncpg.Connection, org_id: UUID) -> str | None:
    """Return what Salesforce calls the org that the transaction is bound to."""
    found: str | None = await connection.fetchval("SELECT salesforce_org_id FROM org WHERE id = $1", org_id)
    return found
