"""`python -m sync.salesforce.stand_in`: serve until standard input ends.

Its first line of output is JSON: its address, the key to its `/stand-in/`, and the certificate to trust.
"""

from __future__ import annotations

import argparse
import json
import logging
import secrets
import socket
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
import uvloop

from sync.salesforce.stand_in.app import StandIn
from sync.salesforce.stand_in.certificate import Certificate, write_certificate
from sync.salesforce.stand_in.org import Org

HOST = "127.0.0.1"
"""It asks for no password where it is told to: nobody but this machine may reach it."""

# What uvicorn has to say of each connection that was cut to order.
_CUT = "returned without completing response"


def main() -> int:
    """Serve one org on a port of this machine."""
    parser = argparse.ArgumentParser(prog="python -m sync.salesforce.stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--org-id", default="00DSg0000000001", help="id of the organisation")
    parser.add_argument("--tls", action="store_true", help="https, with a certificate made for the occasion")
    parser.add_argument("--events", action="store_true", help="speak of changes, too: gRPC, at another port")
    arguments = parser.parse_args()
    with (
        TemporaryDirectory(prefix="stand-in-") as folder,
        socket.create_server((HOST, arguments.port)) as door,
    ):
        # Without it an answer's body waits until the client has acknowledged its head: 40 ms a call.
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        certificate = write_certificate(Path(folder), HOST) if arguments.tls else None
        scheme = "https" if certificate else "http"
        origin = f"{scheme}://{HOST}:{door.getsockname()[1]}"
        admin_key = secrets.token_urlsafe(32)
        stand_in = StandIn(Org(arguments.org_id), origin, admin_key)
        config = uvicorn.Config(
            stand_in.app(), log_level="error", access_log=False, lifespan="off",
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )  # fmt: skip
        logging.getLogger("uvicorn.error").addFilter(lambda record: _CUT not in record.getMessage())
        server = uvicorn.Server(config)
        threading.Thread(target=_until_input_ends, args=(server,), daemon=True).start()
        told = {
            "url": origin,
            "admin_key": admin_key,
            "certificate": str(certificate.chain) if certificate else None,
        }
        uvloop.run(_serve(server, door, stand_in, certificate, told, events=arguments.events))
    return 0


async def _serve(  # noqa: PLR0913 - two servers, and what is told of them
    server: uvicorn.Server,
    door: socket.socket,
    stand_in: StandIn,
    certificate: Certificate | None,
    told: dict[str, str | None],
    *,
    events: bool,
) -> None:
    bus = None
    if events:
        # Only here: gRPC takes a third of a second to load.
        from sync.salesforce.stand_in.pubsub import open_pubsub  # noqa: PLC0415

        bus, told["events"] = await open_pubsub(stand_in, HOST, certificate)
    print(json.dumps(told), flush=True)  # noqa: T201 - whoever started it reads this
    await server.serve(sockets=[door])
    if bus is not None:
        await bus.stop(None)


def _until_input_ends(server: uvicorn.Server) -> None:
    """Stop with whoever started this process, however that one ends."""
    sys.stdin.buffer.read()
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
