"""Changes are told to whom Salesforce lets read the deal, and to nobody while that cannot be said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from api.asked import Asked
from api.errors import Unavailable
from api.live.telling import Told, told_of
from auth.principal import Principal
from domain.identity import uuid7
from storage.contract_changes import ContractChange
from sync.salesforce.stand_in.process import Started
from tests.api.graph import OURS
from tests.api.live.subscriber import ALL
from tests.api.sharing_stage import ADA, EVE, NOON, SCOPES, Stage, staged
from tests.sync.conftest import stand_in

__all__ = ["stand_in"]

CHANGE = ContractChange(
    id=uuid7(), contract_id=OURS.id("Contract", 1), fields=["title"], at=NOON, xid=1
)  # fmt: skip


@pytest.fixture
def stage(stand_in: Started, database_url: str, superuser_url: str, loop: asyncio.Runner) -> Iterator[Stage]:
    with staged(stand_in, database_url, superuser_url, loop) as made:
        yield made


def told(stage: Stage, subject: str) -> Sequence[Told]:
    async def run() -> Sequence[Told]:
        asked = Asked(
            Principal(OURS.org.id, subject, None, frozenset({"rep"}), SCOPES), "a request", 0, "a policy"
        )
        asked.request = {"query": ALL}
        plan = stage.endpoint.planned_anew(asked)
        environment, _ = await stage.endpoint.prepared(asked, plan)
        return await told_of(stage.database, plan, environment, [CHANGE])

    return stage.run(run())


def test_whoever_the_deal_is_shared_with_is_told_and_others_are_not(stage: Stage) -> None:
    stage.share()
    assert [each.fields for each in told(stage, ADA)] == [["title"]]
    assert told(stage, EVE) == []
    stage.unshare()
    stage.forget(users=[ADA])
    assert told(stage, ADA) == []


def test_who_is_no_user_of_salesforce_is_refused_with_the_reason(stage: Stage) -> None:
    with pytest.raises(Unavailable, match="no user of Salesforce"):
        told(stage, "someone")
