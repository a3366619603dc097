"""A contract system that answers what is fetched from it, and deliveries signed as vendors sign them."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sync.clm.delivery import Delivery
from tests.sync.clm.deliveries import SECRET, hmac, ironclad_headers, pem, private_key, sample

OTHER_SECRET = b"another key of tests, that no connection has"


@dataclass
class ContractSystem:
    """Answers by path, of which the first segment names who asks; the last answer is repeated."""

    url: str
    answers: dict[str, list[tuple[int, Mapping[str, str], bytes]]] = field(default_factory=dict)

    def prepare(self, who: str, answers: Sequence[Mapping[str, Any]]) -> str:
        """Take answers as a scenario lists them, and return the base address to ask at."""
        for told in answers:
            body = json.dumps(content(told)).encode() if "sample" in told or "body" in told else b""
            kind = {"Content-Type": "application/json"} if body else {}
            answer = told.get("status", 200), {**kind, **told.get("headers", {})}, body
            self.answers.setdefault(f"/{who}/{told['path']}", []).append(answer)
        return f"{self.url}/{who}"


@contextmanager
def contract_system() -> Iterator[ContractSystem]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            left = system.answers.get(self.path) or [(404, {}, b"")]
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    system = ContractSystem(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def content(told: Mapping[str, Any]) -> Any:
    """Return a sample or body with its changes: `a.b` names a member, `0.a` that of an item, null removes."""
    found = json.loads(sample(told["sample"]) if "sample" in told else told["body"])
    for path, value in told.get("change", {}).items():
        *way, last = path.split(".")
        place = found
        for each in way:
            place = place[int(each) if isinstance(place, list) else each]
        place[int(last) if isinstance(place, list) else last] = value
    return found


def secret_of(vendor: str) -> bytes:
    """Return the key that a vendor's deliveries are verified with."""
    return pem(private_key()) if vendor == "ironclad" else SECRET


def vendor_delivery(vendor: str, told: Any, event: str, now: datetime, secret: bytes = SECRET) -> Delivery:
    """Sign a payload as its vendor does; `event` is the id of the delivery, where the vendor gives one."""
    if vendor == "oneflow":
        callback = told["callback_id"]
        told = {**told, "signature": sha1(callback.encode() + secret, usedforsecurity=False).hexdigest()}
    body = json.dumps(told, separators=(",", ":")).encode()
    match vendor:
        case "docusign":
            named = {"X-DocuSign-Signature-1": b64encode(hmac(body, secret)).decode()}
        case "ironclad":
            named = ironclad_headers(body, event)
        case "pandadoc":
            named = {"X-PandaDoc-Webhook-Event-Id": event}
        case "generic":
            moment = str(int(now.timestamp()))
            signature = b64encode(hmac(f"{moment}.".encode() + body, secret)).decode()
            named = {"X-Acme-Signature": f"v1={signature}", "X-Acme-Time": moment}
        case _:
            named = {}
    query = {"signature": hmac(body, secret).hex()} if vendor == "pandadoc" else {}
    return Delivery.of(named.items(), query.items(), body)
