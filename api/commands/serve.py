"""`contract-graph serve`: the API on this machine."""

from __future__ import annotations

import argparse
import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn

from api import logs
from api.app import Application
from api.draining import Server
from api.installation import open_installation
from api.limit_settings import Limits
from api.metrics_page import open_door
from api.patience import protocol_with
from api.settings import Settings, SettingsError, load_settings
from api.workers import Workers
from auth.policy_file import load_policy
from auth.policy_watch import PolicyWatch
from storage.database import Database
from storage.replica import refuse_unfit

MOST_WORKERS = 64


def uvicorn_settings(limits: Limits) -> dict[str, Any]:
    """Return how uvicorn serves us; its own end to idle connections is ours too."""
    return {
        "loop": "uvloop",
        "http": protocol_with(limits),
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "log_level": "warning",
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_keep_alive": limits.idle_seconds,
        "timeout_graceful_shutdown": 10,
    }


class PortTaken(SettingsError):
    """Port {port} of {host} is taken: stop what uses it, or set CONTRACT_GRAPH_PORT to another."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `serve`."""
    parser = subparsers.add_parser("serve", help="run the API")
    parser.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="serve from N processes; one that dies is replaced, and SIGHUP replaces all in turn",
    )
    parser.set_defaults(run=_run)


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_WORKERS:
        return int(text)
    raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST_WORKERS}, not {text!r}")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    with listen(settings) as door:
        return _serve(settings, door, arguments.workers)


def _serve(settings: Settings, door: socket.socket, workers: int | None) -> int:
    url = settings.database_url or open_installation(settings).url
    asyncio.run(_refuse_unusable(url, settings.replicas))
    if settings.metrics_port is not None:
        open_door(settings.metrics_port).close()

    def say() -> None:
        print(f"contract-graph listens on http://{settings.host}:{settings.port}/graphql", flush=True)

    if workers is not None:
        return Workers(workers, serve_one, url, door).run(say)
    say()
    serve(Application(settings, url), door)
    return 0


def serve_one(url: str, door: socket.socket, ready: Callable[[], None]) -> None:
    """Serve as one of several processes: settings are read anew, as files that they name may have changed."""
    settings = load_settings()
    logs.set_up(settings)
    serve(Application(settings, settings.database_url or url), door, ready)


async def _refuse_unusable(url: str, replicas: Sequence[str]) -> None:
    """Raise what is wrong with the database or its policy here, in a line: uvicorn would show a trace."""
    database = await Database.open(url, 1)
    try:
        await PolicyWatch(load_policy()).refresh(database)
    finally:
        await database.close()
    for each in replicas:
        await refuse_unfit(each)


def listen(settings: Settings) -> socket.socket:
    """Take the port, before anything is started that would have to be stopped again. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
    except OSError as error:
        door.close()
        if error.errno == errno.EADDRINUSE:
            text = (PortTaken.__doc__ or "").format(port=settings.port, host=settings.host)
            raise PortTaken(text) from None
        raise SettingsError(
            f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}"
        ) from None
    return door


def serve(application: Application, door: socket.socket, started: Callable[[], None] | None = None) -> None:
    """Serve until told to stop; `started` is called in a thread once requests are answered."""
    config = uvicorn.Config(application, **uvicorn_settings(application.settings.limits))
    server = Server(config, application.leave)

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[door]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells by a flag only
            await asyncio.sleep(0.01)
        if server.started and started is not None:
            await asyncio.to_thread(started)
        await serving

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())
