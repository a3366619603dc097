"""Encrypted values in SQL: what stands for one in the answer until it is opened, and its masked part."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON

from api.planner.reach_sql import Expression, Row
from domain.field import DeclaredField
from storage.tables import clear_name

SEALED = re.compile(rb'\t"((?:[^"\\]|\\.)*)"')
"""An encrypted value in the JSON of an answer: a tab, then a text of its field, its row and its ciphertext.

Between two members of JSON a tab is mere space, inside of a text it is written as \\\\t: so no value of
any source, whatever it says, makes a tab here.
"""

_TAB = sa.literal_column(r"E'\t'", sa.Text)


def sealed_value(field: DeclaredField, row: Row) -> Expression:
    """Write what SEALED finds: `Contact.email:ROW:CIPHERTEXT`; null where there is no value."""
    named = sa.literal_column(f"'{field.entity}.{field.name}:'", sa.Text)
    text = named + sa.cast(row.c.id, sa.Text) + sa.literal_column("':'", sa.Text) + row.c[field.name]
    return sa.cast(_TAB + sa.cast(sa.func.to_json(text), sa.Text), JSON)


def clear_part(field: DeclaredField, row: Row) -> Expression:
    """Write what a mask shows of an encrypted value; nothing is opened for it."""
    part: Expression = row.c[clear_name(field)]
    return part
