"""Starts a stand-in, and speaks to it as whoever runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

_ROOT = Path(__file__).resolve().parents[3]
_PATIENCE = 30  # seconds
_GONE = 10  # seconds that it may take to leave


class StandInFailed(Exception):
    """The stand-in did not start, or refuses what it is told."""


@dataclass(frozen=True, slots=True)
class Started:
    """A running stand-in; `certificate` is the file to trust where it speaks https.

    `events` is where it speaks of changes, where it was asked to: host and port.
    """

    url: str
    admin_key: str
    certificate: str | None
    events: str | None = None

    def arrange(self, **said: Any) -> dict[str, list[str]]:  # noqa: ANN401 - see arrange.py
        """Tell it settings, people, apps, records or trouble. Raises StandInFailed."""
        made: dict[str, list[str]] = self._ask("POST", "arrange", json.dumps(said))
        return made

    def journal(self, after: int = 0, **where: str) -> list[dict[str, Any]]:
        """Return the writes that it took. Raises StandInFailed."""
        found: list[dict[str, Any]] = self._ask("GET", "journal", params={"after": str(after), **where})
        return found

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return all records of an object, as it holds them. Raises StandInFailed."""
        found: list[dict[str, Any]] = self._ask("GET", f"records/{name}")
        return found

    def calls(self) -> int:
        """Return how many calls it has counted today. Raises StandInFailed."""
        return int(self._ask("GET", "calls")["used"])

    def events_told(self) -> str:
        """Return the replay id of the end of its stream of changes, as hex. Raises StandInFailed."""
        return str(self._ask("GET", "stream")["latest"])

    def published(self) -> list[dict[str, Any]]:
        """Return the headers of all its change events, with their `replayId` in hex. Raises StandInFailed."""
        found: list[dict[str, Any]] = self._ask("GET", "published")
        return found

    def clear(self, what: str) -> None:
        """Clear its `faults`, `journal`, `sessions`, `stream` or `everything`. Raises StandInFailed."""
        self._ask("DELETE", what)

    def _ask(
        self, method: str, what: str, body: str | None = None, params: Mapping[str, str] | None = None
    ) -> Any:  # noqa: ANN401 - JSON
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        answer = requests.request(
            method, f"{self.url}/stand-in/{what}", params=params, data=body, headers=headers,
            timeout=_PATIENCE, verify=self.certificate or True,
        )  # fmt: skip
        if not answer.ok:
            raise StandInFailed(answer.text)
        return answer.json() if answer.content else None


@contextmanager
def started(*arguments: str) -> Iterator[Started]:
    """Start a stand-in with arguments of its own, and end it at last. Raises StandInFailed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.salesforce.stand_in", *arguments],
        cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise StandInFailed(f"it ended with {process.wait()} before it was ready")
        yield Started(**json.loads(line))
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it as its own input ending would; it is killed where it does not go."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(_GONE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
