"""What a person on call looks at first: one finding for each thing, and what to do where it is not right."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
from alembic.script import ScriptDirectory

from api.installation import sealer
from api.settings import Settings
from auth.audit import moment_of
from auth.audit_verify import PROMPT
from auth.crypto import Sealer
from auth.key_file import KeyFileError
from auth.keys import KeyRing
from auth.policy import PolicyError
from auth.policy_file import load_policy
from auth.policy_watch import PolicyWatch
from domain.counted import counted
from domain.org import Org
from storage import signing_keys
from storage.archive import Archive
from storage.audit_months import floor_of
from storage.audit_tree import find_unsealed, last_head
from storage.database import Database, DatabaseError, refuse_power
from storage.embedded_conf import NOTHING_KEPT
from storage.infinite_dates import find_infinite
from storage.lanes import Queue, backlog
from storage.migrate import MIGRATIONS, NewerDatabase, current
from storage.orgs import list_orgs
from storage.salesforce import find_salesforce
from storage.tenancy import bind_org
from sync.salesforce.client import SalesforceClient
from sync.salesforce.failures import SalesforceFailure
from sync.salesforce.orgs import opened_connection
from sync.salesforce.readiness import lacking

KEY_AGE: Final = timedelta(days=90)
SEAL_AGE: Final = timedelta(days=1)
QUEUE_AGE: Final = timedelta(minutes=15)
COPY_AGE: Final = timedelta(days=7)
CLOCK_WARNS, CLOCK_WRONG = timedelta(seconds=1), timedelta(seconds=30)
DISK_WARNS, DISK_FULL = 0.10, 0.02
"""Shares of the disk that are free."""

_UNBOUND = """
    SELECT relname FROM pg_class c
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> 'alembic_version' AND NOT (relrowsecurity AND relforcerowsecurity)
     ORDER BY relname"""

_ARCHIVER = """
    SELECT current_setting('archive_mode') AS mode, current_setting('archive_command') AS command,
           coalesce(current_setting('archive_library', true), '') AS library,
           coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failed,
           last_failed_wal AS wal, failed_count AS count
      FROM pg_stat_archiver"""
_KEPT_NOWHERE = ("", "(disabled)", NOTHING_KEPT, "/bin/true")


class Outcome(StrEnum):
    """How it is with one thing."""

    OK = "ok"
    WARNING = "warning"
    TODO = "to do"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a thing, and what to do about it; no secret, and no value of a record."""

    about: str
    outcome: Outcome
    said: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where one looks: as the application, and as the owner of the tables where that is known."""

    settings: Settings
    database: Database
    connection: asyncpg.Connection
    owner_url: str | None
    owner: asyncpg.Connection | None


Check = Callable[[Ground], AsyncIterator[Finding]]


def _ok(about: str, said: str) -> Finding:
    return Finding(about, Outcome.OK, said)


def disk(home: Path) -> Finding:
    """Look how much of the disk is free on which the home lies."""
    while not home.exists():
        home = home.parent
    usage = shutil.disk_usage(home)
    free, said = usage.free / usage.total, f"{usage.free / 1e9:.1f} GB free where {home} lies"
    if free > DISK_WARNS:
        return _ok("disk", said)
    outcome = Outcome.WARNING if free > DISK_FULL else Outcome.TODO
    return Finding("disk", outcome, said, "make room: without it PostgreSQL stops taking writes")


async def roles(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether row-level security binds the application, and covers every table."""
    try:
        await refuse_power(ground.connection)
    except DatabaseError as error:
        yield Finding("roles", Outcome.TODO, str(error), "set DATABASE_URL to that role")
    unbound = [row["relname"] for row in await ground.connection.fetch(_UNBOUND)]
    if unbound:
        said = f"row-level security is not forced on {', '.join(unbound)}"
        yield Finding("roles", Outcome.TODO, said, "stop the API, and find out who changed the tables")
    else:
        yield _ok("roles", "row-level security is forced on every table")


async def revision(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether the tables are at the revision of this program."""
    if ground.owner_url is None:
        yield _unseen("tables")
        return
    try:
        found = await current(ground.owner_url)
    except NewerDatabase as error:
        yield Finding("tables", Outcome.TODO, str(error), "run the contract-graph that migrated it")
        return
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if found == head:
        yield _ok("tables", f"at revision {head}")
    else:
        said = f"at revision {found}, this program's is {head}"
        yield Finding("tables", Outcome.TODO, said, "contract-graph db upgrade")


async def keys(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether the signing keys can be opened, and how old the one in use is."""
    stored = await signing_keys.load(ground.connection)
    if not stored:
        yield Finding("keys", Outcome.WARNING, "none is made yet", "the first start of the API makes one")
        return
    settings = ground.settings
    local = not (settings.key_encryption_key or settings.kms_key)
    if local and not any(settings.keys.glob("*.key")):
        # Looking must not make one: it would be the wrong one.
        said = f"the key-encryption key is not in {settings.keys}"
        yield Finding("keys", Outcome.TODO, said, "put it there again from where it is kept")
        return
    try:
        ring = KeyRing(sealer(settings))
        ring.take(stored)
    except KeyFileError as error:
        yield Finding("keys", Outcome.TODO, str(error), "give this process the key that the others have")
        return
    made = next(each.made_at for each in stored if each.kid == ring.kid)
    age = datetime.now(UTC) - made
    said = f"the one that signs is {counted(age.days, 'day')} old"
    if age < KEY_AGE:
        yield _ok("keys", said)
    else:
        yield Finding("keys", Outcome.WARNING, said, "contract-graph keys rotate")


async def audit(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether events wait to be sealed for too long."""
    if ground.owner is None:
        yield _unseen("audit")
        return
    for org in await list_orgs(ground.owner):
        async with ground.owner.transaction():
            await bind_org(ground.owner, org.id)
            yield await _sealed(ground.owner, org)


async def _sealed(owner: asyncpg.Connection, org: Org) -> Finding:
    head = await last_head(owner, org.id)
    since = UUID(int=0) if head is None else floor_of(head.sealed_at - timedelta(hours=1))
    unsealed = await find_unsealed(owner, org.id, since, 1)
    last = "never sealed" if head is None else f"last sealed {head.sealed_at:%Y-%m-%d %H:%M} UTC"
    waits = datetime.now(UTC) - moment_of(unsealed[0][0]) if unsealed else timedelta()
    if waits > PROMPT:
        how_long, outcome = ("a day", Outcome.TODO) if waits > SEAL_AGE else ("five minutes", Outcome.WARNING)
        said = f"{org.name}: {last}, and events of more than {how_long} ago wait"
        return Finding("audit", outcome, said, "contract-graph audit seal, every minute: see docs/audit.md")
    return _ok("audit", f"{org.name}: {last}" if head or unsealed else f"{org.name}: no event yet")


async def clock(ground: Ground) -> AsyncIterator[Finding]:
    """Look how far this machine's clock and the database's are apart."""
    before = datetime.now(UTC)
    there: datetime = await ground.connection.fetchval("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    # What the question took is nobody's error.
    apart = max(before - there, there - after, timedelta())
    said = f"{apart.total_seconds():.1f} s apart from the database's"
    if apart < CLOCK_WARNS:
        yield _ok("clock", said)
    else:
        outcome = Outcome.WARNING if apart < CLOCK_WRONG else Outcome.TODO
        yield Finding("clock", outcome, said, "synchronise both: tokens are judged by this machine's")


async def policy(ground: Ground) -> AsyncIterator[Finding]:
    """Look which policy decides, and whether this program can read it."""
    watch = PolicyWatch(load_policy())
    try:
        await watch.refresh(ground.database)
    except PolicyError as error:
        yield Finding("policy", Outcome.TODO, str(error), "contract-graph policy history, then rollback")
        return
    trial = "" if watch.candidate is None else f", and {watch.candidate.digest[:12]} is on trial"
    yield _ok("policy", f"{watch.in_force.digest[:12]} is in force{trial}")


async def salesforce(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether each org's Salesforce lets us in, and lacks nothing."""
    if ground.owner is None:
        yield _unseen("salesforce")
        return
    sealed_by: Sealer | None = None
    for org in await list_orgs(ground.owner):
        async with ground.owner.transaction():
            await bind_org(ground.owner, org.id)
            stored = await find_salesforce(ground.owner, org.id)
        if stored is None or stored.ended_at is not None:
            continue
        hint = f"contract-graph crm check --org {org.id}"
        try:
            sealed_by = sealed_by or sealer(ground.settings)
            async with SalesforceClient(opened_connection(stored, sealed_by)) as client:
                missing = await lacking(client, stored.currency)
        except (SalesforceFailure, KeyFileError) as error:
            yield Finding("salesforce", Outcome.TODO, f"{org.name}: {type(error).__name__}", hint)
            continue
        if missing:
            outcome = Outcome.TODO if any(each.needed for each in missing) else Outcome.WARNING
            yield Finding("salesforce", outcome, f"{org.name}: lacks {len(missing)} things", hint)
        else:
            yield _ok("salesforce", f"{org.name}: lets us in, and lacks nothing")


async def queues(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether work is due for too long."""
    now = datetime.now(UTC)
    for queue in Queue:
        async with ground.database.claiming(queue) as connection:
            found = await backlog(connection, queue, now)
        said = f"{queue}: {counted(found.waiting, 'message waits', 'messages wait')}"
        if found.since is not None and now - found.since > QUEUE_AGE:
            since = f"{said}, the first due since {found.since:%Y-%m-%d %H:%M} UTC"
            yield Finding("queues", Outcome.TODO, since, "see that a contract-graph worker runs")
        else:
            yield _ok("queues", said)


async def backups(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether the database can be restored to a moment of today."""
    row = await ground.connection.fetchrow(_ARCHIVER)
    told = "every day: contract-graph backup"
    if row["mode"] == "off" or (row["command"] in _KEPT_NOWHERE and not row["library"]):
        todo = "docs/operators.md: contract-graph backup --into FOLDER, or archive_mode of your own server"
        yield Finding("backups", Outcome.WARNING, "no change is kept, so no moment can be restored", todo)
        return
    if row["failed"]:
        said = f"{row['wal']} does not go to the archive, {row['count']:,} attempts failed"
        yield Finding("backups", Outcome.TODO, said, "see that the archive is there, and has room")
    archive = None if ground.settings.database_url else Archive.of(ground.settings.home)
    if archive is None:
        yield _ok("backups", "every change is archived; how old the last copy is, nobody can say from here")
        return
    copies = archive.finished()
    if not copies:
        yield Finding("backups", Outcome.TODO, f"no copy lies in {archive.folder}", told)
        return
    age = datetime.now(UTC) - copies[-1].ended
    said = f"the last copy is {counted(age.days, 'day')} old"
    yield _ok("backups", said) if age < COPY_AGE else Finding("backups", Outcome.WARNING, said, told)


async def dates(ground: Ground) -> AsyncIterator[Finding]:
    """Look whether days are stored as infinities, as releases before 2026-11-27 did with the last one."""
    if ground.owner is None:
        yield _unseen("dates")
        return
    found: Counter[str] = Counter()
    for org in await list_orgs(ground.owner):
        async with ground.owner.transaction():
            await bind_org(ground.owner, org.id)
            found.update(await find_infinite(ground.owner))
    if found:
        said = f"stored as infinities: {', '.join(f'{count:,} of {name}' for name, count in found.items())}"
        yield Finding("dates", Outcome.TODO, said, "contract-graph db mend, once no older release runs")
    else:
        yield _ok("dates", "every day is one")


def _unseen(about: str) -> Finding:
    said = "not looked at: DATABASE_OWNER_URL is not set"
    return Finding(about, Outcome.WARNING, said, "set it for this command")


CHECKS: tuple[Check, ...] = (clock, roles, revision, keys, audit, policy, salesforce, queues, backups, dates)
"""In the order in which they are told."""
