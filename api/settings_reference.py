"""docs/settings.md: every setting as it is declared."""

from __future__ import annotations

from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

from api.settings import CHOICES, FILES, LISTS, VARIABLES, WHOLE_NUMBERS

HEAD = """\
<!-- Written by `contract-graph docs` from api/settings.py: do not edit. -->
# Settings

Each is a variable of the environment; an empty one counts as not set. A variable named `CONTRACT_GRAPH_...`
that is not listed here is warned of at the start of every command. Of a secret, `<variable>_FILE` may name a
file that holds it instead, as Docker, Kubernetes and systemd (`LoadCredential=`) give them; line ends at its
end are left out. `SIGHUP` has `serve --workers` read such files again.
What callers may ask for at most is set by variables too: [limits.md](limits.md) lists them.

| variable | what it is | takes | unless set |
|---|---|---|---|
"""


def settings_reference() -> str:
    """Return the text of docs/settings.md."""
    return HEAD + "".join(map(_row, VARIABLES.values()))


def _row(declared: Field[Any]) -> str:
    variable = declared.metadata["variable"]
    name = f"`{variable}`" + (f", `{variable}_FILE`" if variable in FILES else "")
    return f"| {name} | {declared.metadata['about']} | {_takes(declared)} | {_unless(declared)} |\n"


def _takes(declared: Field[Any]) -> str:
    if declared.name in WHOLE_NUMBERS:
        lowest, highest = WHOLE_NUMBERS[declared.name]
        return f"{lowest:,} to {highest:,}"
    if declared.name in CHOICES:
        return " or ".join(f"`{each}`" for each in CHOICES[declared.name])
    if declared.name in LISTS:
        return f"{LISTS[declared.name][1]}; commas between"
    if declared.type == "bool":
        return "`true` or `false`"
    if "Path" in str(declared.type):
        return "a path"
    return "a secret" if not declared.repr else "text"


def _unless(declared: Field[Any]) -> str:
    told = declared.metadata.get("unless")
    if told is not None:
        return str(told)
    if declared.default is MISSING or declared.default is None:
        return "-"
    if isinstance(declared.default, bool):
        return f"`{str(declared.default).lower()}`"
    return f"`{declared.default}`" if not isinstance(declared.default, Path) else str(declared.default)
