"""Northlight's contracts whose performance is watched: service levels, obligations and what is missed."""

from __future__ import annotations

from domain.contract import BillingFrequency, ContractType
from domain.lifecycle import ContractStatus
from domain.milestone import MilestoneStatus
from domain.obligation import ObligationKind, ObligationStatus
from domain.party import PartyRole
from domain.renewal import RenewalType
from domain.service_level import ServiceLevelState
from sync.feeds.sample.rows import ContractRow, LevelRow, MilestoneRow, ObligationRow, PartyRow

_T, _S, _R, _B = ContractType, ContractStatus, RenewalType, BillingFrequency
_M, _L, _O, _D = MilestoneStatus, ServiceLevelState, ObligationStatus, ObligationKind

WATCHED = (
    ContractRow(
        "NL-1029",
        "Zażółć: fleet tracking",
        _T.ORDER_FORM,
        _S.ACTIVE,
        "zazolc",
        start=-190,
        months=24,
        renewal=_R.AUTO_RENEW,
        term="P1Y",
        notice="P90D",
        currency="EUR",
        lines="PLAT 300x870; SUPP 1x30000",
        opportunity="zazolc-fleet",
        billing=_B.QUARTERLY,
        payment_terms="Net 30",
        cap="291000",
        law="Poland",
        convenience="P6M",
        cause="P30D",
        deviations=1,
        redlines=0,
        assessed=True,
        levels=(
            LevelRow(
                "Availability",
                "99.9",
                "%",
                "99.5",
                _L.ON_TRACK,
                ("99.95", "99.97", "99.93", "99.99", "99.96", "99.98"),
            ),
            LevelRow(
                "First response to severity 1",
                "30",
                "minutes",
                "45",
                _L.AT_RISK,
                ("18", "21", "24", "26", "27.5", "38.5"),
                damages="2500",
            ),
            LevelRow(
                "Lost position reports",
                "0.10",
                "%",
                "0.25",
                _L.BREACHED,
                ("0.08", "0.12", "0.31"),
                damages="12000",
            ),
        ),
        obligations=(
            ObligationRow(_D.REPORTING, _O.OPEN, "Monthly service report", 9, "P1M", "Schedule 2, 3.1"),
            ObligationRow(_D.PAYMENT, _O.FULFILLED, "Quarterly fee", -20, "P3M", "6.2", ours=False),
            ObligationRow(
                _D.COMPLIANCE,
                _O.EXTRACTED,
                "Yearly penetration test, summary shared",
                75,
                "P1Y",
                "11.4",
                "0.91",
            ),
            ObligationRow(
                _D.CONFIDENTIALITY,
                _O.EXTRACTED,
                "Return of all data within 30 days of the end",
                None,
                None,
                "14.2 (b)",
                "0.58",
                ours=None,
            ),
        ),
    ),
    ContractRow(
        "NL-1031",
        "Data Processing Agreement",
        _T.DPA,
        _S.ACTIVE,
        "zazolc",
        start=-190,
        months=24,
        renewal=_R.NONE,
        currency="EUR",
        parent="NL-1029",
        law="Poland",
        uncapped=True,
        obligations=(
            ObligationRow(
                _D.NOTICE, _O.OPEN, "Tell of a breach within 72 hours", None, None, "8.1", reviewer="maren"
            ),
        ),
    ),
    ContractRow(
        "NL-1035",
        "Grid control for all plants",
        _T.MSA,
        _S.ACTIVE,
        "quillfeather-energy",
        start=-420,
        months=84,
        renewal=_R.NONE,
        lines="PLAT 250000x4800; IMPL 1x50000000",
        billing=_B.ANNUAL,
        payment_terms="Net 90",
        uncapped=True,
        deviations=7,
        redlines=4,
        assessed=True,
        parties=(PartyRow(PartyRole.OTHER, "quillfeather-solar"),),
        milestones=(
            MilestoneRow("Factory test", _M.MET, -300, -300, "12500000"),
            MilestoneRow("First plant on line", _M.NOT_MET, -95, None, "15000000"),
            MilestoneRow("Second plant on line", _M.MET, -40, -8, "10000000.50"),
            MilestoneRow("Last plant on line", _M.SCHEDULED, 210, None, "12499999.50"),
        ),
        levels=(
            LevelRow(
                "Availability of the control room",
                "99.99",
                "%",
                "99.95",
                _L.BREACHED,
                ("99.99", "99.97", "99.81"),
                damages="750000",
            ),
            LevelRow("Restoration after an outage", "4", "hours", "6", _L.BREACHED, ("3.5", "5", "9.25")),
            LevelRow("Safety alarms answered", "100", "%", None, None, (), eligible=None),
        ),
        obligations=(
            ObligationRow(
                _D.INSURANCE, _O.OVERDUE, "Proof of cyber insurance", -31, "P1Y", "17.3", reviewer="maren"
            ),
            ObligationRow(
                _D.DELIVERY, _O.OVERDUE, "Source code to escrow", -12, "P6M", "9.5", "0.97", reviewer="ingrid"
            ),
            ObligationRow(_D.REPORTING, _O.OVERDUE, "Root cause of the last outage", -3, None, "12.2"),
            ObligationRow(
                _D.PAYMENT,
                _O.WAIVED,
                "Late fee of the first quarter",
                -380,
                None,
                "6.4",
                ours=False,
                reviewer="ingrid",
            ),
            ObligationRow(
                _D.OTHER, _O.EXTRACTED, "Yearly meeting of the steering board", 30, "P1Y", "3.7", "0.442"
            ),
        ),
    ),
    ContractRow(
        "NL-1038",
        "Shared services, on hold after a dispute",
        _T.SOW,
        _S.SUSPENDED,
        "ordway",
        start=-150,
        months=12,
        renewal=_R.OPTION_TO_RENEW,
        notice="P1M",
        lines="CUST 1x42000.75; SUPP 1x12000",
        law="Massachusetts",
        milestones=(MilestoneRow("Hand-over", _M.NOT_MET, -20, None, "21000"),),
    ),
)
