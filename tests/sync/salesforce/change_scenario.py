"""A scenario of changes in Salesforce, read from its file: what happens there, and what all comes to here.

A file says of one exchange, in words: `about`, steps, and what is then expected. Records are known by names:
`deal`, `account` and `contract` are there from the beginning, and known on both sides, `partner` is an
account that is not known here, and others are as a step calls them. An edit that is made `times` times counts
its values up. A word that is not known, a step that is no step, and a scenario that expects nothing are
errors: none of them would ever fail.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCENARIOS: Final = Path(__file__).with_name("scenarios")

STEPS: Final[Mapping[str, frozenset[str]]] = {
    "edits": frozenset({"edits", "values", "times", "together", "unheard"}),
    "creates": frozenset({"creates", "called", "values", "together"}),
    "deletes": frozenset({"deletes", "together"}),
    "restores": frozenset({"restores", "together"}),
    "says": frozenset({"says", "together"}),
    "trouble": frozenset({"trouble"}),
    "settings": frozenset({"settings"}),
    "loses": frozenset({"loses"}),
    "later": frozenset({"later"}),
    "polls": frozenset({"polls"}),
    "subscribes": frozenset({"subscribes"}),
}
"""Steps by the word that makes them one, with all words that they know."""

LOSES: Final = ("stream", "sessions", "place")
EXPECTED: Final = ("events", "records", "history", "writes", "quarantine", "alerts")
"""What every scenario has to say, also where it is nothing."""

_TOP: Final = frozenset({"about", "step", "expect", "contract"})


class NotAChangeScenario(ValueError):
    """A file says what no scenario can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeScenario:
    """One exchange; `contract` are values that it begins with."""

    name: str
    about: str
    contract: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    expect: Mapping[str, Any]


def read_change_scenario(path: Path) -> ChangeScenario:
    """Read a file. Raises NotAChangeScenario."""
    return change_scenario_of(path.stem, tomllib.loads(path.read_text()))


def change_scenario_of(name: str, told: Mapping[str, Any]) -> ChangeScenario:
    """Read what a file says. Raises NotAChangeScenario."""
    _only(name, told, _TOP)
    about = told.get("about", "")
    if not about.endswith("."):
        raise NotAChangeScenario(f"{name}: about is a sentence on what the scenario shows")
    steps = told.get("step", [])
    for number, step in enumerate(steps, start=1):
        _step(f"{name}, step {number}", step)
    expect = told.get("expect", {})
    if expect.keys() != {*EXPECTED}:
        raise NotAChangeScenario(f"{name}: expect says {', '.join(EXPECTED)}, and nothing else")
    if any(not values for values in expect["records"].values()):
        raise NotAChangeScenario(f"{name}: a record is expected, and none of its values")
    if not steps or not any(expect.values()):
        raise NotAChangeScenario(f"{name}: it expects nothing")
    return ChangeScenario(
        name=name, about=about, contract=told.get("contract", {}), steps=steps, expect=expect
    )


def _step(where: str, step: Mapping[str, Any]) -> None:
    kinds = [kind for kind in STEPS if kind in step]
    if len(kinds) != 1:
        raise NotAChangeScenario(f"{where}: it is one of {', '.join(STEPS)}, and this is {kinds or 'none'}")
    _only(where, step, STEPS[kinds[0]])
    if "loses" in step and step["loses"] not in LOSES:
        raise NotAChangeScenario(f"{where}: what is lost is one of {', '.join(LOSES)}")


def _only(where: str, told: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := told.keys() - known:
        raise NotAChangeScenario(
            f"{where}: {', '.join(sorted(unknown))} is unknown; {', '.join(sorted(known))} are"
        )
