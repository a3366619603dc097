"""What an org says of its objects, as far as a write has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PICKLISTS = ("picklist", "multipicklist")
NUMBERS = ("currency", "double", "percent", "int")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """One field as the org lets our user have it; `values` are the active choices of a picklist."""

    name: str
    label: str
    type: str
    createable: bool
    updateable: bool
    nillable: bool
    calculated: bool
    auto_number: bool
    external_id: bool
    restricted: bool
    length: int
    precision: int
    scale: int
    digits: int
    values: tuple[str, ...]
    reference_to: tuple[str, ...]
    compound: str | None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> FieldDescription:
        """Read one field of a `describe`. Raises KeyError."""
        choices = (each for each in said.get("picklistValues") or () if each.get("active", True))
        return cls(
            name=said["name"], label=said["label"], type=said["type"], createable=said["createable"],
            updateable=said["updateable"], nillable=said["nillable"], calculated=said["calculated"],
            auto_number=said["autoNumber"], external_id=said["externalId"],
            restricted=said["restrictedPicklist"], length=said["length"], precision=said["precision"],
            scale=said["scale"], digits=said["digits"], values=tuple(each["value"] for each in choices),
            reference_to=tuple(said.get("referenceTo") or ()), compound=said.get("compoundFieldName"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """One object, its fields by name, and the three characters that its ids begin with."""

    name: str
    key_prefix: str | None
    createable: bool
    updateable: bool
    fields: Mapping[str, FieldDescription]

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> ObjectDescription:
        """Read a `describe`. Raises KeyError."""
        fields = (FieldDescription.read(each) for each in said["fields"])
        return cls(
            said["name"], said.get("keyPrefix"), said["createable"], said["updateable"],
            {field.name: field for field in fields},
        )  # fmt: skip
