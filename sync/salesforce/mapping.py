"""Where each declared field lives in Salesforce: read from the declarations, and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from domain.field import ENTITIES, DeclaredField, Entity, Kind, fields_of

EXTERNAL_IDS: Final[Mapping[str, str]] = MappingProxyType({"Contract": "Contract_Graph_Id__c"})
"""The field by which an object's records carry our id; others are known by their Salesforce id alone."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A declared field and its place in Salesforce: `object` and `name`, as in Contract.StartDate.

    `via` is the reference that leads there, where the record is another one than the field's own: the total
    value of a contract is the amount of its opportunity.
    """

    declared: DeclaredField
    object: str
    name: str
    via: DeclaredField | None = None

    @property
    def is_id(self) -> bool:
        """Whether the value is an id of Salesforce, whose standard names end so."""
        return self.declared.kind is Kind.REFERENCE or self.name.endswith("Id")


class NowhereToGo(TypeError):
    """A field is declared to live in an object that no reference of its entity leads to."""


def object_of(entity: type[Entity]) -> str | None:
    """Return the object that the records of an entity are, or None where Salesforce has none of them."""
    return _object_of(entity.__name__)


@cache
def _object_of(entity: str) -> str | None:
    named = (each.field.salesforce for each in fields_of(ENTITIES[entity]))
    counted = Counter(name.partition(".")[0] for name in named if name)
    return counted.most_common(1)[0][0] if counted else None


def mapped(entity: type[Entity]) -> Mapping[str, Mapped]:
    """Return the fields that live in Salesforce, by their Python names. Raises NowhereToGo."""
    return _mapped(entity.__name__)


@cache
def _mapped(entity: str) -> Mapping[str, Mapped]:
    declared = (each for each in fields_of(ENTITIES[entity]) if each.field.salesforce)
    return MappingProxyType({each.name: _place(each) for each in declared})


def mapped_back(object_name: str) -> Mapping[str, Mapped]:
    """Return, by Salesforce's names, the fields that the records of an object are themselves."""
    return _mapped_back(object_name)


@cache
def _mapped_back(object_name: str) -> Mapping[str, Mapped]:
    own = (name for name in ENTITIES if _object_of(name) == object_name)
    return MappingProxyType(
        {each.name: each for name in own for each in _mapped(name).values() if each.via is None}
    )


def _place(declared: DeclaredField) -> Mapped:
    home, _, name = (declared.field.salesforce or "").partition(".")
    if home == _object_of(declared.entity):
        return Mapped(declared, home, name)
    references = (each for each in fields_of(ENTITIES[declared.entity]) if each.kind is Kind.REFERENCE)
    via = next((each for each in references if _object_of(each.target) == home), None)
    if via is None:
        raise NowhereToGo(
            f"{declared.coordinate} lives in {home}, and no reference of its entity leads there"
        )
    return Mapped(declared, home, name, via)
