"""Cursors: where a row stands in an order, told by the values that it is ordered by, and nothing else."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.planner.plan import Order, Term
from domain.field import Kind

Expression = sa.ColumnElement[Any]

DIGEST_LENGTH = 8


def order_digest(order: Order) -> str:
    """Return the name of an order, by which its cursors are told from those of others."""
    terms = ",".join(
        f"{term.field.graph_name}:{'DESC' if term.descending else 'ASC'}" for term in order.terms
    )
    return hashlib.sha256(f"{order.entity}:{terms}".encode()).hexdigest()[:DIGEST_LENGTH]


def term_type(term: Term) -> type:
    """Return the type that decides how a term's value is written."""
    return str if term.field.kind is Kind.MONEY else term.field.type


def as_text(value: Expression, type_: type) -> Expression:
    """Write a value as it is written in JSON."""
    if type_ is datetime:
        return sa.func.to_json(value).op("#>>")(sa.literal_column("'{}'"))
    return sa.cast(value, sa.Text)


def cursor_of(order: Order, values: list[tuple[Expression, type]], identity: Expression) -> Expression:
    """Write the cursor of a row: base64url of a JSON array of the digest, the values and the id."""
    texts = [as_text(value, type_) for value, type_ in values]
    array = sa.func.json_build_array(
        sa.literal_column(f"'{order_digest(order)}'"), *texts, sa.cast(identity, sa.Text)
    )
    encoded = sa.func.encode(
        sa.func.convert_to(sa.cast(array, sa.Text), sa.literal_column("'UTF8'")),
        sa.literal_column("'base64'"),
    )
    url_safe = sa.func.translate(encoded, sa.literal_column("E'+/\\n'"), sa.literal_column("'-_'"))
    return sa.func.rtrim(url_safe, sa.literal_column("'='"), type_=sa.Text())
