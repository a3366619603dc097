"""Where settings come from: the environment, the files that it names, and what of it nobody reads."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

PREFIX: Final = "CONTRACT_GRAPH_"
FILE: Final = "_FILE"
"""Ends the name of a variable that names the file in which a secret lies."""
LARGEST: Final = 65_536
ELSEWHERE: Final = frozenset({"URL", "FUZZ", "UPDATE_PLANS", "UPDATE_DOCS"})
"""What our examples and tests read, each after PREFIX."""


class SourceError(Exception):
    """What a setting is to be read from cannot be."""


def value_of(variable: str, environment: Mapping[str, str], *, secret: bool) -> str:
    """Return what a variable is set to, or, of a secret, what the file holds that `<variable>_FILE` names.

    Empty where it is not set. Raises SourceError, which never tells what a file holds.
    """
    value = environment.get(variable, "")
    path = environment.get(variable + FILE, "") if secret else ""
    if not path:
        return value
    if value:
        raise SourceError(f"{variable} and {variable}{FILE} are both set: unset one of the two")
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise SourceError(f"{variable}{FILE} names {path}, which is larger than {LARGEST} bytes")
        found = text.decode().strip("\r\n")
    except OSError as error:
        raise SourceError(f"{variable}{FILE} names {path}, which cannot be read: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"{variable}{FILE} names {path}, which is no file of text") from None
    if not found:
        raise SourceError(f"{variable}{FILE} names {path}, which is empty")
    return found


def unread(environment: Mapping[str, str], variables: Collection[str]) -> Iterator[str]:
    """Tell of each variable that is named like ours and read by nobody, and which may have been meant."""
    ours = [each.removeprefix(PREFIX) for each in variables if each.startswith(PREFIX)]
    known = {*variables, *(PREFIX + each for each in ELSEWHERE)}
    for name in sorted(set(environment) - known):
        if name.startswith(PREFIX):
            meant = difflib.get_close_matches(name.removeprefix(PREFIX), ours, n=1)
            yield f"{name} is no setting and is not read" + (
                f": is {PREFIX}{meant[0]} meant?" if meant else ""
            )
