"""What a source sent that cannot be understood, and where in it."""

from __future__ import annotations

from typing import Any

from sync.feeds.source import read_json


class Malformed(Exception):
    """{where}: {reason}"""  # noqa: D400 - the message ends as its reason does

    def __init__(self, where: str, reason: str) -> None:
        super().__init__((type(self).__doc__ or "").format(where=where, reason=reason))
        self.where = where
        self.reason = reason


def read_payload(body: bytes, where: str = "body") -> Any:  # noqa: ANN401 - any JSON
    """Read JSON in UTF-8, its numbers exact. Raises Malformed, which quotes nothing of what was sent."""
    try:
        return read_json(body.decode())
    except UnicodeDecodeError as error:
        raise Malformed(f"{where}, byte {error.start}", "UTF-8 is expected") from None
    except (ValueError, ArithmeticError) as error:
        # A number may have more digits, or a larger exponent, than there is a number for.
        position = getattr(error, "pos", None)
        place = where if position is None else f"{where}, character {position}"
        raise Malformed(place, "JSON is expected") from None
