"""What arrives from Salesforce is counted by the object that changed, since it changed there."""

from __future__ import annotations

from datetime import timedelta

from domain.passage import SyncDirection
from storage.sync_health import passed_since
from tests.storage.lane_work import ONE
from tests.sync.salesforce.hearing import Hearing, Hears
from tests.sync.salesforce.telling import TERM


def test_each_change_counts_for_its_object(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await hearing.have(**TERM)
        await hearing.work_off()
        await hearing.hear()

        async def counted() -> dict[str, int]:
            async with hearing.work.database.transaction(ONE) as connection:
                found = await passed_since(connection, ONE, hearing.now - timedelta(days=9))
            return {
                each.object: each.done for each in found if each.direction is SyncDirection.FROM_SALESFORCE
            }

        before = await counted()
        hearing.edit("Opportunity", hearing.org.opportunity, Name="Big deal")
        hearing.edit("Account", hearing.org.account, Industry="Energy")
        await hearing.hear()
        after = await counted()
        more = {name: after[name] - before.get(name, 0) for name in after}
        assert (more["Opportunity"], more["Account"]) == (1, 1)

    both(check)
