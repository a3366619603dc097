"""Harbour & Pine's contracts; three of their numbers are also used by Northlight."""

from __future__ import annotations

from domain.amendment import AmendmentKind
from domain.contract import BillingFrequency, ContractType, Side
from domain.history import Decision
from domain.lifecycle import ContractStatus
from domain.milestone import MilestoneStatus
from domain.obligation import ObligationKind, ObligationStatus
from domain.party import PartyRole
from domain.renewal import RenewalType
from domain.service_level import ServiceLevelState
from sync.feeds.sample.rows import (
    AmendmentRow,
    ClaimRow,
    ContractRow,
    LevelRow,
    MilestoneRow,
    ObligationRow,
    PartyRow,
)

_T, _S, _R, _B, _K = ContractType, ContractStatus, RenewalType, BillingFrequency, AmendmentKind
_M, _L, _O, _D = MilestoneStatus, ServiceLevelState, ObligationStatus, ObligationKind

_SHARED_NUMBERS = (
    ContractRow("MSA-0001", "Framework for garden furniture", _T.MSA, _S.ACTIVE, "brightwater", start=-730,
                renewal=_R.EVERGREEN, term="P6M", notice="P1M", currency="GBP", cap="150000",
                law="England and Wales", cause="P20D", assessed=True),
    ContractRow("SOW-0001", "Roof terrace", _T.SOW, _S.ACTIVE, "brightwater", start=-60, months=8,
                renewal=_R.NONE,
                currency="GBP", lines="BENCH 24x640; TABLE 8x890", billing=_B.ON_MILESTONE, parent="MSA-0001",
                milestones=(MilestoneRow("Delivered", _M.MET, -10, -14, "15360"),
                            MilestoneRow("Fitted", _M.SCHEDULED, 12, None, "7120"))),
    ContractRow("OF-0001", "Lease of benches", _T.ORDER_FORM, _S.EXPIRING_SOON, "brightwater", end=55,
                months=24,
                renewal=_R.OPTION_TO_RENEW, notice="P1M", currency="GBP", lines="LEASE 80x360",
                billing=_B.MONTHLY, parent="MSA-0001", assessed=True),
)

_PARKS = (
    ContractRow(
        "HP-204", "Parks framework", _T.MSA, _S.AMENDED, "mossgate", start=-240, months=48, renewal=_R.NONE,
        currency="GBP", lines="BENCH 120x640; CARE 3x2400", opportunity="parks", billing=_B.ANNUAL,
        law="England and Wales", cap="84000", assessed=True,
        amendments=(AmendmentRow(_K.VALUE, -100, "Forty benches more", "25600"),
                    AmendmentRow(_K.ADMINISTRATIVE, -50, "New purchase order number",
                                 fields=(("purchase_order", "PO-17", "PO-71"),))),
        levels=(LevelRow("Repairs within ten days", "95", "%", "90", _L.AT_RISK, ("97", "96", "92")),),
    ),
    ContractRow("HP-205", "Lot 2: tables", _T.ORDER_FORM, _S.ACTIVE, "mossgate", start=-200, months=12,
                renewal=_R.NONE, currency="GBP", lines="TABLE 40x890", parent="HP-204", opportunity="parks",
                obligations=(ObligationRow(_D.DELIVERY, _O.OVERDUE, "Last ten tables", -6),)),
    ContractRow("HP-206", "Lot 3: care", _T.SOW, _S.IN_REVIEW, "mossgate", start=60, months=24,
                currency="GBP",
                lines="CARE 2x4800", parent="HP-204", opportunity="parks", redlines=3, deviations=2,
                assessed=True),
)

_HOTELS = (
    ContractRow(
        "HP-207", "Location de mobilier, terrasses d'été", _T.ORDER_FORM, _S.ACTIVE, "lanternfish",
        start=-120,
        months=36, renewal=_R.AUTO_RENEW, term="P1Y", notice="P4M", currency="EUR",
        lines="LEASE 500x204; CARE 4x2800",
        opportunity="hotels", billing=_B.SEMIANNUAL, payment_terms="45 jours fin de mois", law="France",
        assigned=("37000.00", "3083.33"), parties=(PartyRow(PartyRole.GUARANTOR, "lanternfish-alpes"),),
        levels=(LevelRow("Pieces replaced in time", "98", "%", "95", _L.ON_TRACK, ("99", "98.4")),),
    ),
    ContractRow("HP-208", "Confidentiality before the tender", _T.NDA, _S.RENEWED, "lanternfish", end=-40,
                months=24, renewal=_R.AUTO_RENEW, term="P2Y", notice="P1M", law="France"),
    ContractRow("HP-209", "Chalets, withdrawn", _T.ORDER_FORM, _S.TERMINATED, "lanternfish-alpes", end=-11,
                months=6, renewal=_R.NONE, currency="EUR", lines="TABLE 12x1050"),
    ContractRow("HP-210", "Winter storage", _T.OTHER, _S.SUSPENDED, "lanternfish", start=-33, months=5,
                renewal=_R.NONE, currency="EUR", value="5200"),
)

_PURCHASES = (
    ContractRow("HP-211", "Timber supply", _T.MSA, _S.ACTIVE, "sawyer", end="M+3", months=12,
                renewal=_R.AUTO_RENEW, term="P1Y", notice="P3M", currency="EUR", value="730000",
                side=Side.VENDOR,
                billing=_B.MONTHLY, law="Norway", escalation="Timber index", assessed=True, deviations=2),
    ContractRow("HP-212", "Sea freight", _T.MSA, _S.ACTIVE, "tidemark", start=-90, months=12, renewal=_R.NONE,
                currency="JPY", value="14800000", side=Side.VENDOR, law="Japan"),
    ContractRow("HP-213", "Saw blades", _T.ORDER_FORM, _S.PENDING_SIGNATURE, "sawyer", start=14, months=12,
                currency="EUR", value="0.01", side=Side.VENDOR),
    ContractRow("HP-214", "Next year's timber", _T.ORDER_FORM, _S.EXECUTED, "sawyer", start=40, months=12,
                renewal=_R.OPTION_TO_RENEW, currency="EUR", value="765000", side=Side.VENDOR,
                parent="HP-211"),
)

_OFFICES = (
    ContractRow("HP-215", "Atrium lease", _T.ORDER_FORM, _S.ACTIVE, "ordway", end=92, months=12,
                renewal=_R.AUTO_RENEW, term="P1Y", notice="P30D", lines="LEASE 40x230", billing=_B.QUARTERLY,
                law="Massachusetts", claims=(
                    ClaimRow("discount_percent", None, "15", "SALESFORCE", -8, Decision.REFUSED,
                             "After signature the CLM owns the discount."),)),
    ContractRow("HP-216", "Atrium care", _T.SOW, _S.ACTIVE, "ordway", start=-5, months=12, renewal=_R.NONE,
                lines="CARE 1x3100", parent="HP-215"),
    ContractRow("HP-217", "Reception, first draft", _T.ORDER_FORM, _S.DRAFT, "ordway", lines="BENCH 6x810"),
    ContractRow("HP-218", "Old atrium lease", _T.ORDER_FORM, _S.RENEWED, "ordway", end=-273, months=12,
                renewal=_R.AUTO_RENEW, term="P1Y", notice="P30D", lines="LEASE 35x225"),
    ContractRow("HP-219", "Showroom", _T.OTHER, _S.ACTIVE, "brightwater", start="L", renewal=_R.EVERGREEN,
                term="P1M", notice="P1W", currency="GBP", lines="LEASE 10x180", billing=_B.MONTHLY),
    ContractRow("HP-220", "Data Processing Agreement", _T.DPA, _S.ACTIVE, "brightwater", start=-730,
                renewal=_R.NONE, parent="MSA-0001", law="England and Wales",
                obligations=(ObligationRow(_D.COMPLIANCE, _O.EXTRACTED, "List of sub-processors", 21, "P6M",
                                           "5.2", "0.83"),)),
    ContractRow("HP-221", "Terrace care, being reviewed", _T.SOW, _S.IN_REVIEW, "brightwater", currency="GBP",
                lines="CARE 1x1200", parent="MSA-0001"),
)

CONTRACTS = (*_SHARED_NUMBERS, *_PARKS, *_HOTELS, *_PURCHASES, *_OFFICES)
