"""What stands in the audit log, looked at past row-level security."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import asyncpg


@dataclass(frozen=True)
class Log:
    """The events of a database."""

    url: str
    loop: asyncio.Runner

    def events(self, request: str | None = None) -> list[dict[str, Any]]:
        """Return events in the order of their ids, all or those of one request."""
        found = [json.loads(row["body"]) for row in self.rows("SELECT body FROM audit_event ORDER BY id")]
        return [each for each in found if request is None or each["request"] == request]

    def event(self, request: str) -> dict[str, Any]:
        """Return the one event of a request."""
        [found] = self.events(request)
        return found

    def access(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return what an event names as its access."""
        [row] = self.rows(f"SELECT body FROM audit_access WHERE id = '{event['access'][:32]}'"
                          f" AND org_id = '{event['org']}'")  # fmt: skip
        made: dict[str, Any] = json.loads(row["body"])
        return made

    def rows(self, query: str) -> list[Any]:
        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.url)
            try:
                return list(await connection.fetch(query))
            finally:
                await connection.close()

        return self.loop.run(run())
