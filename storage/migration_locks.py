"""The locks of a migration that alters several tables: learnt from one attempt, taken first at the next."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any, Final, Self

import sqlalchemy as sa

_MADE: Final = re.compile(r'\s*CREATE TABLE "?(\w+)')
_ALTERED: Final = re.compile(r'\s*(?:ALTER|DROP) TABLE "?(\w+)')


class Locks:
    """Takes the locks of an attempt together, each time in another order.

    Who reads two tables may hold the second while a migration that has the first keeps it from going on: then
    the migration gives up, and would at every attempt, for readers lock in one order only. In theirs it gets
    through, and the less lies between two locks the fewer come in between.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known: list[str] = []
        self._made: set[str] = set()
        self._are_taken = False
        self._heard: dict[str, Callable[..., Any]] = {
            "begin": self._begun, "commit": self._committed, "before_cursor_execute": self._before,
        }  # fmt: skip

    def __enter__(self) -> Self:
        for name, listener in self._heard.items():
            sa.event.listen(self._connection, name, listener)
        return self

    def __exit__(self, *_: object) -> None:
        for name, listener in self._heard.items():
            sa.event.remove(self._connection, name, listener)

    def _begun(self, _: sa.Connection) -> None:
        self._made, self._are_taken = set(), False

    def _committed(self, _: sa.Connection) -> None:
        self._known = []  # the next migration has tables of its own

    def _before(self, connection: sa.Connection, _: object, statement: str, *__: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if made := _MADE.match(statement):
            self._made.add(made[1])
        if not (altered := _ALTERED.match(statement)) or altered[1] in self._made:
            return
        if self._known and not self._are_taken:
            self._are_taken = True
            wanted = random.sample(self._known, len(self._known))
            connection.exec_driver_sql(
                "LOCK TABLE " + ", ".join(f'"{each}"' for each in wanted) + " IN ACCESS EXCLUSIVE MODE"
            )
        if altered[1] not in self._known:
            self._known.append(altered[1])
