"""What is sold under a contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from domain import revenue
from domain.field import (
    CLM,
    COMMERCIAL,
    DERIVED,
    SALESFORCE,
    SCHEDULE,
    UNTIL_SIGNED,
    Entity,
    Field,
    entity,
)
from domain.money import Money

TERMS = UNTIL_SIGNED(SALESFORCE, then=CLM)


@entity
class ContractLine(Entity):
    """A product or service sold under a contract."""

    contract_id: Annotated[
        UUID, Field("Contract it is sold under.", CLM, COMMERCIAL, to="Contract", part=True)
    ]
    product_id: Annotated[UUID | None, Field("What is sold.", TERMS, COMMERCIAL, to="Product")] = None
    description: Annotated[str | None, Field("What is sold, in words.", TERMS, COMMERCIAL)] = None
    quantity: Annotated[Decimal | None, Field("How many units.", TERMS, COMMERCIAL)] = None
    unit_price: Annotated[
        Decimal | None, Field("Price of one unit, in the currency of the total.", TERMS, COMMERCIAL)
    ] = None
    total: Annotated[Money | None, Field("Price of the line over its dates.", TERMS, COMMERCIAL)] = None
    start_date: Annotated[date | None, Field("First day it covers.", TERMS, SCHEDULE)] = None
    end_date: Annotated[date | None, Field("Last day it covers.", TERMS, SCHEDULE)] = None
    recurring: Annotated[bool, Field("Whether it recurs over the term.", TERMS, COMMERCIAL)] = False
    arr: Annotated[
        Money | None,
        Field("Annual recurring revenue of the line.", DERIVED, COMMERCIAL, rule=revenue.line_arr),
    ] = None
    mrr: Annotated[
        Money | None,
        Field("Monthly recurring revenue of the line.", DERIVED, COMMERCIAL, rule=revenue.line_mrr),
    ] = None
