"""How one fact of the contract graph is declared: said once, and read by every other floor."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, dataclass_transform, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.mask import MaskKind
from domain.money import Money
from domain.term import Period


class System(StrEnum):
    """A system that can own a field: the only one whose claims about it are accepted."""

    CLM = "CLM"
    SALESFORCE = "SALESFORCE"
    HERE = "HERE"
    DERIVED = "DERIVED"


CLM, SALESFORCE, HERE, DERIVED = System.CLM, System.SALESFORCE, System.HERE, System.DERIVED


@dataclass(frozen=True, slots=True)
class UNTIL_SIGNED:  # noqa: N801 - reads as a phrase where a field is declared
    """Ownership that changes hands at signature: `system` before it, `then` from EXECUTED on."""

    system: System
    then: System

    def __str__(self) -> str:
        return f"{self.system} until signed, then {self.then}"


Owner = System | UNTIL_SIGNED


class Audience(StrEnum):
    """Whom a field is for; the policy speaks of audiences, so a new field needs no new rule."""

    EVERYONE = "EVERYONE"
    SCHEDULE = "SCHEDULE"
    COMMERCIAL = "COMMERCIAL"
    LEGAL = "LEGAL"
    RISK = "RISK"
    EVIDENCE = "EVIDENCE"
    DELIVERY = "DELIVERY"
    PERSONAL = "PERSONAL"
    OVERSIGHT = "OVERSIGHT"
    ACCESS = "ACCESS"


EVERYONE, SCHEDULE, COMMERCIAL = Audience.EVERYONE, Audience.SCHEDULE, Audience.COMMERCIAL
LEGAL, RISK, EVIDENCE = Audience.LEGAL, Audience.RISK, Audience.EVIDENCE
DELIVERY, PERSONAL, OVERSIGHT = Audience.DELIVERY, Audience.PERSONAL, Audience.OVERSIGHT
ACCESS = Audience.ACCESS


@dataclass(frozen=True, slots=True)
class Field:
    """What is said once about a field.

    `to` names the entity that a UUID field points at; `part` says that the row lives and dies with it.
    `key` makes a value unique within the org, `search` puts it under the text filter, `indexed` under an
    index. `rule` computes a DERIVED field: its parameters are names of sibling fields, and a parameter
    `today` means that the value is computed when it is read. `named_by` says that the value is that of the
    contract's field which a sibling names: it is shown only with that field. `mask` is how it is made coarse
    where its type does not say.

    Who reaches a record is said where it points at others: `owns` makes it the record of the user it points
    at, `via` the record of whoever holds the one it points at (a `part` always is), and `joins` makes the
    user one of the team of the record that this one is a part of. `shared` stands at the Salesforce id of
    a record of which Salesforce is asked who may read it.
    """

    meaning: str
    owner: Owner
    audience: Audience
    salesforce: str | None = None
    to: str | None = None
    part: bool = False
    key: bool = False
    search: bool = False
    indexed: bool = False
    rule: Callable[..., Any] | None = None
    named_by: str | None = None
    mask: MaskKind | None = None
    owns: bool = False
    via: bool = False
    joins: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        if not self.meaning.strip():
            raise DeclarationError("a field needs a meaning")
        if self.rule and self.owner is not DERIVED:
            raise DeclarationError(f"a field with a rule is owned by DERIVED, not by {self.owner}")
        if (self.owns or self.joins) and self.to != "User":
            raise DeclarationError("only a user can own a record or join its team")
        if self.via and self.to is None:
            raise DeclarationError("a record is reached via another one: say which by `to`")
        if self.shared and not (self.key and self.salesforce):
            raise DeclarationError("Salesforce is asked about a record by a key of its own: say `key=True`")


class DeclarationError(TypeError):
    """An entity is declared in a way that the other floors could not read."""


class Kind(StrEnum):
    """How a declared field is carried: in a column, in two, as a reference, or as rows of another table."""

    SCALAR = "scalar"
    MONEY = "money"
    REFERENCE = "reference"
    LIST = "list"


SCALARS = (str, bool, int, Decimal, date, datetime, Period, UUID)


@dataclass(frozen=True)
class DeclaredField:
    """A field as the other floors see it: its declaration with its resolved type.

    What follows from these is worked out once: planning asks for it many times.
    """

    entity: str
    name: str
    type: type
    optional: bool
    kind: Kind
    field: Field

    @cached_property
    def graph_name(self) -> str:
        """The name in GraphQL: camelCase, and a reference without its `_id`."""
        name = self.name.removesuffix("_id") if self.kind is Kind.REFERENCE else self.name
        head, *tail = name.split("_")
        return head + "".join(part.capitalize() for part in tail)

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """The names that a line of history may call it by: that in GraphQL, and what imports may have."""
        return tuple(dict.fromkeys((self.graph_name, self.name)))

    @cached_property
    def coordinate(self) -> str:
        """The name in policies, errors and docs, such as `Contract.totalValue`."""
        return f"{self.entity}.{self.graph_name}"

    @property
    def meaning(self) -> str:
        """The meaning as readers are told it, with what the declaration adds to it."""
        if self.field.named_by is None:
            return self.field.meaning
        return f"{self.field.meaning} Shown only where the field that `{self.field.named_by}` names is shown."

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The parameters of the rule of a derived field."""
        return tuple(inspect.signature(self.field.rule).parameters) if self.field.rule else ()

    @property
    def sealed(self) -> bool:
        """Whether the value is stored encrypted: every field for PERSONAL is."""
        return self.field.audience is Audience.PERSONAL

    @cached_property
    def live(self) -> bool:
        """Whether the value depends on today, so that it is computed when read and never stored."""
        return "today" in self.inputs

    @property
    def target(self) -> str:
        """The entity at the other end of a reference or list."""
        if self.kind is Kind.LIST:
            return self.type.__name__
        if self.field.to is None:
            raise DeclarationError(f"{self.coordinate} points at no entity")
        return self.field.to


ENTITIES: dict[str, type[Entity]] = {}
T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def entity(cls: type[T]) -> type[T]:
    """Register a class of the graph as a frozen, keyword-only dataclass whose every field is declared."""
    made = dataclass(frozen=True, kw_only=True)(cls)
    if not (cls.__doc__ or "").strip() or cls.__name__ in ENTITIES:
        raise DeclarationError(f"{cls.__name__} needs a docstring and a name of its own")
    if issubclass(made, Entity):
        ENTITIES[made.__name__] = made
    return made


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What every record of the graph has."""

    id: Annotated[UUID, Field("Identity in the contract graph, the same in every system.", HERE, EVERYONE)]
    source_key: Annotated[
        str | None,
        Field("Name of the record in the system that it was read from.", HERE, OVERSIGHT, key=True),
    ] = None


def fields_of(entity: type[Entity]) -> tuple[DeclaredField, ...]:
    """Return the declared fields in the order of their declaration."""
    return _fields_of(entity.__name__)


@cache
def _fields_of(name: str) -> tuple[DeclaredField, ...]:
    entity = ENTITIES[name]
    hints = _hints(entity)
    declared = tuple(_declared(name, f.name, hints[f.name], f.default) for f in fields(entity))
    sealed = {each.name for each in declared if each.sealed}
    for each in declared:
        if sealed.intersection(each.inputs):
            raise DeclarationError(f"{each.coordinate} would tell in clear what is stored encrypted")
    return declared


def sealed_fields(entity: type[Entity]) -> tuple[DeclaredField, ...]:
    """Return the fields whose values are stored encrypted."""
    return tuple(declared for declared in fields_of(entity) if declared.sealed)


def _hints(entity: type[Entity]) -> dict[str, Any]:
    """Resolve the annotations of an entity. Raises DeclarationError, which names the field at fault."""
    try:
        return get_type_hints(entity, localns=dict(ENTITIES), include_extras=True)
    except TypeError:
        for name, annotation in entity.__annotations__.items():
            alone = type(entity.__name__, (), {"__annotations__": {name: annotation}})
            alone.__module__ = entity.__module__
            try:
                get_type_hints(alone, localns=dict(ENTITIES), include_extras=True)
            except TypeError as error:
                raise DeclarationError(f"{entity.__name__}.{name}: {error}") from error
        raise


@cache
def field_named(entity: str, name: str) -> DeclaredField:
    """Return one declared field by its Python name."""
    for declared in fields_of(ENTITIES[entity]):
        if declared.name == name:
            return declared
    raise DeclarationError(f"{entity} has no field {name}")


@cache
def graph_field(entity: str, graph_name: str) -> DeclaredField:
    """Return one declared field by its name in GraphQL."""
    for declared in fields_of(ENTITIES[entity]):
        if declared.graph_name == graph_name:
            return declared
    raise DeclarationError(f"{entity} has no field {graph_name}")


@cache
def field_called(entity: str, name: str) -> DeclaredField:
    """Return one declared field by a name that a line of history may have for it."""
    for declared in fields_of(ENTITIES[entity]):
        if name in declared.spellings:
            return declared
    raise DeclarationError(f"{entity} has no field {name}")


@cache
def back_reference(parent: str, child: str) -> DeclaredField:
    """Return the field of `child` that points at `parent`: what a list of children is found by."""
    found = [f for f in fields_of(ENTITIES[child]) if f.kind is Kind.REFERENCE and f.field.to == parent]
    owning = [f for f in found if f.field.part] or found
    if len(owning) != 1:
        raise DeclarationError(f"{child} points at {parent} by {len(owning)} fields; a list needs one")
    return owning[0]


def derive(record: Entity, today: date) -> Mapping[str, Any]:
    """Return the values of the record's derived fields, computed from its own values."""
    asked, ruled = _rules_of(type(record).__name__)
    known = {name: getattr(record, name) for name in asked} | {"today": today}
    for name, rule, inputs in ruled:
        known[name] = rule(**{each: known[each] for each in inputs})
    return {name: known[name] for name, _, _ in ruled}


@cache
def _rules_of(
    entity: str,
) -> tuple[frozenset[str], tuple[tuple[str, Callable[..., Any], tuple[str, ...]], ...]]:
    """Return the fields that an entity's rules ask for, and each rule with what it is of and asks for."""
    declared = _fields_of(entity)
    ruled = tuple((each.name, each.field.rule, each.inputs) for each in declared if each.field.rule)
    asked = {name for _, _, inputs in ruled for name in inputs}
    return frozenset(asked.intersection(each.name for each in declared)), ruled


def _declared(entity: str, name: str, hint: Any, default: Any) -> DeclaredField:  # noqa: ANN401 - a type form
    plain, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    declarations = [note for note in notes if isinstance(note, Field)]
    if len(declarations) != 1:
        raise DeclarationError(f"{entity}.{name} must be declared by exactly one Field")
    optional = get_origin(plain) in (Union, UnionType)
    if optional:
        plain = next(arg for arg in get_args(plain) if arg is not NoneType)
        if default is MISSING:
            raise DeclarationError(f"{entity}.{name} may be absent, so it needs the default None")
    kind, type_ = _kind(f"{entity}.{name}", plain, declarations[0])
    declared = DeclaredField(entity, name, type_, optional, kind, declarations[0])
    if declared.sealed:
        _check_sealed(declared)
    return declared


def _check_sealed(declared: DeclaredField) -> None:
    """Refuse what encryption would break, or what would tell the value elsewhere."""
    field = declared.field
    if declared.kind is not Kind.SCALAR or declared.type is not str:
        raise DeclarationError(f"{declared.coordinate} is for PERSONAL, so it must be a text")
    if field.key or field.search or field.indexed or field.rule or field.named_by:
        raise DeclarationError(
            f"{declared.coordinate} is for PERSONAL, so it is stored encrypted:"
            " it cannot be a key, searched, indexed, computed or named by another"
        )


def _kind(where: str, plain: Any, field: Field) -> tuple[Kind, type]:  # noqa: ANN401 - a type form
    if get_origin(plain) is tuple:
        return Kind.LIST, get_args(plain)[0]
    if field.to is not None:
        if plain is not UUID or not where.endswith("_id"):
            raise DeclarationError(f"{where} points at {field.to}: it must be a UUID whose name ends in _id")
        return Kind.REFERENCE, UUID
    if plain is Money:
        return Kind.MONEY, Money
    if plain in SCALARS or issubclass(plain, StrEnum):
        return Kind.SCALAR, plain
    raise DeclarationError(f"{where} has the type {plain!r}, which no table or schema knows")
