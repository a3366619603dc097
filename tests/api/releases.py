"""The release before this one, taken from the history of this checkout."""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from alembic.script import ScriptDirectory

from tests.api.command_line import ROOT, run


class NoHistory(Exception):
    """What was there before is not known: this is no checkout of git, or one without its history."""


@dataclass(frozen=True)
class Release:
    """A program that can be run from its folder, and the revision of the tables that it was made for."""

    folder: Path
    name: str

    @property
    def head(self) -> str:
        """The revision."""
        return str(ScriptDirectory(str(self.folder / "migrations")).get_current_head())

    def run(self, *arguments: str, given: Mapping[str, str]) -> str:
        """Run a command of it that must succeed, and return what it prints."""
        done = run(*arguments, given=given, folder=self.folder, timeout=240)
        assert done.returncode == 0, (self.name, arguments, done.stdout, done.stderr)
        return done.stdout


THIS = Release(ROOT, "this release")


def release_before(folder: Path) -> Release:
    """Unpack the release whose tables are one revision older, or that of CONTRACT_GRAPH_PREVIOUS.

    It runs in our environment: what it is built on has our versions. Raises NoHistory.
    """
    commit = os.environ.get("CONTRACT_GRAPH_PREVIOUS") or _before(THIS.head)
    archive = _git("archive", "--format=tar", commit)
    with tarfile.open(fileobj=BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    return Release(folder, f"the release of {commit[:12]}")


def _before(revision: str) -> str:
    """Return the commit before the one that brought a revision; the last one where none did yet."""
    (file,) = (ROOT / "migrations" / "versions").glob(f"{revision}_*.py")
    brought = _git("log", "--diff-filter=A", "--format=%H", "--", str(file.relative_to(ROOT))).split()
    return f"{brought[-1].decode()}^" if brought else "HEAD"


def _git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["/usr/bin/env", "git", *arguments], cwd=ROOT, capture_output=True, check=False)
    except OSError as error:
        raise NoHistory(error.strerror) from None
    if done.returncode:
        raise NoHistory(done.stderr.decode().strip())
    return done.stdout
