"""Tables, columns and constraints, derived from what domain/ declares."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.graph import ENTITIES
from domain.term import PERIOD_PATTERN, Period

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

COLUMN_TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    str: sa.Text(),
    bool: sa.Boolean(),
    int: sa.Integer(),
    Decimal: sa.Numeric(),
    date: sa.Date(),
    datetime: sa.DateTime(timezone=True),
    Period: sa.Text(),
    UUID: sa.Uuid(),
}

SEALED_PATTERN = "^v1[.][0-9a-f]{32}[.][A-Za-z0-9_-]{16}[.][A-Za-z0-9_-]{22,}$"
"""The text of an encrypted value: `v1.kid.nonce.ciphertext`, the kid a UUID in hex, the rest base64url."""

org = sa.Table(
    "org",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("salesforce_org_id", sa.Text(), unique=True),
)


def table_of(entity: str) -> sa.Table:
    """Return the table that holds an entity."""
    return metadata.tables[table_name(entity)]


@cache
def table_name(entity: str) -> str:
    """Return snake_case of an entity's name: ContractParty lies in contract_party."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", entity).lower()


def is_stored(declared: DeclaredField) -> bool:
    """Whether a field has columns of its own: lists lie in other tables, live fields nowhere."""
    return declared.kind is not Kind.LIST and not declared.live


def column_names(declared: DeclaredField) -> tuple[str, ...]:
    """Return the columns that hold a field: two for money, three for what is encrypted, else one."""
    if declared.kind is Kind.MONEY:
        return f"{declared.name}_amount", f"{declared.name}_currency"
    if declared.sealed:
        return declared.name, index_name(declared), clear_name(declared)
    return (declared.name,)


def index_name(declared: DeclaredField) -> str:
    """Return the column by which an encrypted value is found: equal for equal values, and tells nothing."""
    return f"{declared.name}_index"


def clear_name(declared: DeclaredField) -> str:
    """Return the column with the part of an encrypted value that a mask shows."""
    return f"{declared.name}_clear"


def column_type(declared: DeclaredField) -> sa.types.TypeEngine[Any]:
    """Return the SQL type of a scalar or reference field."""
    return COLUMN_TYPES[str if issubclass(declared.type, StrEnum) else declared.type]


def _columns(declared: DeclaredField) -> list[sa.Column[Any]]:
    if declared.kind is Kind.MONEY:
        amount, currency = column_names(declared)
        return [
            sa.Column(amount, sa.Numeric(), nullable=declared.optional, comment=declared.field.meaning),
            sa.Column(currency, sa.Text(), nullable=declared.optional),
        ]
    name, *beside = column_names(declared)
    return [
        sa.Column(name, column_type(declared), nullable=declared.optional, comment=declared.field.meaning),
        *(sa.Column(other, sa.Text(), nullable=declared.optional) for other in beside),
    ]


def _checks(declared: DeclaredField) -> list[sa.CheckConstraint]:
    name = declared.name
    if declared.kind is Kind.MONEY:
        amount, currency = column_names(declared)
        whole = f"({amount} IS NULL) = ({currency} IS NULL) AND {currency} ~ '^[A-Z]{{3}}$'"
        return [sa.CheckConstraint(whole, name=name)]
    if declared.sealed:
        # What is no ciphertext is refused by the database itself.
        whole = f"num_nulls({', '.join(column_names(declared))}) IN (0, 3) AND {name} ~ '{SEALED_PATTERN}'"
        return [sa.CheckConstraint(whole, name=name)]
    if issubclass(declared.type, StrEnum):
        values = ", ".join(f"'{member.value}'" for member in declared.type)
        return [sa.CheckConstraint(f"{name} IN ({values})", name=name)]
    if declared.type is Period:
        return [sa.CheckConstraint(f"{name} ~ '{PERIOD_PATTERN}'", name=name)]
    return []


def _constraints(declared: DeclaredField) -> list[sa.schema.SchemaItem]:
    items: list[sa.schema.SchemaItem] = [*_checks(declared)]
    columns = column_names(declared)
    if declared.kind is Kind.REFERENCE:
        there = table_name(declared.target)
        items.append(sa.ForeignKeyConstraint(("org_id", declared.name), (f"{there}.org_id", f"{there}.id")))
    if declared.sealed:
        items.append(sa.Index(None, "org_id", index_name(declared), "id"))
    elif declared.field.key:
        items.append(sa.UniqueConstraint("org_id", *columns))
    elif declared.kind is Kind.REFERENCE or declared.field.indexed:
        # Money is ordered by currency, then amount.
        items.append(sa.Index(None, "org_id", *reversed(columns), "id"))
    return items


def _build(entity: type[Entity]) -> sa.Table:
    stored = [declared for declared in fields_of(entity) if is_stored(declared)]
    return sa.Table(
        table_name(entity.__name__),
        metadata,
        sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
        *(column for declared in stored for column in _columns(declared)),
        sa.PrimaryKeyConstraint("org_id", "id"),
        *(item for declared in stored for item in _constraints(declared)),
        comment=(entity.__doc__ or "").strip(),
    )


for _entity in ENTITIES.values():
    _build(_entity)
