"""What the doctor tells of the replicas: whether each is asked, and what to do where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Final

from api.checkup import Finding, Ground, Outcome
from storage.database import RoleTooPowerful
from storage.replica import Why, refuse_unfit
from storage.replicas import NEAR, Replicas

_LOOKS: Final = 4

TODO: Final[Mapping[str, str]] = MappingProxyType(
    {
        Why.AWAY: "see that it runs and lets this machine in; the database answers meanwhile",
        Why.UNFIT: "name a standby that follows DATABASE_URL: docs/operators.md, Read replicas",
        Why.BEHIND: "look at pg_stat_replication of the primary, and pg_get_wal_replay_pause_state() of it",
    }
)


async def replicas(ground: Ground) -> AsyncIterator[Finding]:
    """Look how each replica stands."""
    settings = ground.settings
    if not settings.replicas:
        return
    for number, url in enumerate(settings.replicas, 1):
        try:
            await refuse_unfit(url)
        except RoleTooPowerful as error:
            told = str(error).replace("DATABASE_URL", "CONTRACT_GRAPH_REPLICA_URLS")
            yield Finding("replicas", Outcome.TODO, f"{number}: {told}", "name that role in its URL")
    found = await Replicas.open(ground.database, ground.database, settings.replicas, 1, settings.replica_lag)
    try:
        for _ in range(_LOOKS):
            if all(found.state(each) == NEAR for each in found.all):
                break
            await asyncio.sleep(settings.replica_lag / _LOOKS)
            await found.look()
        for each in found.all:
            state, lag = found.state(each), found.lag(each)
            behind = "" if lag is None else f", at most {lag:.1f} s behind"
            outcome = Outcome.OK if state == NEAR else Outcome.TODO
            yield Finding("replicas", outcome, f"{each.name}: {state}{behind}", TODO.get(state, ""))
    finally:
        await found.close()
