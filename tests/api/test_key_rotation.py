"""Keys of personal values are rotated while two workers read and a third writes: no read is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime

import asyncpg
import pytest

from auth.resealing import reseal
from domain.crm import Contact
from storage.database import connect
from storage.ingest import Ingest
from tests.api.graph import OURS
from tests.api.sealed_graph import ACCOUNT, EVERYONE, SealedGraph, sealed_graph
from tests.keys import new_vault

ROTATIONS, PEOPLE = 8, 40
NEWEST = (
    "SELECT count(*) FROM contact WHERE email IS NOT NULL AND split_part(email, '.', 2) <> (SELECT"
    " replace(id::text, '-', '') FROM data_key WHERE table_name = 'contact' AND data_key.org_id = $1"
    " ORDER BY made_at DESC, id DESC LIMIT 1) AND contact.org_id = $1"
)


def people(number: int) -> list[Contact]:
    """The same people; at each number every one has another telephone."""
    return [
        Contact(
            id=OURS.id("Contact", 1000 + place), source_key=f"p-{place}", name=f"P{place}",
            account_id=OURS.id("Account", 1), email=f"p{place}@north.example", phone=f"0431 {number:06}",
        )
        for place in range(PEOPLE)
    ]  # fmt: skip


@pytest.mark.usefixtures("small_orgs")
def test_rotation_under_load_loses_no_read(database_url: str, superuser_url: str, owner_url: str) -> None:
    seen: Counter[str] = Counter()

    async def read(graph: SealedGraph, over: asyncio.Event) -> None:
        endpoint = graph.another()
        found = ACCOUNT % '(filter: {email: {in: ["p1@north.example", "P2@North.example"]}}) { totalCount }'
        while not over.is_set():
            answer = await graph.answer(EVERYONE, endpoint=endpoint)
            seen[str(answer.code)] += 1
            contacts = json.loads(answer.body)["data"]["account"]["contacts"]["nodes"]
            mine = [each for each in contacts if each["name"].startswith("P")]
            assert all(each["email"] == f"{each['name'].lower()}@north.example" for each in mine)
            assert all(each["phone"].startswith("0431 ") for each in mine)
            counted = await graph.ask(found, endpoint=endpoint)
            assert counted["data"]["account"]["contacts"]["totalCount"] == 2

    async def write(writer: asyncpg.Connection, over: asyncio.Event) -> None:
        vault, number = new_vault(), 0
        while not over.is_set():
            number += 1
            saved = await Ingest(writer, OURS.org.id, lambda: datetime.now(UTC), vault).save(people(number))
            assert saved.updated["Contact"] == PEOPLE
            seen["written"] += PEOPLE

    async def rotate(owner: asyncpg.Connection, over: asyncio.Event) -> None:
        vault = new_vault()
        try:
            for _ in range(ROTATIONS):
                async with owner.transaction():
                    await owner.execute("SELECT set_config('app.org', $1, true)", str(OURS.org.id))
                    await vault.rotate(owner, OURS.org.id, "tests")
                done = await reseal(owner, OURS.org.id, vault)
                seen["resealed"] += done.values
                assert not done.damaged
                before = seen["None"]
                while seen["None"] < before + 20:  # noqa: ASYNC110 - a counter tells nobody
                    await asyncio.sleep(0.01)
        finally:
            over.set()

    async def inside() -> None:
        async with sealed_graph(database_url, superuser_url) as graph:
            writer, owner = (
                await connect(database_url, lock_timeout="60s"),
                await connect(owner_url, lock_timeout="60s"),
            )
            await Ingest(writer, OURS.org.id, lambda: datetime.now(UTC), new_vault()).save(people(0))
            over = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for work in (read(graph, over), read(graph, over), write(writer, over), rotate(owner, over)):
                    group.create_task(work)
            await reseal(owner, OURS.org.id, new_vault())
            assert await graph.superuser.fetchval(NEWEST, OURS.org.id) == 0
            assert len(await graph.contacts()) == PEOPLE + 2
            await writer.close()
            await owner.close()

    asyncio.run(inside())
    assert {key for key, count in seen.items() if count} == {"None", "written", "resealed"}
    assert seen["None"] >= ROTATIONS * 20
