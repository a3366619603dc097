"""A scenario, read from its file: what arrives in which order, and what all of it comes to.

A file says of one exchange, in words: `about`, steps, and what is then expected of the graph, its history,
the provenance, the quarantine and what waits. A word that is not known, a step that is no step, and a
scenario that expects nothing are errors: none of them would ever fail.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SCENARIOS: Final = Path(__file__).with_name("scenarios")

STEPS: Final[Mapping[str, frozenset[str]]] = {
    "says": frozenset({"by", "contract", "event", "at", "says", "lacks", "parts", "answer", "together"}),
    "sends": frozenset(
        {"by", "sends", "event", "change", "flip", "unsigned", "key", "headers", "answer", "together"}
    ),
    "later": frozenset({"later"}),
    "record": frozenset({"record"}),
    "ends": frozenset({"ends"}),
    "replay": frozenset({"replay"}),
    "trouble": frozenset({"trouble"}),
}
"""Steps by the word that makes them one, with all words that they know."""

EXPECTED: Final = ("graph", "history", "provenance", "quarantine", "waiting")
"""What every scenario has to say, also where it is nothing."""

_TOP: Final = frozenset({"about", "step", "connections", "answers", "salesforce", "expect"})
_CONNECTION: Final = frozenset({"vendor", "settings", "mapping", "asks"})
_ANSWER: Final = frozenset({"path", "status", "headers", "sample", "change", "body"})
_SALESFORCE: Final = frozenset({"settings", "rights", "records", "used"})
_TOLD: Final = frozenset({"journal", "written", "records"})


class NotAScenario(ValueError):
    """A file says what no scenario can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One exchange; `salesforce` is None where the org has none."""

    name: str
    about: str
    steps: Sequence[Mapping[str, Any]]
    connections: Mapping[str, Mapping[str, Any]]
    answers: Sequence[Mapping[str, Any]]
    salesforce: Mapping[str, Any] | None
    expect: Mapping[str, Any]


def read_scenario(path: Path) -> Scenario:
    """Read a file. Raises NotAScenario."""
    return scenario_of(path.stem, tomllib.loads(path.read_text()))


def scenario_of(name: str, told: Mapping[str, Any]) -> Scenario:
    """Read what a file says. Raises NotAScenario."""
    _only(name, told, _TOP)
    about = told.get("about", "")
    if not about.endswith("."):
        raise NotAScenario(f"{name}: about is a sentence on what the scenario shows")
    steps = told.get("step", [])
    for number, step in enumerate(steps, start=1):
        _step(f"{name}, step {number}", step)
    for each, connection in told.get("connections", {}).items():
        _only(f"{name}, connection {each}", connection, _CONNECTION)
    for answer in told.get("answers", []):
        _only(f"{name}, answer {answer.get('path')}", answer, _ANSWER)
    if "salesforce" in told:
        _only(f"{name}, salesforce", told["salesforce"], _SALESFORCE)
    expect = told.get("expect", {})
    wanted = {*EXPECTED, "salesforce"} if "salesforce" in told else {*EXPECTED}
    if expect.keys() != wanted:
        raise NotAScenario(f"{name}: expect says {', '.join(sorted(wanted))}, and nothing else")
    _only(f"{name}, expected of salesforce", expect.get("salesforce", {}), _TOLD)
    if any(not values for values in expect["graph"].values()):
        raise NotAScenario(f"{name}: a contract is expected, and none of its values")
    # A door that refuses, with nothing come of it, is something to expect: a door that accepts is not.
    refused = any(step.get("answer", "accepted").split()[0].isdigit() for step in steps)
    if not steps or not (refused or any(expect.values())):
        raise NotAScenario(f"{name}: it expects nothing")
    return Scenario(
        name=name, about=about, steps=steps, connections=told.get("connections", {}),
        answers=told.get("answers", []), salesforce=told.get("salesforce"), expect=expect,
    )  # fmt: skip


def _step(where: str, step: Mapping[str, Any]) -> None:
    kinds = [kind for kind in STEPS if kind in step]
    if len(kinds) != 1:
        raise NotAScenario(f"{where}: it is one of {', '.join(STEPS)}, and this is {kinds or 'none'}")
    _only(where, step, STEPS[kinds[0]])


def _only(where: str, told: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := told.keys() - known:
        raise NotAScenario(
            f"{where}: {', '.join(sorted(unknown))} is unknown; {', '.join(sorted(known))} are"
        )
