"""The types by hand: a class each, and a permission class for every field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

import strawberry
from strawberry.permission import BasePermission

from domain import renewal, term
from domain.lifecycle import ContractStatus
from domain.renewal import RenewalType
from domain.term import Period
from tests.bench.idiomatic.models import AmendmentRow, ContractRow, OpportunityRow


@cache
def allowed(coordinate: str) -> type[BasePermission]:
    """Make the permission of one field."""

    class Allowed(BasePermission):
        message = f"{coordinate} is not shown"

        def has_permission(self, source: Any, info: strawberry.Info, **_: Any) -> bool:  # noqa: ARG002
            return bool(info.context["view"].shows(coordinate))

    Allowed.__name__ = "Allowed" + coordinate.replace(".", "")
    return Allowed


def guarded(coordinate: str) -> Any:
    """Declare a field with its permission."""
    return strawberry.field(permission_classes=[allowed(coordinate)])


@strawberry.enum
class Direction(Enum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum
class ContractOrderField(Enum):
    expirationDate = "expiration_date"  # noqa: N815 - the schema's name


@strawberry.enum
class AmendmentOrderField(Enum):
    signedDate = "signed_date"  # noqa: N815 - the schema's name


@strawberry.enum
class ObligationOrderField(Enum):
    dueDate = "due_date"  # noqa: N815 - the schema's name


@strawberry.input
class ContractOrder:
    field: ContractOrderField
    direction: Direction = Direction.ASC


@strawberry.input
class AmendmentOrder:
    field: AmendmentOrderField
    direction: Direction = Direction.ASC


@strawberry.input
class ObligationOrder:
    field: ObligationOrderField
    direction: Direction = Direction.ASC


@strawberry.input
class ContractFilter:
    status: str | None = None
    text: str | None = None


@strawberry.type
class Money:
    amount: Decimal
    currency: str


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """Put the two columns of an amount together."""
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)


@strawberry.type
class Party:
    role: str = guarded("ContractParty.role")
    legal_name: str = guarded("ContractParty.legalName")
    country: str | None = guarded("ContractParty.country")


@strawberry.type
class Document:
    title: str = guarded("Document.title")
    type: str = guarded("Document.type")
    link: str | None = guarded("Document.link")
    sha256: str | None = guarded("Document.sha256")
    executed: bool | None = guarded("Document.executed")


@strawberry.type
class Amendment:
    number: str = guarded("Amendment.number")
    kind: str = guarded("Amendment.kind")
    signed_date: date | None = guarded("Amendment.signedDate")
    rationale: str | None = guarded("Amendment.rationale")

    @guarded("Amendment.valueChange")
    def value_change(self: AmendmentRow) -> Money | None:
        return money(self.value_change_amount, self.value_change_currency)


@strawberry.type
class Obligation:
    kind: str = guarded("Obligation.kind")
    status: str = guarded("Obligation.status")
    due_date: date | None = guarded("Obligation.dueDate")
    deliverable: str = guarded("Obligation.deliverable")


@strawberry.type
class PartyConnection:
    nodes: list[Party]


@strawberry.type
class AmendmentConnection:
    nodes: list[Amendment]


@strawberry.type
class DocumentConnection:
    nodes: list[Document]


@strawberry.type
class ObligationConnection:
    nodes: list[Obligation]


def renewal_of(row: ContractRow) -> dict[str, Any]:
    """Collect what the rules of renewal ask for."""
    return {
        "status": ContractStatus(row.status),
        "renewal_type": None if row.renewal_type is None else RenewalType(row.renewal_type),
        "effective_date": row.effective_date,
        "expiration_date": row.expiration_date,
        "renewal_term": None if row.renewal_term is None else Period.parse(row.renewal_term),
        "notice_period": None if row.notice_period is None else Period.parse(row.notice_period),
    }


@strawberry.type
class Contract:
    id: strawberry.ID = guarded("Contract.id")
    number: str | None = guarded("Contract.number")
    title: str = guarded("Contract.title")
    status: str = guarded("Contract.status")
    type: str = guarded("Contract.type")
    effective_date: date | None = guarded("Contract.effectiveDate")
    expiration_date: date | None = guarded("Contract.expirationDate")
    renewal_type: str | None = guarded("Contract.renewalType")
    risk_level: str | None = guarded("Contract.riskLevel")
    amendment_count: int | None = guarded("Contract.amendmentCount")

    @guarded("Contract.noticeDeadline")
    def notice_deadline(self: ContractRow, info: strawberry.Info) -> date | None:
        return renewal.notice_deadline(**renewal_of(self), today=info.context["today"])

    @guarded("Contract.inNoticeWindow")
    def in_notice_window(self: ContractRow, info: strawberry.Info) -> bool | None:
        today, known = info.context["today"], renewal_of(self)
        return renewal.in_notice_window(
            status=known["status"],
            renewal_type=known["renewal_type"],
            expiration_date=self.expiration_date,
            notice_window_days=self.notice_window_days,
            notice_deadline=renewal.notice_deadline(**known, today=today),
            today=today,
        )

    @guarded("Contract.daysToExpiration")
    def days_to_expiration(self: ContractRow, info: strawberry.Info) -> int | None:
        return term.days_to_expiration(self.expiration_date, info.context["today"])

    @guarded("Contract.totalValue")
    def total_value(self: ContractRow) -> Money | None:
        return money(self.total_value_amount, self.total_value_currency)

    @guarded("Contract.parties")
    async def parties(self: ContractRow, info: strawberry.Info, first: int = 50) -> PartyConnection:
        return PartyConnection(nodes=(await info.context["parties"].load(self.id))[:first])

    @guarded("Contract.amendments")
    async def amendments(
        self: ContractRow,
        info: strawberry.Info,
        first: int = 50,
        order_by: list[AmendmentOrder] | None = None,  # noqa: ARG002 - the loader knows one order
    ) -> AmendmentConnection:
        return AmendmentConnection(nodes=(await info.context["amendments"].load(self.id))[:first])

    @guarded("Contract.documents")
    async def documents(self: ContractRow, info: strawberry.Info, first: int = 50) -> DocumentConnection:
        return DocumentConnection(nodes=(await info.context["documents"].load(self.id))[:first])

    @guarded("Contract.obligations")
    async def obligations(
        self: ContractRow,
        info: strawberry.Info,
        first: int = 50,
        order_by: list[ObligationOrder] | None = None,  # noqa: ARG002 - the loader knows one order
    ) -> ObligationConnection:
        return ObligationConnection(nodes=(await info.context["obligations"].load(self.id))[:first])


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class ContractConnection:
    nodes: list[Contract]
    page_info: PageInfo


@strawberry.type
class ContractList:
    nodes: list[Contract]


@strawberry.type
class Opportunity:
    id: strawberry.ID = guarded("Opportunity.id")
    name: str = guarded("Opportunity.name")
    stage: str = guarded("Opportunity.stage")

    @guarded("Opportunity.contracts")
    async def contracts(
        self: OpportunityRow,
        info: strawberry.Info,
        first: int = 50,
        order_by: list[ContractOrder] | None = None,  # noqa: ARG002 - the loader knows one order
    ) -> ContractList:
        return ContractList(nodes=(await info.context["contracts"].load(self.id))[:first])
