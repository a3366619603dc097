"""What an installation is asked for in the soak, kind by kind, and what each answer must hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol
from zlib import crc32

from auth.oauth.metadata import GRAPHQL_PATH
from tests.bench.load import END_OF_HEAD, read_requests
from tests.sync.clm.deliveries import hmac

SHARES: Final = {
    "panel": 40, "contracts": 20, "search": 12, "portfolio": 8, "token": 5, "webhook": 8, "claim": 4,
    "flag": 3,
}  # fmt: skip
"""Of a hundred requests so many are of each kind."""

CLAIM: Final = """mutation Claim($input: ClaimContractsInput!) { claimContracts(input: $input) {
    results { contract { title } refused { reason } error { code } } } }"""
FLAG: Final = """mutation Flag($input: FlagValueInput!) { flagValue(input: $input) { valueFlag { note } } }"""

Judge = Callable[[bytes], bool]


class Kind(Protocol):
    """Makes one request after the other, each with who says whether its answer is right."""

    def next(self) -> tuple[bytes, Judge]:
        """Return the next request as it goes over the wire."""
        ...


@dataclass
class Reads:
    """Questions about records that nobody changes: each is answered as it was the first time."""

    requests: Sequence[bytes]
    dice: Random
    seen: dict[int, int] = field(default_factory=dict)

    def next(self) -> tuple[bytes, Judge]:
        """Draw one of them."""
        number = self.dice.randrange(len(self.requests))
        return self.requests[number], lambda answer: self._as_before(number, answer)

    def _as_before(self, number: int, answer: bytes) -> bool:
        begin, end = answer.find(END_OF_HEAD), answer.rfind(b',"extensions"')
        told = crc32(answer[begin:end])
        return self.seen.setdefault(number, told) == told


@dataclass
class Tokens:
    """Tokens of a client."""

    request: bytes

    def next(self) -> tuple[bytes, Judge]:
        """Return the request: it is always the same."""
        return self.request, lambda answer: b'"access_token"' in answer


@dataclass
class Deliveries:
    """Events of a contract system, each a new title; contracts have their turns."""

    address: str
    epoch: datetime
    contracts: int
    sent: int = 0

    def next(self) -> tuple[bytes, Judge]:
        """Return a signed delivery."""
        number, self.sent = self.sent, self.sent + 1
        at = self.epoch + timedelta(milliseconds=number)
        told = {
            "event": f"e{number}", "contract": f"C{number % self.contracts}", "at": at.isoformat(),
            "title": f"T{number}",
        }  # fmt: skip
        body = json.dumps(told).encode()
        request = wire(f"/webhooks/{self.address}", body, {"X-Signature": hmac(body).hex()})
        return request, lambda answer: b'"accepted":1' in answer


@dataclass
class Claims:
    """A claim about a contract of the second half, which is answered with the title that it gave."""

    token: str
    contracts: int
    run: str
    sent: int = 0

    def next(self) -> tuple[bytes, Judge]:
        """Return the next claim."""
        number, self.sent = self.sent, self.sent + 1
        title = f"U{number}"
        claim = {
            "externalReference": f"C{self.contracts + number % self.contracts}",
            "event": f"{self.run}-{number}", "fields": {"title": title},
        }  # fmt: skip
        given = {"idempotencyKey": f"{self.run}-{number}", "contracts": [claim]}
        right = b'{"contract":{"title":"%s"},"refused":[],"error":null}' % title.encode()
        return mutation(CLAIM, given, self.token), lambda answer: right in answer


@dataclass
class Flags:
    """A doubt of a person about a title, which is answered with what it says."""

    token: str
    contracts: Sequence[str]
    run: str
    sent: int = 0

    def next(self) -> tuple[bytes, Judge]:
        """Return the next doubt."""
        number, self.sent = self.sent, self.sent + 1
        note = f"{self.run} {number}"
        given = {
            "idempotencyKey": f"{self.run}-f{number}", "field": "title", "note": note,
            "contractId": self.contracts[number % len(self.contracts)],
        }  # fmt: skip
        right = b'{"note":"%s"}' % note.encode()
        return mutation(FLAG, given, self.token), lambda answer: right in answer


def kinds(order: Mapping[str, Any], dice: Random) -> dict[str, Kind]:
    """Return every kind of request, as the order of the soak furnishes it."""
    found: dict[str, Kind] = {
        name: Reads(read_requests(Path(file)), dice) for name, file in order["reads"].items()
    }
    half, run = order["contracts"] // 2, order["run"]
    return found | {
        "token": Tokens(order["token"].encode()),
        "webhook": Deliveries(order["address"], datetime.fromisoformat(order["epoch"]), half),
        "claim": Claims(order["integrator"], half, run),
        "flag": Flags(order["person"], order["flagged"], run),
    }


def mutation(query: str, given: Mapping[str, Any], token: str) -> bytes:
    """Return a mutation as it goes over the wire."""
    body = json.dumps({"query": query, "variables": {"input": given}}).encode()
    return wire(GRAPHQL_PATH, body, {"Authorization": f"Bearer {token}", "Accept": "application/json"})


def wire(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a request with a body of JSON as it goes over the wire."""
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{told}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
