"""The orgs of an installation: made, named and listed by the owner of the tables."""

from __future__ import annotations

import asyncpg

from domain.org import Org


class UnknownOrg(Exception):
    """There is no org {name!r}; there are: {known}."""


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
    """Find an org by id, Salesforce id or name. Raises UnknownOrg, which lists those there are."""
    orgs = await list_orgs(connection)
    for org in orgs:
        if name.casefold() in (str(org.id), (org.salesforce_org_id or "").casefold(), org.name.casefold()):
            return org
    known = ", ".join(repr(org.name) for org in orgs) or "none yet"
    raise UnknownOrg((UnknownOrg.__doc__ or "").format(name=name, known=known))
