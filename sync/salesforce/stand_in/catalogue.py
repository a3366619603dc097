"""The objects that the stand-in knows, as their files in objects/ declare them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

ID_LENGTH = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """One field of an object. `write` says when it may be given: `any`, `create`, `update` or `none`."""

    name: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    write: str = "any"
    required: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    external_id: bool = False
    unique: bool = False
    id_lookup: bool = False
    auto_number: bool = False
    calculated: bool = False
    owner: bool = False
    to: str | None = None
    compound: str | None = None

    @property
    def createable(self) -> bool:
        return self.write in ("any", "create")

    @property
    def updateable(self) -> bool:
        return self.write in ("any", "update")

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def label(self) -> str:
        """The name in words, as a message shows it."""
        return self.name.removesuffix("__c").replace("_", " ")

    @property
    def relationship(self) -> str | None:
        """What a query calls the record that this field points at."""
        if self.to is None:
            return None
        return self.name[:-1] + "r" if self.custom else self.name.removesuffix("Id")


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object, with its fields by name; a name is found in whatever case it is written."""

    name: str
    label: str
    key_prefix: str
    writable: bool
    fields: Mapping[str, FieldType]

    @property
    def external_ids(self) -> tuple[FieldType, ...]:
        """The fields that another system names records by."""
        return _external_ids(self.name)

    def named(self, name: str) -> FieldType | None:
        """Return the field of this name, or None."""
        return self.fields.get(name) or _folded(self.name).get(name.lower())

    def related(self, relationship: str) -> FieldType | None:
        """Return the field that points at what a query calls so, or None."""
        found = (f for f in self.fields.values() if (f.relationship or "").lower() == relationship.lower())
        return next(found, None)


_SYSTEM = (
    FieldType(name="Id", type="id", length=ID_LENGTH, write="none", id_lookup=True),
    FieldType(name="IsDeleted", type="boolean", write="none"),
    FieldType(name="CreatedDate", type="datetime", write="none"),
    FieldType(name="CreatedById", type="reference", to="User", length=ID_LENGTH, write="none"),
    FieldType(name="LastModifiedDate", type="datetime", write="none"),
    FieldType(name="LastModifiedById", type="reference", to="User", length=ID_LENGTH, write="none"),
    FieldType(name="SystemModstamp", type="datetime", write="none"),
)
SYSTEM_FIELDS = frozenset(field.name for field in _SYSTEM)


@cache
def objects() -> Mapping[str, ObjectType]:
    """Return every object by its name."""
    folder = files(__package__) / "objects"
    found = (
        _read(entry.name.removesuffix(".toml"), tomllib.loads(entry.read_text("utf-8")))
        for entry in sorted(folder.iterdir(), key=lambda each: each.name)
        if entry.name.endswith(".toml")
    )
    return MappingProxyType({each.name: each for each in found})


@cache
def _folded(name: str) -> Mapping[str, FieldType]:
    return {field.name.lower(): field for field in objects()[name].fields.values()}


@cache
def _external_ids(name: str) -> tuple[FieldType, ...]:
    return tuple(field for field in objects()[name].fields.values() if field.external_id)


def _read(name: str, said: Mapping[str, Any]) -> ObjectType:
    own = (_field(field, dict(of)) for field, of in said["fields"].items())
    fields = {field.name: field for field in (*_SYSTEM, *own)}
    return ObjectType(name, said["label"], said["key_prefix"], said.get("writable", True), fields)


def _field(name: str, said: dict[str, Any]) -> FieldType:
    if said["type"] == "reference":
        said["length"] = ID_LENGTH
    return FieldType(name=name, **said | {"values": tuple(said.get("values", ()))})
