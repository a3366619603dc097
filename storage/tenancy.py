"""The org or queue of a transaction, told to PostgreSQL so that row-level security can hold it."""

from __future__ import annotations

from uuid import UUID

import asyncpg


async def bind_org(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Bind the org until the end of the running transaction; outside of one it would bind nothing."""
    if not connection.is_in_transaction():
        raise RuntimeError("an org is bound inside a transaction only")
    await connection.execute("SELECT set_config('app.org', $1, true)", str(org_id))


async def bind_work(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Bind the org as `bind_org` does, for statements that do the work of many.

    Each is planned anew: a plan that was made when its tables were all but empty would read them whole when
    they have grown, and what planning costs is shared by all that a statement does. What they read was mostly
    written a moment ago, so that no page is dearer than the next.
    """
    if not connection.is_in_transaction():
        raise RuntimeError("an org is bound inside a transaction only")
    await connection.execute(
        "SELECT set_config('app.org', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true),"
        " set_config('random_page_cost', '1.1', true)",
        str(org_id),
    )


async def bind_queue(connection: asyncpg.Connection, queue: str) -> None:
    """Let the running transaction see and take the lanes of one queue in every org, and no more there."""
    if not connection.is_in_transaction():
        raise RuntimeError("a queue is bound inside a transaction only")
    # What is due comes by the index, in order: statistics that a burst outruns would have all of it sorted.
    # And a claim that is lost with the machine is as good as a lease that ended, so it waits for no disk.
    await connection.execute(
        "SELECT set_config('app.queue', $1, true), set_config('enable_bitmapscan', 'off', true),"
        " set_config('enable_seqscan', 'off', true), set_config('synchronous_commit', 'off', true)",
        queue,
    )
