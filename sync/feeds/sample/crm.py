from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from uuid import UUID

from domain.crm import (
    Account,
    AccountTeamMember,
    Contact,
    Opportunity,
    OpportunityContactRole,
    OpportunityLine,
    OpportunityTeamMember,
    PermissionSetAssignment,
    Product,
    User,
)
from domain.field import Entity
from domain.money import Money
from sync.feeds.sample.desk import Desk, priced_lines
from sync.feeds.sample.rows import AccountRow, OpportunityRow

_WON, _LOST = "Closed Won", "Closed Lost"
_TEAM = {"customer_success": "Customer Success Manager"}
_DEAL_TEAM = {"finance": "Deal Desk"}
_CONTACT_ROLES = "Decision Maker", "Influencer"
_FIRST_PHONE = 100


def users(desk: Desk) -> Iterator[User]:
    """The org's own people."""
    for number, row in enumerate(desk.rows.users, start=1):
        id_ = desk.keys.id_of("user", row.key)
        yield User(
            id=id_,
            source_key=desk.keys.source_key("user", row.key),
            salesforce_id=desk.keys.salesforce("005", number),
            name=row.name,
            email=f"{_mailbox(row.name, row.key)}@{desk.rows.domain}",
            active=row.active,
            profile_id=desk.keys.salesforce("00e", 1 if row.role else 2),
            permission_set_assignments=(_permission_set(desk, row.key, id_, number),) if row.role else (),
        )


def _permission_set(desk: Desk, user: str, user_id: UUID, number: int) -> PermissionSetAssignment:
    """Whoever signs in has the one that lets them see the panel."""
    return PermissionSetAssignment(
        id=desk.keys.id_of("permission-set-assignment", user),
        source_key=desk.keys.source_key("permission-set-assignment", user),
        assignee_id=user_id,
        salesforce_id=desk.keys.salesforce("0Pa", number),
        permission_set_id=desk.keys.salesforce("0PS", 1),
        expiration_date=desk.calendar.moment(desk.calendar.day(365)),
    )


def products(desk: Desk) -> Iterator[Product]:
    """What the org sells."""
    for number, row in enumerate(desk.rows.products, start=1):
        amount, currency = row.price.split() if row.price else (None, "")
        yield Product(
            id=desk.keys.id_of("product", row.code),
            source_key=desk.keys.source_key("product", row.code),
            salesforce_id=desk.keys.salesforce("01t", number),
            code=row.code,
            name=row.name,
            family=row.family,
            recurring=row.recurring,
            list_price=desk.money(amount, currency),
        )


def accounts(desk: Desk) -> Iterator[Entity]:
    """Companies, each followed by the people there; the tables list a parent before its children."""
    contact_numbers = count(1)
    sellers = [user.key for user in desk.rows.users if user.role in {"sales_rep", "sales_manager"}]
    for number, row in enumerate(desk.rows.accounts, start=1):
        yield Account(
            id=desk.keys.id_of("account", row.key),
            source_key=desk.keys.source_key("account", row.key),
            salesforce_id=desk.keys.salesforce("001", number),
            name=row.name,
            industry=row.industry,
            website=f"https://www.{row.key}.example",
            duns=f"{number:09}",
            uei=f"EXAMPLE{number:05}",
            billing_street=f"{number * 7} Example Street",
            billing_city=row.city,
            billing_state=row.state,
            billing_postal_code=row.postal_code,
            billing_country=row.country,
            parent_id=None if row.parent is None else desk.keys.id_of("account", row.parent),
            owner_id=desk.keys.id_of("user", sellers[number % len(sellers)]),
            team=tuple(_team(desk, row, number)),
        )
        for place in range(1, len(row.contacts) + 1):
            yield _contact(desk, row, place, next(contact_numbers))


def _team(desk: Desk, account: AccountRow, number: int) -> Iterator[AccountTeamMember]:
    for place, (role, title) in enumerate(_TEAM.items()):
        key = f"{account.key}:{role}"
        yield AccountTeamMember(
            id=desk.keys.id_of("account-team-member", key),
            source_key=desk.keys.source_key("account-team-member", key),
            account_id=desk.keys.id_of("account", account.key),
            salesforce_id=desk.keys.salesforce("01M", number * len(_TEAM) + place),
            user_id=desk.keys.id_of("user", desk.users_by_role[role]),
            role=title,
        )


def contact_key(account: AccountRow, place: int = 1) -> str:
    """The key of an account's contact, counted from 1."""
    return f"{account.key}:{place}"


def _contact(desk: Desk, account: AccountRow, place: int, number: int) -> Contact:
    name, title = account.contacts[place - 1]
    key = contact_key(account, place)
    return Contact(
        id=desk.keys.id_of("contact", key),
        source_key=desk.keys.source_key("contact", key),
        account_id=desk.keys.id_of("account", account.key),
        salesforce_id=desk.keys.salesforce("003", number),
        name=name,
        title=title,
        email=f"{_mailbox(name, f'contact{number}')}@{account.key}.example",
        phone=f"+1 202-555-0{_FIRST_PHONE + number}",
    )


def opportunities(desk: Desk) -> Iterator[Opportunity]:
    """Deals with their lines; the amount is the sum of the lines."""
    for number, row in enumerate(desk.rows.opportunities, start=1):
        lines = tuple(_opportunity_lines(desk, row))
        totals = [line.total for line in lines if line.total is not None]
        closed = row.stage in {_WON, _LOST}
        yield Opportunity(
            id=desk.keys.id_of("opportunity", row.key),
            source_key=desk.keys.source_key("opportunity", row.key),
            salesforce_id=desk.keys.salesforce("006", number),
            name=row.name,
            stage=row.stage,
            is_closed=closed,
            is_won=row.stage == _WON,
            close_date=desk.calendar.day(row.close),
            amount=sum(totals, start=Money.zero(row.currency)) if totals else None,
            account_id=desk.keys.id_of("account", row.account),
            owner_id=desk.keys.id_of("user", desk.users_by_role["sales_rep"]),
            team=tuple(_deal_team(desk, row, number)),
            contact_roles=tuple(_contact_roles(desk, row, number)),
            lines=lines,
        )


def _deal_team(desk: Desk, deal: OpportunityRow, number: int) -> Iterator[OpportunityTeamMember]:
    """Whoever owns nothing else of a deal, where an org has them."""
    for place, (role, title) in enumerate(_DEAL_TEAM.items()):
        if role not in desk.users_by_role:
            continue
        key = f"{deal.key}:{role}"
        yield OpportunityTeamMember(
            id=desk.keys.id_of("opportunity-team-member", key),
            source_key=desk.keys.source_key("opportunity-team-member", key),
            opportunity_id=desk.keys.id_of("opportunity", deal.key),
            salesforce_id=desk.keys.salesforce("00q", number * len(_DEAL_TEAM) + place),
            user_id=desk.keys.id_of("user", desk.users_by_role[role]),
            role=title,
        )


def _contact_roles(desk: Desk, deal: OpportunityRow, number: int) -> Iterator[OpportunityContactRole]:
    """Who decides at the account and who speaks for it there, the first of them asked first."""
    account = desk.accounts[deal.account]
    for place, role in enumerate(_CONTACT_ROLES[: len(account.contacts)], start=1):
        key = f"{deal.key}:{place}"
        yield OpportunityContactRole(
            id=desk.keys.id_of("opportunity-contact-role", key),
            source_key=desk.keys.source_key("opportunity-contact-role", key),
            opportunity_id=desk.keys.id_of("opportunity", deal.key),
            salesforce_id=desk.keys.salesforce("00K", number * len(_CONTACT_ROLES) + place),
            contact_id=desk.keys.id_of("contact", contact_key(account, place)),
            role=role,
            is_primary=place == 1,
        )


def _opportunity_lines(desk: Desk, row: OpportunityRow) -> Iterator[OpportunityLine]:
    for place, line in enumerate(priced_lines(row.lines, row.currency), start=1):
        key = f"{row.key}:{place}"
        yield OpportunityLine(
            id=desk.keys.id_of("opportunity-line", key),
            source_key=desk.keys.source_key("opportunity-line", key),
            opportunity_id=desk.keys.id_of("opportunity", row.key),
            product_id=desk.keys.id_of("product", line.product),
            description=desk.products[line.product].name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount_percent=line.discount_percent,
            total=line.total,
        )


def _mailbox(name: str, otherwise: str) -> str:
    """`zofia.lis` for Zofia Liś; names in other scripts take what is given instead."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z]+", plain.lower().replace("'", ""))
    return ".".join(words) or otherwise
