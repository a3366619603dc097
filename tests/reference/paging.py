"""Orders, cursors and pages, in plain Python."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property, cmp_to_key
from typing import Any
from uuid import UUID

from domain.field import DeclaredField, Entity, Kind
from domain.money import Money
from tests.reference.filters import graph_field
from tests.reference.refusal import BadUserInput
from tests.reference.seen import Seen

DEFAULT, LARGEST = 50, 100


def text_of(value: Any) -> Any:
    """Return a value as JSON writes it; whole numbers and truth values stay what they are."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}+00:00"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if value is None or isinstance(value, bool | int):
        return value
    return str(value.value if isinstance(value, StrEnum) else value)


@dataclass(frozen=True)
class Order:
    """The order of a list: fields with whether they descend; the id decides last, ascending."""

    entity: str
    terms: tuple[tuple[DeclaredField, bool], ...]

    @classmethod
    def of(cls, entity: str, given: Sequence[dict[str, Any]] | None) -> Order:
        return cls(entity, tuple(
            (graph_field(entity, term["field"]), term["direction"] == "DESC") for term in given or ()
        ))  # fmt: skip

    @property
    def digest(self) -> str:
        terms = ",".join(f"{f.graph_name}:{'DESC' if down else 'ASC'}" for f, down in self.terms)
        return hashlib.sha256(f"{self.entity}:{terms}".encode()).hexdigest()[:8]

    @cached_property
    def columns(self) -> list[tuple[type, bool]]:
        """The type and direction of every column that decides, the id included."""
        found: list[tuple[type, bool]] = []
        for declared, down in self.terms:
            money = declared.kind is Kind.MONEY
            found += [(str, down), (Decimal, down)] if money else [(declared.type, down)]
        return [*found, (UUID, False)]

    def values(self, rows: Seen, record: Entity) -> list[Any]:
        """Return the values of those columns for a record."""
        found: list[Any] = []
        for declared, _ in self.terms:
            value = rows.value(record, declared)
            if declared.kind is Kind.MONEY:
                found += [value.currency, value.amount] if isinstance(value, Money) else [None, None]
            else:
                found.append(value)
        return [*found, record.id]

    def compare(self, left: Sequence[Any], right: Sequence[Any]) -> int:
        """Compare two such rows of values: absent ones come last in either direction."""
        for (_, down), one, two in zip(self.columns, left, right, strict=True):
            if one is None or two is None:
                if (one is None) is not (two is None):
                    return 1 if one is None else -1
            elif one != two:
                return (1 if one > two else -1) * (-1 if down else 1)
        return 0

    def cursor(self, rows: Seen, record: Entity) -> str:
        texts = [_word(value) for value in self.values(rows, record)]
        content = json.dumps([self.digest, *texts], ensure_ascii=False)
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> list[Any]:
        """Return the values that a cursor holds; raises BadUserInput."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            content = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
            digest, *texts = content
            columns = self.columns
            if digest != self.digest or len(texts) != len(columns) or texts[-1] is None:
                raise BadUserInput("a cursor of another order")
            return [_parsed(text, type_) for text, (type_, _) in zip(texts, columns, strict=True)]
        except (ValueError, TypeError, LookupError, binascii.Error, InvalidOperation):
            raise BadUserInput("not a cursor") from None


def _word(value: Any) -> str | None:
    text = text_of(value)
    return text if text is None else str(text).lower() if isinstance(text, bool) else str(text)


def _parsed(text: Any, type_: type) -> Any:
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError(text)
    if type_ is bool:
        return {"true": True, "false": False}[text]
    readers: dict[type, Callable[[str], Any]] = {
        int: int, Decimal: Decimal, date: date.fromisoformat, datetime: datetime.fromisoformat, UUID: UUID,
    }  # fmt: skip
    return readers.get(type_, str)(text)


def check_page(arguments: dict[str, Any], order: Order) -> None:
    """Refuse a page that cannot be cut."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise BadUserInput("first and last")
    if not all(0 <= size <= LARGEST for size in (first, last) if size is not None):
        raise BadUserInput("size")
    for name in ("after", "before"):
        if arguments.get(name) is not None:
            order.read(arguments[name])


def page(rows: Seen, records: list[Entity], order: Order, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the connection that a page of these records makes."""
    after, before = arguments.get("after"), arguments.get("before")
    by_values = cmp_to_key(order.compare)
    ranked = [(order.values(rows, record), record) for record in records]
    ranked.sort(key=lambda each: by_values(each[0]))
    lowest = None if after is None else order.read(after)
    highest = None if before is None else order.read(before)
    within = [
        record
        for values, record in ranked
        if (lowest is None or order.compare(values, lowest) > 0)
        and (highest is None or order.compare(values, highest) < 0)
    ]
    if (last := arguments.get("last")) is not None:
        nodes = within[max(len(within) - last, 0) :]
        more = {"hasNextPage": before is not None, "hasPreviousPage": len(nodes) < len(within)}
    else:
        first = arguments.get("first")
        nodes = within[: DEFAULT if first is None else first]
        more = {"hasNextPage": len(nodes) < len(within), "hasPreviousPage": after is not None}
    cursors = [order.cursor(rows, node) for node in nodes]
    first_cursor, *_, last_cursor = (*cursors, *cursors) or (None, None)
    ends = {"startCursor": first_cursor, "endCursor": last_cursor}
    return {
        "nodes": nodes,
        "edges": [{"node": node, "cursor": cursor} for node, cursor in zip(nodes, cursors, strict=True)],
        "pageInfo": more | ends,
        "totalCount": len(records),
    }
