"""The operating-system account under which PostgreSQL's programs run."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from storage.embedded_errors import NoServiceUserError, NotPermittedError

_NAMES = ("contract-graph", "postgres", "nobody")

# A fixed environment: a PGPORT or PGOPTIONS of the caller must not reach the private server, and the
# diagnosis reads English messages.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}


@dataclass(frozen=True, kw_only=True)
class ServiceUser:
    """Who runs the server: the caller, or, because PostgreSQL refuses root, an account root steps down to."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, data: Path) -> Self:
        """Give the account for the data directory `data`, which may not exist yet.

        Root runs an existing directory as its owner, whoever made it; a new one as the first account known.
        """
        owner = data.stat().st_uid if data.exists() else None
        if os.geteuid() != 0:
            if owner not in {None, os.geteuid()}:
                what = f"{data} belongs to the user with id {owner}; run as that user, or choose another home"
                raise NotPermittedError(what=what)
            return cls(name=_name(os.geteuid()), uid=os.geteuid(), gid=os.getegid())
        if owner:
            return cls(name=_name(owner), uid=owner, gid=data.stat().st_gid)
        for name in _NAMES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
        raise NoServiceUserError(names=", ".join(_NAMES))

    @property
    def is_other(self) -> bool:
        """Whether programs have to change to another account (only root can, and must)."""
        return self.uid != os.geteuid()

    def run(
        self, *command: str | Path, pass_fds: tuple[int, ...] = (), stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this account, without a terminal, and give its exit code and English output."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            input=stdin,
            cwd="/",  # the caller's directory may be closed to this account
            env=_ENVIRONMENT,
            umask=0o077,
            start_new_session=True,  # Ctrl-C at the caller's terminal is not meant for the server
            pass_fds=pass_fds,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )

    def require_passage(self, home: Path) -> None:
        """Raise NotPermittedError when this account cannot enter `home`, naming the first closed folder."""
        if not self.is_other or self._enters(home):
            return
        for folder in [*reversed(home.parents), home]:
            if not self._enters(folder):
                what = (
                    f"the account {self.name}, which runs PostgreSQL for root, cannot enter {folder};"
                    f" run `chmod o+x {folder}`, or choose a data home such as /var/lib/contract-graph"
                )
                raise NotPermittedError(what=what)

    def _enters(self, folder: Path) -> bool:
        return self.run("/bin/sh", "-c", 'cd "$1"', "sh", folder).returncode == 0

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, top: Path) -> None:
        """Give everything below `top` to this account, and close it to everybody else."""
        for folder, _, files in os.walk(top):
            for path in [Path(folder), *(Path(folder) / name for name in files)]:
                self.own(path)
                if not path.is_symlink():
                    path.chmod(0o700 if path.is_dir() else 0o600)

    def make_private(self, folder: Path) -> None:
        """Make `folder` with mode 0700 for this account, or check that it is one.

        Raises NotPermittedError for a link or a folder of anybody else: a trap, in a shared /tmp.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {self.uid, os.geteuid()}:
            raise NotPermittedError(what=f"{folder} is not a folder of the account {self.name}; remove it")
        folder.chmod(0o700)
        self.own(folder)


def caller() -> ServiceUser:
    """Give the account of this very process: client programs run as whoever called them."""
    return ServiceUser(name=_name(os.geteuid()), uid=os.geteuid(), gid=os.getegid())


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
