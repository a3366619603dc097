"""How the text of a setting is read as what it is; each raises SourceError, which names the variable."""

from __future__ import annotations

import re
from typing import Final

from api.settings_source import SourceError

TRUTHS: Final = {"true": True, "false": False}


def choice(variable: str, value: str, choices: tuple[str, ...]) -> str:
    """Read one of several words."""
    if value not in choices:
        raise SourceError(f"{variable} must be {' or '.join(choices)}, not {value!r}")
    return value


def listed(variable: str, value: str, form: str, what: str) -> tuple[str, ...]:
    """Read several with commas between, each of a form that `what` tells in words."""
    found = tuple(each.strip().lower() for each in value.split(","))
    if not all(re.fullmatch(form, each) for each in found):
        raise SourceError(f"{variable} must be {what}, with commas between")
    return found


def truth(variable: str, value: str) -> bool:
    """Read true or false."""
    if value not in TRUTHS:
        raise SourceError(f"{variable} must be true or false, not {value!r}")
    return TRUTHS[value]


def whole_number(variable: str, value: str, lowest: int, highest: int) -> int:
    """Read a whole number within bounds."""
    if value.isascii() and value.isdigit() and lowest <= int(value) <= highest:
        return int(value)
    raise SourceError(f"{variable} must be a whole number from {lowest} to {highest}, not {value!r}")
