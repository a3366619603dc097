"""A webhook on this machine that answers as the test says, and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

SECRET = "canary-T00-B00-s3cr3t"


class Hook:
    """Answers with the statuses given, one after the other, and for ever with the last."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self.statuses = list(statuses) or [200]
        self.headers = headers or {}
        self.sent: list[tuple[dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout: ClassVar[float] = 5

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.sent.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(hook.statuses.pop(0) if len(hook.statuses) > 1 else hook.statuses[0])
                for name, value in hook.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/services/{SECRET}?sig={SECRET}"

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.sent]


@contextmanager
def hooks(*made: Hook) -> Iterator[None]:
    """Webhooks that listen meanwhile."""
    threads = [
        threading.Thread(target=each.server.serve_forever, kwargs={"poll_interval": 0.02}) for each in made
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for each, thread in zip(made, threads, strict=True):
            each.server.shutdown()
            each.server.server_close()
            thread.join()
