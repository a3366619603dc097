from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.backup import backup, restore
from storage.embedded import Cluster
from storage.embedded_errors import (
    BackupTargetError,
    ClusterExistsError,
    EmbeddedError,
    NotABackupError,
    ServerRunningError,
)

Sql = Callable[..., subprocess.CompletedProcess[str]]

SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.fixture(scope="module", params=["found first", "system"])
def cluster(request: pytest.FixtureRequest, pg_sql: Sql) -> Iterator[Cluster]:
    """Runs, and holds the table t; every test leaves it so."""
    folder = Path(tempfile.mkdtemp(prefix="cg-pg-", dir="/tmp"))
    folder.chmod(0o711)
    bindir = None
    if request.param == "system":
        if not SYSTEM:
            pytest.skip("no PostgreSQL of the system is installed")
        bindir = SYSTEM[0].parent
    made = Cluster(folder / "home", bindir, durable=False)
    made.start()
    pg_sql(made, "create table t as select 1 as n")
    yield made
    made.stop("immediate")
    shutil.rmtree(folder)


def test_a_backup_comes_back_and_the_former_cluster_is_set_aside(
    cluster: Cluster, pg_folder: Path, pg_sql: Sql
) -> None:
    backup(cluster, pg_folder / "backups" / "one")
    assert cluster.status().running
    pg_sql(cluster, "drop table t")

    with pytest.raises(ServerRunningError):
        restore(cluster, pg_folder / "backups" / "one", force=True)
    cluster.stop()
    with pytest.raises(ClusterExistsError):
        restore(cluster, pg_folder / "backups" / "one")
    aside = restore(cluster, pg_folder / "backups" / "one", force=True)

    assert aside is not None
    assert aside.name.startswith("pg.before-restore-")
    assert (aside / "PG_VERSION").exists()
    assert not cluster.status().running
    cluster.start()
    assert pg_sql(cluster, "select n from t").stdout == "1\n"
    assert [path.name for path in (pg_folder / "backups").iterdir()] == ["one"]


@pytest.mark.parametrize("cluster", ["found first"], indirect=True)
def test_a_stopped_cluster_is_backed_up_and_restored_elsewhere(
    cluster: Cluster, pg_folder: Path, pg_sql: Sql
) -> None:
    cluster.stop()
    backup(cluster, pg_folder / "one")
    assert not cluster.status().running
    cluster.start()
    assert (pg_folder / "one").stat().st_mode & 0o777 == 0o700

    other = Cluster(pg_folder / "other", durable=False)
    assert restore(other, pg_folder / "one") is None
    other.start()
    try:
        assert pg_sql(other, "select n from t").stdout == "1\n"
    finally:
        other.stop("immediate")


@pytest.mark.parametrize("cluster", ["found first"], indirect=True)
def test_what_is_wrong_with_a_backup_is_said_before_anything_is_touched(
    cluster: Cluster, pg_folder: Path, pg_sql: Sql
) -> None:
    (pg_folder / "full").mkdir()
    (pg_folder / "full" / "letter").touch()
    with pytest.raises(BackupTargetError):
        backup(cluster, pg_folder / "full")
    (pg_folder / "empty").mkdir()
    backup(cluster, pg_folder / "empty")
    cluster.stop()
    before = set(cluster.home.glob("pg*"))

    with pytest.raises(NotABackupError, match="no PG_VERSION"):
        restore(cluster, pg_folder / "full", force=True)
    with (pg_folder / "empty" / "global" / "pg_control").open("r+b") as control:
        control.write(b"damaged")
    with pytest.raises(NotABackupError, match="pg_control"):
        restore(cluster, pg_folder / "empty", force=True)

    assert set(cluster.home.glob("pg*")) == before
    cluster.start()
    assert pg_sql(cluster, "select n from t").stdout == "1\n"


@pytest.mark.parametrize("cluster", ["found first"], indirect=True)
def test_a_backup_that_does_not_start_gives_the_former_cluster_back(
    cluster: Cluster, pg_folder: Path, pg_sql: Sql
) -> None:
    backup(cluster, pg_folder / "one")
    cluster.stop()
    # pg_verifybackup leaves postgresql.auto.conf alone, as tools may write recovery settings there.
    (pg_folder / "one" / "postgresql.auto.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(EmbeddedError, match="no_such_setting"):
        restore(cluster, pg_folder / "one", force=True)

    cluster.start()
    assert pg_sql(cluster, "select n from t").stdout == "1\n"
    assert len(list(cluster.home.glob("pg.failed-restore-*"))) == 1
