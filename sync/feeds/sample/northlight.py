"""Northlight Systems, an invented seller of software: the people, the companies, the catalogue, the deals."""

from __future__ import annotations

from sync.feeds.sample.northlight_performance import WATCHED
from sync.feeds.sample.northlight_renewals import RENEWALS
from sync.feeds.sample.northlight_terms import TERMS
from sync.feeds.sample.rows import AccountRow, OpportunityRow, OrgRows, ProductRow, UserRow

_USERS = (
    UserRow(
        "tess",
        "Tess O'Hara",
        "sales_rep",
        "sees prices and dates, no liability cap or risk, of e-mails the domain",
    ),
    UserRow("idris", "Idris Okonjo-Vale", "sales_manager", "sees risk and service levels, no liability caps"),
    UserRow("maren", "Maren Lindqvist", "legal", "sees caps, clauses, risk and history, but no e-mails"),
    UserRow("bao", "Bảo Trần", "finance", "sees values and liability caps, but neither risk nor history"),
    UserRow(
        "zofia", "Zofia Liś", "customer_success", "sees contacts' e-mail and telephone, and values roughly"
    ),
    UserRow("renko", "Renko Adachi", "security_reviewer", "sees hashes and history, but no values or dates"),
    UserRow("paulo", "Paulo Ventura", "admin", "sees the history of changes, but none of the terms"),
    UserRow("clm-bot", "Contract sync", "integrator"),
    UserRow("ingrid", "Ingrid Æbelø", "legal"),
    UserRow("gone", "Former Colleague", active=False),
)

_ACCOUNTS = (
    AccountRow(
        "brightwater",
        "Brightwater Foods Ltd",
        "Food",
        "London",
        "United Kingdom",
        (("Hazel Penrose", "Head of Procurement"), ("Tom Ashdown", "General Counsel")),
        postal_code="EX1 0AA",
    ),
    AccountRow(
        "brightwater-retail",
        "Brightwater Foods Retail Ltd",
        "Retail",
        "Leeds",
        "United Kingdom",
        (("Priya Nair-Holt", "Store Operations"),),
        parent="brightwater",
    ),
    AccountRow(
        "ordway",
        "Ordway & Finch LLP",
        "Professional services",
        "Boston",
        "United States",
        (("Calvin Ordway", "Managing Partner"),),
        postal_code="00000",
        state="MA",
    ),
    AccountRow(
        "quillfeather",
        "Quillfeather Holdings, Inc.",
        "Energy",
        "Denver",
        "United States",
        (("Lucía Fernández-Byrne", "Chief Procurement Officer"), ("Ravi Anand", "Controller")),
    ),
    AccountRow(
        "quillfeather-energy",
        "Quillfeather Energy LLC",
        "Energy",
        "Austin",
        "United States",
        (("Dana Whitlock", "Plant IT"),),
        parent="quillfeather",
    ),
    AccountRow(
        "quillfeather-solar",
        "Quillfeather Solar One LLC",
        "Energy",
        "Tucson",
        "United States",
        parent="quillfeather-energy",
    ),
    AccountRow(
        "odalaigh", "O'Dalaigh's Bakery Group", "Food", "Dublin", "Ireland", (("Síle O'Dalaigh", "Owner"),)
    ),
    AccountRow(
        "zazolc",
        "Zażółć Logistyka sp. z o.o.",
        "Logistics",
        "Kraków",
        "Poland",
        (("Łukasz Żmuda", "Dyrektor IT"), ("Ewa Świt", "Radca prawny")),
    ),
    AccountRow(
        "aegir",
        "Ægir Shipping hf.",
        "Shipping",
        "Reykjavík",
        "Iceland",
        (("Þóra Einarsdóttir", "Fleet Manager"),),
    ),
    AccountRow("kakuu", "架空商事株式会社", "Trading", "東京", "Japan", (("架空 花子", "調達部長"),)),
    AccountRow(
        "mithal",
        "شركة المثال للتجارة ذ.م.م",
        "Trading",
        "الكويت",
        "Kuwait",
        (("مريم المثال", "مديرة المشتريات"),),
    ),
    AccountRow(
        "copperline",
        "Copperline Hosting GmbH",
        "Hosting",
        "Köln",
        "Germany",
        (("Jörg Weißmüller", "Account Manager"),),
    ),
    AccountRow("tansy", "Tansy Facilities Ltd", "Facilities", "Bristol", "United Kingdom"),
    AccountRow(
        "moonrake",
        "Moonrake Analytics Co-op",
        "Research",
        "Portland",
        "United States",
        (("Ines Moonrake", "Director"),),
    ),
)

_PRODUCTS = (
    ProductRow("PLAT", "Northlight Platform, seat", "Platform", recurring=True, price="480 USD"),
    ProductRow("ANLY", "Northlight Analytics", "Platform", recurring=True, price="18000 USD"),
    ProductRow("SUPP", "Premium Support", "Services", recurring=True, price="24000 USD"),
    ProductRow("IMPL", "Implementation", "Services", recurring=False, price="15000 USD"),
    ProductRow("TRNG", "Training day", "Services", recurring=False, price="1450 GBP"),
    ProductRow("EVAL", "Evaluation licence", "Platform", recurring=False, price="1 USD"),
    ProductRow("CUST", "Custom work, by quotation", "Services", recurring=False, price=None),
)

_OPPORTUNITIES = (
    OpportunityRow(
        "brightwater-rollout",
        "Brightwater roll-out",
        "brightwater",
        "Closed Won",
        -340,
        "GBP",
        "IMPL 1x180000; TRNG 12x1450; PLAT 400x612; ANLY 2x21500",
    ),
    OpportunityRow(
        "ordway-renewal", "Ordway & Finch renewal", "ordway", "Closed Won", -345, "USD", "PLAT 85x960"
    ),
    OpportunityRow(
        "quillfeather-group",
        "Quillfeather group licence",
        "quillfeather",
        "Closed Won",
        -1040,
        "USD",
        "PLAT 1200x1440; SUPP 1x96000; IMPL 1x150000",
    ),
    # Signed for less than it was won at: what leakage looks like.
    OpportunityRow(
        "zazolc-fleet",
        "Zażółć fleet tracking",
        "zazolc",
        "Closed Won",
        -200,
        "EUR",
        "PLAT 300x900; SUPP 1x30000",
    ),
    OpportunityRow(
        "kakuu-pilot", "架空商事 pilot", "kakuu", "Negotiation/Review", 30, "JPY", "PLAT 40x58000"
    ),
    OpportunityRow("moonrake-new", "Moonrake first deal", "moonrake", "Prospecting", 75, "USD", ""),
    OpportunityRow(
        "aegir-bridge",
        "Ægir bridge systems",
        "aegir",
        "Proposal/Price Quote",
        50,
        "EUR",
        "ANLY 6x17000-5%; TRNG 4x1600",
    ),
    OpportunityRow(
        "odalaigh-lost", "O'Dalaigh's second bakery", "odalaigh", "Closed Lost", -60, "EUR", "PLAT 30x540"
    ),
)

NORTHLIGHT = OrgRows(
    code="NL",
    id="0190a000-0000-7000-8000-00000000a001",
    name="Northlight Systems",
    legal_name="Northlight Systems, Inc.",
    country="United States",
    domain="northlight.example",
    users=_USERS,
    accounts=_ACCOUNTS,
    products=_PRODUCTS,
    opportunities=_OPPORTUNITIES,
    contracts=(*TERMS, *RENEWALS, *WATCHED),
)
