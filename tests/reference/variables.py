"""The variables of a random operation: given, null, omitted, with and without defaults."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.reference.values import Name, is_constant, literal


@dataclass
class Variables:
    """Declares variables while a document is written."""

    random: Random
    likely: float
    declared: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    meaning: dict[str, Any] = field(default_factory=dict)

    def maybe(self, type_: str, value: Any) -> Any:
        """Return the value, or a variable for it; `type_` ends in ! where null is no value."""
        if self.random.random() > self.likely or not is_constant(value):
            return value
        name, required = f"v{len(self.declared)}", type_.endswith("!")
        how = self.random.choices(
            ("given", "default omitted", "default given", "omitted", "null", "default null"),
            (50, 15, 15, 0 if required else 6, 0 if required else 4, 3 if required else 6),
        )[0]
        with_default = how.startswith("default")
        declared = type_.removesuffix("!") if with_default and self.random.random() < 0.8 else type_
        default = f" = {literal(value)}" if with_default else ""
        if how == "default null" and (declared.endswith("!") or (required and self.random.random() < 0.8)):
            how = "default omitted"
        self.declared[name] = f"${name}: {declared}{default}"
        self.meaning[name] = value
        if how in ("given", "default given"):
            self.given[name] = value
        elif how in ("null", "default null"):
            self.given[name] = None
        return Name(f"${name}")

    def changed(self) -> dict[str, Any]:
        """Return the variables with a few changes, which may make them wrong."""
        made = copy.deepcopy(self.given)
        for _ in range(self.random.choice((1, 1, 2, 3)) if made else 0):
            self._change(made)
        return made

    def _change(self, within: Any) -> None:
        if not within:
            return
        key = self.random.choice(list(within) if isinstance(within, dict) else range(len(within)))
        value = within[key]
        if isinstance(value, dict | list) and value and self.random.random() < 0.7:
            self._change(value)
        elif (roll := self.random.random()) < 0.2:
            del within[key]
        elif roll < 0.3:
            within[key] = None
        elif isinstance(value, bool):
            within[key] = not value
        elif isinstance(value, int):
            within[key] = value + self.random.choice((-1, 1))
        elif isinstance(value, str):
            others = [each for each in self.given.values() if isinstance(each, str)]
            within[key] = self.random.choice((*others, value[:-1], value.upper()))
        else:
            within[key] = type(value)() if value is not None else 1

    @property
    def header(self) -> str:
        return f"({', '.join(self.declared.values())})" if self.declared else ""
