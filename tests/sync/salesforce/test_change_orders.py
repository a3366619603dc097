"""In whatever order changes are told, however often, with gaps and lost streams: all come to the same end."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from domain.lifecycle import ContractStatus
from storage.lanes import Message, Queue
from tests.sync.salesforce.hearing import Hearing, Hears
from tests.sync.salesforce.telling import TERM


def edited(hearing: Hearing, random: Random) -> None:
    """Somebody changes something."""
    values: dict[str, dict[str, Any]] = {
        "Opportunity": {
            "Name": f"Deal {random.randrange(9)}",
            "Amount": random.randrange(1, 50) * 100,
            "StageName": random.choice(["Prospecting", "Closed Won", "Closed Lost"]),
            "CloseDate": f"2026-10-0{random.randrange(1, 9)}",
        },
        "Account": {
            "Name": f"Account {random.randrange(9)}",
            "BillingCity": random.choice(["Oslo", "Bern", None]),
            "Industry": random.choice(["Energy", "Retail", None]),
        },
    }
    name = random.choice(sorted(values))
    chosen = random.sample(sorted(values[name]), random.randrange(1, 3))
    record = hearing.org.opportunity if name == "Opportunity" else hearing.org.account
    hearing.edit(name, record, **{each: values[name][each] for each in chosen})


async def shuffled(hearing: Hearing, random: Random) -> None:
    """Have what waits change places within its lane, and come more than once."""
    rows = await hearing.work.superuser.fetch(
        "SELECT m.id, m.lane_id, m.payload, l.key FROM lane_message AS m JOIN lane AS l ON l.id = m.lane_id"
        " WHERE l.queue = 'change' ORDER BY m.lane_id, m.seq"
    )
    for lane in {row["lane_id"] for row in rows}:
        own = [row for row in rows if row["lane_id"] == lane]
        payloads = [row["payload"] for row in own]
        random.shuffle(payloads)
        for row, payload in zip(own, payloads, strict=True):
            await hearing.work.superuser.execute(
                "UPDATE lane_message SET payload = $2 WHERE id = $1", row["id"], payload
            )
    hearing.work.now = hearing.clock()
    again = random.sample(rows, min(len(rows), 2))
    for row in again:
        told = Message(key=row["key"], payload=row["payload"], correlation="again")
        await hearing.work.enqueue(told, queue=Queue.CHANGE)


async def is_the_same(hearing: Hearing, contract: Any) -> None:
    (deal,) = hearing.org.stand_in.records("Opportunity")
    found = await hearing.row("opportunity", deal["Id"])
    here = found["name"], found["stage"], str(found["close_date"]), found["is_won"], found["is_closed"]
    there = deal["Name"], deal["StageName"], deal["CloseDate"], deal["IsWon"], deal["IsClosed"]
    assert here == there
    (company,) = hearing.org.stand_in.records("Account")
    found = await hearing.row("account", company["Id"])
    assert (found["name"], found["billing_city"], found["industry"]) == (
        company["Name"], company["BillingCity"], company["Industry"],
    )  # fmt: skip
    if deal["Amount"] is not None:
        assert await hearing.value(contract) == deal["Amount"]
        assert int((await hearing.row("opportunity", deal["Id"]))["amount_amount"]) == deal["Amount"]


@pytest.mark.parametrize("seed", range(5))
def test_every_order_comes_to_what_salesforce_holds(both: Hears, seed: int) -> None:
    random = Random(seed)

    async def check(hearing: Hearing) -> None:
        contract = await hearing.have(status=ContractStatus.DRAFT, **TERM)
        await hearing.work_off()
        await hearing.hear()
        await hearing.resync("Opportunity", "Account")
        for _ in range(3):
            faults = [
                {"kind": kind, "share": 0.4, "times": 2}
                for kind in ("gap", "twice", "break")
                if random.random() < 0.6
            ]
            hearing.org.stand_in.arrange(faults=faults, settings={"repeats": random.randrange(4)})
            for _ in range(random.randrange(1, 6)):
                edited(hearing, random)
            await hearing.read()
            await shuffled(hearing, random)
            await hearing.work_off()
        await hearing.settle()
        await is_the_same(hearing, contract)
        assert await hearing.held() == []

    both(check)
