"""What is looked at in a restored database before anybody switches to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from api.checkup import Check, Finding, Ground, Outcome, keys, revision, roles
from api.settings import Settings
from auth.audit_head import SealKey, SealKeys
from auth.audit_verify import verify
from auth.key_file import is_there
from domain.counted import counted
from storage.database import Database, connect
from storage.embedded_roles import OWNER, READ_WRITE
from storage.orgs import list_orgs
from storage.point_in_time import Restored, rows_of
from storage.tenancy import bind_org

PATIENCE = "10min"
"""The audit log may be long."""


async def findings(
    restored: Restored,
    settings: Settings,
    checked: Callable[[Check, Ground], AsyncIterator[Finding]],
) -> AsyncIterator[Finding]:
    """Look at a restored cluster with the keys that the settings name."""
    yield _rows(restored)
    url, owner_url = restored.cluster.dsn(READ_WRITE), restored.cluster.dsn(OWNER)
    connection, owner = await connect(url), await connect(owner_url, statement_timeout=PATIENCE)
    database = Database(url, 1)
    try:
        ground = Ground(settings, database, connection, owner_url, owner)
        for check in (roles, revision, keys, _log_until(restored.until)):
            async for each in checked(check, ground):
                yield each
    finally:
        await database.close()
        await connection.close()
        await owner.close()


def _rows(restored: Restored) -> Finding:
    found = rows_of(restored.cluster)
    said = f"{sum(found.values()):,} in {len(found)} tables, every page read"
    gone = [name for name, count in restored.copy.rows.items() if count and not found.get(name)]
    if gone:
        todo = "find out whether somebody emptied them before that moment"
        return Finding(
            "rows", Outcome.WARNING, f"{said}; none, where the copy had some: {', '.join(gone)}", todo
        )
    return Finding("rows", Outcome.OK, said)


def _log_until(moment: datetime) -> Check:
    async def audit(ground: Ground) -> AsyncIterator[Finding]:
        """Look whether the record of reads and writes is whole up to the moment that was restored."""
        path = ground.settings.audit_key
        if not is_there(path):
            said = f"not verified: there is no key at {path}"
            yield Finding("audit", Outcome.WARNING, said, "put it there, then contract-graph audit verify")
            return
        public = SealKeys([SealKey.load(path).public])
        assert ground.owner is not None  # noqa: S101 - findings() connects as the owner
        for org in await list_orgs(ground.owner):
            async with ground.owner.transaction(isolation="repeatable_read"):
                await bind_org(ground.owner, org.id)
                # Judged as of then: what was to be sealed later is not missing.
                report = await verify(ground.owner, org.id, public, (), min(moment, datetime.now(UTC)))
            said = f"{org.name}: {counted(report.events, 'event')} under {counted(report.heads, 'head')}"
            if report.only_waits:
                said = f"{said}; {counted(report.unsealed, 'was', 'were')} not sealed yet at that moment"
                yield Finding("audit", Outcome.WARNING, said, "contract-graph audit seal, then audit verify")
            elif report.findings:
                yield Finding("audit", Outcome.TODO, f"{said}, not in order", "contract-graph audit verify")
            else:
                yield Finding("audit", Outcome.OK, f"{said}, in order")

    return audit
