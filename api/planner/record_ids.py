"""The ids of the records that an answer gives out: the statement writes them into its JSON."""

from __future__ import annotations

from typing import Final

RECORD_KEY: Final = "$id"
"""The first key of every record's object. No alias is called so: GraphQL has no $ in its names."""

# A text of the graph cannot be taken for it: inside of a string PostgreSQL writes " as \\", and what follows
# a string that is a value is a comma or the end, never a colon.
_MARK: Final = f'"{RECORD_KEY}":"'.encode()
_ID: Final = 36
_AFTER: Final = _ID + len('",')


def take_ids(answer: bytes) -> tuple[bytes, list[bytes]]:
    """Return an answer without the ids that the statement added, and those ids, each once."""
    first, *others = answer.split(_MARK)
    if not others:
        return answer, []
    ids = [each[:_ID] for each in others]
    return first + b"".join([each[_AFTER:] for each in others]), list(dict.fromkeys(ids))
