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
_BEFORE_BRACE: Final = _ID + len('"')
_BRACE: Final = ord("}")


def take_ids(answer: bytes) -> tuple[bytes, list[bytes]]:
    """Return an answer without the ids that the statement added, and those ids, each once."""
    first, *others = answer.split(_MARK)
    if not others:
        return answer, []
    ids = [each[:_ID] for each in others]
    # Of an object with no other member the brace stays, where else a comma goes.
    rest = [each[_BEFORE_BRACE if each[_BEFORE_BRACE] == _BRACE else _AFTER :] for each in others]
    return first + b"".join(rest), list(dict.fromkeys(ids))
