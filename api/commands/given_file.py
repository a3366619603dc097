"""Files that are named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from api.settings import SettingsError


def text_of(file: Path) -> str:
    """Return what a file says, `-` for standard input, without white space around. Raises SettingsError."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode().strip()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not text in UTF-8") from None
