"""A key in a file that only its owner can read, in a directory that only its owner can enter."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

_MOST_BYTES = 16 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(Exception):
    """A key file cannot be used.

    A subclass's docstring is its message template; no message quotes what a file holds.
    """

    def __init__(self, **facts: object) -> None:
        super().__init__((type(self).__doc__ or "").format(**facts))


class ExposedKey(KeyFileError):
    """{path} is open to other users: run `chmod {mode} {path}`."""


class ForeignKey(KeyFileError):
    """{path} belongs to another user (uid {owner}): whoever owns the key reads what it protects."""


class UnusableKeys(KeyFileError):
    """{path} cannot be used for keys: {reason}."""


def is_there(path: Path) -> bool:
    """Say whether there is a key file, as far as this user may look."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a folder is closed to us


def read_or_create(path: Path, content: bytes) -> bytes:
    """Read a key file, or make it with this content; processes that start at once all get the same.

    Raises a KeyFileError for a file or directory that others can reach or another user owns.
    """
    directory = path.parent
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(directory, directory.stat(), "700")
        if not path.exists():
            create(path, content)
        with path.open("rb") as file:
            _check(path, os.fstat(file.fileno()), "600")
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise UnusableKeys(path=error.filename or path, reason=error.strerror or "unreadable") from error


def create(path: Path, content: bytes) -> None:
    """Write a new file beside `path` and link it there: the link fails if another process was first.

    O_EXCL on `path` itself would do as well, but would show the others a file that is still empty.
    """
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL, mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()


def _check(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise ForeignKey(path=path, owner=found.st_uid)
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise ExposedKey(path=path, mode=mode)
