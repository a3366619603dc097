"""Backups of the embedded cluster: whole, verified copies that come back by themselves.

The key-encryption key is not in them: kept apart, it opens the personal values and signing keys that are.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from storage.binaries import find_binaries, made_by
from storage.embedded import Cluster
from storage.embedded_errors import (
    BackupTargetError,
    ClusterExistsError,
    EmbeddedError,
    NotABackupError,
    ServerRunningError,
    diagnosis,
    operating_system_errors,
)
from storage.service_user import ServiceUser, caller


def backup(cluster: Cluster, target: Path) -> None:
    """Copy the cluster as it is now into the folder `target`, with the WAL it needs, and verify the copy.

    A stopped server is started for it and stopped again. `target` must be missing or empty, and appears
    only when the copy is complete. Raises EmbeddedError.
    """
    target = target.expanduser().absolute()
    with operating_system_errors(target):
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise BackupTargetError(target=target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            stack.enter_context(cluster.exclusive())
            if cluster.status().running:
                stack.close()  # a running server stays; others may go on starting clients
            else:
                cluster.start()
                stack.callback(cluster.stop)
            workplace = tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent)
            draft = Path(stack.enter_context(workplace)) / "pg"
            _copy_from_server(cluster, draft)
            verify(cluster, draft)
            draft.rename(target)


def restore(cluster: Cluster, source: Path, *, force: bool = False) -> Path | None:
    """Put the backup `source` in the place of the cluster, and check that its server starts.

    With `force` an existing cluster is set aside, never deleted; the answer is where it went. When the
    restored server does not start, everything is as before. Leaves the server stopped. Raises EmbeddedError.
    """
    source = source.expanduser().absolute()
    with cluster.exclusive(), operating_system_errors(cluster.home):
        with cluster.server_lock() as lock:
            if lock is None:
                raise ServerRunningError
            exists = made_by(cluster.data) is not None
            if exists and not force:
                raise ClusterExistsError(data=cluster.data)
            if made_by(source) is None:
                raise NotABackupError(source=source, words="it holds no PG_VERSION")
            verify(cluster, source)
            aside = place(cluster, source, ServiceUser.of(cluster.data))
        try:
            cluster.start()
            cluster.stop()
        except EmbeddedError:
            with contextlib.suppress(EmbeddedError):
                cluster.stop("immediate")
            cluster.data.rename(_beside(cluster, "failed-restore"))
            if aside:
                aside.rename(cluster.data)
            raise
        return aside


def _copy_from_server(cluster: Cluster, draft: Path) -> None:
    url = cluster.dsn(user="postgres", database="postgres")
    command = (cluster.program("pg_basebackup"), "-d", url, "--no-password", "-D", draft, "-X", "stream")
    result = caller().run(
        *command, "--checkpoint=fast", "--manifest-checksums=SHA256", "--label=contract-graph"
    )
    if result.returncode:
        raise diagnosis("pg_basebackup", result.stderr, draft.parent.parent)


def verify(cluster: Cluster, source: Path) -> None:
    """Compare a copy with its manifest, file by file. Raises NotABackupError."""
    verify = find_binaries(source, cluster.bindir).program("pg_verifybackup")
    result = caller().run(verify, "--quiet", source)
    if result.returncode:
        words = " | ".join(result.stderr.splitlines()[:3]).rstrip(".") or "pg_verifybackup found it wrong"
        raise NotABackupError(source=source, words=words)


def place(cluster: Cluster, source: Path, user: ServiceUser) -> Path | None:
    """Copy a backup into the place of the cluster; the answer is where the one before it went."""
    with tempfile.TemporaryDirectory(prefix="pg.restore-", dir=cluster.home) as workplace:
        draft = Path(workplace) / "pg"
        shutil.copytree(source, draft, symlinks=True)
        user.own_tree(draft)
        aside = None
        if cluster.data.exists():
            aside = cluster.data.rename(_beside(cluster, "before-restore"))
        draft.rename(cluster.data)
    return aside


def _beside(cluster: Cluster, why: str) -> Path:
    return cluster.home / f"pg.{why}-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
