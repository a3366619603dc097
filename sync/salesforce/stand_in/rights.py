"""What one user of the stand-in may do: rights on objects, and on single fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

READ, EDIT, CREATE = "read", "edit", "create"
"""What a user may do with an object, each with all before it; `none` hides it."""

_LEVELS = ("none", READ, EDIT, CREATE)


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights of one user: everything that is not taken away.

    `objects` is a level by object; `hidden` and `read_only` are fields, such as `Contract.ARR__c`; of the
    objects in `view_all` the user reads every record, whatever its sharing.
    """

    objects: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    view_all: frozenset[str] = frozenset()

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Rights:
        """Read rights as JSON says them. Raises ValueError for a level that is none."""
        objects = dict(said.get("objects", {}))
        if unknown := set(objects.values()) - set(_LEVELS):
            raise ValueError(f"no level of rights: {', '.join(sorted(unknown))}; one of {', '.join(_LEVELS)}")
        names = ("hidden", "read_only", "view_all")
        return cls(objects, *(frozenset(said.get(name, ())) for name in names))

    def may_see(self, object_name: str) -> bool:
        """Return whether the object is there for this user."""
        return self._level(object_name) >= _LEVELS.index(READ)

    def may_edit(self, object_name: str) -> bool:
        return self._level(object_name) >= _LEVELS.index(EDIT)

    def may_create(self, object_name: str) -> bool:
        return self._level(object_name) >= _LEVELS.index(CREATE)

    def may_read(self, object_name: str, field_name: str) -> bool:
        return f"{object_name}.{field_name}" not in self.hidden

    def may_write(self, object_name: str, field_name: str) -> bool:
        """Return whether the field may be written, as far as this user's rights go."""
        return self.may_read(object_name, field_name) and f"{object_name}.{field_name}" not in self.read_only

    def _level(self, object_name: str) -> int:
        return _LEVELS.index(self.objects.get(object_name, CREATE))
