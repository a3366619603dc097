"""The contract itself: what was agreed, for how long, for how much, and who minds it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain import amendments, renewal, revenue, term
from domain.access_request import AccessRequest
from domain.amendment import Amendment
from domain.document import Document
from domain.drift import DriftFinding
from domain.field import (
    CLM,
    COMMERCIAL,
    DELIVERY,
    DERIVED,
    EVERYONE,
    EVIDENCE,
    HERE,
    LEGAL,
    OVERSIGHT,
    RISK,
    SALESFORCE,
    SCHEDULE,
    UNTIL_SIGNED,
    Entity,
    Field,
    entity,
)
from domain.history import FieldChange
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from domain.milestone import Milestone
from domain.money import Money
from domain.obligation import Obligation
from domain.party import ContractParty
from domain.provenance import Provenance
from domain.renewal import RenewalType
from domain.renewal_acknowledgement import RenewalAcknowledgement
from domain.risk import RiskLevel
from domain.risk_assessment import RiskAssessment
from domain.salesforce_write import SalesforceWrite
from domain.service_level import ServiceLevel
from domain.term import Period
from domain.value_flag import ValueFlag

TERMS = UNTIL_SIGNED(SALESFORCE, then=CLM)


class ContractType(StrEnum):
    """What kind of agreement it is."""

    MSA = "MSA"
    SOW = "SOW"
    NDA = "NDA"
    ORDER_FORM = "ORDER_FORM"
    DPA = "DPA"
    AMENDMENT = "AMENDMENT"
    OTHER = "OTHER"


class Side(StrEnum):
    """Whether we sell under the contract or buy."""

    CUSTOMER = "CUSTOMER"
    VENDOR = "VENDOR"


class BillingFrequency(StrEnum):
    """How often we invoice."""

    ONE_TIME = "ONE_TIME"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    SEMIANNUAL = "SEMIANNUAL"
    ANNUAL = "ANNUAL"
    ON_MILESTONE = "ON_MILESTONE"


@entity
class Contract(Entity):
    """An agreement with one or more counterparties, as every system agrees it to be."""

    number: Annotated[
        str | None,
        Field(
            "Number the agreement is known by.",
            CLM,
            EVERYONE,
            "Contract.Agreement_Number__c",
            key=True,
            search=True,
        ),
    ] = None
    external_reference: Annotated[
        str | None,
        Field(
            "Identifier of the agreement in the contract system.",
            CLM,
            EVERYONE,
            "Contract.External_Reference__c",
            key=True,
        ),
    ] = None
    title: Annotated[
        str, Field("Title as people call it.", CLM, EVERYONE, "Contract.Name", search=True, indexed=True)
    ]
    type: Annotated[ContractType, Field("Kind of agreement.", CLM, EVERYONE, "Contract.Type__c")]
    side: Annotated[Side, Field("Whether the counterparty is our customer or our vendor.", CLM, EVERYONE)]
    status: Annotated[
        ContractStatus,
        Field("Where the contract stands in its life.", CLM, EVERYONE, "Contract.Status", indexed=True),
    ]
    template: Annotated[str | None, Field("Template it was drawn up from.", CLM, EVERYONE)] = None
    parent_id: Annotated[
        UUID | None, Field("Framework agreement it stands under.", CLM, EVERYONE, to="Contract")
    ] = None
    children: Annotated[tuple[Contract, ...], Field("Agreements that stand under it.", CLM, EVERYONE)] = ()
    account_id: Annotated[
        UUID | None,
        Field(
            "Salesforce account of the counterparty.",
            SALESFORCE,
            EVERYONE,
            "Contract.AccountId",
            to="Account",
            via=True,
        ),
    ] = None
    opportunity_id: Annotated[
        UUID | None,
        Field(
            "Opportunity that it was won by.",
            SALESFORCE,
            EVERYONE,
            "Contract.Opportunity__c",
            to="Opportunity",
            via=True,
        ),
    ] = None

    signed_date: Annotated[
        date | None, Field("Day of the last signature.", CLM, SCHEDULE, "Contract.CustomerSignedDate")
    ] = None
    effective_date: Annotated[
        date | None, Field("First day on which it binds.", CLM, SCHEDULE, "Contract.StartDate")
    ] = None
    expiration_date: Annotated[
        date | None, Field("Last day of the current term.", CLM, SCHEDULE, "Contract.EndDate", indexed=True)
    ] = None
    renewal_type: Annotated[
        RenewalType | None,
        Field("What happens at the end of the term.", CLM, SCHEDULE, "Contract.Renewal_Type__c"),
    ] = None
    renewal_term: Annotated[
        Period | None, Field("Length of a renewed term.", CLM, SCHEDULE, "Contract.Renewal_Term__c")
    ] = None
    notice_period: Annotated[
        Period | None,
        Field("How long before a renewal one must speak.", CLM, SCHEDULE, "Contract.Notice_Period__c"),
    ] = None
    notice_window_days: Annotated[
        int | None,
        Field("Days before the notice deadline on which outreach starts; 90 where unsaid.", HERE, SCHEDULE),
    ] = None
    renewal_date: Annotated[
        date | None,
        Field(
            "Day on which it next renews or must be renewed.",
            DERIVED,
            SCHEDULE,
            "Contract.Renewal_Date__c",
            rule=renewal.next_renewal_date,
        ),
    ] = None
    notice_deadline: Annotated[
        date | None,
        Field(
            "Last day to speak before the coming renewal.",
            DERIVED,
            SCHEDULE,
            "Contract.Notice_Deadline__c",
            rule=renewal.notice_deadline,
        ),
    ] = None
    in_notice_window: Annotated[
        bool | None,
        Field(
            "Whether outreach for the coming renewal is due and still possible.",
            DERIVED,
            SCHEDULE,
            rule=renewal.in_notice_window,
        ),
    ] = None
    days_to_expiration: Annotated[
        int | None,
        Field(
            "Days from today to the expiration date; negative once past.",
            DERIVED,
            SCHEDULE,
            rule=term.days_to_expiration,
        ),
    ] = None

    termination_for_convenience: Annotated[
        Period | None, Field("Notice by which either side may end it without a reason.", CLM, LEGAL)
    ] = None
    termination_for_cause: Annotated[
        Period | None, Field("Time to cure a breach before it may be ended for cause.", CLM, LEGAL)
    ] = None
    governing_law: Annotated[str | None, Field("Law that governs it.", CLM, LEGAL)] = None
    liability_cap: Annotated[Money | None, Field("Most that one side may owe the other.", CLM, LEGAL)] = None
    liability_uncapped: Annotated[
        bool | None, Field("Whether liability is expressly without a cap.", CLM, LEGAL)
    ] = None
    price_escalation_trigger: Annotated[
        str | None, Field("What allows a price to rise during the term.", CLM, COMMERCIAL)
    ] = None

    total_value: Annotated[
        Money | None,
        Field(
            "Aggregate value over the whole term, amendments included.",
            TERMS,
            COMMERCIAL,
            "Opportunity.Amount",
            indexed=True,
        ),
    ] = None
    base_value: Annotated[
        Money | None, Field("Value as first signed, before any amendment.", TERMS, COMMERCIAL)
    ] = None
    one_time_amount: Annotated[
        Money | None, Field("Part of the value that is charged once.", TERMS, COMMERCIAL)
    ] = None
    recurring_amount: Annotated[
        Money | None, Field("Part of the value that recurs over the term.", TERMS, COMMERCIAL)
    ] = None
    assigned_arr: Annotated[
        Money | None,
        Field("Annual recurring revenue set by a person; with assignedMrr or not at all.", HERE, COMMERCIAL),
    ] = None
    assigned_mrr: Annotated[
        Money | None,
        Field("Monthly recurring revenue set by a person; with assignedArr or not at all.", HERE, COMMERCIAL),
    ] = None
    arr: Annotated[
        Money | None,
        Field("Annual recurring revenue.", DERIVED, COMMERCIAL, "Contract.ARR__c", rule=revenue.arr),
    ] = None
    mrr: Annotated[
        Money | None,
        Field("Monthly recurring revenue.", DERIVED, COMMERCIAL, "Contract.MRR__c", rule=revenue.mrr),
    ] = None
    billing_frequency: Annotated[
        BillingFrequency | None, Field("How often it is invoiced.", TERMS, COMMERCIAL)
    ] = None
    billing_start_date: Annotated[date | None, Field("First day that is invoiced.", TERMS, COMMERCIAL)] = None
    payment_terms: Annotated[str | None, Field("When an invoice falls due.", TERMS, COMMERCIAL)] = None
    discount_percent: Annotated[
        Decimal | None, Field("Discount on list price, in percent.", TERMS, COMMERCIAL)
    ] = None
    uplift_percent: Annotated[
        Decimal | None, Field("Agreed rise of price at renewal, in percent.", TERMS, COMMERCIAL)
    ] = None

    contract_owner_id: Annotated[
        UUID | None, Field("Lawyer who answers for it.", CLM, EVERYONE, to="User", owns=True)
    ] = None
    business_owner_id: Annotated[
        UUID | None,
        Field("Person in the business who answers for it.", SALESFORCE, EVERYONE, to="User", owns=True),
    ] = None
    renewal_owner_id: Annotated[
        UUID | None, Field("Person who minds its renewal.", SALESFORCE, EVERYONE, to="User", owns=True)
    ] = None

    amendment_count: Annotated[
        int | None,
        Field(
            "How many amendments it has.",
            DERIVED,
            EVIDENCE,
            "Contract.Amendment_Count__c",
            rule=amendments.amendment_count,
        ),
    ] = None
    latest_amendment_date: Annotated[
        date | None,
        Field(
            "Day the latest amendment was signed.", DERIVED, EVIDENCE, rule=amendments.latest_amendment_date
        ),
    ] = None
    template_deviations: Annotated[
        int | None, Field("How many clauses deviate from the template.", CLM, RISK)
    ] = None
    has_redline_summary: Annotated[
        bool | None, Field("Whether the contract system holds a summary of redlines.", CLM, RISK)
    ] = None
    risk_score: Annotated[
        int | None,
        Field("Risk from 0 to 100 of the latest assessment.", HERE, RISK, "Contract.Risk_Score__c"),
    ] = None
    risk_level: Annotated[
        RiskLevel | None, Field("Risk level of the latest assessment.", HERE, RISK, "Contract.Risk_Level__c")
    ] = None

    parties: Annotated[tuple[ContractParty, ...], Field("Who is bound by it.", CLM, EVERYONE)] = ()
    documents: Annotated[tuple[Document, ...], Field("Its papers, by link and hash.", CLM, EVIDENCE)] = ()
    amendments: Annotated[tuple[Amendment, ...], Field("How it was changed.", CLM, EVIDENCE)] = ()
    lines: Annotated[tuple[ContractLine, ...], Field("What is sold under it.", TERMS, COMMERCIAL)] = ()
    milestones: Annotated[tuple[Milestone, ...], Field("What is due when.", CLM, SCHEDULE)] = ()
    service_levels: Annotated[
        tuple[ServiceLevel, ...], Field("Levels of service that were promised.", CLM, DELIVERY)
    ] = ()
    obligations: Annotated[tuple[Obligation, ...], Field("Who owes what.", CLM, DELIVERY)] = ()
    risk_assessments: Annotated[
        tuple[RiskAssessment, ...], Field("Assessments of its risk, with their reasons.", HERE, RISK)
    ] = ()
    changes: Annotated[
        tuple[FieldChange, ...], Field("What was changed by whom, and why.", HERE, OVERSIGHT)
    ] = ()
    renewal_acknowledgements: Annotated[
        tuple[RenewalAcknowledgement, ...], Field("Who saw which renewal coming.", HERE, SCHEDULE)
    ] = ()
    value_flags: Annotated[
        tuple[ValueFlag, ...], Field("Which of its values were called wrong, and by whom.", HERE, EVERYONE)
    ] = ()
    access_requests: Annotated[
        tuple[AccessRequest, ...], Field("Who asked to be shown which of its fields.", HERE, EVERYONE)
    ] = ()

    provenance: Annotated[
        tuple[Provenance, ...], Field("Where its values come from, field by field.", HERE, EVERYONE)
    ] = ()
    salesforce: Annotated[
        tuple[SalesforceWrite, ...], Field("What Salesforce was told of it, and what not.", HERE, EVERYONE)
    ] = ()
    drift: Annotated[
        tuple[DriftFinding, ...], Field("Where Salesforce holds other values of it.", HERE, OVERSIGHT)
    ] = ()

    version: Annotated[
        int, Field("Count of changes, by which a writer proves to have seen the latest.", HERE, OVERSIGHT)
    ] = 1
    updated_at: Annotated[
        datetime | None, Field("When anything of it last changed here.", HERE, EVERYONE, indexed=True)
    ] = None
