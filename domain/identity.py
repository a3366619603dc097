from __future__ import annotations

import os
import re
import secrets
import threading
import time
from string import ascii_letters, ascii_uppercase, digits
from typing import Final
from uuid import UUID

from domain.error import DomainError

_COUNTER_BITS: Final = 42
_CHECKSUM_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_UPPER_CASE: Final = {ord(each): str(int(each in ascii_uppercase)) for each in ascii_letters + digits}
_SALESFORCE_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")


class NotASalesforceId(DomainError):
    """{text!r} is not a Salesforce id: 15 or 18 letters and digits are expected."""


class WrongSalesforceChecksum(DomainError):
    """{text!r} is not a Salesforce id: its last three characters should be {expected}."""


class WrongKeyPrefix(DomainError):
    """{text!r} is not an id of the kind that is expected: those begin with {prefixes}."""


class _Clock:
    """The last time stamp and counter given out: RFC 9562, section 6.2, method 1."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def tick(self) -> tuple[int, int]:
        """A pair greater than every pair before it, also when the wall clock is set back."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            if now > self._millisecond:
                self._millisecond = now
                # The leading bit stays free, so that a busy millisecond has room to count.
                self._counter = secrets.randbits(_COUNTER_BITS - 1)
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._millisecond += 1
                    self._counter = secrets.randbits(_COUNTER_BITS - 1)
            return self._millisecond, self._counter


_clock = _Clock()


def uuid7() -> UUID:
    """A new UUID of version 7: ordered by time, and strictly increasing within this process.

    48 bits of Unix milliseconds, 42 bits of counter, 32 bits at random. Safe to call from any thread.
    """
    millisecond, counter = _clock.tick()
    value = millisecond << 80
    value |= 0x7 << 76
    value |= (counter >> 30) << 64
    value |= 0b10 << 62
    value |= (counter & 0x3FFFFFFF) << 32
    value |= int.from_bytes(os.urandom(4))
    return UUID(int=value)


def salesforce_id(text: str, *prefixes: str) -> str:
    """The 18-character form of a Salesforce id, the only form that may be compared without regard to case.

    Fifteen characters gain their checksum; eighteen are checked. `prefixes` are the key prefixes of the
    objects that it may be of, `005` for a user; of any where none is given.
    Raises NotASalesforceId, WrongSalesforceChecksum or WrongKeyPrefix.
    """
    if not _SALESFORCE_ID.fullmatch(text):
        raise NotASalesforceId(text=text)
    expected = _checksum(text[:15])
    if text[15:] not in ("", expected):
        raise WrongSalesforceChecksum(text=text, expected=expected)
    if prefixes and not text.startswith(prefixes):
        raise WrongKeyPrefix(text=text, prefixes=" or ".join(prefixes))
    return text[:15] + expected


def _checksum(case_sensitive: str) -> str:
    """One letter for each five characters: which of them are upper case, lowest bit first."""
    bits = case_sensitive.translate(_UPPER_CASE)
    return "".join(_CHECKSUM_LETTERS[int(bits[start : start + 5][::-1], 2)] for start in (0, 5, 10))
