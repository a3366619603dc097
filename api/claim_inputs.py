"""GraphQL inputs of claims, derived from domain/: what a contract system may say of a contract."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from api.inputs import enum_type, input_type, lazy, listed
from api.mutations.command import KEY
from api.object_types import Required
from api.scalars import Duration
from domain.contract import Contract
from domain.field import ENTITIES, HERE, DeclaredField, Entity, Kind, back_reference, fields_of
from domain.term import Period
from storage.memo import memoized
from sync.clm.mapping_file import claimable, part_lists
from sync.clm.payload_map import needed_of

MOST_CONTRACTS: Final = 200
NAMED_BY: Final = "external_reference"
"""The field by which a contract is named: what names it cannot be claimed beside."""


@memoized
def claimed(entity: type[Entity]) -> tuple[DeclaredField, ...]:
    """Return the values that may be said of a contract, or of a part, which is said whole."""
    known = set(claimable(entity, whole=entity is not Contract).values())
    return tuple(each for each in fields_of(entity) if each in known and each.name != NAMED_BY)


@memoized
def claimed_lists(entity: type[Entity]) -> tuple[DeclaredField, ...]:
    """Return the lists of a contract, or of a part, whose records may be said."""
    if entity is Contract:
        known = set(part_lists().values())
        return tuple(each for each in fields_of(Contract) if each in known)
    lists = (each for each in fields_of(entity) if each.kind is Kind.LIST)
    return tuple(
        each
        for each in lists
        if each.field.owner is not HERE and back_reference(entity.__name__, each.target).field.part
    )


def fields_input(entity: str) -> str:
    """Name the input that holds what is said of a record."""
    return f"{entity}Fields"


def _form(declared: DeclaredField) -> Any:  # noqa: ANN401 - a type form
    match declared.kind:
        case Kind.MONEY:
            return lazy("MoneyInput")
        case Kind.REFERENCE:
            return str
        case Kind.LIST:
            return listed(lazy(fields_input(declared.target)))
    if issubclass(declared.type, StrEnum):
        return enum_type(declared.type)
    return Duration if declared.type is Period else declared.type


def _described(declared: DeclaredField) -> str:
    by = " Its Salesforce id, external reference or source key." if declared.kind is Kind.REFERENCE else ""
    return f"{declared.meaning}{by} Owner: {declared.field.owner}."


def _build(entity: type[Entity]) -> None:
    """Build the input of an entity and those of its parts."""
    name, is_part = entity.__name__, entity is not Contract
    needed = set(needed_of(entity)) if is_part else set()
    members: list[tuple[str, Any, str]] = []
    if is_part:
        members.append(
            ("sourceKey", Required(str), "Your own name for it, the same whenever you tell of it.")
        )
    for each in claimed(entity):
        form = _form(each)
        members.append((each.graph_name, Required(form) if each.name in needed else form, _described(each)))
    for each in claimed_lists(entity):
        members.append((each.graph_name, _form(each), _described(each)))
        _build(ENTITIES[each.target])
    told = (
        f"What is said of a {name}, as a whole: what is left out it does not have."
        if is_part
        else f"What is said of a {name}: what is left out stays as it is, and null says that there is none."
    )
    input_type(fields_input(name), told, members)


input_type(
    "MoneyInput",
    "An amount with its currency.",
    [
        ("amount", Required(Decimal), "Amount, with at most the decimals of its currency."),
        ("currency", Required(str), "ISO 4217 code."),
    ],
)
_build(Contract)
input_type(
    "ContractClaim",
    "What one event of a contract system says of one contract.",
    [
        ("externalReference", Required(str), "Identifier of the contract in the contract system."),
        (
            "event",
            Required(str),
            "The contract system's own id of the event: told again, it changes nothing.",
        ),
        ("claimedAt", datetime, "When it was so; now where unsaid. The later claim holds."),
        ("expectedVersion", int, "The contract's version as last read: at another, nothing is changed."),
        ("fields", Required(lazy(fields_input("Contract"))), "What is said."),
    ],
)
ClaimContractsInput = input_type(
    "ClaimContractsInput",
    "What a contract system says of contracts.",
    [
        ("idempotencyKey", Required(str), KEY),
        (
            "contracts",
            Required(listed(lazy("ContractClaim"))),
            f"From 1 to {MOST_CONTRACTS}, each decided by itself.",
        ),
    ],
)
