"""Masks in SQL leave of every value what the masks of the domain leave of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from domain import mask
from domain.mask import MaskKind
from storage.masks import MASKS
from storage.statement import Statement

RANDOM = Random(4)
DECIMALS = [
    *(Decimal(text) for text in ("0", "0.00", "7", "9.5", "9.49", "10", "-1.5", "999.99", "0.0375", "0.00095",
                                 "47500.00", "1E+3", "-450000000000.001", "99999999999999999999.5")),
    *(Decimal(RANDOM.randrange(-10**14, 10**14)).scaleb(-RANDOM.randrange(7)) for _ in range(400)),
]  # fmt: skip
INTS = [0, 1, -1, 5, 14, 15, 95, 100, 2_000_000_000, *(RANDOM.randrange(-(10**9), 10**9) for _ in range(200))]
DAYS = [date(2026, 1, 1), date(2024, 2, 29), date(2026, 12, 31), date(1, 3, 31), date(9999, 10, 1),
        *(date.fromordinal(RANDOM.randrange(600_000, 800_000)) for _ in range(200))]  # fmt: skip
MOMENTS = [datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC) for day in DAYS[:3]]
TEXTS = ["", "a", "12345678", "123456789", "Northlight Systems", "日本国日本国日本国日本", "a\nb\nc\nd\ne"]
MAILS = [
    "ada@northlight.example",
    "Ada@Mail.Example.COM",
    "ada@grüße.example",
    "a@b@c.example",
    "no address",
    "@",
    "",
    "x@",
    "two\nlines@c.example",
    "call me@home 0431 99",
    "0431@0151.2345678",
    "a@b",
    "a@.b.c",
    "+49 431 123456",
    "ada@example.com\n",
]


def decimal(value: Decimal) -> Decimal:
    return mask.one_digit(value if value.as_tuple().exponent <= 0 else value.quantize(Decimal(1)))  # type: ignore[operator]


def text_of(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


CASES: list[tuple[MaskKind, sa.types.TypeEngine[Any], list[Any], Callable[[Any], Any]]] = [
    (MaskKind.ONE_DIGIT, sa.Numeric(), DECIMALS, decimal),
    (MaskKind.ONE_DIGIT, sa.Integer(), INTS, lambda value: int(mask.one_digit(Decimal(value)))),
    (MaskKind.QUARTER, sa.Date(), DAYS, mask.quarter),
    (MaskKind.QUARTER, sa.DateTime(timezone=True), MOMENTS, mask.quarter),
    (MaskKind.LAST_FOUR, sa.Text(), TEXTS, mask.last_four),
    (MaskKind.MAIL_DOMAIN, sa.Text(), MAILS, mask.mail_domain),
]


@pytest.mark.parametrize(
    ("kind", "type_", "values", "rule"), CASES, ids=[f"{kind}-{type_}" for kind, type_, *_ in CASES]
)
def test_the_mask_of_sql_is_the_mask_of_the_domain(
    database_url: str,
    kind: MaskKind,
    type_: sa.types.TypeEngine[Any],
    values: list[Any],
    rule: Callable[[Any], Any],
) -> None:
    statement = Statement.of(sa.select(MASKS[kind](sa.bindparam("value", type_=type_))))

    async def masked() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return [await connection.fetchval(statement.text, value) for value in [*values, None]]
        finally:
            await connection.close()

    found = asyncio.run(masked())
    assert list(map(text_of, found)) == [*(text_of(rule(value)) for value in values), "None"]


@pytest.mark.parametrize("text", [text for text in TEXTS if len(text) > 8])
def test_a_text_tells_no_more_than_its_end(text: str) -> None:
    assert len(mask.last_four(text)) == 5
    assert text[:-4] not in mask.last_four(text)


def test_a_short_text_tells_nothing() -> None:
    assert {mask.last_four(text) for text in TEXTS if len(text) <= 8} == {"…"}
