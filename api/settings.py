"""Settings: the only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.limit_settings import VARIABLES as LIMIT_VARIABLES
from api.limit_settings import Limits, read_limits
from api.settings_forms import choice, listed, truth, whole_number
from api.settings_source import FILE, SourceError, unread, value_of
from auth.address import is_secure
from sync.hooks.networks import NotANetwork, networks_of


class SettingsError(Exception):
    """A setting has a value that cannot be used."""


def _told(variable: str, about: str, unless: str | None = None) -> dict[str, str | None]:
    """Name the variable that sets a field, what it is for, and what holds without it."""
    return {"variable": variable, "about": about, "unless": unless}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs; each field names the variable that sets it, and so does each limit."""

    home: Path = field(
        metadata=_told(
            "CONTRACT_GRAPH_HOME",
            "where its data lie",
            unless="`/var/lib/contract-graph` for root, else `~/.local/share/contract-graph`",
        ),
    )
    pg_bindir: Path | None = field(
        default=None,
        metadata=_told(
            "CONTRACT_GRAPH_PG_BINDIR",
            "the programs of PostgreSQL that the embedded database runs with",
            unless="those of the wheel, then the system's",
        ),
    )
    database_url: str | None = field(
        default=None,
        repr=False,
        metadata=_told("DATABASE_URL", "the database, by its read-write role", unless="the embedded one"),
    )
    owner_url: str | None = field(
        default=None,
        repr=False,
        metadata=_told(
            "DATABASE_OWNER_URL",
            "the same database, by the owner of its tables: commands need it, the API does not",
            unless="the embedded one's; it must not be set without `DATABASE_URL`",
        ),
    )
    replica_urls: str | None = field(
        default=None,
        repr=False,
        metadata=_told(
            "CONTRACT_GRAPH_REPLICA_URLS",
            "streaming replicas of the database that may answer reads, by the read-write role: a URL for each"
            " server, with spaces between",
            unless="the database answers all",
        ),
    )
    replica_lag: int = field(
        default=2,
        metadata=_told(
            "CONTRACT_GRAPH_REPLICA_LAG",
            "seconds by which a replica may be behind: one that may be further behind is not asked",
        ),
    )
    host: str = field(
        default="127.0.0.1",
        metadata=_told("CONTRACT_GRAPH_HOST", "the address that is listened on"),
    )
    port: int = field(
        default=8000,
        metadata=_told("CONTRACT_GRAPH_PORT", "the port that is listened on"),
    )
    pool_size: int = field(
        default=8,
        metadata=_told("CONTRACT_GRAPH_POOL_SIZE", "connections to the database that each process keeps"),
    )
    issuer: str = field(
        default="http://127.0.0.1:8000",
        metadata=_told(
            "CONTRACT_GRAPH_ISSUER",
            "the public address, https; every URL that is told begins with it, never with Host",
            unless="`http://127.0.0.1:` and the port",
        ),
    )
    key_encryption_key: str | None = field(
        default=None,
        repr=False,
        metadata=_told(
            "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY",
            "the key that encrypts the others: 32 bytes in base64; several with commas, the first in use",
            unless="the file `keys/key-encryption.key` of the home",
        ),
    )
    kms_key: str | None = field(
        default=None,
        metadata=_told("CONTRACT_GRAPH_KMS_KEY", "the key of AWS KMS that encrypts the others"),
    )
    kms_endpoint: str | None = field(
        default=None,
        metadata=_told("AWS_ENDPOINT_URL_KMS", "where KMS is", unless="the region's own"),
    )
    aws_region: str | None = field(
        default=None,
        metadata=_told("AWS_REGION", "the region of that key"),
    )
    aws_access_key_id: str | None = field(
        default=None,
        repr=False,
        metadata=_told("AWS_ACCESS_KEY_ID", "who asks KMS"),
    )
    aws_secret_access_key: str | None = field(
        default=None,
        repr=False,
        metadata=_told("AWS_SECRET_ACCESS_KEY", "and by which key"),
    )
    aws_session_token: str | None = field(
        default=None,
        repr=False,
        metadata=_told("AWS_SESSION_TOKEN", "the token of a session at AWS, where there is one"),
    )
    token_rate: int = field(
        default=600,
        metadata=_told(
            "CONTRACT_GRAPH_TOKEN_RATE", "requests a minute of one client for tokens, in each process"
        ),
    )
    token_failures: int = field(
        default=10,
        metadata=_told(
            "CONTRACT_GRAPH_TOKEN_FAILURES",
            "failures a minute of one client from one address, in each process",
        ),
    )
    audit_key_file: Path | None = field(
        default=None,
        metadata=_told(
            "CONTRACT_GRAPH_AUDIT_KEY",
            "the file of the key that signs the heads of the audit log",
            unless="`audit/seal.key` of the home",
        ),
    )
    embedded_worker: bool = field(
        default=False,
        metadata=_told(
            "CONTRACT_GRAPH_WORKER",
            "whether each process that serves also does the work of `contract-graph worker`",
        ),
    )
    hook_networks: str = field(
        default="",
        metadata=_told(
            "CONTRACT_GRAPH_HOOK_NETWORKS",
            "networks that webhooks of `contract-graph hooks` may reach beside public addresses, with commas",
            unless="none: no private address, and none of this machine",
        ),
    )
    audience: str = field(
        default="contract-graph",
        metadata=_told("CONTRACT_GRAPH_AUDIENCE", "what access tokens are for"),
    )
    log_format: str = field(
        default="text", metadata=_told("CONTRACT_GRAPH_LOG_FORMAT", "lines for people, or JSON for machines")
    )
    log_level: str = field(
        default="warning", metadata=_told("CONTRACT_GRAPH_LOG_LEVEL", "the least that is logged")
    )
    metrics_token: str | None = field(
        default=None,
        repr=False,
        metadata=_told(
            "CONTRACT_GRAPH_METRICS_TOKEN",
            "the token by which Prometheus reads `/metrics` of the API",
            unless="nobody reads them there",
        ),
    )
    metrics_port: int | None = field(
        default=None,
        metadata=_told(
            "CONTRACT_GRAPH_METRICS_PORT",
            "the port of this machine at which each process tells its figures, or the next that is free",
            unless="none is opened",
        ),
    )
    trace_endpoint: str | None = field(
        default=None,
        metadata=_told(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "where traces are sent by OTLP over HTTP; needs the packages of `requirements-trace.txt`",
            unless="there are no traces",
        ),
    )
    hosts: tuple[str, ...] = field(
        default=(),
        metadata=_told(
            "CONTRACT_GRAPH_HOSTS",
            "names besides the issuer's and this machine's by which requests may ask for it",
            unless="those alone",
        ),
    )
    origins: tuple[str, ...] = field(
        default=(),
        metadata=_told(
            "CONTRACT_GRAPH_ORIGINS",
            "origins whose pages may ask from within a browser (CORS)",
            unless="none may",
        ),
    )

    limits: Limits = field(default_factory=Limits)

    @property
    def replicas(self) -> tuple[str, ...]:
        """The URLs of the replicas."""
        return tuple((self.replica_urls or "").split())

    @property
    def keys(self) -> Path:
        """Where the key lies that encrypts the others, unless it is given otherwise."""
        return self.home / "keys"

    @property
    def audit_key(self) -> Path:
        """Where the key lies that signs the heads of the audit log."""
        return self.audit_key_file or self.home / "audit" / "seal.key"


WHOLE_NUMBERS = {
    "port": (0, 65535),
    "pool_size": (1, 100),
    "replica_lag": (1, 60),
    "token_rate": (1, 1_000_000),
    "token_failures": (1, 1_000_000),
    "metrics_port": (1, 65535),
}
SHORTEST_TOKEN = 20

CHOICES = {"log_format": ("text", "json"), "log_level": ("error", "warning", "info")}
VARIABLES = {
    each.metadata["variable"]: each
    for each in Settings.__dataclass_fields__.values()
    if "variable" in each.metadata
}
FILES = frozenset(variable for variable, each in VARIABLES.items() if not each.repr)
"""Variables that hold a secret: with _FILE at their end they name a file that does."""

PATHS = ("home", "pg_bindir", "audit_key_file")
LISTS = {
    "hosts": (r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", "names of hosts without a port, as in graph.example.com"),
    "origins": (r"https?://[a-z0-9.-]+(:[0-9]+)?", "origins of pages, as in https://portal.example.com"),
}
"""What is told with commas between."""


def default_home(environment: Mapping[str, str]) -> Path:
    """Return where data lie unless CONTRACT_GRAPH_HOME says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/contract-graph")
    state = environment.get("XDG_DATA_HOME")
    return (Path(state) if state else Path.home() / ".local" / "share") / "contract-graph"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError, which names the variable and what it takes."""
    env = os.environ if environment is None else environment
    try:
        given = _given(env)
        given["limits"] = read_limits(env)
    except SourceError as error:
        raise SettingsError(str(error)) from None
    if not is_secure(given.get("issuer", "https://unsaid")) or given.get("issuer", "").endswith("/"):
        raise SettingsError(
            "CONTRACT_GRAPH_ISSUER must be https (or http of this machine), without / at its end"
        )
    if len(given.get("metrics_token", "x" * SHORTEST_TOKEN)) < SHORTEST_TOKEN:
        raise SettingsError(f"CONTRACT_GRAPH_METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more")
    if "owner_url" in given and "database_url" not in given:
        raise SettingsError(
            "DATABASE_OWNER_URL is set, so DATABASE_URL must name the read-write role of that database:"
            " without both it is the embedded one"
        )
    _check_networks(given.get("hook_networks", ""))
    _check_replicas(given.get("replica_urls", ""))
    if "kms_key" in given:
        _check_kms(given)
    if "issuer" not in given and "port" in given:
        given["issuer"] = f"http://127.0.0.1:{given['port']}"
    return Settings(**given)


def _given(env: Mapping[str, str]) -> dict[str, Any]:
    """Read the settings that are set, each as what it is."""
    given: dict[str, Any] = {"home": default_home(env)}
    for name, declared in Settings.__dataclass_fields__.items():
        variable = declared.metadata.get("variable")
        if variable is None:
            continue
        value = value_of(variable, env, secret=variable in FILES)
        if not value:
            continue
        if name in WHOLE_NUMBERS:
            given[name] = whole_number(variable, value, *WHOLE_NUMBERS[name])
        elif declared.type == "bool":
            given[name] = truth(variable, value)
        elif name in CHOICES:
            given[name] = choice(variable, value, CHOICES[name])
        elif name in LISTS:
            given[name] = listed(variable, value, *LISTS[name])
        else:
            given[name] = Path(value) if name in PATHS else value
    return given


def warnings(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Tell what of the environment looks like a setting and is none."""
    env = os.environ if environment is None else environment
    return unread(env, {*VARIABLES, *LIMIT_VARIABLES, *(each + FILE for each in FILES)})


def _check_networks(text: str) -> None:
    try:
        networks_of(text)
    except NotANetwork as error:
        raise SettingsError(f"CONTRACT_GRAPH_HOOK_NETWORKS: {error}") from None


def _check_replicas(text: str) -> None:
    # One that leads now to this server and now to that is of no use: what one has replayed the other has not.
    if not all(re.fullmatch(r"postgres(ql)?://[^,]+", each) for each in text.split()):
        raise SettingsError(
            "CONTRACT_GRAPH_REPLICA_URLS must be URLs like DATABASE_URL, each of one server, spaces between"
        )


def _check_kms(given: Mapping[str, Any]) -> None:
    if "key_encryption_key" in given:
        raise SettingsError(
            "CONTRACT_GRAPH_KMS_KEY and CONTRACT_GRAPH_KEY_ENCRYPTION_KEY are both set: "
            "one key encrypts the others, so unset one of the two"
        )
    for name in ("aws_region", "aws_access_key_id", "aws_secret_access_key"):
        if name not in given:
            raise SettingsError(f"CONTRACT_GRAPH_KMS_KEY is set, so {name.upper()} must be set too")
    if not re.fullmatch(r"[a-z0-9-]+", given["aws_region"]):
        raise SettingsError("AWS_REGION must be the name of a region, as in eu-central-1")
    if not is_secure(given.get("kms_endpoint", "https://unsaid")):
        raise SettingsError("AWS_ENDPOINT_URL_KMS must be https (or http of this machine)")
