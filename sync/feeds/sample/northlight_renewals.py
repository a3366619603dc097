"""Northlight's renewals: windows, deadlines of these days, ends of months and leap days, unknown terms."""

from __future__ import annotations

from domain.amendment import AmendmentKind
from domain.contract import BillingFrequency, ContractType
from domain.history import Decision
from domain.lifecycle import ContractStatus
from domain.renewal import RenewalType
from sync.feeds.sample.rows import AmendmentRow, ClaimRow, ContractRow

_T, _S, _R, _B, _K = ContractType, ContractStatus, RenewalType, BillingFrequency, AmendmentKind

_DEADLINES = (
    ContractRow(
        "NL-1006", "Subscription: the last day to speak is tomorrow", _T.ORDER_FORM, _S.EXPIRING_SOON,
        "ordway", end=31, months=12, renewal=_R.AUTO_RENEW, term="P1Y", notice="P30D", lines="PLAT 85x960",
        billing=_B.ANNUAL, opportunity="ordway-renewal", uplift="7", cap="81600", law="Massachusetts",
        convenience="P60D", assessed=True, deviations=0, redlines=0,
    ),
    ContractRow(
        "NL-1007", "Subscription: the last day to speak was yesterday", _T.ORDER_FORM, _S.ACTIVE, "ordway",
        end=29, months=12, renewal=_R.AUTO_RENEW, term="P1Y", notice="P30D", lines="ANLY 1x22500",
        billing=_B.ANNUAL, law="Massachusetts", assessed=True,
    ),
    ContractRow("NL-1008", "Support, in its notice window", _T.ORDER_FORM, _S.ACTIVE, "quillfeather-energy",
                end=120, months=36, renewal=_R.AUTO_RENEW, term="P3Y", notice="P60D", lines="SUPP 3x24000",
                billing=_B.MONTHLY, law="Texas", uncapped=True, assessed=True),
    ContractRow("NL-1009", "Fleet analytics, with an option", _T.ORDER_FORM, _S.EXPIRING_SOON, "aegir",
                end=45, months=24, renewal=_R.OPTION_TO_RENEW, notice="P15D", window=60, currency="EUR",
                lines="ANLY 2x33000; TRNG 1x1600", billing=_B.QUARTERLY, law="Iceland", assessed=True),
)

_ANCHORS = (
    ContractRow("NL-1010", "Monthly seats, since a 31 January", _T.ORDER_FORM, _S.ACTIVE, "odalaigh",
                start="J",
                renewal=_R.EVERGREEN, term="P1M", notice="P14D", window=7, currency="EUR",
                lines="PLAT 12x540", billing=_B.MONTHLY, law="Ireland"),
    ContractRow("NL-1011", "Evergreen since a leap day", _T.ORDER_FORM, _S.ACTIVE, "moonrake", start="L",
                renewal=_R.EVERGREEN, term="P1Y", notice="P60D", lines="PLAT 20x480", billing=_B.ANNUAL),
    ContractRow("NL-1012", "First term ended on a leap day", _T.ORDER_FORM, _S.ACTIVE, "moonrake", end="L",
                months=12, renewal=_R.AUTO_RENEW, term="P1Y", notice="P2M", lines="ANLY 1x17900",
                assigned=("18000.00", "1500.00"), billing=_B.ANNUAL),
    ContractRow("NL-1013", "Ends with its month", _T.SOW, _S.ACTIVE, "quillfeather", end="M+2", months=24,
                renewal=_R.NONE, lines="CUST 1x1850000", uncapped=True, deviations=5, redlines=3,
                assessed=True),
)

_UNKNOWN = (
    ContractRow("NL-1014", "Taken over from a paper file", _T.OTHER, _S.ACTIVE, "odalaigh", start=-2000,
                currency="EUR", value="9600.50", assessed=True),
    ContractRow("NL-1015", "Renews, but nobody knows the notice", _T.ORDER_FORM, _S.ACTIVE, "ordway", end=70,
                months=12, renewal=_R.AUTO_RENEW, term="P1Y", lines="SUPP 1x26400", assessed=True),
)

# Every month another order; every tenth amendment also extends the term.
_ORDERS = tuple(
    AmendmentRow(
        _K.TERM if place % 10 == 0 else _K.VALUE,
        -1020 + 30 * (place - 1),
        f"Call-off order {place}" if place % 10 else f"Call-off order {place}, and a longer term",
        f"{(place * 7919) % 40000 - 6000}.{place:02}",
        end=f"M+{14 + place // 5}" if place % 10 == 0 else None,
    )
    for place in range(1, 35)
)

_LIVES = (
    ContractRow(
        "NL-1016", "Quillfeather group licence", _T.MSA, _S.AMENDED, "quillfeather", start=-1030, months=48,
        renewal=_R.AUTO_RENEW, term="P1Y", notice="P120D",
        lines="PLAT 1200x1440; SUPP 1x96000; IMPL 1x150000",
        opportunity="quillfeather-group", billing=_B.QUARTERLY, payment_terms="Net 45", discount="18",
        escalation="Energy price index above 110", cap="4000000", law="Colorado", cause="P45D", deviations=4,
        redlines=0, assessed=True, amendments=_ORDERS,
    ),
    ContractRow("NL-1017", "Solar monitoring, on hold", _T.ORDER_FORM, _S.SUSPENDED, "quillfeather-solar",
                start=-210, months=24, renewal=_R.NONE, lines="PLAT 60x960", billing=_B.MONTHLY,
                law="Arizona", convenience="P30D"),
    ContractRow(
        "NL-1018", "Bakery planning, ended early", _T.ORDER_FORM, _S.TERMINATED, "odalaigh", start=-500,
        months=36, renewal=_R.NONE, currency="EUR", lines="PLAT 30x1620", law="Ireland",
        amendments=(AmendmentRow(_K.TERMINATION, -64, "Ended by consent; the rest is not billed", "-24300",
                                 end=-50),),
    ),
    ContractRow("NL-1019", "Pilot of three months", _T.ORDER_FORM, _S.TERMINATED, "moonrake", end=-900,
                months=3, renewal=_R.NONE, lines="PLAT 5x120"),
    ContractRow("NL-1020", "Logistics seats, first term", _T.ORDER_FORM, _S.RENEWED, "zazolc", end=-20,
                months=12,
                renewal=_R.OPTION_TO_RENEW, notice="P30D", currency="EUR", lines="PLAT 150x432",
                law="Poland"),
    ContractRow("NL-1021", "Logistics seats, second term", _T.ORDER_FORM, _S.ACTIVE, "zazolc", start=-19,
                months=12,
                renewal=_R.OPTION_TO_RENEW, notice="P30D", currency="EUR", lines="PLAT 165x450", law="Poland",
                assigned=("74000.00", "6166.67"), uplift="4.25"),
    ContractRow(
        "NL-1037", "Shipping platform, by novation", _T.MSA, _S.AMENDED, "aegir", start=-700, months=48,
        renewal=_R.AUTO_RENEW, term="P1Y", notice="P90D", currency="EUR", lines="PLAT 110x1890; SUPP 1x58000",
        law="Iceland", cap="265900", assessed=True,
        amendments=(
            AmendmentRow(_K.NOVATION, -400, "The fleet company steps in for its predecessor",
                         fields=(("parties", "Ægir Lines ehf.", "Ægir Shipping hf."),)),
            AmendmentRow(_K.RENEWAL, -250, "Renews by itself from now on",
                         fields=(("renewal_type", "NONE", "AUTO_RENEW"), ("renewal_term", None, "P1Y"))),
            AmendmentRow(_K.ADMINISTRATIVE, -120, "New address for notices",
                         fields=(("notice_address", "1 Old Quay", "2 New Quay"),)),
            AmendmentRow(_K.VALUE, -80, "20 seats fewer", "-31500"),
        ),
        claims=(ClaimRow("renewal_type", "AUTO_RENEW", "NONE", "SALESFORCE", -40, Decision.CONFLICT,
                         "The CLM changed the same field after this claim was made."),),
    ),
)

RENEWALS = (*_DEADLINES, *_ANCHORS, *_UNKNOWN, *_LIVES)
