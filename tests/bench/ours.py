"""OURS: the server as it is delivered."""

from __future__ import annotations

from pathlib import Path

from api.app import Application
from api.limit_settings import Limits
from api.settings import Settings

ENOUGH = Limits(
    caller_points=10**12,
    caller_restored=10**12,
    client_points=10**12,
    client_restored=10**12,
    caller_operations=10_000,
    worker_operations=10_000,
)
"""All limits are looked at, and a few callers may ask without end."""


def application(home: Path, url: str, _: str) -> Application:
    """Make the server."""
    return Application(Settings(home=home, limits=ENOUGH), url)
