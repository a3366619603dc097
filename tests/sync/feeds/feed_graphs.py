"""A database of a test's own, and what an import into it did."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from domain.identity import uuid7
from domain.org import Org
from storage.ingest import Ingest
from sync.feeds.graph import Item
from sync.feeds.importing import Import
from sync.feeds.reject import RejectsFile
from sync.feeds.summary import Summary
from tests.keys import new_vault

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass(kw_only=True)
class Imported:
    """What an import did, and the rows of its rejects file."""

    summary: Summary
    rejects: list[dict[str, str]]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        saved = self.summary.saved
        counters = (saved.inserted, saved.updated, saved.unchanged, saved.deleted)
        inserted, updated, unchanged, deleted = (counter.total() for counter in counters)
        return inserted, updated, unchanged, deleted


@dataclass(kw_only=True)
class Graphs:
    """A database with one org, into which feeds can be imported."""

    url: str
    superuser_url: str
    org: Org
    folder: Path

    def imported(self, items: Iterable[Item], **options: Any) -> Imported:
        path = self.folder / f"rejects-{uuid7()}.csv"

        async def run() -> Summary:
            connection = await asyncpg.connect(self.url)
            try:
                ingest = Ingest(connection, self.org.id, lambda: NOON, new_vault())
                with RejectsFile(path) as rejects:
                    made = Import(ingest=ingest, rejects=rejects, progress=lambda _: None, **options)
                    return await made.run(items)
            finally:
                await connection.close()

        summary = asyncio.run(run())
        if not path.exists():
            return Imported(summary=summary, rejects=[])
        with closing(path.open(encoding="utf-8", newline="")) as file:
            return Imported(summary=summary, rejects=list(csv.DictReader(file)))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.superuser_url)
            try:
                return [tuple(row) for row in await connection.fetch(query)]
            finally:
                await connection.close()

        return asyncio.run(run())
