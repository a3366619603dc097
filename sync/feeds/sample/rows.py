"""What one line of the sample's tables says: amounts as text, days as `Calendar.day` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from domain.amendment import AmendmentKind
from domain.contract import BillingFrequency, ContractType, Side
from domain.document import DocumentType
from domain.history import Decision
from domain.lifecycle import ContractStatus
from domain.milestone import MilestoneStatus
from domain.obligation import ObligationKind, ObligationStatus
from domain.party import PartyRole
from domain.renewal import RenewalType
from domain.service_level import ServiceLevelState
from sync.feeds.sample.calendar import Day


class UserRow(NamedTuple):
    """A person of the org; `role` names a role of the policy, and is empty for those who do not sign in."""

    key: str
    name: str
    role: str = ""
    look_at: str = ""
    active: bool = True


class AccountRow(NamedTuple):
    """A company, with the people there as (name, title)."""

    key: str
    name: str
    industry: str
    city: str
    country: str
    contacts: tuple[tuple[str, str], ...] = ()
    parent: str | None = None
    postal_code: str | None = None
    state: str | None = None


class ProductRow(NamedTuple):
    """Something that the org sells; `price` is text with a currency, such as `480 USD`."""

    code: str
    name: str
    family: str
    recurring: bool
    price: str | None


class OpportunityRow(NamedTuple):
    """A deal; `lines` as in ContractRow, where `ANLY 6x17000-5%` is discounted."""

    key: str
    name: str
    account: str
    stage: str
    close: Day
    currency: str
    lines: str


class AmendmentRow(NamedTuple):
    """A change of a contract: `change` is an amount, `fields` are other fields as (name, before, after)."""

    kind: AmendmentKind
    signed: Day
    rationale: str
    change: str | None = None
    end: Day | None = None
    fields: tuple[tuple[str, str | None, str | None], ...] = ()


class MilestoneRow(NamedTuple):
    """A promise for a day, with the payment that it triggers."""

    name: str
    status: MilestoneStatus
    target: Day | None
    actual: Day | None = None
    amount: str | None = None


class LevelRow(NamedTuple):
    """A service level; `values` were measured month by month, the last one last month."""

    metric: str
    target: str
    unit: str
    threshold: str | None
    state: ServiceLevelState | None
    values: tuple[str, ...] = ()
    eligible: bool | None = True
    damages: str | None = None


class ObligationRow(NamedTuple):
    """Something owed; `ours` says by whom, `confidence` is set where a model read it from the clause."""

    kind: ObligationKind
    status: ObligationStatus
    deliverable: str
    due: Day | None = None
    frequency: str | None = None
    clause: str | None = None
    confidence: str | None = None
    ours: bool | None = True
    reviewer: str | None = None


class ClaimRow(NamedTuple):
    """A claim about one field that arrived `arrived` days from today, and what became of it."""

    field: str
    before: str | None
    after: str | None
    by: str
    arrived: int
    decision: Decision
    reason: str


class PaperRow(NamedTuple):
    """A paper beside the agreement itself."""

    type: DocumentType
    title: str
    executed: bool | None = True


class PartyRow(NamedTuple):
    """A party beside the two that every contract has."""

    role: PartyRole
    account: str


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract. Two of `start`, `months` and `end` give the third.

    `lines` are products with quantity and unit price over the term, `PLAT 250x480; IMPL 1x15000`, and make
    up the base value; `value` states it where there are no lines. Amounts are in `currency`.
    """

    number: str | None
    title: str
    type: ContractType
    status: ContractStatus
    account: str | None
    start: Day | None = None
    months: int | None = None
    end: Day | None = None
    renewal: RenewalType | None = None
    term: str | None = None
    notice: str | None = None
    window: int | None = None
    currency: str = "USD"
    lines: str = ""
    value: str | None = None
    assigned: tuple[str, str] | None = None
    billing: BillingFrequency | None = None
    payment_terms: str | None = None
    discount: str | None = None
    uplift: str | None = None
    escalation: str | None = None
    cap: str | None = None
    uncapped: bool | None = None
    law: str | None = None
    convenience: str | None = None
    cause: str | None = None
    side: Side = Side.CUSTOMER
    parent: str | None = None
    opportunity: str | None = None
    template: str | None = None
    deviations: int | None = None
    redlines: int | None = None
    assessed: bool = False
    amendments: tuple[AmendmentRow, ...] = ()
    milestones: tuple[MilestoneRow, ...] = ()
    levels: tuple[LevelRow, ...] = ()
    obligations: tuple[ObligationRow, ...] = ()
    claims: tuple[ClaimRow, ...] = ()
    papers: tuple[PaperRow, ...] = ()
    parties: tuple[PartyRow, ...] = ()
    key: str | None = None

    @property
    def name(self) -> str:
        """What its source key is made of: the number, or `key` for a contract that has no number yet."""
        name = self.number or self.key
        if name is None:
            raise ValueError(f"{self.title!r} needs a number or a key")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgRows:
    """Everything of one org."""

    code: str
    id: str
    name: str
    legal_name: str
    country: str
    domain: str
    users: tuple[UserRow, ...]
    accounts: tuple[AccountRow, ...]
    products: tuple[ProductRow, ...]
    opportunities: tuple[OpportunityRow, ...]
    contracts: tuple[ContractRow, ...]
