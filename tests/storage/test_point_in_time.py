from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from storage.archive import LINK, Archive
from storage.embedded import Cluster
from storage.embedded_errors import (
    BackupTargetError,
    BeyondArchiveError,
    EmbeddedError,
    NoCopyError,
    NotABackupError,
    TornArchiveError,
    UnusableArchiveError,
)
from storage.point_in_time import copy_now, flush, restore_to
from storage.segment import Segment
from tests.storage.conftest import open_folder

Sql = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def cluster(pg_sql: Sql) -> Iterator[Cluster]:
    """Runs, holds the table t, and archives into a folder with a name that has to be quoted."""
    with open_folder() as folder:
        made = Cluster(folder / "home", durable=False)
        made.start()
        pg_sql(made, "create table t as select 1 as n")
        copy_now(made, Archive.attach(made.home, folder / "50% of it"))
        yield made
        made.stop("immediate")


@pytest.fixture(scope="module")
def archive(cluster: Cluster) -> Archive:
    found = Archive.of(cluster.home)
    assert found is not None
    return found


restored_to = partial(restore_to, durable=False)


def moment() -> datetime:
    """Now, with a little time on each side."""
    time.sleep(0.01)
    now = datetime.now(UTC)
    time.sleep(0.01)
    return now


def rows(cluster: Cluster, sql: Sql) -> list[str]:
    return sql(cluster, "select n from t order by n").stdout.split()


def test_any_moment_after_the_copy_comes_back_and_the_present_cluster_is_left_alone(
    cluster: Cluster, archive: Archive, pg_folder: Path, pg_sql: Sql
) -> None:
    pg_sql(cluster, "insert into t values (2)")
    before = moment()
    pg_sql(cluster, "delete from t; insert into t values (3)")
    flush(cluster, archive)

    for to, expected in ((before, ["1", "2"]), (None, ["3"])):
        restored = restored_to(archive, pg_folder / "home", to)
        try:
            assert rows(restored.cluster, pg_sql) == expected
            assert restored.copy == archive.newest()
            assert (restored.until < before) is (to is not None)
            # It writes on, and not into the archive of the other.
            assert pg_sql(restored.cluster, "insert into t values (4)").returncode == 0
            assert Archive.of(restored.cluster.home) is None
            assert "restore" not in (restored.cluster.data / "postgresql.auto.conf").read_text()
        finally:
            restored.cluster.stop("immediate")
            shutil.rmtree(pg_folder / "home")
    assert rows(cluster, pg_sql) == ["3"]
    pg_sql(cluster, "delete from t; insert into t values (1)")


def test_what_cannot_be_restored_is_refused_and_nothing_stays_behind(
    cluster: Cluster, archive: Archive, pg_folder: Path
) -> None:
    (pg_folder / "letter").touch()
    with pytest.raises(BackupTargetError):
        restored_to(archive, pg_folder)
    (copy,) = archive.finished()
    with pytest.raises(NoCopyError, match="no finished copy from before"):
        restored_to(archive, pg_folder / "home", copy.ended - timedelta(seconds=1))
    flush(cluster, archive)
    with pytest.raises(BeyondArchiveError, match=r"does not reach .* Leave --to out"):
        restored_to(archive, pg_folder / "home", moment())
    assert not (pg_folder / "home").exists()


def test_a_damaged_archive_is_never_taken_for_a_short_one(
    cluster: Cluster, archive: Archive, pg_folder: Path
) -> None:
    for _ in range(2):
        flush(cluster, archive)
    damaged = Archive(pg_folder / "damaged")
    shutil.copytree(archive.folder, damaged.folder, copy_function=_copy)
    middle = damaged.wal / f"{sorted(archive.segments(archive.newest().first), key=Segment.place)[-2]}.gz"
    whole = middle.read_bytes()

    middle.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EmbeddedError, match="could not restore file"):
        restored_to(damaged, pg_folder / "home")
    middle.unlink()
    with pytest.raises(TornArchiveError, match=middle.name.removesuffix(".gz")):
        restored_to(damaged, pg_folder / "home")
    with (damaged.newest().path / "global" / "pg_control").open("r+b") as control:
        control.seek(100)
        control.write(b"damaged")
    with pytest.raises(NotABackupError, match="pg_control"):
        restored_to(damaged, pg_folder / "home", moment())
    assert not (pg_folder / "home").exists()


def _copy(source: str, target: str) -> None:
    shutil.copy2(source, target)
    found = Path(source).stat()
    shutil.chown(Path(target).parent, Path(source).parent.stat().st_uid)
    shutil.chown(target, found.st_uid)


def test_nobody_else_can_read_a_backup(archive: Archive) -> None:
    for secret in (archive.wal, archive.copies, archive.newest().path):
        assert secret.stat().st_mode & 0o077 == 0
    for parent in (archive.folder, archive.folder.parent):
        assert parent.stat().st_mode & 0o066 == 0
    files = [path for path in archive.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if path.stat().st_mode & 0o077]


def test_what_no_moment_of_the_days_to_keep_needs_is_removed_and_the_rest_restores(
    cluster: Cluster, archive: Archive, pg_folder: Path, pg_sql: Sql
) -> None:
    first = archive.newest()
    second = copy_now(cluster, archive)

    assert archive.forget(1, second.ended + timedelta(hours=1))[0] == 0
    copies, files = archive.forget(1, second.ended + timedelta(days=1, seconds=1))

    assert copies == 1
    assert files
    assert archive.finished() == [second]
    assert not first.path.exists()
    assert archive.holds(str(second.first))
    restored = restored_to(archive, pg_folder / "home")
    try:
        assert rows(restored.cluster, pg_sql) == ["1"]
    finally:
        restored.cluster.stop("immediate")
    # The newest stays however old it is.
    assert archive.forget(1, second.ended + timedelta(days=9999))[0] == 0


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a$b", "a`b", "a\\b", "a\nb"])
def test_a_folder_that_a_shell_would_misread_is_refused(cluster: Cluster, name: str) -> None:
    before = (cluster.home / LINK).readlink()
    with pytest.raises(UnusableArchiveError):
        Archive.attach(cluster.home, cluster.home.parent / name)
    with pytest.raises(UnusableArchiveError, match="lies in what is to be backed up"):
        Archive.attach(cluster.home, cluster.data / "backups")
    assert (cluster.home / LINK).readlink() == before


def test_segments_are_counted_as_postgresql_names_them() -> None:
    assert str(Segment.named("0000000100000000000000FF")) == "0000000100000000000000FF"
    last = Segment.named("0000000200000000000000FF")
    assert str(Segment(2, last.number + 1)) == "000000020000000100000000"
