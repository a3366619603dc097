"""The tables as SQLAlchemy's ORM maps them, with the columns that the two operations ask for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What every table has."""

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)


class OpportunityRow(Base):
    __tablename__ = "opportunity"
    salesforce_id: Mapped[str | None]
    name: Mapped[str]
    stage: Mapped[str]


class ContractRow(Base):
    __tablename__ = "contract"
    opportunity_id: Mapped[UUID | None]
    number: Mapped[str | None]
    title: Mapped[str]
    status: Mapped[str]
    type: Mapped[str]
    effective_date: Mapped[date | None]
    expiration_date: Mapped[date | None]
    renewal_type: Mapped[str | None]
    renewal_term: Mapped[str | None]
    notice_period: Mapped[str | None]
    notice_window_days: Mapped[int | None]
    total_value_amount: Mapped[Decimal | None]
    total_value_currency: Mapped[str | None]
    risk_level: Mapped[str | None]
    amendment_count: Mapped[int | None]


class PartyRow(Base):
    __tablename__ = "contract_party"
    contract_id: Mapped[UUID]
    role: Mapped[str]
    legal_name: Mapped[str]
    country: Mapped[str | None]


class AmendmentRow(Base):
    __tablename__ = "amendment"
    contract_id: Mapped[UUID]
    number: Mapped[str]
    kind: Mapped[str]
    signed_date: Mapped[date | None]
    rationale: Mapped[str | None]
    value_change_amount: Mapped[Decimal | None]
    value_change_currency: Mapped[str | None]


class DocumentRow(Base):
    __tablename__ = "document"
    contract_id: Mapped[UUID]
    title: Mapped[str]
    type: Mapped[str]
    link: Mapped[str | None]
    sha256: Mapped[str | None]
    executed: Mapped[bool | None]


class ObligationRow(Base):
    __tablename__ = "obligation"
    contract_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    due_date: Mapped[date | None]
    deliverable: Mapped[str]
