"""Loads of the stand-in's objects, which can be ended at any word that they say."""

from __future__ import annotations

from auth.vault import Vault
from storage.salesforce_loads import StoredLoad
from sync.salesforce.changes.load import Loader, Standing
from sync.salesforce.changes.load_steps import LoadSteps
from tests.storage.lane_work import ONE
from tests.sync.salesforce.hearing import Hearing


class Killed(Exception):
    """As if the process had ended."""


class Loading:
    """A load that notes what it tells, and how long it would have waited; killed at its so manieth word."""

    def __init__(self, hearing: Hearing, *, killed_at: int | None = None) -> None:
        self.said: list[Standing] = []
        self.waited: list[float] = []
        self._killed_at = killed_at
        vault = Vault(hearing.keys)
        self.steps = LoadSteps(hearing.work.database, vault, ONE, hearing.clock)
        self._loader = Loader(hearing.orgs, self.steps, self._hear, page=4, sleep=self._sleep)

    def _hear(self, standing: Standing) -> None:
        self.said.append(standing)
        if len(self.said) == self._killed_at:
            raise Killed

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    async def __call__(self, name: str, *, again: bool = False) -> StoredLoad:
        return await self._loader.load(name, again=again)

    @property
    def notes(self) -> list[str]:
        return [each.note for each in self.said if each.note]
