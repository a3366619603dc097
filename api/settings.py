"""Settings: the only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auth.address import is_secure


class SettingsError(Exception):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs; each field names the variable that sets it."""

    home: Path = field(metadata={"variable": "CONTRACT_GRAPH_HOME"})
    pg_bindir: Path | None = field(default=None, metadata={"variable": "CONTRACT_GRAPH_PG_BINDIR"})
    database_url: str | None = field(default=None, metadata={"variable": "DATABASE_URL"}, repr=False)
    owner_url: str | None = field(default=None, metadata={"variable": "DATABASE_OWNER_URL"}, repr=False)
    host: str = field(default="127.0.0.1", metadata={"variable": "CONTRACT_GRAPH_HOST"})
    port: int = field(default=8000, metadata={"variable": "CONTRACT_GRAPH_PORT"})
    pool_size: int = field(default=8, metadata={"variable": "CONTRACT_GRAPH_POOL_SIZE"})
    issuer: str = field(default="http://127.0.0.1:8000", metadata={"variable": "CONTRACT_GRAPH_ISSUER"})
    key_encryption_key: str | None = field(
        default=None, metadata={"variable": "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY"}, repr=False
    )
    kms_key: str | None = field(default=None, metadata={"variable": "CONTRACT_GRAPH_KMS_KEY"})
    kms_endpoint: str | None = field(default=None, metadata={"variable": "AWS_ENDPOINT_URL_KMS"})
    aws_region: str | None = field(default=None, metadata={"variable": "AWS_REGION"})
    aws_access_key_id: str | None = field(
        default=None, metadata={"variable": "AWS_ACCESS_KEY_ID"}, repr=False
    )
    aws_secret_access_key: str | None = field(
        default=None, metadata={"variable": "AWS_SECRET_ACCESS_KEY"}, repr=False
    )
    aws_session_token: str | None = field(
        default=None, metadata={"variable": "AWS_SESSION_TOKEN"}, repr=False
    )
    token_rate: int = field(default=600, metadata={"variable": "CONTRACT_GRAPH_TOKEN_RATE"})
    token_failures: int = field(default=10, metadata={"variable": "CONTRACT_GRAPH_TOKEN_FAILURES"})
    audit_key_file: Path | None = field(default=None, metadata={"variable": "CONTRACT_GRAPH_AUDIT_KEY"})
    embedded_worker: bool = field(default=False, metadata={"variable": "CONTRACT_GRAPH_WORKER"})
    audience: str = field(default="contract-graph", metadata={"variable": "CONTRACT_GRAPH_AUDIENCE"})
    metrics_token: str | None = field(
        default=None, metadata={"variable": "CONTRACT_GRAPH_METRICS_TOKEN"}, repr=False
    )
    trace_endpoint: str | None = field(default=None, metadata={"variable": "OTEL_EXPORTER_OTLP_ENDPOINT"})
    metrics_port: int | None = field(default=None, metadata={"variable": "CONTRACT_GRAPH_METRICS_PORT"})

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
    "token_rate": (1, 1_000_000),
    "token_failures": (1, 1_000_000),
    "metrics_port": (1, 65535),
}
SHORTEST_TOKEN = 20


TRUTHS = {"true": True, "false": False}
PATHS = ("home", "pg_bindir", "audit_key_file")


def default_home(environment: Mapping[str, str]) -> Path:
    """Return where data lie unless CONTRACT_GRAPH_HOME says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/contract-graph")
    state = environment.get("XDG_DATA_HOME")
    return (Path(state) if state else Path.home() / ".local" / "share") / "contract-graph"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError, which names the variable and what it takes."""
    env = os.environ if environment is None else environment
    given: dict[str, Any] = {"home": default_home(env)}
    for name, declared in Settings.__dataclass_fields__.items():
        variable = declared.metadata["variable"]
        value = env.get(variable, "")
        if not value:
            continue
        if name in WHOLE_NUMBERS:
            given[name] = _whole_number(variable, value, *WHOLE_NUMBERS[name])
        elif declared.type == "bool":
            given[name] = _truth(variable, value)
        else:
            given[name] = Path(value) if name in PATHS else value
    if not is_secure(given.get("issuer", "https://unsaid")) or given.get("issuer", "").endswith("/"):
        raise SettingsError(
            "CONTRACT_GRAPH_ISSUER must be https (or http of this machine), without / at its end"
        )
    if len(given.get("metrics_token", "x" * SHORTEST_TOKEN)) < SHORTEST_TOKEN:
        raise SettingsError(f"CONTRACT_GRAPH_METRICS_TOKEN must have {SHORTEST_TOKEN} characters or more")
    if "kms_key" in given:
        _check_kms(given)
    if "issuer" not in given and "port" in given:
        given["issuer"] = f"http://127.0.0.1:{given['port']}"
    return Settings(**given)


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


def _truth(variable: str, value: str) -> bool:
    if value not in TRUTHS:
        raise SettingsError(f"{variable} must be true or false, not {value!r}")
    return TRUTHS[value]


def _whole_number(variable: str, value: str, lowest: int, highest: int) -> int:
    if value.isascii() and value.isdigit() and lowest <= int(value) <= highest:
        return int(value)
    raise SettingsError(f"{variable} must be a whole number from {lowest} to {highest}, not {value!r}")
