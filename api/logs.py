"""What is logged, in lines for people or for machines; neither holds what a caller sent or a record says."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from api.settings import Settings


class Lines(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `process`, `text`, and of an exception kind and place.

    The message of an exception is left out: libraries quote values in theirs.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "text": record.getMessage(),
        }
        kind, _, trace = record.exc_info or (None, None, None)
        if kind is not None:
            line["exception"] = kind.__name__
            line["where"] = [f"{each.filename}:{each.lineno}" for each in traceback.extract_tb(trace)]
        return json.dumps(line)


def set_up(settings: Settings) -> None:
    """Log as the settings say, to the standard error."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper())
    # At DEBUG and INFO it writes tokens and what was asked for.
    logging.getLogger("authlib").setLevel(logging.WARNING)
