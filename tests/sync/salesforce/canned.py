"""A server that answers what it is told to, as no Salesforce would: a proxy, a mistake, an attack."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Canned:
    """What is answered: to a request for a token, and to every other; and what was asked."""

    url: str = ""
    token: tuple[int, Any] | None = None
    answer: tuple[int, Any] = (200, {})
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def to(self, path: str) -> tuple[int, Any]:
        if not path.endswith("/token"):
            return self.answer
        return self.token or (200, {"access_token": "a-token", "instance_url": self.url})


@contextmanager
def canned(**said: Any) -> Iterator[Canned]:
    """Start such a server."""
    told = Canned(**said)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told.asked.append((self.command, self.path, dict(self.headers)))
            status, body = told.to(self.path)
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for byte in content:
                self.wfile.write(bytes([byte]))
                if told.drip and not self.path.endswith("/token"):
                    self.wfile.flush()
                    time.sleep(told.drip)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
