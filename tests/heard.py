"""What is logged while batteries run: it holds no token, no secret and no value of a record."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.reference.canaries import CANARY

CALLERS = ("httpx", "httpcore", "hypothesis", "schemathesis")
"""Loggers of the tests' own clients, which tell what these send."""
QUIET = "authlib"
"""Writes tokens at DEBUG; the application keeps it at WARNING, and so do the tests."""
SECRETS = (
    ("a JWT", re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a secret, a code or a refresh token", re.compile(r"(?=[\w-]*[0-9])(?=[\w-]*[A-Z])[\w-]{43,}")),
    ("a value of a record", CANARY),
)
"""What no log holds, by its form: whatever is secret here has 256 bits in letters of base64."""


class Listening(logging.Handler):
    """Hears every record of every logger, written out in full with its traceback and its arguments."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record) + repr(record.args) + repr(record.__dict__.get("exc_info")))


@contextmanager
def listening() -> Iterator[list[str]]:
    """Have everything logged, and give what is."""
    handler, root = Listening(), logging.getLogger()
    handler.addFilter(lambda record: not record.name.startswith(CALLERS))
    known = [each for each in logging.Logger.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    levels = [(each, each.level) for each in (root, *known)]
    for each, _ in levels:
        each.setLevel(logging.WARNING if each.name.startswith(QUIET) else logging.DEBUG)
    root.addHandler(handler)
    try:
        yield handler.heard
    finally:
        root.removeHandler(handler)
        for each, level in levels:
            each.setLevel(level)


def secrets_in(heard: list[str]) -> list[str]:
    """Say what of a log is secret: its kind, and the line."""
    return [f"{kind}: {line}" for line in heard for kind, form in SECRETS if form.search(line)]


@pytest.fixture(scope="module")
def nothing_secret_is_logged() -> Iterator[None]:
    """Hold everything that is logged while a module runs to what a log may hold."""
    with listening() as heard:
        yield
    assert not secrets_in(heard)
