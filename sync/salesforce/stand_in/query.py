"""Questions in SOQL answered from the records, as far as the rights of the user go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cmp_to_key
from typing import Any

from sync.salesforce.stand_in.catalogue import FieldType, ObjectType, objects
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import Refused
from sync.salesforce.stand_in.soql import Condition, Group, Order, Question, Test
from sync.salesforce.stand_in.store import Values, looks_like_id, normal_id

_ADDRESS_PARTS = {
    "street": "Street", "city": "City", "state": "State", "postalCode": "PostalCode", "country": "Country",
}  # fmt: skip
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class Querying:
    """The queries of one user."""

    def __init__(self, org: Org, caller: Caller, version: str) -> None:
        self._org, self._caller, self._version = org, caller, version

    def rows(self, question: Question, *, deleted: bool = False) -> list[dict[str, Any]] | int:
        """Return the records asked for, or how many there are. Raises Refused."""
        source = next(
            (each for name, each in objects().items() if name.lower() == question.source.lower()), None
        )
        if source is None or not self._caller.rights.may_see(source.name):
            raise Refused("INVALID_TYPE", f"sObject type '{question.source}' is not supported.")
        paths = [self._path(source, name) for name in question.fields if name != "count()"]
        accepted = self._accepts(source, question.where)
        caller, sharing = self._caller, self._org.sharing
        reads = sharing.reading(self._org.store, caller.user_id, caller.rights, source.name)
        found = [
            record
            for record in self._org.store.all(source.name)
            if (deleted or not record["IsDeleted"]) and reads(record) and accepted(record)
        ]
        found = self._sorted(source, found, question.order)[question.offset :]
        found = found if question.limit is None else found[: question.limit]
        return (
            len(found)
            if question.fields == ("count()",)
            else [self._row(source, each, paths) for each in found]
        )

    def shown(self, object_type: ObjectType, record: Values, names: Iterable[str]) -> dict[str, Any]:
        """Return a record with some of its fields. Raises Refused for one that the user may not read."""
        return self._row(object_type, record, [self._path(object_type, name) for name in names])

    def _path(self, source: ObjectType, name: str) -> list[FieldType]:
        """Return the fields that a dotted name goes through."""
        *steps, last = name.split(".")
        path, at = [], source
        for step in steps:
            through = at.related(step)
            target = objects().get(through.to or "") if through else None
            if through is None or target is None:
                raise _no_column(step, at)
            path.append(through)
            at = target
        field = at.named(last)
        if field is None or not self._caller.rights.may_read(at.name, field.name):
            raise _no_column(last, at)
        return [*path, field]

    def _value(self, record: Values | None, path: list[FieldType]) -> Any:  # noqa: ANN401 - JSON
        for through in path[:-1]:
            record = self._org.store.get(through.to or "", (record or {}).get(through.name) or "")
        return None if record is None else _read(path[-1], record)

    def _row(self, source: ObjectType, record: Values, paths: list[list[FieldType]]) -> dict[str, Any]:
        row: dict[str, Any] = {"attributes": self._attributes(source, record)}
        for path in paths:
            at, target, kind = row, record, source
            for through in path[:-1]:
                kind = objects()[through.to or ""]
                related = self._org.store.get(kind.name, target.get(through.name) or "")
                if related is None:
                    at[through.relationship or ""] = None
                    break
                at = at.setdefault(
                    through.relationship or "", {"attributes": self._attributes(kind, related)}
                )
                target = related
            else:
                at[path[-1].name] = _read(path[-1], target)
        return row

    def _attributes(self, kind: ObjectType, record: Values) -> dict[str, str]:
        url = f"/services/data/v{self._version}/sobjects/{kind.name}/{record['Id']}"
        return {"type": kind.name, "url": url}

    def _accepts(self, source: ObjectType, where: Condition | None) -> Callable[[Values], bool]:
        if where is None:
            return lambda _: True
        if isinstance(where, Group):
            members = [self._accepts(source, each) for each in where.members]
            if where.operator == "NOT":
                return lambda record: not members[0](record)
            joined = all if where.operator == "AND" else any
            return lambda record: joined(member(record) for member in members)
        path = self._path(source, where.field)
        test = _tested(where, path[-1])
        return lambda record: test(self._value(record, path))

    def _sorted(self, source: ObjectType, found: list[Values], order: Iterable[Order]) -> list[Values]:
        keys = [(self._path(source, each.field), each) for each in order]

        def compared(left: Values, right: Values) -> int:
            for path, by in keys:
                one, other = (self._value(each, path) for each in (left, right))
                if one == other:
                    continue
                if one is None or other is None:
                    return (1 if one is None else -1) * (1 if by.nulls_last else -1)
                return (-1 if one < other else 1) * (-1 if by.descending else 1)
            return 0

        return sorted(found, key=cmp_to_key(compared)) if keys else found


def _read(field: FieldType, record: Values) -> Any:  # noqa: ANN401 - JSON
    if field.type != "address":
        return record.get(field.name)
    prefix = field.name.removesuffix("Address")
    parts = {name: record.get(prefix + part) for name, part in _ADDRESS_PARTS.items()}
    return parts if any(parts.values()) else None


def _tested(test: Test, field: FieldType) -> Callable[[Any], bool]:
    """Return the comparison of one field: texts in whatever case, ids in both their lengths."""
    wanted = test.value
    if test.operator in ("IN", "NOT IN"):
        among = {_comparable(field, each) for each in wanted}
        return lambda value: (_comparable(field, value) in among) == (test.operator == "IN")
    if test.operator in ("INCLUDES", "EXCLUDES"):
        groups = [set(each.split(";")) for each in wanted]

        def includes(value: str | None) -> bool:
            chosen = set((value or "").split(";"))
            return any(group <= chosen for group in groups) == (test.operator == "INCLUDES")

        return includes
    if test.operator == "LIKE":
        pattern = re.escape(wanted).replace("%", ".*").replace("_", ".")
        like = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        return lambda value: value is not None and like.fullmatch(value) is not None
    right = _comparable(field, wanted)
    if test.operator in ("=", "!="):
        return lambda value: (_comparable(field, value) == right) == (test.operator == "=")
    compare = _COMPARISONS[test.operator]

    def compared(value: Any) -> bool:  # noqa: ANN401 - a stored value
        return value is not None and right is not None and compare(_comparable(field, value), right)

    return compared


def _comparable(field: FieldType, value: Any) -> Any:  # noqa: ANN401 - a stored value
    if not isinstance(value, str):
        return value
    if field.type in ("id", "reference"):
        if not looks_like_id(value):
            raise Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
        return normal_id(value) or value
    return value if field.type in ("date", "datetime") else value.casefold()


def _no_column(name: str, at: ObjectType) -> Refused:
    message = (
        f"No such column '{name}' on entity '{at.name}'. If you are attempting to use a custom field, be"
        " sure to append the '__c' after the custom field name."
    )
    return Refused("INVALID_FIELD", message)
