"""A URL of several servers: who does not answer, or takes no writes, keeps nobody from the one that does."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from storage.database import DatabaseUnavailable, connect
from storage.dialing import SILENT, each_server
from storage.embedded import Cluster
from storage.embedded_conf import PORT
from storage.embedded_roles import READ_WRITE
from tests.standby import standby_of

ATTRIBUTES = "target_session_attrs=read-write"


def url_of(*folders: Path, attributes: str = ATTRIBUTES) -> str:
    hosts = ",".join(map(str, folders))
    return f"postgresql://{READ_WRITE}@/contract_graph?host={quote(hosts)}&port={PORT}&{attributes}"


@pytest.mark.parametrize(
    ("url", "each"),
    [
        ("postgresql://me:pw@db/g?a=b", ["postgresql://me:pw@db/g?a=b"]),
        (
            "postgresql://me:p%2Cw@a:1,b:2/g?target_session_attrs=primary",
            [
                "postgresql://me:p%2Cw@a:1/g?target_session_attrs=primary",
                "postgresql://me:p%2Cw@b:2/g?target_session_attrs=primary",
            ],
        ),
        (
            "postgresql://me@/g?host=/one,/two&port=7,8",
            ["postgresql://me@/g?host=%2Fone&port=7", "postgresql://me@/g?host=%2Ftwo&port=8"],
        ),
        (
            "postgresql://me@/g?host=/one,/two&port=7",
            ["postgresql://me@/g?host=%2Fone&port=7", "postgresql://me@/g?host=%2Ftwo&port=7"],
        ),
    ],
    ids=["one", "hosts", "sockets", "one-port"],
)
def test_each_server_of_a_url_has_one_of_its_own(url: str, each: list[str]) -> None:
    assert list(each_server(url)) == each


@pytest.mark.parametrize(
    "url",
    ["postgresql://me@/g?host=/a,/b&port=1,2,3", "postgresql://me:hunter2@[::1,b/g", "postgresql://a:x,b/g"],
)
def test_a_url_that_cannot_be_read_is_said_to_be_one_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        asyncio.run(connect(url))
    assert "hunter2" not in str(refused.value)


def test_a_server_that_hangs_holds_up_nobody(cluster: Cluster, tmp_path: Path) -> None:
    async def run() -> None:
        heard = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.set()
            with suppress(ConnectionError):
                await reader.read()  # as a machine that froze would: it took the connection, and says nothing
            writer.close()

        server = await asyncio.start_unix_server(silent, tmp_path / f".s.PGSQL.{PORT}")
        async with server:
            connection = await connect(url_of(tmp_path, cluster.sockets))
            assert await connection.fetchval("SELECT 7") == 7
            assert heard.is_set()
            await connection.close()

    asyncio.run(run())


def test_whoever_takes_writes_is_found_and_nobody_else(cluster: Cluster) -> None:
    with standby_of(cluster, "dialled") as standby:

        async def run() -> None:
            for folders in ((standby.sockets, cluster.sockets), (Path("/nowhere"), cluster.sockets)):
                connection = await connect(url_of(*folders))
                assert not await connection.fetchval("SELECT pg_is_in_recovery()")
                await connection.close()
            connection = await connect(
                url_of(standby.sockets, cluster.sockets, attributes="target_session_attrs=any")
            )
            assert await connection.fetchval("SELECT pg_is_in_recovery()")
            await connection.close()
            for folders in ((standby.sockets, standby.sockets), (standby.sockets,), (Path("/nowhere"),)):
                with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
                    await connect(url_of(*folders))

        asyncio.run(run())


def test_a_machine_that_is_gone_without_a_word_is_noticed(cluster: Cluster) -> None:
    async def run() -> None:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            behind = await asyncio.open_unix_connection(str(cluster.sockets / f".s.PGSQL.{PORT}"))
            await asyncio.gather(copy(reader, behind[1]), copy(behind[0], writer))

        async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while got := await reader.read(65536):
                    writer.write(got)
            writer.close()

        server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            connection = await connect(f"postgresql://{READ_WRITE}@127.0.0.1:{port}/contract_graph")
            found = connection._transport.get_extra_info("socket")
            assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == SILENT
            await connection.close()

    asyncio.run(run())
