"""OURS: the server as it is delivered."""

from __future__ import annotations

from pathlib import Path

from api.app import Application
from api.settings import Settings


def application(home: Path, url: str, _: str) -> Application:
    """Make the server."""
    return Application(Settings(home=home), url)
