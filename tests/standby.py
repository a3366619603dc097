"""A hot standby of a cluster: PostgreSQL's own streaming replication, over a socket of this machine."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.embedded import Cluster
from storage.service_user import ServiceUser, caller


@contextmanager
def standby_of(primary: Cluster, name: str, *, durable: bool = False) -> Iterator[Cluster]:
    """Start a standby that is known to its primary by `name`: its slot and its application_name."""
    home = Path(tempfile.mkdtemp(prefix=f"cg-{name}-", dir="/tmp"))
    home.chmod(0o711)
    made = Cluster(home, primary.bindir, durable=durable)
    try:
        _copy(primary, made, name)
        made.start()
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)
        # A slot that nobody reads keeps the log for ever; the primary may be what a test has ended.
        if primary.status().running:
            sql(primary, f"SELECT pg_drop_replication_slot('{name}')")


def sql(cluster: Cluster, statement: str, database: str = "postgres") -> str:
    """Run a statement as the superuser, in a session of its own."""
    url = cluster.dsn("postgres", database)
    command = [cluster.program("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]
    done = caller().run(*command)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, "psql", done.stdout, done.stderr)
    return done.stdout.strip()


def _copy(primary: Cluster, made: Cluster, name: str) -> None:
    draft = made.home / "draft"
    url = f"{primary.dsn('postgres', 'postgres')}&application_name={name}"
    command = (primary.program("pg_basebackup"), "-d", url, "--no-password", "-D", draft, "-X", "stream")
    done = caller().run(*command, "-R", "-C", "-S", name, "--checkpoint=fast")
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, "pg_basebackup", done.stdout, done.stderr)
    ServiceUser.of(primary.data).own_tree(draft)
    draft.rename(made.data)
