from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.field import Entity
from domain.identity import salesforce_id
from domain.org import Org
from sync.feeds.sample.calendar import Calendar
from sync.feeds.sample.contract import contract
from sync.feeds.sample.crm import accounts, opportunities, products, users
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.harbour import HARBOUR_AND_PINE
from sync.feeds.sample.keys import Keys
from sync.feeds.sample.northlight import NORTHLIGHT
from sync.feeds.sample.rows import OrgRows


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """Somebody to look at the sample as: `role` is of the policy, `salesforce_id` names their User record."""

    name: str
    role: str
    org: str
    salesforce_id: str
    look_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOrg:
    """An invented org with its records, and people to look at it as.

    Records are whole: opportunities and contracts hold their parts, which are not listed again. Source keys
    stay the same from run to run; ids do not, and are good only within this org's records.
    """

    org: Org
    records: Sequence[Entity]
    people: Sequence[DemoPerson]


def sample_orgs(today: date) -> Sequence[SampleOrg]:
    """Two orgs that share some contract numbers and account names, with all dates reckoned from today."""
    return tuple(_sample_org(rows, today) for rows in (NORTHLIGHT, HARBOUR_AND_PINE))


def _sample_org(rows: OrgRows, today: date) -> SampleOrg:
    desk = Desk(rows=rows, calendar=Calendar(today), keys=Keys(rows.code))
    org = Org(id=UUID(rows.id), name=rows.name, salesforce_org_id=salesforce_id(f"00Dxx{rows.code}00000001"))
    staff = tuple(users(desk))
    contracts = (contract(desk, row) for row in rows.contracts)
    records = (*staff, *accounts(desk), *products(desk), *opportunities(desk), *contracts)
    people = tuple(
        DemoPerson(
            name=user.name,
            role=row.role,
            org=rows.name,
            salesforce_id=user.salesforce_id or "",
            look_at=row.look_at,
        )
        for user, row in zip(staff, rows.users, strict=True)
        if row.look_at
    )
    return SampleOrg(org=org, records=records, people=people)
