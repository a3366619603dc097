"""A small org whose every value is fixed, so that answers can be written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.access_request import AccessOutcome, AccessRequest
from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.contract import BillingFrequency, Contract, ContractType, Side
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
from domain.document import Document, DocumentType
from domain.drift import DriftFinding, DriftState
from domain.field import CLM, SALESFORCE, Entity
from domain.graph import save_order
from domain.history import Decision, FieldChange
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from domain.milestone import Milestone, MilestoneStatus
from domain.money import Money
from domain.obligation import Obligation, ObligationKind, ObligationStatus
from domain.org import Org
from domain.party import ContractParty, PartyRole
from domain.provenance import Provenance
from domain.renewal import RenewalType
from domain.renewal_acknowledgement import RenewalAcknowledgement
from domain.risk import RiskLevel
from domain.risk_assessment import RiskAssessment, RiskFactor
from domain.role_grant import HolderKind, RoleGrant
from domain.salesforce_write import SalesforceRefusal, SalesforceState, SalesforceWrite
from domain.service_level import Measurement, ServiceLevel, ServiceLevelState
from domain.term import Period
from domain.value_flag import FlagOutcome, ValueFlag
from storage.records import layout_of, to_row, with_parts
from storage.sealing import Vault, seals_for
from storage.tables import table_name

TODAY = date(2026, 11, 21)
_KINDS = (
    "Contract", "Account", "Contact", "Opportunity", "OpportunityLine", "Product", "User", "ContractParty",
    "Document", "Amendment", "AmendmentChange", "ContractLine", "Milestone", "ServiceLevel", "Measurement",
    "Obligation", "RiskAssessment", "RiskFactor", "FieldChange", "PermissionSetAssignment", "RoleGrant",
    "AccountTeamMember", "Provenance",
    "RenewalAcknowledgement", "ValueFlag", "AccessRequest",
    "SalesforceWrite", "SalesforceRefusal",
    "OpportunityTeamMember",
    "SalesforceWrite", "SalesforceRefusal", "DriftFinding",
    "OpportunityContactRole",
)  # fmt: skip
"""In an order of their own: an entity more must not change the ids of the others."""


@dataclass(frozen=True, kw_only=True)
class SmallOrg:
    """An org by its number; two of them have the same keys and different ids and texts."""

    number: int
    mark: str

    @property
    def org(self) -> Org:
        return Org(id=UUID(f"00000000-0000-7000-8000-{self.number:012}"), name=f"{self.mark} Works")

    def id(self, entity: str, place: int) -> UUID:
        """Return the id of the record of that place among its kind, which says all three."""
        return UUID(f"{self.number:04}{_KINDS.index(entity) + 1:04}-0000-7000-8000-{place:012}")

    def records(self) -> list[Entity]:
        """Return every whole record: people and companies first, then contracts with their parts."""
        return [*self._crm(), self._framework(), *self._others(), *self._grants(), *self._requests()]

    def _grants(self) -> list[RoleGrant]:
        granted = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
        held = (
            ("sales_rep", HolderKind.PROFILE, "00eHs000000AAAAIA4", None),
            ("legal", HolderKind.PERMISSION_SET, "0PSHs000000AAAAOA4", datetime(2026, 10, 9, tzinfo=UTC)),
            ("admin", HolderKind.USER, "005Hs00000AAAAAIA5", None),
        )
        return [
            RoleGrant(
                id=self.id("RoleGrant", place), role=role, holder_kind=kind, holder_id=of, granted_at=granted,
                granted_by=f"Ada {self.mark}", reason="as agreed", revoked_at=revoked,
                revoked_by="Ben" if revoked else None, revoked_because="a mistake" if revoked else None,
            )
            for place, (role, kind, of, revoked) in enumerate(held, 1)
        ]  # fmt: skip

    def _requests(self) -> list[AccessRequest]:
        """Ada asks about her own contract; Ben, of whom Salesforce knows no account, has had his answer."""
        answered = {
            "outcome": AccessOutcome.REFUSED, "answer": f"risk is not yours to weigh {self.mark}",
            "settled_by_id": self.id("User", 1), "settled_at": datetime(2026, 11, 3, 10, 0, tzinfo=UTC),
        }  # fmt: skip
        asked = (("User", 1, "liabilityCap", {}), ("User", 2, "riskScore", answered))
        return [
            AccessRequest(
                id=self.id("AccessRequest", place), contract_id=self.id("Contract", 1), field=field,
                reason=f"for the renewal {self.mark}", requested_by_id=self.id(kind, of),
                requested_at=datetime(2026, 11, place, 10, 0, tzinfo=UTC), **answer,
            )
            for place, (kind, of, field, answer) in enumerate(asked, 1)
        ]  # fmt: skip

    def _acknowledgement(self) -> RenewalAcknowledgement:
        """Of a renewal that is past: the coming one nobody has seen yet."""
        return RenewalAcknowledgement(
            id=self.id("RenewalAcknowledgement", 1), contract_id=self.id("Contract", 1),
            renewal_date=date(2026, 1, 15), notice_deadline=date(2025, 12, 16),
            acknowledged_by_id=self.id("User", 1), acknowledged_at=datetime(2025, 12, 1, 9, 0, tzinfo=UTC),
        )  # fmt: skip

    def _flags(self) -> tuple[ValueFlag, ...]:
        settled = {
            "outcome": FlagOutcome.CONFIRMED, "answer": f"it says Germany {self.mark}",
            "settled_by_id": self.id("User", 1), "settled_at": datetime(2026, 11, 3, 11, 0, tzinfo=UTC),
        }  # fmt: skip
        flagged = (("totalValue", "130000 were agreed", {}), ("governingLaw", "France was agreed", settled))
        return tuple(
            ValueFlag(
                id=self.id("ValueFlag", place), contract_id=self.id("Contract", 1), field=field,
                note=f"{note} {self.mark}", flagged_by_id=self.id("User", 2),
                flagged_at=datetime(2026, 11, place, 11, 0, tzinfo=UTC), **settlement,
            )
            for place, (field, note, settlement) in enumerate(flagged, 1)
        )  # fmt: skip

    def _crm(self) -> list[Entity]:
        id_, mark = self.id, self.mark
        deal = id_("Opportunity", 1)
        line = OpportunityLine(
            id=id_("OpportunityLine", 1), opportunity_id=deal, product_id=id_("Product", 1),
            description=f"Cranes {mark}", quantity=Decimal("2.5"), total=Money(Decimal("50000.00"), "EUR"),
        )  # fmt: skip
        return [
            User(
                id=id_("User", 1), salesforce_id="005Hs00000AAAAAIA5", name=f"Ada {mark}",
                email="ada@example.com", profile_id="00eHs000000AAAAIA4",
                permission_set_assignments=(
                    PermissionSetAssignment(
                        id=id_("PermissionSetAssignment", 1), assignee_id=id_("User", 1),
                        permission_set_id="0PSHs000000AAAAOA4",
                    ),
                ),
            ),
            User(id=id_("User", 2), name="Ben", active=False),
            Account(
                id=id_("Account", 1), salesforce_id="001Hs00000AAAAAIA5", name=f"Acme {mark}",
                industry="Steel",
                billing_city="Kiel", owner_id=id_("User", 1), source_key="a-1",
            ),
            Account(
                id=id_("Account", 2), name="Bolt", parent_id=id_("Account", 1),
                team=(
                    AccountTeamMember(
                        id=id_("AccountTeamMember", 1), account_id=id_("Account", 2), user_id=id_("User", 1),
                        role="Sales Engineer",
                    ),
                ),
            ),
            Contact(
                id=id_("Contact", 1), account_id=id_("Account", 1), name=f"Cora {mark}", title="Buyer",
                email=f"cora@{mark}.example", phone="+49 431 1",
            ),
            Contact(id=id_("Contact", 2), account_id=id_("Account", 1), name="Dan"),
            Product(
                id=id_("Product", 1), name=f"Crane {mark}", code="CR-1", recurring=True,
                list_price=Money(Decimal("1000.00"), "EUR"),
            ),
            Opportunity(
                id=deal, salesforce_id="006Hs00000AAAAAIA5", name=f"Harbour deal {mark}", stage="Closed Won",
                is_closed=True, is_won=True, close_date=date(2025, 12, 1), account_id=id_("Account", 1),
                amount=Money(Decimal("120000.00"), "EUR"), lines=(line,),
                team=(
                    OpportunityTeamMember(
                        id=id_("OpportunityTeamMember", 1), opportunity_id=deal, user_id=id_("User", 2),
                        role="Sales Engineer",
                    ),
                ),
                contact_roles=(
                    OpportunityContactRole(
                        id=id_("OpportunityContactRole", 1), opportunity_id=deal,
                        contact_id=id_("Contact", 1), role=f"Decision Maker {mark}", is_primary=True,
                    ),
                ),
            ),
        ]  # fmt: skip

    def _framework(self) -> Contract:
        id_, mark = self.id, self.mark
        return Contract(
            id=id_("Contract", 1), number="K-1", external_reference="clm-1", title=f"Crane hire {mark}",
            type=ContractType.MSA, side=Side.CUSTOMER, status=ContractStatus.ACTIVE, template="MSA v3",
            account_id=id_("Account", 1), opportunity_id=id_("Opportunity", 1),
            signed_date=date(2025, 12, 20), effective_date=date(2026, 1, 1), expiration_date=date(2027, 1,
            15),
            renewal_type=RenewalType.AUTO_RENEW, renewal_term=Period.parse("P1Y"),
            notice_period=Period.parse("P30D"),
            governing_law=f"Germany {mark}", termination_for_cause=Period.parse("P30D"),
            liability_cap=Money(Decimal("240000.00"), "EUR"),
            total_value=Money(Decimal("120000.00"), "EUR"), base_value=Money(Decimal("100000.00"), "EUR"),
            billing_frequency=BillingFrequency.QUARTERLY, payment_terms="Net 30",
            discount_percent=Decimal("7.5"),
            contract_owner_id=id_("User", 1), business_owner_id=id_("User", 2),
            template_deviations=2, risk_score=61, risk_level=RiskLevel.HIGH,
            version=3, updated_at=datetime(2026, 11, 1, 9, 30, 0, 120000, tzinfo=UTC),
            parties=(
                ContractParty(
                    id=id_("ContractParty", 1), contract_id=id_("Contract", 1),
                    legal_name=f"Acme {mark} GmbH",
                    role=PartyRole.CUSTOMER, account_id=id_("Account", 1), country="DE",
                    primary_contact_id=id_("Contact", 1),
                ),
                ContractParty(
                    id=id_("ContractParty", 2), contract_id=id_("Contract", 1), legal_name="Zeta Bank",
                    role=PartyRole.GUARANTOR,
                ),
            ),
            documents=(
                Document(
                    id=id_("Document", 1), contract_id=id_("Contract", 1), type=DocumentType.AGREEMENT,
                    title=f"Signed {mark}", sha256="ab" * 32, executed=True,
                ),
            ),
            amendments=(self._amendment(),),
            lines=(
                ContractLine(
                    id=id_("ContractLine", 1), contract_id=id_("Contract", 1), product_id=id_("Product", 1),
                    description=f"Hire {mark}", quantity=Decimal(4), total=Money(Decimal("96000.00"), "EUR"),
                    start_date=date(2026, 1, 1), end_date=date(2026, 12, 31), recurring=True,
                ),
                ContractLine(
                    id=id_("ContractLine", 2), contract_id=id_("Contract", 1), description="Set-up",
                    total=Money(Decimal("24000.00"), "EUR"),
                ),
            ),
            milestones=self._milestones(), service_levels=(self._service_level(),),
            obligations=self._obligations(), risk_assessments=(self._assessment(),), changes=self._changes(),
            provenance=self._provenance(),
            renewal_acknowledgements=(self._acknowledgement(),), value_flags=self._flags(),
            salesforce=self._salesforce(),
            drift=self._drift(),
        )  # fmt: skip

    def _amendment(self) -> Amendment:
        id_, contract = self.id, self.id("Contract", 1)
        changed = (("total_value", "100000.00 EUR", "120000.00 EUR"), ("governing_law", "France", "Germany"),
                   ("titleOfNothing", "unknown before", "unknown after"),
                   ("title", "Hire", "Crane hire"))  # fmt: skip
        return Amendment(
            id=id_("Amendment", 1), contract_id=contract, number="A-1", kind=AmendmentKind.VALUE,
            signed_date=date(2026, 6, 1), rationale=f"More cranes {self.mark}",
            value_change=Money(Decimal("20000.00"), "EUR"), document_id=id_("Document", 1),
            changes=tuple(
                AmendmentChange(
                    id=id_("AmendmentChange", place), amendment_id=id_("Amendment", 1),
                    field=field, before=before, after=after,
                )
                for place, (field, before, after) in enumerate(changed, 1)
            ),
        )  # fmt: skip

    def _milestones(self) -> tuple[Milestone, ...]:
        planned = (("Delivery", MilestoneStatus.MET, date(2026, 2, 1), date(2026, 2, 4)),
                   ("Acceptance", MilestoneStatus.SCHEDULED, date(2026, 12, 1), None),
                   ("Review", MilestoneStatus.SCHEDULED, None, None))  # fmt: skip
        return tuple(
            Milestone(
                id=self.id("Milestone", place), contract_id=self.id("Contract", 1),
                name=f"{name} {self.mark}",
                status=status, target_date=target, actual_date=actual,
                amount=Money(Decimal(1000 * place), "EUR"),
            )
            for place, (name, status, target, actual) in enumerate(planned, 1)
        )  # fmt: skip

    def _service_level(self) -> ServiceLevel:
        id_ = self.id
        return ServiceLevel(
            id=id_("ServiceLevel", 1), contract_id=id_("Contract", 1), metric=f"Uptime {self.mark}",
            target=Decimal("99.5"), unit="%", period=Period.parse("P1M"), state=ServiceLevelState.AT_RISK,
            liquidated_damages=Money(Decimal("500.00"), "EUR"),
            measurements=tuple(
                Measurement(
                    id=id_("Measurement", month), service_level_id=id_("ServiceLevel", 1),
                    period_start=date(2026, month, 1), period_end=date(2026, month, 28),
                    value=Decimal(f"99.{month}"),
                )
                for month in (1, 2)
            ),
        )  # fmt: skip

    def _obligations(self) -> tuple[Obligation, ...]:
        return (
            Obligation(
                id=self.id("Obligation", 1), contract_id=self.id("Contract", 1), kind=ObligationKind.PAYMENT,
                status=ObligationStatus.OPEN, deliverable=f"Rent {self.mark}", due_date=date(2026, 12, 1),
                responsible_party_id=self.id("ContractParty", 1), frequency=Period.parse("P3M"),
                source_clause="4.1", confidence=Decimal("0.93"), reviewer_id=self.id("User", 2),
            ),
        )  # fmt: skip

    def _assessment(self) -> RiskAssessment:
        id_ = self.id
        factors = (("deviations", 30, 21, "2 clauses deviate"), ("liability", 40, None, "the cap is unknown"))
        return RiskAssessment(
            id=id_("RiskAssessment", 1), contract_id=id_("Contract", 1), score=61, level=RiskLevel.HIGH,
            assessed_at=datetime(2026, 10, 1, 8, 0, tzinfo=UTC),
            factors=tuple(
                RiskFactor(
                    id=id_("RiskFactor", place), risk_assessment_id=id_("RiskAssessment", 1), name=name,
                    weight=weight, points=points, reason=f"{reason} {self.mark}",
                )
                for place, (name, weight, points, reason) in enumerate(factors, 1)
            ),
        )  # fmt: skip

    def _changes(self) -> tuple[FieldChange, ...]:
        claimed = (("title", "Hire", "Crane hire"), ("total_value", "100000.00 EUR", "120000.00 EUR"),
                   ("governingLaw", "France", "Germany"), ("riskScore", "12", "61"))  # fmt: skip
        return tuple(
            FieldChange(
                id=self.id("FieldChange", day), contract_id=self.id("Contract", 1), field=field,
                before=before,
                after=after, claimed_by=f"clm {self.mark}", claimed_at=datetime(2026, 10, day, 8, 0,
                tzinfo=UTC),
                recorded_at=datetime(2026, 10, day, 8, 1, tzinfo=UTC), decision=Decision.ACCEPTED,
                reason="signed",
            )
            for day, (field, before, after) in enumerate(claimed, 1)
        )  # fmt: skip

    def _salesforce(self) -> tuple[SalesforceWrite, ...]:
        said = {
            "Contract": ("liabilityCap", "Liability_Cap__c", f"Contract has no field of {self.mark}"),
            "Opportunity": ("totalValue", "Amount", f"the opportunity of {self.mark} has products"),
        }
        return tuple(
            SalesforceWrite(
                id=self.id("SalesforceWrite", place), contract_id=self.id("Contract", 1), object=name,
                salesforce_id=None, state=SalesforceState.REFUSED, contract_version=place,
                written_at=datetime(2026, 11, 1, 8, 0, place, tzinfo=UTC), correlation=f"{self.mark} {place}",
                refusals=(
                    SalesforceRefusal(
                        id=self.id("SalesforceRefusal", place), write_id=self.id("SalesforceWrite", place),
                        field=field, name=there, reason=reason,
                    ),
                ),
            )
            for place, (name, (field, there, reason)) in enumerate(said.items(), 1)
        )  # fmt: skip

    def _drift(self) -> tuple[DriftFinding, ...]:
        seen = datetime(2026, 11, 2, 2, tzinfo=UTC)
        said = (("title", "Name", CLM), ("totalValue", "Amount", SALESFORCE))
        return tuple(
            DriftFinding(
                id=self.id("DriftFinding", place), contract_id=self.id("Contract", 1), object="Contract",
                field=field, name=name, owner=owner, state=DriftState.DRIFTED,
                changed_by=f"somebody of {self.mark}", changed_at=seen, found_at=seen, seen_at=seen,
            )
            for place, (field, name, owner) in enumerate(said, 1)
        )  # fmt: skip

    def _provenance(self) -> tuple[Provenance, ...]:
        known = Provenance(
            id=self.id("Provenance", 1), contract_id=self.id("Contract", 1), field="totalValue", owner=CLM,
            system=CLM, source=f"esign {self.mark}", event="e-1",
            claimed_at=datetime(2026, 10, 2, 8, tzinfo=UTC),
            recorded_at=datetime(2026, 10, 2, 8, 1, tzinfo=UTC), decided_by="rule",
            refused_system=SALESFORCE, refused_at=datetime(2026, 10, 3, 8, tzinfo=UTC),
            refused_because="the contract system owns totalValue once it is signed",
        )  # fmt: skip
        law = Provenance(
            id=self.id("Provenance", 2), contract_id=self.id("Contract", 1), field="governingLaw", owner=CLM
        )
        return known, law

    def _others(self) -> list[Contract]:
        id_, mark = self.id, self.mark
        return [
            Contract(
                id=id_("Contract", 2), number="K-2", title=f"Crane operators {mark}", type=ContractType.SOW,
                side=Side.CUSTOMER, status=ContractStatus.EXPIRING_SOON, parent_id=id_("Contract", 1),
                account_id=id_("Account", 1), expiration_date=date(2027, 1, 31),
                total_value=Money(Decimal("80000.00"), "EUR"), risk_score=12, risk_level=RiskLevel.LOW,
                contract_owner_id=id_("User", 2), updated_at=datetime(2026, 11, 20, tzinfo=UTC),
                parties=(
                    ContractParty(
                        id=id_("ContractParty", 3), contract_id=id_("Contract", 2),
                        legal_name=f"Acme {mark} GmbH", role=PartyRole.CUSTOMER,
                    ),
                ),
            ),
            Contract(
                id=id_("Contract", 3), number="K-3", title="Mutual NDA", type=ContractType.NDA,
                side=Side.VENDOR,
                status=ContractStatus.DRAFT, account_id=id_("Account", 2),
            ),
            Contract(
                id=id_("Contract", 4), number="K-4", title="Steel supply", type=ContractType.ORDER_FORM,
                side=Side.VENDOR, status=ContractStatus.EXECUTED, total_value=Money(Decimal(5000000), "JPY"),
                expiration_date=date(2026, 12, 31), account_id=id_("Account", 2),
            ),
            Contract(
                id=id_("Contract", 5), number="K-5", title="Old hire", type=ContractType.MSA,
                side=Side.CUSTOMER,
                status=ContractStatus.TERMINATED, total_value=Money(Decimal("80000.00"), "USD"),
                expiration_date=date(2024, 2, 29), governing_law="France",
            ),
            Contract(
                id=id_("Contract", 6), title="Größe \"50%_off\" \\ 'x' \U0001f600", type=ContractType.OTHER,
                side=Side.CUSTOMER, status=ContractStatus.DRAFT,
            ),
        ]  # fmt: skip


async def store(superuser: asyncpg.Connection, small: SmallOrg, vault: Vault) -> None:
    """Copy the rows as they are: a save would set the moments of change."""
    org = small.org
    await superuser.execute("INSERT INTO org (id, name) VALUES ($1, $2)", org.id, org.name)
    every = [part for record in small.records() for part in with_parts(record)]
    async with superuser.transaction():
        seals = await seals_for(vault, superuser, org.id, save_order())
        for entity in save_order():
            rows = [to_row(record, org.id, TODAY, seals=seals) for record in every if type(record) is entity]
            await superuser.copy_records_to_table(
                table_name(entity.__name__), records=rows, columns=layout_of(entity).columns
            )
