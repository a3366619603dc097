"""The embedded cluster as it was at a moment: a whole copy, and the log replayed up to then."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage.archive import Archive, Copy
from storage.backup import backup, place, verify
from storage.embedded import Cluster
from storage.embedded_conf import assignment, replace_file
from storage.embedded_errors import (
    BackupTargetError,
    BeyondArchiveError,
    EmbeddedError,
    NotArchivingError,
    diagnosis,
    operating_system_errors,
)
from storage.embedded_roles import DATABASE
from storage.service_user import ServiceUser, caller

_ATTEMPTS, _ATTEMPT_SECONDS = 6, 10
_LAST = re.compile(r"last completed transaction was at log time (.+)")
_SHORT = "recovery ended before configured recovery target was reached"
_NOW = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
_COUNTS = r"""
SELECT format('SELECT %L, count(*) FROM %I', relname, relname) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
\gexec
"""
# A commit, so that every moment before it can be found; and a record, so that there is something to archive.
_FLUSH = """
SELECT '' FROM pg_current_xact_id();
SELECT pg_walfile_name(pg_create_restore_point('contract-graph'));
SELECT '' FROM pg_switch_wal();
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A cluster that was made of `copy`, and runs: its last change is of `until`."""

    cluster: Cluster
    copy: Copy
    until: datetime


def copy_now(cluster: Cluster, archive: Archive) -> Copy:
    """Put a whole and verified copy into the archive, and see that the log goes there. Raises EmbeddedError.

    A stopped server is started for it and stopped again.
    """
    stopped = not cluster.status().running
    cluster.start()
    try:
        if _ask(cluster, "SHOW archive_mode") == "off":
            todo = "`contract-graph db stop`, then start it again"
            raise NotArchivingError(why="this server was started by an older program", todo=todo)
        rows = rows_of(cluster)
        draft = Path(tempfile.mkdtemp(prefix="unfinished-", dir=archive.copies))
        try:
            backup(cluster, draft)
            ended = datetime.fromisoformat(_ask(cluster, _NOW))
            copy = archive.finish(draft, ended, rows)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        flush(cluster, archive)
    finally:
        if stopped:
            cluster.stop()
    return copy


def flush(cluster: Cluster, archive: Archive) -> None:
    """Have what the running server did until now in the archive. Raises NotArchivingError."""
    for _ in range(_ATTEMPTS):
        wanted = _ask(cluster, _FLUSH)
        end = time.monotonic() + _ATTEMPT_SECONDS
        while time.monotonic() < end:
            if archive.holds(wanted):
                return
            time.sleep(0.05)
    todo = f"look at the end of {cluster.log}, and whether {archive.wal} can be written"
    raise NotArchivingError(why="the server's log does not come to the archive", todo=todo)


def rows_of(cluster: Cluster) -> Mapping[str, int]:
    """Count the rows of every table of a running cluster: each page is read, and its checksum compared."""
    counted = (line.split("|") for line in _ask(cluster, _COUNTS).splitlines())
    return {name: int(count) for name, count in counted}


def restore_to(
    archive: Archive,
    home: Path,
    moment: datetime | None = None,
    bindir: Path | None = None,
    *,
    durable: bool = True,
) -> Restored:
    """Make a cluster in the new folder `home` as the archive's was at `moment`, or at its end.

    The copy is compared with its manifest first. The cluster that is made runs, and archives to nowhere;
    where it cannot be made, `home` goes again. `durable` is that of Cluster. Raises EmbeddedError.
    """
    home = home.expanduser().absolute()
    if home.exists() and not (home.is_dir() and not any(home.iterdir())):
        raise BackupTargetError(target=home)
    copy = archive.newest(moment)
    if moment is None:
        for _ in archive.segments(copy.first):
            pass  # a gap would look like the end
    cluster = Cluster(home, bindir, durable=durable)
    try:
        with cluster.exclusive(), operating_system_errors(home):
            verify(cluster, copy.path)
            user = ServiceUser.of(archive.wal)
            place(cluster, copy.path, user)
            _replay(cluster, archive, moment, user)
    except BaseException:
        with contextlib.suppress(EmbeddedError):
            cluster.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)
        raise
    return Restored(cluster=cluster, copy=copy, until=_last_change(cluster) or copy.ended)


def _replay(cluster: Cluster, archive: Archive, moment: datetime | None, user: ServiceUser) -> None:
    automatic = cluster.data / "postgresql.auto.conf"
    before = automatic.read_text(encoding="utf-8")
    settings = {"restore_command": archive.fetching}
    if moment is not None:
        settings |= {
            "recovery_target_time": moment.astimezone(UTC).isoformat(" "),
            "recovery_target_action": "promote",
        }
    replace_file(automatic, before + "".join(assignment(*each) for each in settings.items()), user)
    replace_file(cluster.data / "recovery.signal", "", user)
    try:
        cluster.start()
        while _ask(cluster, "SELECT pg_is_in_recovery()") == "t":
            time.sleep(0.1)
    except EmbeddedError:
        if _SHORT in cluster.log.read_text(encoding="utf-8", errors="replace"):
            last = _last_change(cluster) or archive.newest(moment).ended
            raise BeyondArchiveError(folder=archive.folder, moment=moment, last=last) from None
        raise
    replace_file(automatic, before, user)


def _last_change(cluster: Cluster) -> datetime | None:
    found = _LAST.findall(cluster.log.read_text(encoding="utf-8", errors="replace"))
    return datetime.fromisoformat(found[-1]) if found else None


def _ask(cluster: Cluster, question: str) -> str:
    url = cluster.dsn(user="postgres", database=DATABASE)
    result = caller().run(
        cluster.program("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", url, stdin=question
    )
    if result.returncode:
        raise diagnosis("psql", result.stderr, cluster.data)
    return result.stdout.strip()
