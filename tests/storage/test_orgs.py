from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from domain.org import Org
from storage.database import DatabaseUnavailable, connect
from storage.orgs import AmbiguousOrg, UnknownOrg, find_org, save_org

NORTH = Org(id=UUID(int=1), name="North Works", salesforce_org_id="00D000000000001EAA")
SOUTH = Org(id=UUID(int=2), name="South Works")
SHOUTED = Org(id=UUID(int=3), name="NORTH WORKS")


def asked(owner_url: str, question: Callable[[asyncpg.Connection], Awaitable[Org]], *orgs: Org) -> Org:
    async def run() -> Org:
        connection = await connect(owner_url)
        try:
            for org in orgs:
                await save_org(connection, org)
            return await question(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["North Works", " north works ", "00D000000000001EAA", str(NORTH.id)])
def test_an_org_is_found_by_any_of_its_names(owner_url: str, name: str) -> None:
    assert asked(owner_url, lambda connection: find_org(connection, name), NORTH, SOUTH) == NORTH


@pytest.mark.parametrize("name", ["", "  ", "North", "West Works"])
def test_a_name_that_is_no_org_s_finds_none_and_lists_those_there_are(owner_url: str, name: str) -> None:
    with pytest.raises(UnknownOrg, match="'North Works', 'South Works'"):
        asked(owner_url, lambda connection: find_org(connection, name), NORTH, SOUTH)


def test_a_name_that_two_orgs_have_is_refused_with_their_ids(owner_url: str) -> None:
    with pytest.raises(AmbiguousOrg, match=f"{NORTH.id}.*{SHOUTED.id}|{SHOUTED.id}.*{NORTH.id}"):
        asked(owner_url, lambda connection: find_org(connection, "North Works"), NORTH, SHOUTED)


@pytest.mark.parametrize("url", ["postgresql://u:p@ss:w0rd@h/db", "postgresql://u:se#cret@h/db"])
def test_a_url_that_cannot_be_read_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        asyncio.run(connect(url))
    assert "w0rd" not in str(refused.value)
    assert "'se'" not in str(refused.value)
