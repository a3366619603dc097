"""A statement of SQLAlchemy Core in the form that asyncpg takes: text with $1, $2, and their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import asyncpg

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """Compiled SQL and the names of its parameters in the order of $1, $2 and so on."""

    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, clause: sa.ClauseElement) -> Self:
        """Compile a Core expression whose every value is a named `sa.bindparam`."""
        compiled = clause.compile(dialect=DIALECT)
        return cls(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()))

    def arguments(self, **values: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any SQL value
        """Return the values in the order in which asyncpg expects them."""
        return tuple(values[name] for name in self.names)
