"""Gets from a contract system what its webhooks only name."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from auth.address import is_secure
from sync.clm.event import Fetch
from sync.clm.malformed import Malformed, read_payload

PATIENCE: Final = 10.0  # seconds to connect, and seconds of silence within an answer
LONGEST_ANSWER: Final = 30.0  # seconds for a whole answer, however it trickles
LARGEST_BODY: Final = 10 * 1024 * 1024
ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_BLOCK: Final = 1 << 16
_OK: Final = 200
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


class NotFetched(Exception):
    """{path} was not got: {reason}"""  # noqa: D400 - the message ends as its reason does

    def __init__(self, path: str, reason: str, *, again: bool, after: float | None = None) -> None:
        super().__init__((type(self).__doc__ or "").format(path=path, reason=reason))
        self.reason = reason
        self.again = again
        """Whether it is worth asking again later, without a change of settings at either end."""
        self.after = after
        """How many seconds the source asks us to wait, where it says."""


class Fetcher(Protocol):
    """Gets JSON from one contract system."""

    async def get_json(self, fetch: Fetch) -> Any:  # noqa: ANN401 - any JSON
        """Return what the source answers. Raises NotFetched."""


class NotABase(ValueError):
    """The base address must be https (or http of this machine), without user, query or fragment."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpFetcher:
    """Gets JSON over HTTP from one base address and from nowhere else: no redirect is followed.

    `headers` carry the source's credentials. Asks up to `attempts` times, with growing pauses of random
    length, or as long as the source says; waits in a thread, so that the loop goes on. Raises NotABase.
    """

    base: str
    headers: Mapping[str, str] = field(repr=False)
    attempts: int = ATTEMPTS
    largest_body: int = LARGEST_BODY
    patience: float = PATIENCE
    longest_answer: float = LONGEST_ANSWER
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        parts = urlsplit(self.base) if is_secure(self.base) else None
        if parts is None or parts.username is not None or parts.query or parts.fragment:
            raise NotABase

    async def get_json(self, fetch: Fetch) -> Any:  # noqa: ANN401 - any JSON
        """Return what the source answers. Raises NotFetched."""
        for attempt in range(1, self.attempts + 1):
            try:
                return await asyncio.to_thread(self._get, fetch)
            except NotFetched as error:
                pause = error.after if error.after is not None else _pause(attempt)
                # Who is asked to wait longer leaves it to whoever called, who need not keep a worker for it.
                if not error.again or attempt == self.attempts or pause > _LONGEST_PAUSE:
                    raise
            await self.sleep(pause)
        raise AssertionError(self.attempts)

    def _get(self, fetch: Fetch) -> Any:  # noqa: ANN401 - any JSON
        path = fetch.path
        try:
            # Each call has its own: a session may not be shared by threads.
            with requests.Session() as session:
                # What goes over http stays on this machine: no proxy of the environment may have it.
                session.trust_env = self.base.startswith("https:")
                session.auth = _as_it_is
                with session.get(
                    f"{self.base.rstrip('/')}/{path}",
                    headers={"Accept": "application/json", "Accept-Encoding": "identity", **self.headers},
                    timeout=self.patience,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    _require_good(path, response)
                    return read_payload(self._body(path, response), "answer")
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # The name of what failed says enough; its text may quote what was sent.
            raise NotFetched(path, type(error).__name__, again=True) from None
        except Malformed as error:
            raise NotFetched(path, str(error), again=True) from None

    def _body(self, path: str, response: requests.Response) -> bytes:
        """Read what was sent as it comes, unless it is too large or takes too long."""
        began = time.monotonic()
        blocks: list[bytes] = []
        size = 0
        while block := response.raw.read1(_BLOCK, decode_content=False):
            blocks.append(block)
            size += len(block)
            if size > self.largest_body:
                raise NotFetched(path, f"the answer is larger than {self.largest_body:,} bytes", again=False)
            if time.monotonic() - began > self.longest_answer:
                raise NotFetched(path, f"the answer took longer than {self.longest_answer:g} s", again=True)
        return b"".join(blocks)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign nothing: otherwise a .netrc of the machine would replace the connection's own credentials."""
    return request


def _require_good(path: str, response: requests.Response) -> None:
    status = response.status_code
    if status in _AGAIN:
        raise NotFetched(path, f"HTTP {status}", again=True, after=_retry_after(response))
    if status != _OK:
        moved = "a redirect, which is never followed: correct the base address"
        helps = dict.fromkeys((301, 302, 303, 307, 308), f": {moved}") | {
            401: ": the source does not take the connection's credentials",
            403: ": the connection's credentials do not reach it",
            404: ": the source does not have it, or does not show it to us",
        }
        raise NotFetched(path, f"HTTP {status}{helps.get(status, '')}", again=False)
    if not _JSON.fullmatch(response.headers.get("Content-Type", "")):
        raise NotFetched(path, "the answer is not JSON by its Content-Type", again=False)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise NotFetched(path, "the answer is packed, which we did not ask for", again=False)


def _retry_after(response: requests.Response) -> float | None:
    told = response.headers.get("Retry-After", "")
    return float(told) if re.fullmatch(r"[0-9]{1,6}", told) else None


def _pause(attempt: int) -> float:
    """A random part of a time that doubles with each attempt: many who failed do not return at once."""
    return random.uniform(0, min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE))  # noqa: S311 - no secret
