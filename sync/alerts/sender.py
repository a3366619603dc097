"""Sends an alert to the address of a target, and to nowhere else."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from auth.address import is_secure

PATIENCE: Final = 10.0
"""Seconds to connect, and seconds until the answer begins; what it says is not read."""

LONGEST_ADDRESS: Final = 2000
_LONGEST_WAIT: Final = 3600.0
_AGAIN: Final = frozenset({408, 425, 429})
_FAULT_OF_THEIRS: Final = 500
_OK: Final = range(200, 300)

_PLAINLY: Final = (
    (socket.gaierror, "its name leads to no address"),
    ((TimeoutError, requests.Timeout), "it did not answer in time"),
    (
        (ssl.SSLError, requests.exceptions.SSLError),
        "TLS fails with it, or its certificate is not trusted",
    ),
    (ConnectionRefusedError, "nothing listens there"),
    ((ConnectionError, requests.ConnectionError), "it cannot be reached, or broke the connection"),
)
"""What an administrator can do something with; the first that fits is said."""

# Its debug lines name the paths of requests: that of a chat's webhook is its secret.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class NotSent(Exception):
    """The target did not take it: {reason}"""  # noqa: D400 - the message ends as its reason does

    def __init__(self, reason: str, *, again: bool, after: float | None = None) -> None:
        super().__init__((type(self).__doc__ or "").format(reason=reason))
        self.again = again
        """Whether it is worth sending again later, without a change of settings at either end."""
        self.after = after
        """How many seconds the target asks us to wait, where it says."""


class NotAnAddress(ValueError):
    """The address must be one line, https (or http of this machine), without user and fragment."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts JSON to one address: no redirect is followed. Neither its text nor an error shows the address.

    Waits in a thread, so that the loop goes on. Raises NotAnAddress.
    """

    address: str = field(repr=False)
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        check_address(self.address)

    async def send(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a body once, and return the status of the answer. Raises NotSent."""
        return await asyncio.to_thread(self._send, body, headers)

    def _send(self, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            with requests.Session() as session:
                # What goes over http stays on this machine: no proxy of the environment may have it.
                session.trust_env = self.address.startswith("https:")
                session.auth = _as_it_is
                with session.post(
                    self.address,
                    data=body,
                    headers={"Content-Type": "application/json", "User-Agent": "contract-graph", **headers},
                    timeout=self.patience,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return check_answer(response.status_code, response.headers.get("Retry-After"))
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise NotSent(plainly(error), again=True) from None


def plainly(error: Exception) -> str:
    """Say what kept a message from being sent; the text of an error may quote the address."""
    return next((said for kinds, said in _PLAINLY if isinstance(error, kinds)), type(error).__name__)


def check_address(address: str) -> None:
    """Refuse what is no address for a secret. Raises NotAnAddress."""
    good = address.isascii() and address.isprintable() and " " not in address
    if not good or len(address) > LONGEST_ADDRESS or not is_secure(address):
        raise NotAnAddress
    parts = urlsplit(address)
    try:
        parts.port  # noqa: B018 - asked for what it raises
    except ValueError:
        raise NotAnAddress from None
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAnAddress


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign nothing: a .netrc of the machine is for others."""
    return request


def check_answer(status: int, retry_after: str | None) -> int:
    """Return the status of an answer that took a message. Raises NotSent for any other."""
    if status in _OK:
        return status
    again = status in _AGAIN or status >= _FAULT_OF_THEIRS
    raise NotSent(f"HTTP {status}", again=again, after=_wait(retry_after) if again else None)


def _wait(told: str | None) -> float | None:
    return min(float(told), _LONGEST_WAIT) if told and re.fullmatch(r"[0-9]{1,6}", told) else None
