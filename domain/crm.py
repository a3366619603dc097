"""What Salesforce owns: accounts, people, opportunities and products."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from domain import revenue
from domain.field import (
    ACCESS,
    COMMERCIAL,
    DERIVED,
    EVERYONE,
    HERE,
    PERSONAL,
    SALESFORCE,
    SCHEDULE,
    Entity,
    Field,
    entity,
)
from domain.mask import MaskKind
from domain.money import Money
from domain.revenue import StageCategory

if TYPE_CHECKING:
    from domain.contract import Contract


@entity
class PermissionSetAssignment(Entity):
    """A permission set that Salesforce has given to a user."""

    id: Annotated[UUID, Field("Identity in the contract graph, the same in every system.", HERE, ACCESS)]
    assignee_id: Annotated[
        UUID,
        Field("Who has it.", SALESFORCE, ACCESS, "PermissionSetAssignment.AssigneeId", to="User", part=True),
    ]
    salesforce_id: Annotated[
        str | None,
        Field("Salesforce id, 18 characters.", SALESFORCE, ACCESS, "PermissionSetAssignment.Id", key=True),
    ] = None
    permission_set_id: Annotated[
        str,
        Field(
            "Salesforce id of the permission set, 18 characters.",
            SALESFORCE,
            ACCESS,
            "PermissionSetAssignment.PermissionSetId",
            indexed=True,
        ),
    ]
    active: Annotated[
        bool, Field("Whether it is in force.", SALESFORCE, ACCESS, "PermissionSetAssignment.IsActive")
    ] = True
    expiration_date: Annotated[
        datetime | None,
        Field("When it ends by itself.", SALESFORCE, ACCESS, "PermissionSetAssignment.ExpirationDate"),
    ] = None


@entity
class User(Entity):
    """A person who works in Salesforce."""

    salesforce_id: Annotated[
        str | None, Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "User.Id", key=True)
    ] = None
    name: Annotated[str, Field("Full name.", SALESFORCE, EVERYONE, "User.Name", search=True)]
    email: Annotated[
        str | None, Field("E-mail address.", SALESFORCE, PERSONAL, "User.Email", mask=MaskKind.MAIL_DOMAIN)
    ] = None
    active: Annotated[bool, Field("Whether the user may sign in.", SALESFORCE, EVERYONE, "User.IsActive")] = (
        True
    )
    profile_id: Annotated[
        str | None,
        Field(
            "Salesforce id of the profile, 18 characters.", SALESFORCE, ACCESS, "User.ProfileId", indexed=True
        ),
    ] = None
    permission_set_assignments: Annotated[
        tuple[PermissionSetAssignment, ...], Field("Permission sets of the user.", SALESFORCE, ACCESS)
    ] = ()


@entity
class Account(Entity):
    """A company we sell to or buy from."""

    salesforce_id: Annotated[
        str | None,
        Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "Account.Id", key=True, shared=True),
    ] = None
    name: Annotated[
        str, Field("Name of the company.", SALESFORCE, EVERYONE, "Account.Name", search=True, indexed=True)
    ]
    industry: Annotated[str | None, Field("Industry.", SALESFORCE, EVERYONE, "Account.Industry")] = None
    website: Annotated[str | None, Field("Web site.", SALESFORCE, EVERYONE, "Account.Website")] = None
    duns: Annotated[str | None, Field("D-U-N-S number.", SALESFORCE, EVERYONE, "Account.DunsNumber")] = None
    uei: Annotated[str | None, Field("Unique Entity Identifier of SAM.gov.", SALESFORCE, EVERYONE)] = None
    billing_street: Annotated[
        str | None, Field("Street of the billing address.", SALESFORCE, EVERYONE, "Account.BillingStreet")
    ] = None
    billing_city: Annotated[
        str | None, Field("City of the billing address.", SALESFORCE, EVERYONE, "Account.BillingCity")
    ] = None
    billing_state: Annotated[
        str | None, Field("State of the billing address.", SALESFORCE, EVERYONE, "Account.BillingState")
    ] = None
    billing_postal_code: Annotated[
        str | None,
        Field("Postal code of the billing address.", SALESFORCE, EVERYONE, "Account.BillingPostalCode"),
    ] = None
    billing_country: Annotated[
        str | None, Field("Country of the billing address.", SALESFORCE, EVERYONE, "Account.BillingCountry")
    ] = None
    parent_id: Annotated[
        UUID | None, Field("Company that owns it.", SALESFORCE, EVERYONE, "Account.ParentId", to="Account")
    ] = None
    owner_id: Annotated[
        UUID | None,
        Field("Salesperson of the account.", SALESFORCE, EVERYONE, "Account.OwnerId", to="User", owns=True),
    ] = None
    team: Annotated[
        tuple[AccountTeamMember, ...], Field("Who works on it beside its owner.", SALESFORCE, EVERYONE)
    ] = ()
    contacts: Annotated[tuple[Contact, ...], Field("People there.", SALESFORCE, EVERYONE)] = ()
    opportunities: Annotated[tuple[Opportunity, ...], Field("Deals with it.", SALESFORCE, EVERYONE)] = ()
    contracts: Annotated[tuple[Contract, ...], Field("Contracts with it.", SALESFORCE, EVERYONE)] = ()


@entity
class AccountTeamMember(Entity):
    """A user who works on an account beside its owner."""

    account_id: Annotated[
        UUID,
        Field(
            "Account that is worked on.",
            SALESFORCE,
            EVERYONE,
            "AccountTeamMember.AccountId",
            to="Account",
            part=True,
        ),
    ]
    salesforce_id: Annotated[
        str | None,
        Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "AccountTeamMember.Id", key=True),
    ] = None
    user_id: Annotated[
        UUID | None,
        Field("Who works on it.", SALESFORCE, EVERYONE, "AccountTeamMember.UserId", to="User", joins=True),
    ] = None
    role: Annotated[
        str | None,
        Field("What the user does there.", SALESFORCE, EVERYONE, "AccountTeamMember.TeamMemberRole"),
    ] = None


@entity
class Contact(Entity):
    """A person at an account."""

    account_id: Annotated[
        UUID | None,
        Field(
            "Company the person works for.", SALESFORCE, EVERYONE, "Contact.AccountId", to="Account", via=True
        ),
    ] = None
    salesforce_id: Annotated[
        str | None, Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "Contact.Id", key=True)
    ] = None
    name: Annotated[str, Field("Full name.", SALESFORCE, EVERYONE, "Contact.Name", search=True)]
    title: Annotated[str | None, Field("Position.", SALESFORCE, EVERYONE, "Contact.Title")] = None
    email: Annotated[
        str | None, Field("E-mail address.", SALESFORCE, PERSONAL, "Contact.Email", mask=MaskKind.MAIL_DOMAIN)
    ] = None
    phone: Annotated[str | None, Field("Telephone number.", SALESFORCE, PERSONAL, "Contact.Phone")] = None


@entity
class Product(Entity):
    """Something we sell."""

    salesforce_id: Annotated[
        str | None, Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "Product2.Id", key=True)
    ] = None
    code: Annotated[str | None, Field("Product code.", SALESFORCE, EVERYONE, "Product2.ProductCode")] = None
    name: Annotated[str, Field("Name.", SALESFORCE, EVERYONE, "Product2.Name", search=True)]
    family: Annotated[str | None, Field("Product family.", SALESFORCE, EVERYONE, "Product2.Family")] = None
    recurring: Annotated[bool | None, Field("Whether it is sold by the period.", SALESFORCE, EVERYONE)] = None
    list_price: Annotated[Money | None, Field("Price in the price book.", SALESFORCE, COMMERCIAL)] = None


@entity
class OpportunityLine(Entity):
    """A product in an opportunity."""

    opportunity_id: Annotated[
        UUID,
        Field(
            "Deal that it is part of.",
            SALESFORCE,
            COMMERCIAL,
            "OpportunityLineItem.OpportunityId",
            to="Opportunity",
            part=True,
        ),
    ]
    product_id: Annotated[
        UUID | None,
        Field("What is offered.", SALESFORCE, COMMERCIAL, "OpportunityLineItem.Product2Id", to="Product"),
    ] = None
    description: Annotated[
        str | None,
        Field("What is offered, in words.", SALESFORCE, COMMERCIAL, "OpportunityLineItem.Description"),
    ] = None
    quantity: Annotated[
        Decimal | None, Field("How many units.", SALESFORCE, COMMERCIAL, "OpportunityLineItem.Quantity")
    ] = None
    unit_price: Annotated[
        Decimal | None,
        Field(
            "Price of one unit, in the currency of the total.",
            SALESFORCE,
            COMMERCIAL,
            "OpportunityLineItem.UnitPrice",
        ),
    ] = None
    discount_percent: Annotated[
        Decimal | None, Field("Discount, in percent.", SALESFORCE, COMMERCIAL, "OpportunityLineItem.Discount")
    ] = None
    total: Annotated[
        Money | None, Field("Price of the line.", SALESFORCE, COMMERCIAL, "OpportunityLineItem.TotalPrice")
    ] = None


@entity
class OpportunityTeamMember(Entity):
    """A user who works on a deal beside its owner."""

    opportunity_id: Annotated[
        UUID,
        Field(
            "Deal that is worked on.",
            SALESFORCE,
            EVERYONE,
            "OpportunityTeamMember.OpportunityId",
            to="Opportunity",
            part=True,
        ),
    ]
    salesforce_id: Annotated[
        str | None,
        Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "OpportunityTeamMember.Id", key=True),
    ] = None
    user_id: Annotated[
        UUID | None,
        Field(
            "Who works on it.", SALESFORCE, EVERYONE, "OpportunityTeamMember.UserId", to="User", joins=True
        ),
    ] = None
    role: Annotated[
        str | None,
        Field("What the user does there.", SALESFORCE, EVERYONE, "OpportunityTeamMember.TeamMemberRole"),
    ] = None


@entity
class OpportunityContactRole(Entity):
    """A part that a person at the other side plays in a deal."""

    opportunity_id: Annotated[
        UUID,
        Field(
            "Deal that it is played in.",
            SALESFORCE,
            EVERYONE,
            "OpportunityContactRole.OpportunityId",
            to="Opportunity",
            part=True,
        ),
    ]
    salesforce_id: Annotated[
        str | None,
        Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "OpportunityContactRole.Id", key=True),
    ] = None
    contact_id: Annotated[
        UUID | None,
        Field("Who plays it.", SALESFORCE, EVERYONE, "OpportunityContactRole.ContactId", to="Contact"),
    ] = None
    role: Annotated[
        str | None,
        Field("What the person decides or does there.", SALESFORCE, EVERYONE, "OpportunityContactRole.Role"),
    ] = None
    is_primary: Annotated[
        bool | None,
        Field(
            "Whether this is whom one speaks to first.",
            SALESFORCE,
            EVERYONE,
            "OpportunityContactRole.IsPrimary",
        ),
    ] = None


@entity
class Opportunity(Entity):
    """A deal that sales people work on."""

    salesforce_id: Annotated[
        str | None,
        Field("Salesforce id, 18 characters.", SALESFORCE, EVERYONE, "Opportunity.Id", key=True, shared=True),
    ] = None
    name: Annotated[str, Field("Name of the deal.", SALESFORCE, EVERYONE, "Opportunity.Name", search=True)]
    stage: Annotated[
        str, Field("Stage, as Salesforce calls it.", SALESFORCE, EVERYONE, "Opportunity.StageName")
    ]
    is_closed: Annotated[
        bool | None, Field("Whether it is decided.", SALESFORCE, EVERYONE, "Opportunity.IsClosed")
    ] = None
    is_won: Annotated[bool | None, Field("Whether it is won.", SALESFORCE, EVERYONE, "Opportunity.IsWon")] = (
        None
    )
    stage_category: Annotated[
        StageCategory | None,
        Field("What the stage means for revenue.", DERIVED, EVERYONE, rule=revenue.stage_category),
    ] = None
    close_date: Annotated[
        date | None, Field("Day it closes.", SALESFORCE, SCHEDULE, "Opportunity.CloseDate")
    ] = None
    amount: Annotated[
        Money | None, Field("Value of the deal.", SALESFORCE, COMMERCIAL, "Opportunity.Amount")
    ] = None
    account_id: Annotated[
        UUID | None,
        Field("Company it is with.", SALESFORCE, EVERYONE, "Opportunity.AccountId", to="Account", via=True),
    ] = None
    owner_id: Annotated[
        UUID | None,
        Field("Salesperson of the deal.", SALESFORCE, EVERYONE, "Opportunity.OwnerId", to="User", owns=True),
    ] = None
    team: Annotated[
        tuple[OpportunityTeamMember, ...], Field("Who works on it beside its owner.", SALESFORCE, EVERYONE)
    ] = ()
    contact_roles: Annotated[
        tuple[OpportunityContactRole, ...],
        Field("Who at the other side plays a part in it.", SALESFORCE, EVERYONE),
    ] = ()
    lines: Annotated[tuple[OpportunityLine, ...], Field("What is offered.", SALESFORCE, COMMERCIAL)] = ()
    contracts: Annotated[tuple[Contract, ...], Field("Contracts it led to.", SALESFORCE, EVERYONE)] = ()
