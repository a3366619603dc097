"""Calls that end: simple-salesforce over a session that has timeouts, one address, and no other will.

What it keeps simple-salesforce from (reference/salesforce.md section 4.2): waiting for ever, following a
redirect with the token, sharing a session or its headers among threads, signing in by itself without end,
and putting what Salesforce answered into the text of an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from requests.utils import get_environ_proxies
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from urllib3.exceptions import NewConnectionError

from sync.salesforce.connection import Connection
from sync.salesforce.failures import Retryable, SalesforceFailure, of_answer

# Its debug log holds addresses, and those hold external ids and what queries ask for.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

_WAIT, _WAIT_FOR_TRUST = 2.0, 60.0
_SEEN = Callable[[Mapping[str, str]], object]


class BoundedSession(requests.Session):
    """A session for one origin: whatever address it is asked for, it goes there and nowhere else.

    `seen` is told the headers of every answer, also of one that refuses.
    """

    def __init__(self, connection: Connection, origin: str, seen: _SEEN | None = None) -> None:
        super().__init__()
        self._origin = origin.rstrip("/")
        self._timeout = (connection.connect_timeout, connection.read_timeout)
        self._seen = seen
        # The environment may name a proxy; it may not put other credentials or other trust in place of ours.
        self.trust_env = False
        self.proxies = get_environ_proxies(origin)
        self.verify = str(connection.certificate) if connection.certificate else True

    def request(self, method: str, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Send one request to the origin, within the time that it has."""
        asked = urlsplit(url if isinstance(url, str) else url.decode())
        # simple-salesforce makes every address https; a stand-in on this machine may speak http.
        there = self._origin + asked.path + (f"?{asked.query}" if asked.query else "")
        bounds = {"timeout": self._timeout, "allow_redirects": False}
        answer = super().request(method, there, *args, **kwargs | bounds)
        if self._seen is not None:
            self._seen(answer.headers)
        return answer


class Org(Salesforce):
    """simple-salesforce in its direct mode: it was given a session, and cannot sign in by itself."""

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        """Call the REST API; `path` follows the version, and is quoted already. Raises SalesforceFailure."""
        return guarded(lambda: self._call_salesforce(method, self.base_url + path, **kwargs))


def guarded(ask: Callable[[], requests.Response]) -> requests.Response:
    """Return the answer, or raise what became of the call as a SalesforceFailure.

    What it was raised from is left behind: both libraries put addresses and bodies into their errors.
    """
    try:
        return ask()
    except SalesforceError as error:
        failure: SalesforceFailure = of_answer(error.status, error.content)
    except RequestException as error:
        failure = _of_network(error)
    raise failure from None


def _of_network(error: RequestException) -> Retryable:
    if isinstance(error, ConnectTimeout) or _never_connected(error):
        return Retryable("NOT_REACHED", _WAIT)
    if isinstance(error, SSLError):
        return Retryable("NOT_TRUSTED", _WAIT_FOR_TRUST)
    return Retryable(
        "TIMEOUT" if isinstance(error, requests.Timeout) else "CONNECTION_CUT", _WAIT, unsure=True
    )


def _never_connected(error: RequestException) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)
