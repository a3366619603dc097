"""Northlight's frameworks with what stands under them, its drafts, and values from one unit to billions."""

from __future__ import annotations

from domain.amendment import AmendmentKind
from domain.contract import BillingFrequency, ContractType, Side
from domain.document import DocumentType
from domain.history import Decision
from domain.lifecycle import ContractStatus
from domain.milestone import MilestoneStatus
from domain.party import PartyRole
from domain.renewal import RenewalType
from sync.feeds.sample.rows import (
    AmendmentRow,
    ClaimRow,
    ContractRow,
    MilestoneRow,
    PaperRow,
    PartyRow,
)

_T, _S, _R, _B, _K, _M = (
    ContractType, ContractStatus, RenewalType, BillingFrequency, AmendmentKind, MilestoneStatus
)
_LONG = (
    "Amended and Restated Strategic Collaboration, Joint Development, Hosting, Support, Escrow and Data "
    "Processing Framework Agreement between the Parties, their present and future Affiliates, and such other "
    "Persons as may from time to time accede hereto, including its Schedules 1 to 27 and all Annexes thereto"
)

_FRAMEWORKS = (
    ContractRow(
        "MSA-0001", "Master Services Agreement", _T.MSA, _S.ACTIVE, "brightwater", start=-610,
        renewal=_R.EVERGREEN, term="P1Y", notice="P90D", currency="GBP", cap="2000000",
        law="England and Wales",
        convenience="P90D", cause="P30D", payment_terms="Net 30", template="MSA-v4", deviations=1, redlines=0,
        assessed=True, parties=(PartyRow(PartyRole.GUARANTOR, "brightwater-retail"),),
        papers=(PaperRow(DocumentType.EXHIBIT, "Exhibit A: rates"),
                PaperRow(DocumentType.CERTIFICATE, "Certificate of insurance")),
    ),
    ContractRow(
        "SOW-0001", "Statement of Work 1: roll-out", _T.SOW, _S.ACTIVE, "brightwater", start=-320, months=18,
        renewal=_R.NONE, currency="GBP", lines="IMPL 1x180000; TRNG 12x1450", billing=_B.ON_MILESTONE,
        payment_terms="Net 30", parent="MSA-0001", opportunity="brightwater-rollout", template="SOW-v2",
        milestones=(
            MilestoneRow("Design accepted", _M.MET, -260, -268, "45000"),
            MilestoneRow("First ten stores live", _M.MET, -150, -131, "60000"),
            MilestoneRow("All stores live", _M.PARTIALLY_MET, -30, None, "55000"),
            MilestoneRow("Final acceptance", _M.SCHEDULED, 40, None, "20000"),
            MilestoneRow("Warranty ends", _M.SCHEDULED, None),
        ),
    ),
    ContractRow(
        "OF-0001", "Order Form 1: 400 seats", _T.ORDER_FORM, _S.AMENDED, "brightwater", start=-300, months=36,
        renewal=_R.AUTO_RENEW, term="P1Y", notice="P3M", currency="GBP", lines="PLAT 400x612; ANLY 2x21500",
        billing=_B.ANNUAL, payment_terms="Net 45", discount="12.5", uplift="4", escalation="CPI above 5 %",
        cap="500000", law="England and Wales", cause="P30D", parent="MSA-0001",
        opportunity="brightwater-rollout", template="OF-v3", deviations=2, redlines=1, assessed=True,
        amendments=(
            AmendmentRow(_K.VALUE, -210, "60 more seats", "36720"),
            AmendmentRow(_K.SCOPE, -140, "Adds the loyalty module",
                         fields=(("scope", "Stores", "Stores and loyalty"),)),
            AmendmentRow(_K.TERM, -70, "One more year", "244800", end=1150),
        ),
        claims=(
            ClaimRow("total_value", "324520.00 GBP", "300000.00 GBP", "SALESFORCE", -90, Decision.REFUSED,
                     "After signature the CLM owns the total value; Salesforce may not change it."),
            ClaimRow("payment_terms", "Net 45", "Net 60", "SALESFORCE", -35, Decision.REFUSED,
                     "After signature the CLM owns the payment terms."),
            ClaimRow("business_owner_id", "Tess O'Hara", "Idris Okonjo-Vale", "SALESFORCE", -20,
                     Decision.CONFLICT,
                     "Two people changed the owner within one minute: a person must choose."),
        ),
    ),
    ContractRow(
        "NL-1004", "Order Form 2: retail stores", _T.ORDER_FORM, _S.EXECUTED, "brightwater-retail", start=25,
        months=24, renewal=_R.OPTION_TO_RENEW, notice="P60D", currency="GBP", lines="PLAT 90x1224",
        billing=_B.QUARTERLY, payment_terms="Net 30", parent="MSA-0001", opportunity="brightwater-rollout",
    ),
    ContractRow(
        "NL-1005", "Statement of Work 2: warehouse", _T.SOW, _S.IN_REVIEW, "brightwater", currency="GBP",
        lines="IMPL 1x64000; TRNG 3x1450", parent="MSA-0001", deviations=4, redlines=6, assessed=True,
    ),
    ContractRow(
        "NL-1039", "Letter of amendment to all orders", _T.AMENDMENT, _S.EXECUTED, "brightwater", start=-12,
        parent="MSA-0001", papers=(PaperRow(DocumentType.NOTICE, "Notice of change of address"),),
    ),
)

_UNSIGNED = (
    ContractRow("NL-1022", "Subscription, being written", _T.ORDER_FORM, _S.DRAFT, "aegir", currency="EUR",
                lines="ANLY 6x16150; TRNG 4x1600", opportunity="aegir-bridge", discount="5"),
    ContractRow("NL-1023", _LONG, _T.MSA, _S.DRAFT, "quillfeather"),
    ContractRow("NL-1024", "Analytics for the ovens of O'Dalaigh's", _T.ORDER_FORM, _S.IN_REVIEW, "odalaigh",
                start=45, months=12, currency="EUR", lines="ANLY 1x16500", deviations=0, redlines=2,
                assessed=True),
    ContractRow("NL-1025", "架空商事 試験導入契約", _T.ORDER_FORM, _S.PENDING_SIGNATURE, "kakuu",
                start=20, months=12, renewal=_R.AUTO_RENEW, term="P1Y", notice="P1M", currency="JPY",
                lines="PLAT 40x58000", opportunity="kakuu-pilot", law="Japan", cap="2320000", claims=(
                    ClaimRow("total_value", "2400000 JPY", "2320000 JPY", "SALESFORCE", -6, Decision.ACCEPTED,
                             "Until signature Salesforce owns the total value."),
                    ClaimRow("cap", None, "10 %", "CLM", -5, Decision.REFUSED,
                             "There is no field of this name."),
                )),
    ContractRow("NL-1026", "Mutual NDA before due diligence", _T.NDA, _S.PENDING_SIGNATURE,
                "quillfeather-solar", papers=(PaperRow(DocumentType.OTHER, "Cover letter", executed=None),)),
    ContractRow(None, "Heads of terms, not numbered yet", _T.OTHER, _S.DRAFT, None, key="heads-of-terms"),
)

_VALUES = (
    ContractRow(
        "NL-1027", "架空商事 基本契約", _T.MSA, _S.ACTIVE, "kakuu", start="M-14", months=60, renewal=_R.NONE,
        currency="JPY", value="98500000000", assigned=("19700000000", "1641666667"), billing=_B.ANNUAL,
        law="Japan", cap="9850000000", cause="P60D", assessed=True, deviations=3,
    ),
    ContractRow(
        "NL-1028", "اتفاقية اشتراك المنصة", _T.ORDER_FORM, _S.ACTIVE, "mithal", start=-100, months=24,
        renewal=_R.AUTO_RENEW, term="P2Y", notice="P45D", currency="KWD",
        lines="PLAT 25x118.375; TRNG 2x310.500",
        billing=_B.SEMIANNUAL, payment_terms="Net 60", law="Kuwait", assessed=True,
    ),
    ContractRow("NL-1030", "Mutual Non-Disclosure Agreement", _T.NDA, _S.ACTIVE, "moonrake", start=-30,
                months=36, renewal=_R.NONE, law="Oregon", uncapped=True),
    ContractRow("NL-1032", "Evaluation licence 🚀", _T.ORDER_FORM, _S.ACTIVE, "moonrake", start=-5, months=1,
                renewal=_R.NONE, lines="EVAL 1x1.00", billing=_B.ONE_TIME),
    ContractRow(
        "NL-1036",
        'R&D services < 1,000 hours, "best efforts" & <b>no</b> warranty', _T.SOW, _S.ACTIVE, "aegir",
        start=-45, months=9, renewal=_R.NONE, currency="EUR", lines="CUST 980x142.50", billing=_B.MONTHLY,
        payment_terms="2 % 10, Net 30", convenience="P14D", law="Iceland",
    ),
    ContractRow(
        "NL-1033", "Hosting of the platform", _T.MSA, _S.ACTIVE, "copperline", start=-800, months=36,
        renewal=_R.AUTO_RENEW, term="P1Y", notice="P6M", currency="EUR", value="1450000", side=Side.VENDOR,
        billing=_B.MONTHLY, payment_terms="Net 14", law="Germany", cap="1450000", cause="P14D", assessed=True,
        parties=(PartyRow(PartyRole.PARTNER, "tansy"),),
    ),
    ContractRow("NL-1034", "Office cleaning", _T.OTHER, _S.ACTIVE, "tansy", end=-15, months=12,
                renewal=_R.NONE,
                currency="GBP", value="18400", side=Side.VENDOR, law="England and Wales", convenience="P30D",
                uncapped=False, assessed=True),
)

TERMS = (*_FRAMEWORKS, *_UNSIGNED, *_VALUES)
