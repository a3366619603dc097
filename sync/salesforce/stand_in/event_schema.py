"""The Avro schema of an object's change events, and the bitmaps that name its fields (salesforce.md 5.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from fastavro import parse_schema

from sync.salesforce.stand_in import moments
from sync.salesforce.stand_in.catalogue import FieldType, ObjectType, objects

HEADER: Final = "ChangeEventHeader"
_NEVER: Final = frozenset({"Id", "IsDeleted", "SystemModstamp"})
_DERIVED: Final = frozenset(
    {"ForecastCategory", "HasOpportunityLineItem", "IsClosed", "IsWon", "ProductCode", "StatusCode"}
)
_TYPES: Final[Mapping[str, str]] = {
    "boolean": "boolean", "currency": "double", "double": "double", "percent": "double", "int": "int",
    "date": "long", "datetime": "long",
}  # fmt: skip
_KINDS: Final = ("CREATE", "UPDATE", "DELETE", "UNDELETE")
_CHANGES: Final = [*_KINDS, *(f"GAP_{kind}" for kind in _KINDS), "GAP_OVERFLOW", "SNAPSHOT"]


@dataclass(frozen=True, slots=True)
class EventSchema:
    """What the events of one object look like; `tree` has the parts of each field, none of a simple one."""

    id: str
    json: str
    parsed: Any
    tree: Mapping[str, Mapping[str, FieldType]]

    def bitmaps(self, changed: Collection[str]) -> list[str]:
        """Return what names fields by their places: the plain ones together, then each compound one's."""
        places = {name: place for place, name in enumerate((HEADER, *self.tree))}
        plain = _bits(places[name] for name, parts in self.tree.items() if not parts and name in changed)
        found = [f"0x{plain:X}"] if plain else []
        for name, parts in self.tree.items():
            nested = _bits(place for place, part in enumerate(parts.values()) if part.name in changed)
            if nested:
                found.append(f"{places[name]}-0x{nested:02X}")
        return found

    def values(self, record: Mapping[str, Any], wanted: Collection[str]) -> dict[str, Any]:
        """Return the fields of an event: those that are wanted of a record, and null for all others."""
        own = objects()[self.entity].fields
        return {
            name: (_nested(parts, record, wanted) if parts else _value(own[name], record, wanted))
            for name, parts in self.tree.items()
        }

    @property
    def entity(self) -> str:
        """The object whose changes these are."""
        return str(orjson.loads(self.json)["name"]).removesuffix("ChangeEvent")


@cache
def schema_of(name: str) -> EventSchema:
    """Return the schema of an object's change events."""
    object_type = objects()[name]
    tree = _tree(object_type)
    fields: list[dict[str, Any]] = [{"name": HEADER, "type": _header()}]
    for field, parts in tree.items():
        type_ = _record(field, parts) if parts else _simple(object_type.fields[field])
        fields.append({"name": field, "type": ["null", type_], "default": None})
    said = {
        "type": "record", "name": f"{name}ChangeEvent", "namespace": "com.sforce.eventbus", "fields": fields,
    }  # fmt: skip
    text = orjson.dumps(said).decode()
    return EventSchema(hashlib.sha256(text.encode()).hexdigest()[:22], text, parse_schema(said), tree)


@cache
def told_fields(name: str) -> frozenset[str]:
    """Return the fields of an object that its events tell of."""
    tree = schema_of(name).tree
    own = (field for field, parts in tree.items() if not parts)
    return frozenset([*own, *(part.name for parts in tree.values() for part in parts.values())])


def _tree(object_type: ObjectType) -> dict[str, dict[str, FieldType]]:
    tree: dict[str, dict[str, FieldType]] = {}
    for field in object_type.fields.values():
        if field.name in _NEVER | _DERIVED:
            continue
        if field.compound:
            part = field.name.removeprefix(field.compound.removesuffix("Address"))
            tree.setdefault(field.compound, {})[part] = field
        else:
            tree.setdefault(field.name, {})
    return tree


def _header() -> dict[str, Any]:
    texts = [(name, "string") for name in ("entityName", "changeOrigin", "transactionKey", "commitUser")]
    numbers = [("sequenceNumber", "int"), ("commitTimestamp", "long"), ("commitNumber", "long")]
    listed = {"type": "array", "items": "string"}
    lists = [(name, listed) for name in ("recordIds", "nulledFields", "diffFields", "changedFields")]
    kind = {"type": "enum", "name": "ChangeType", "symbols": _CHANGES}
    fields = [*texts, *numbers, *lists, ("changeType", kind)]
    return {
        "type": "record", "name": HEADER, "fields": [{"name": name, "type": of} for name, of in fields],
    }  # fmt: skip


def _record(name: str, parts: Mapping[str, FieldType]) -> dict[str, Any]:
    fields = [
        {"name": part, "type": ["null", _simple(field)], "default": None} for part, field in parts.items()
    ]
    return {"type": "record", "name": f"Switchable_{name}", "fields": fields}


def _simple(field: FieldType) -> str:
    return _TYPES.get(field.type, "string")


def _bits(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


def _nested(
    parts: Mapping[str, FieldType], record: Mapping[str, Any], wanted: Collection[str]
) -> dict[str, Any] | None:
    if not any(field.name in wanted for field in parts.values()):
        return None
    return {part: _value(field, record, wanted) for part, field in parts.items()}


def _value(field: FieldType, record: Mapping[str, Any], wanted: Collection[str]) -> Any:  # noqa: ANN401 - Avro
    value = record.get(field.name)
    if value is None or field.name not in wanted:
        return None
    if field.type == "date":
        return int(moments.read(f"{value}T00:00:00+00:00").timestamp()) * 1000
    if field.type == "datetime":
        return int(moments.read(value).timestamp()) * 1000
    if _simple(field) == "double":
        return float(value)
    return value if _simple(field) in ("boolean", "int") else str(value)
