"""Claims of several systems, told twice and in any order, with deaths between any two steps: one outcome."""

from __future__ import annotations

import asyncio
import os
from random import Random

import asyncpg
import pytest

from domain.contract import Contract  # noqa: F401 - it registers every entity
from sync.salesforce.stand_in.process import Started
from tests.sync.fate import Fate, Killed, Mortal
from tests.sync.interleaving import Interleaving
from tests.sync.salesforce.org import furnished

CONTRACTS = max(int(os.environ.get("CONTRACT_GRAPH_FUZZ", "80")) // 2, 40)
FIRST = int(os.environ.get("CONTRACT_GRAPH_FUZZ_FIRST", "0"))
AT_ONCE = 40


async def one_outcome(one: Interleaving, seed: int) -> None:
    try:
        await one.begin(AT_ONCE)
        await one.run()
        await one.check()
    except BaseException as error:
        error.add_note(f"CONTRACT_GRAPH_FUZZ_FIRST={seed} begins with the same claims")
        raise
    finally:
        await one.close()


def test_whatever_happens_the_graph_is_what_the_rules_make_of_all_claims(
    database_url: str, owner_url: str, stand_in: Started
) -> None:
    async def run() -> int:
        mortal = Mortal(Fate(Random(FIRST), asleep=True))
        database = await mortal.open(database_url, 10)
        owner = await asyncpg.connect(owner_url)
        try:
            for seed in range(FIRST, FIRST + CONTRACTS // AT_ONCE):
                mortal.fate.chance = Random(seed + 1)
                org = await asyncio.to_thread(furnished, stand_in)
                await one_outcome(Interleaving(database, owner, org, mortal.fate, Random(seed)), seed)
        finally:
            mortal.fate.asleep = True
            await owner.close()
            await database.close()
        return mortal.fate.struck

    deaths = asyncio.run(run())
    print(f"{CONTRACTS} interleavings, {deaths} deaths")  # noqa: T201 - make fuzz shows it
    assert deaths > CONTRACTS // 4


def test_a_death_leaves_all_of_a_transaction_or_nothing(database_url: str) -> None:
    async def run() -> None:
        mortal = Mortal(Fate(Random(0), share=1.0))
        database = await mortal.open(database_url, 1)
        with pytest.raises(Killed):
            async with database.claiming("inbox"):
                raise AssertionError
        await database.close()

    asyncio.run(run())
