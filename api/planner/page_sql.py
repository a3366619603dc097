"""The rows of a page taken together: listed, and asked where they stand in their list."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from api.planner import json_sql
from api.planner.cursor import cursor_of
from api.planner.json_sql import Expression
from api.planner.plan import Connection, Edges, Page, PageInfo, Selection


def is_of_page(part: object, page: Page) -> bool:
    """Whether the rows of a page are needed to answer a part of a connection."""
    if isinstance(part, PageInfo):
        ahead = "hasPreviousPage" if page.backward else "hasNextPage"
        return any(name in (ahead, "startCursor", "endCursor") for _, name in part.parts)
    return isinstance(part, Selection | Edges)


def boolean(value: bool) -> Expression:  # noqa: FBT001 - the value itself
    """Write a truth that is known when the plan is made."""
    return sa.literal_column(str(value).lower(), sa.Boolean)


class WholePage:
    """The rows of a page taken together; their places count in the order of the reading."""

    def __init__(self, connection: Connection, seen: Any, key_types: list[type], size: Expression) -> None:  # noqa: ANN401
        self.connection = connection
        self._seen, self._key_types, self._size = seen, key_types, size
        self._inside = seen.c.place <= size

    def listed(self, column: Expression) -> Expression:
        """List the rows of the page in the order of the list: that of the reading, or its reverse."""
        listed = self._collected(sa.func.json_agg, column, reverse=self.connection.page.backward)
        return sa.func.coalesce(listed, json_sql.EMPTY_LIST)

    def info(self, name: str) -> Expression:
        """Answer one question about where the page stands."""
        page = self.connection.page
        more = sa.func.count() > self._size
        match name:
            case "hasNextPage":
                return boolean(page.before is not None) if page.backward else more
            case "hasPreviousPage":
                return more if page.backward else boolean(page.after is not None)
        last = (name == "endCursor") is not page.backward
        *values, identity = [
            self._picked(self._seen.c[f"key_{index}"], last=last) for index in range(len(self._key_types) + 1)
        ]
        cursor = cursor_of(self.connection.order, list(zip(values, self._key_types, strict=True)), identity)
        return sa.case((sa.func.count().filter(self._inside) > sa.literal_column("0"), cursor))

    def _picked(self, column: Expression, *, last: bool) -> Expression:
        """Pick the value of the first or last row inside the page, in the order of the reading."""
        array = sa.func.coalesce(self._collected(sa.func.array_agg, column), type_=ARRAY(column.type))
        place = sa.cast(sa.func.least(sa.func.count(), self._size), sa.Integer)
        return array[place if last else sa.literal_column("1")]

    def _collected(self, aggregate: Any, column: Expression, *, reverse: bool = False) -> Expression:  # noqa: ANN401
        # Read forwards, the rows come in their order, and sorting them again would cost as much as the rest.
        # Read backwards one aggregate sorts, and then PostgreSQL feeds the others in that order as well.
        if self.connection.page.backward:
            place = self._seen.c.place
            column = aggregate_order_by(column, place.desc() if reverse else place.asc())
        found: Expression = aggregate(column).filter(self._inside)
        return found
