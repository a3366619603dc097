"""A change event, read: whose change, of which records, and the values of the fields that it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import orjson

from sync.salesforce.changes.bitmap import named, parts_of

OVERFLOW: Final = "GAP_OVERFLOW"
GAP: Final = "GAP_"
_HEADER = "ChangeEventHeader"
_CREATES = frozenset({"CREATE", "UNDELETE"})
_OWN_PARTS = "Address"


@dataclass(frozen=True, slots=True)
class Schema:
    """An Avro schema: as it was said, and as it decodes."""

    said: Mapping[str, Any]
    parsed: Any

    @classmethod
    def read(cls, text: str) -> Schema:
        """Read the JSON of a schema. Raises ValueError or an error of fastavro."""
        # Only here and in `read_event`: whoever has no Salesforce does not pay for it.
        from fastavro import parse_schema  # noqa: PLC0415

        said = orjson.loads(text)
        return cls(said, parse_schema(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """What happened to records in one transaction.

    `values` has the changed fields by Salesforce's names, the parts of an address by the names that they
    are written by; None is "cleared". Of fields in `partly` the event does not tell the whole value; `told`
    are all that its schema has, so that the others are known never to be told. `at` is in milliseconds
    since 1970, and `number` orders the commits of one.
    """

    id: str
    object: str
    kind: str
    records: Sequence[str]
    at: int
    number: int
    user: str
    origin: str
    values: Mapping[str, Any] = field(repr=False)
    partly: frozenset[str]
    told: frozenset[str]

    @property
    def creates(self) -> bool:
        """Whether it tells a whole record."""
        return self.kind in _CREATES


def read_event(event_id: str, payload: bytes, schema: Schema) -> ChangeEvent:
    """Read the payload of an event. Raises NoBitmap, KeyError, or an error of fastavro."""
    from fastavro import schemaless_reader  # noqa: PLC0415 - as in Schema.read

    said: Any = schemaless_reader(BytesIO(payload), schema.parsed, None)
    header = said[_HEADER]
    fields = {each["name"]: each for each in schema.said["fields"] if each["name"] != _HEADER}
    values: dict[str, Any] = {}
    partly: set[str] = set()
    if header["changeType"] in _CREATES:
        for name, declared in fields.items():
            _take(name, tuple(part["name"] for part in parts_of(declared)), said[name], values, partly)
    elif header["changeType"] == "UPDATE":
        nulled = set(named(header["nulledFields"], schema.said))
        for path in named([*header["changedFields"], *header["nulledFields"]], schema.said):
            name, parts = path[0], path[1:]
            value = None if path in nulled else said[name]
            _take(name, parts, value, values, partly)
        # A difference needs the text before it, to the letter: the whole is asked for instead.
        diffs = {path[0] for path in named(header["diffFields"], schema.said)}
        partly |= diffs
        values = {name: value for name, value in values.items() if name not in diffs}
    told = {name for name, declared in fields.items() if not parts_of(declared)}
    for name, declared in fields.items():
        told |= {_written(name, part["name"]) for part in parts_of(declared)}
    return ChangeEvent(
        id=event_id, object=header["entityName"], kind=header["changeType"],
        records=tuple(header["recordIds"]), at=header["commitTimestamp"], number=header["commitNumber"],
        user=header["commitUser"], origin=header["changeOrigin"], values=values,
        partly=frozenset(partly), told=frozenset(told),
    )  # fmt: skip


def _take(
    name: str,
    parts: Sequence[str],
    value: Any,  # noqa: ANN401 - Avro
    values: dict[str, Any],
    partly: set[str],
) -> None:
    """Take the value of a field, of a compound one those of some parts."""
    if not name.endswith(_OWN_PARTS) or not parts:
        if parts or isinstance(value, dict):
            partly.add(name)  # a name: its parts that did not change are not told
        else:
            values[name] = value
        return
    for part in parts:
        values[_written(name, part)] = (value or {}).get(part)


def _written(name: str, part: str) -> str:
    return name.removesuffix(_OWN_PARTS) + part if name.endswith(_OWN_PARTS) else name
