"""The records of the stand-in, in memory, with the indexes that upserts and lookups need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from string import ascii_uppercase, digits
from typing import Any

from domain.error import DomainError
from domain.identity import salesforce_id
from sync.salesforce.stand_in.catalogue import FieldType, ObjectType, objects

Values = dict[str, Any]
_DIGITS = digits + ascii_uppercase
_NUMBER_LENGTH = 9
_ID_LENGTHS = (15, 18)


class Store:
    """Records by object and 18-character id; a failed transaction leaves no trace."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Values]] = {name: {} for name in objects()}
        self._index: dict[tuple[str, str], dict[str, set[str]]] = {
            (name, field): {} for name in objects() for field in _indexes(name)
        }
        self._made = 0
        self._undo: list[Callable[[], object]] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The objects that there are records of."""
        return frozenset(self._records)

    def new_id(self, object_type: ObjectType) -> str:
        """Return an id that no record has."""
        self._made += 1
        number, text = self._made, ""
        for _ in range(_NUMBER_LENGTH):
            number, digit = divmod(number, len(_DIGITS))
            text = _DIGITS[digit] + text
        return salesforce_id(f"{object_type.key_prefix}Sg0{text}")

    def next_number(self) -> str:
        """Return what a field that numbers records gives to the record whose id was made last."""
        return f"{self._made:08d}"

    def get(self, object_name: str, record_id: str) -> Values | None:
        """Return a record by its id of 18 characters; deleted ones are there too."""
        return self._records.get(object_name, {}).get(record_id)

    def all(self, object_name: str) -> Iterator[Values]:
        """Return the records of an object in the order in which they were made."""
        return iter(self._records[object_name].values())

    def having(self, object_name: str, field: FieldType, value: object) -> list[Values]:
        """Return the records, deleted ones aside, whose indexed field has the value, in whatever case."""
        found = self._index[object_name, field.name].get(_key(value), ())
        live = (self._records[object_name][each] for each in sorted(found))
        return [record for record in live if not record["IsDeleted"]]

    def put(self, object_type: ObjectType, values: Values) -> None:
        """Save a record as it now is, under its `Id`."""
        records, record_id = self._records[object_type.name], values["Id"]
        before = records.get(record_id)
        self._reindex(object_type.name, before, values)
        records[record_id] = values
        if self._undo is not None:
            self._undo.append(lambda: self._put_back(object_type.name, record_id, before, values))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo every change within where it ends with an error; one within another is part of it."""
        outer = self._undo
        self._undo = []
        try:
            yield
        except BaseException:
            for step in reversed(self._undo):
                step()
            self._undo = outer
            raise
        done, self._undo = self._undo, outer
        if outer is not None:
            outer.extend(done)

    def _put_back(self, name: str, record_id: str, before: Values | None, after: Values) -> None:
        self._reindex(name, after, before)
        if before is None:
            del self._records[name][record_id]
        else:
            self._records[name][record_id] = before

    def _reindex(self, name: str, before: Values | None, after: Values | None) -> None:
        for field in _indexes(name):
            known, wanted = ((each or {}).get(field) for each in (before, after))
            if known == wanted:
                continue
            index = self._index[name, field]
            if before and known is not None:
                index[_key(known)].discard(before["Id"])
            if after and wanted is not None:
                index.setdefault(_key(wanted), set()).add(after["Id"])


@cache
def _indexes(name: str) -> tuple[str, ...]:
    return tuple(field.name for field in objects()[name].fields.values() if _indexed(field))


def _indexed(field: FieldType) -> bool:
    return field.name != "Id" and (
        field.external_id or field.unique or field.id_lookup or field.to is not None
    )


def _key(value: object) -> str:
    return str(value).casefold()


def normal_id(text: str, object_type: ObjectType | None = None) -> str | None:
    """Return the 18 characters of an id of the object, or None where the text is no such id."""
    return _normal_id(text, object_type.key_prefix if object_type else "")


@lru_cache(maxsize=100_000)
def _normal_id(text: str, prefix: str) -> str | None:
    try:
        return salesforce_id(text, prefix)
    except DomainError:
        return None


def looks_like_id(text: str) -> bool:
    """Return whether a text has the form of an id."""
    return len(text) in _ID_LENGTHS and text.isalnum()


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields whose values differ."""
    return [name for name in after if after[name] != before.get(name)]
