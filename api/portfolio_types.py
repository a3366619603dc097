"""The object types of contracts in figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from api import inputs
from api.inputs import listed
from api.object_types import object_type, optional
from domain.contract import ContractType
from domain.lifecycle import ContractStatus

CurrencyTotal = object_type(
    "CurrencyTotal",
    "The sum of values in one currency.",
    {
        "currency": (str, "ISO 4217 code."),
        "amount": (Decimal, "Sum of the total values."),
        "count": (int, "Contracts with a value in this currency."),
    },
)
_GROUP: dict[str, tuple[Any, str]] = {
    "count": (int, "Contracts in the group."),
    "totals": (listed(CurrencyTotal), "Their total values, per currency."),
}
PortfolioByStatus = object_type(
    "PortfolioByStatus",
    "The contracts in one state.",
    {"status": (optional(inputs.enum_type(ContractStatus)), "The state."), **_GROUP},
)
PortfolioByType = object_type(
    "PortfolioByType",
    "The contracts of one kind.",
    {"type": (optional(inputs.enum_type(ContractType)), "The kind."), **_GROUP},
)
PortfolioByMonth = object_type(
    "PortfolioByMonth",
    "The contracts that expire in one month.",
    {
        "month": (optional(date), "First day of the month; absent for those without an expiration date."),
        **_GROUP,
    },
)
Portfolio = object_type(
    "Portfolio",
    "Contracts in figures.",
    {
        **_GROUP,
        "by_status": (listed(PortfolioByStatus), "By state, in alphabetical order."),
        "by_type": (listed(PortfolioByType), "By kind, in alphabetical order."),
        "by_expiration_month": (listed(PortfolioByMonth), "By month of expiration, soonest first."),
    },
)
