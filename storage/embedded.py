"""A private PostgreSQL cluster in the data home: made, started, stopped and looked at."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO
from urllib.parse import quote

from storage import postmaster
from storage.archive import Archive
from storage.binaries import Binaries, find_binaries, made_by, runnable
from storage.embedded_conf import PORT, include_configuration, write_configuration
from storage.embedded_errors import (
    EmbeddedError,
    InUseError,
    UnusableHomeError,
    diagnosis,
    operating_system_errors,
)
from storage.embedded_roles import DATABASE, PROVISION, READ_WRITE, VARIABLES
from storage.service_user import ServiceUser, caller

_SOCKET_PATH_BYTES = 107  # sun_path of unix(7), less its closing zero
_SOCKET_PATH = re.compile(r"[\w/.@+-]+")  # what unix_socket_directories takes without quoting
_FORBIDDEN = "\"'$`\\\n"  # pg_ctl hands the paths of data directory and log to a shell
_START_SECONDS = 600  # a crash recovery takes as long as it takes
_ORPHAN_SECONDS = 10  # after kill -9 of the postmaster its backends need a moment to notice
_BUILTIN_LOCALE_MAJOR = 17
_LOG_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """What can be said of a cluster from outside: `size` is in bytes, `version` e.g. "18.6"."""

    running: bool
    pid: int | None
    version: str | None
    sockets: Path
    data: Path
    size: int


class Cluster:
    """A PostgreSQL server of our own under `home`, reached by a Unix socket only.

    `bindir` is looked at before the wheel and the system. `durable=False` gives up safety against a power
    failure for speed, and is for tests. One Cluster may be shared by threads, and any number of processes
    may call start(): one server results. Every method raises EmbeddedError.
    """

    def __init__(self, home: Path, bindir: Path | None = None, *, durable: bool = True) -> None:
        self.home = home.expanduser().resolve()
        self.data = self.home / "pg"
        self.log = self.home / "server.log"
        self.sockets = _socket_folder(self.home)
        self.bindir = bindir
        self._durable = durable
        self._lock = threading.RLock()
        self._depth = 0
        if found := sorted(set(_FORBIDDEN) & set(str(self.home))):
            raise UnusableHomeError(home=self.home, characters=" ".join(found))

    def start(self) -> None:
        """Make the cluster if there is none, start its server if none runs, and see to roles and database."""
        with self.exclusive(), operating_system_errors(self.home):
            user = ServiceUser.of(self.data)
            user.require_passage(self.home)
            binaries = runnable(find_binaries(self.data, self.bindir), user, self.home)
            user.make_private(self.sockets)
            if made_by(self.data) is None:
                self._make(binaries, user)
            archive = Archive.of(self.home)
            command = None if archive is None else archive.keeping
            changed = write_configuration(self.data, self.sockets, user, command, durable=self._durable)
            with self.server_lock() as lock:
                if lock is not None:
                    self._launch(binaries, user, lock)
                elif changed:
                    self._control(binaries, user, "reload")
            self._provision(binaries)

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop the server and wait until it has gone; nothing happens when none runs."""
        with self.exclusive(), operating_system_errors(self.home):
            if postmaster.find(self.data):
                user = ServiceUser.of(self.data)
                binaries = runnable(find_binaries(self.data, self.bindir), user, self.home)
                self._control(binaries, user, "-w", "-t", "120", "-m", mode, "stop")

    def status(self) -> ClusterStatus:
        """Look at the cluster without changing or starting anything."""
        with operating_system_errors(self.home):
            found = postmaster.find(self.data)
            major = made_by(self.data)
            try:
                version = find_binaries(self.data, self.bindir).version if major else None
            except EmbeddedError:
                version = str(major)
            return ClusterStatus(
                running=found is not None and found.ready,
                pid=found.pid if found else None,
                version=version,
                sockets=self.sockets,
                data=self.data,
                size=_size(self.data),
            )

    def dsn(self, user: str = READ_WRITE, database: str = DATABASE) -> str:
        """Give the URL for `user`, for asyncpg and psql; the port keeps a PGPORT of the caller out."""
        where = quote(str(self.sockets), safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={where}&port={PORT}"

    def program(self, name: str) -> Path:
        """Give the path of a PostgreSQL program of the cluster's version, for the caller to run."""
        with operating_system_errors(self.home):
            return find_binaries(self.data, self.bindir).program(name)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other process from starting, stopping or replacing the cluster meanwhile."""
        with self._lock, contextlib.ExitStack() as stack:
            if self._depth == 0:
                with operating_system_errors(self.home):
                    self._make_home()
                    file = stack.enter_context(_open(self.home / ".lock"))
                    fcntl.flock(file, fcntl.LOCK_EX)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    @contextlib.contextmanager
    def server_lock(self) -> Iterator[TextIO | None]:
        """Give the lock that a running server holds, or None when a server of this machine is ready.

        The server inherits the open file, so that it is locked exactly as long as any process of the server
        lives: neither a reused pid nor a second container on the same volume can deceive us.
        Raises InUseError when somebody out of sight holds it.
        """
        with _open(self.home / ".server.lock") as file:
            began = time.monotonic()
            while True:
                found = postmaster.find(self.data)
                if found and found.ready:
                    yield None
                    return
                if not found and _locks(file):
                    yield file
                    return
                if time.monotonic() - began > (_START_SECONDS if found else _ORPHAN_SECONDS):
                    raise InUseError(data=self.data)
                time.sleep(0.05)

    def _make_home(self) -> None:
        self.home.parent.mkdir(parents=True, exist_ok=True)
        # The service user of root has to pass; what lies inside has modes of its own. In one step, for who
        # interrupts it must not be left with a home that nobody can enter.
        before = os.umask(0o066)
        try:
            self.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
        except FileExistsError:
            return
        finally:
            os.umask(before)

    def _make(self, binaries: Binaries, user: ServiceUser) -> None:
        for abandoned in self.home.glob("pg.init-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="pg.init-", dir=self.home))
        user.own(draft)
        command: list[str | Path] = [binaries.program("initdb"), "-D", draft, "-U", "postgres", "-A", "trust"]
        command += ["-E", "UTF8", "--data-checksums", *([] if self._durable else ["--no-sync"])]
        if binaries.major >= _BUILTIN_LOCALE_MAJOR:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        result = user.run(*command, "--locale=C.UTF-8")
        if result.returncode and "invalid locale" in result.stderr:  # older systems have no C.UTF-8
            result = user.run(*command, "--locale=C")
        if result.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise diagnosis("initdb", result.stdout + result.stderr, self.data)
        include_configuration(draft, user)
        draft.rename(self.data)  # a half-made cluster is never seen

    def _launch(self, binaries: Binaries, user: ServiceUser, lock: TextIO) -> None:
        socket = self.sockets / f".s.PGSQL.{PORT}"
        # We hold the lock of whichever server left these, so it is gone. PostgreSQL would take even a zombie
        # for alive, and where a container's first process reaps nobody, zombies stay.
        for stale in (self.data / "postmaster.pid", socket, socket.with_name(f"{socket.name}.lock")):
            stale.unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with _open(self.log) as log:
            before = log.seek(0, os.SEEK_END)
        user.own(self.log)
        command = (binaries.program("pg_ctl"), "-D", self.data, "-l", self.log, "-s")
        result = user.run(*command, "-w", "-t", str(_START_SECONDS), "start", pass_fds=(lock.fileno(),))
        if result.returncode:
            with self.log.open(encoding="utf-8", errors="replace") as log:
                log.seek(before)
                said = log.read()
            raise diagnosis("PostgreSQL", result.stderr + said, self.data)

    def _control(self, binaries: Binaries, user: ServiceUser, *arguments: str) -> None:
        result = user.run(binaries.program("pg_ctl"), "-D", self.data, "-s", *arguments)
        if result.returncode:
            raise diagnosis(f"pg_ctl {arguments[-1]}", result.stderr, self.data)

    def _provision(self, binaries: Binaries) -> None:
        url = self.dsn(user="postgres", database="postgres")
        result = caller().run(binaries.program("psql"), "-XqtA", *VARIABLES, "-d", url, stdin=PROVISION)
        if result.returncode:
            raise diagnosis("setting up the roles", result.stderr, self.data)


def _socket_folder(home: Path) -> Path:
    inside = home / "run"
    length = len(os.fsencode(inside / f".s.PGSQL.{PORT}"))
    if length <= _SOCKET_PATH_BYTES and _SOCKET_PATH.fullmatch(str(inside)):
        return inside
    # Not the TMPDIR of the caller: every process must come to the same folder.
    return Path("/tmp") / f"contract-graph-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"  # noqa: S108


def _open(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "a")


def _locks(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # the server comes and goes with its files
                total += (Path(parent) / name).lstat().st_size
    return total
