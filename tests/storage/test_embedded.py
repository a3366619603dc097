from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from storage import embedded
from storage.binaries import find_binaries
from storage.embedded import Cluster
from storage.embedded_errors import (
    DiskFullError,
    InUseError,
    OldDatabaseError,
    UnusableBindirError,
    UnusableHomeError,
)

Sql = Callable[..., subprocess.CompletedProcess[str]]

REPOSITORY = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another account")

START = """
import sys
from pathlib import Path
from storage.embedded import Cluster
cluster = Cluster(Path(sys.argv[1]), durable=False)
cluster.start()
print(cluster.status().pid, flush=True)
"""
FILL_AND_START = (
    START
    + """
import contextlib
cluster.stop()
with contextlib.suppress(OSError), (cluster.home / "filler").open("wb", buffering=0) as filler:
    while True:
        filler.write(bytes(4096))
cluster.start()
"""
)
START_AND_STAY = START + "import time; time.sleep(600)\n"


def launch(script: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-B", "-c", script, str(home)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def starts_in_log(cluster: Cluster) -> int:
    return cluster.log.read_text().count("ready to accept connections")


@pytest.fixture
def cluster(pg_folder: Path) -> Iterator[Cluster]:
    made = Cluster(pg_folder / "home", durable=False)
    yield made
    made.stop("immediate")


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    path = Path(tempfile.mkdtemp(prefix="cg-pg-", dir="/tmp"))
    path.chmod(0o711)
    made = Cluster(path / "home", durable=False)
    made.start()
    yield made
    made.stop("immediate")
    shutil.rmtree(path)


def test_a_cold_start_makes_a_cluster_that_asyncpg_reaches_as_the_read_write_role(shared: Cluster) -> None:
    async def ask() -> tuple[str, ...]:
        connection = await asyncpg.connect(shared.dsn())
        question = """select current_user::text, current_database()::text, current_setting('data_checksums'),
            current_setting('server_encoding'), current_setting('TimeZone')"""
        row = await connection.fetchrow(question)
        await connection.close()
        return tuple(row)

    assert asyncio.run(ask()) == ("contract_graph_rw", "contract_graph", "on", "UTF8", "UTC")


def test_a_warm_start_keeps_the_server(shared: Cluster) -> None:
    before = shared.status().pid
    Cluster(shared.home, durable=False).start()
    assert shared.status().pid == before
    assert starts_in_log(shared) == 1


def test_six_starters_at_once_make_one_server(cluster: Cluster) -> None:
    starters = [launch(START, cluster.home) for _ in range(6)]
    answers = [starter.communicate() for starter in starters]
    assert [answer[1] for answer in answers] == [""] * 6
    assert {int(answer[0]) for answer in answers} == {cluster.status().pid}
    assert starts_in_log(cluster) == 1


def test_kill_9_of_the_server_loses_no_acknowledged_row(pg_folder: Path, pg_sql: Sql) -> None:
    cluster = Cluster(pg_folder / "home")
    cluster.start()
    pg_sql(cluster, "create table t (n int)")
    pid = cluster.status().pid
    assert pid is not None

    async def write_until_cut_off() -> int:
        connection = await asyncpg.connect(cluster.dsn("contract_graph_owner"))
        acknowledged = 0
        with contextlib.suppress(
            asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError
        ):
            while acknowledged < 100_000:
                await connection.execute("insert into t values ($1)", acknowledged)
                acknowledged += 1
                if acknowledged == 200:
                    os.kill(pid, signal.SIGKILL)
        connection.terminate()
        return acknowledged

    acknowledged = asyncio.run(write_until_cut_off())
    cluster.start()
    try:
        assert cluster.status().pid != pid
        assert int(pg_sql(cluster, f"select count(*) from t where n < {acknowledged}").stdout) == acknowledged
    finally:
        cluster.stop()


def test_kill_9_of_the_starter_leaves_a_server_that_the_next_one_adopts(cluster: Cluster) -> None:
    with launch(START_AND_STAY, cluster.home) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    cluster.start()
    assert cluster.status().pid == pid
    assert starts_in_log(cluster) == 1


@pytest.mark.parametrize("moment", ["pg.init-*", "pg/postmaster.pid"])
def test_kill_9_of_the_starter_in_the_middle_of_its_work_does_no_harm(
    cluster: Cluster, moment: str, pg_sql: Sql
) -> None:
    with launch(START_AND_STAY, cluster.home) as starter:
        while not any(cluster.home.glob(moment)):
            assert starter.poll() is None
            time.sleep(0.002)
        starter.kill()
    cluster.start()
    assert pg_sql(cluster, "select 1").stdout == "1\n"
    assert starts_in_log(cluster) == 1


def test_a_stale_postmaster_pid_with_the_number_of_a_live_process_is_no_server(cluster: Cluster) -> None:
    cluster.start()
    lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    cluster.stop()
    cluster.stop()  # once more is no error
    (cluster.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not cluster.status().running
    cluster.start()
    assert cluster.status().pid != os.getpid()


def test_a_lock_held_out_of_sight_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_ORPHAN_SECONDS", 0)
    cluster.home.mkdir()
    with (cluster.home / ".server.lock").open("w") as elsewhere:
        fcntl.flock(elsewhere, fcntl.LOCK_EX)
        with pytest.raises(InUseError, match="in use by a server"), cluster.server_lock():
            pytest.fail("the lock was given away twice")


def test_an_old_database_is_named_and_left_alone(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    cluster.home.chmod(0o711)
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(OldDatabaseError, match=r"^An old database: .*/pg was made by PostgreSQL 9"):
        cluster.start()
    assert [path.name for path in cluster.data.iterdir()] == ["PG_VERSION"]


def test_an_existing_directory_decides_the_major_version(tmp_path: Path) -> None:
    newest = find_binaries(tmp_path)
    (tmp_path / "PG_VERSION").write_text(f"{newest.major}\n")
    assert find_binaries(tmp_path).major == newest.major
    (tmp_path / "PG_VERSION").write_text("999\n")
    with pytest.raises(OldDatabaseError):
        find_binaries(tmp_path)


def test_a_bindir_without_postgresql_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(UnusableBindirError, match="CONTRACT_GRAPH_PG_BINDIR"):
        find_binaries(tmp_path / "pg", tmp_path)


def test_a_home_that_a_shell_would_misread_is_refused() -> None:
    with pytest.raises(UnusableHomeError):
        Cluster(Path("/tmp/$(reboot)"))


def test_a_home_too_long_for_a_socket_has_its_socket_elsewhere(pg_folder: Path, pg_sql: Sql) -> None:
    cluster = Cluster(pg_folder / ("long " * 24), durable=False)
    cluster.start()
    try:
        assert cluster.home not in cluster.sockets.parents
        assert cluster.sockets.stat().st_mode & 0o777 == 0o700
        assert pg_sql(cluster, "select 1").stdout == "1\n"
    finally:
        cluster.stop("immediate")
        cluster.sockets.rmdir()


def test_the_server_listens_on_a_private_socket_only(shared: Cluster) -> None:
    assert shared.sockets.stat().st_mode & 0o777 == 0o700
    assert shared.data.stat().st_mode & 0o777 == 0o700
    assert (shared.data / "postmaster.pid").read_text().splitlines()[5] == ""


@pytest.mark.parametrize(
    "statement",
    ["select 'canary-7f3a'::uuid", "select * from canary_7f3a", "do $$begin raise 'canary-7f3a'; end$$"],
)
def test_a_failing_statement_leaves_no_value_in_the_log(shared: Cluster, statement: str, pg_sql: Sql) -> None:
    assert "canary" in pg_sql(shared, statement).stderr
    assert "canary" not in shared.log.read_text()


def test_the_read_write_role_cannot_get_around_row_level_security(shared: Cluster, pg_sql: Sql) -> None:
    prepare = """create table guarded (org int); insert into guarded values (1);
        alter table guarded enable row level security; alter table guarded force row level security;
        grant select on guarded to contract_graph_rw"""
    assert pg_sql(shared, prepare).returncode == 0
    assert pg_sql(shared, "select count(*) from guarded", "contract_graph_rw").stdout == "0\n"
    assert pg_sql(shared, "select count(*) from guarded", "contract_graph_owner").stdout == "0\n"
    refused = {
        "set row_security = off; select * from guarded": "row-level security",
        "alter table guarded disable row level security": "must be owner",
        "alter role contract_graph_rw bypassrls": "ERROR:  ",
        "set role contract_graph_owner": "permission denied",
        "set session authorization postgres": "permission denied",
        "create table public.mine (n int)": "permission denied",
    }
    for statement, reason in refused.items():
        assert reason in pg_sql(shared, statement, "contract_graph_rw").stderr


def test_a_role_raised_to_superuser_is_put_right_at_the_next_start(shared: Cluster, pg_sql: Sql) -> None:
    pg_sql(shared, "alter role contract_graph_rw superuser bypassrls", "postgres")
    shared.start()
    question = "select rolsuper or rolbypassrls from pg_roles where rolname = 'contract_graph_rw'"
    assert pg_sql(shared, question).stdout == "f\n"


def test_the_status_of_nothing_is_said_without_making_anything(pg_folder: Path) -> None:
    status = Cluster(pg_folder / "home").status()
    assert (status.running, status.pid, status.version, status.size) == (False, None, None, 0)
    assert not (pg_folder / "home").exists()


@needs_root
@pytest.mark.parametrize("script", [START, FILL_AND_START], ids=["new", "existing"])
def test_a_full_disk_is_said_in_one_line(pg_folder: Path, script: str) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    home = pg_folder / "home"
    home.mkdir(mode=0o711)
    size = "20m" if script == START else "80m"
    inside = f'mount -t tmpfs -o size={size},mode=0711 none "$0" && exec "$@" "$0"'  # gone with its process
    command = [unshare, "-m", "sh", "-c", inside, str(home), sys.executable, "-B", "-c", script]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"storage.embedded_errors.{DiskFullError.__name__}: The disk that holds {home}")
