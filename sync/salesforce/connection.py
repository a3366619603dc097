"""How an org of Salesforce is reached, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from auth.address import is_secure

VERSION = "66.0"
"""The version of the API that is spoken."""

LOGIN = "https://login.salesforce.com"
KEPT_BACK = 0.1
ROWS_FOR_BULK = 2000
"""How many contracts wait for an org when they go by a bulk job, which costs some 15 calls and a minute."""

SANDBOX_LOGIN = "https://test.salesforce.com"


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """A session as a user whom an admin approved for the app, proved by the app's private key (PEM).

    `audience` is who is to believe it: Salesforce's login, or that of sandboxes.
    """

    consumer_key: str
    private_key: str = field(repr=False)
    username: str
    audience: str = LOGIN


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A session as the user that the app runs as, proved by the app's secret."""

    consumer_key: str
    consumer_secret: str = field(repr=False)


Credentials = JwtBearer | ClientCredentials


class InsecureAddress(ValueError):
    """The address of an org must be https, or this machine: the token of a user goes there."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An org of Salesforce: its My Domain, and how we sign in.

    `certificate` is the file of an authority to trust beside none other. Of the calls that the org allows
    in a day, `kept_back` is the share that is left to everybody else; so many rows as `rows_for_bulk` go by
    bulk jobs. Timeouts are in seconds: for a connection, for the next bytes of an answer, and for a whole
    call with its wait for a thread. Raises InsecureAddress.
    """

    url: str
    credentials: Credentials
    version: str = VERSION
    client_name: str = "contract-graph"
    certificate: Path | None = None
    kept_back: float = KEPT_BACK
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    call_timeout: float = 60.0
    threads: int = 8
    rows_for_bulk: int = ROWS_FOR_BULK

    def __post_init__(self) -> None:
        if not is_secure(self.url):
            raise InsecureAddress
