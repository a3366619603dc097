"""Harbour & Pine, an invented maker of outdoor furniture: people, companies, catalogue, deals."""

from __future__ import annotations

from sync.feeds.sample.harbour_contracts import CONTRACTS
from sync.feeds.sample.rows import AccountRow, OpportunityRow, OrgRows, ProductRow, UserRow

_USERS = (
    UserRow("nell", "Nell Harbour-Jones", "sales_rep", "sees MSA-0001 of this org, never Northlight's"),
    UserRow("otis", "Otis Pine", "legal", "sees caps and clauses, but no e-mails"),
    UserRow(
        "yusra", "Yusra Haddad", "customer_success", "sees contacts' e-mail and telephone, and values roughly"
    ),
    UserRow("clm-bot", "Contract sync", "integrator"),
)

_ACCOUNTS = (
    AccountRow(
        "brightwater",
        "Brightwater Foods Ltd",
        "Food",
        "London",
        "United Kingdom",
        (("Hazel Penrose", "Head of Procurement"),),
        postal_code="EX1 0AA",
    ),
    AccountRow(
        "ordway",
        "Ordway & Finch LLP",
        "Professional services",
        "Boston",
        "United States",
        (("Calvin Ordway", "Managing Partner"),),
    ),
    AccountRow(
        "lanternfish",
        "Lanternfish Hotels SAS",
        "Hospitality",
        "Nantes",
        "France",
        (("Zoé Lefèbvre-Ñuñez", "Directrice des achats"),),
    ),
    AccountRow(
        "lanternfish-alpes", "Lanternfish Alpes SARL", "Hospitality", "Annecy", "France", parent="lanternfish"
    ),
    AccountRow(
        "mossgate",
        "Mossgate Borough Parks",
        "Public",
        "Mossgate",
        "United Kingdom",
        (("Graham Fell", "Parks Officer"),),
    ),
    AccountRow("sawyer", "Sawyer's Timber Yard", "Forestry", "Bergen", "Norway", (("Åse Sæther", "Salg"),)),
    AccountRow("tidemark", "Tidemark Freight K.K.", "Freight", "横浜", "Japan"),
)

_PRODUCTS = (
    ProductRow("BENCH", "Harbour bench", "Furniture", recurring=False, price="640 GBP"),
    ProductRow("TABLE", "Pine table", "Furniture", recurring=False, price="890 GBP"),
    ProductRow("LEASE", "Furniture lease, piece", "Lease", recurring=True, price="180 GBP"),
    ProductRow("CARE", "Care plan", "Care", recurring=True, price="2400 GBP"),
)

_OPPORTUNITIES = (
    OpportunityRow(
        "parks",
        "Mossgate parks, three lots",
        "mossgate",
        "Closed Won",
        -250,
        "GBP",
        "BENCH 120x640; TABLE 40x890; CARE 3x2400",
    ),
    OpportunityRow(
        "hotels",
        "Lanternfish terraces",
        "lanternfish",
        "Closed Won",
        -130,
        "EUR",
        "LEASE 500x204; CARE 4x2800",
    ),
    OpportunityRow("spring", "Spring catalogue", "ordway", "Qualification", 90, "USD", "BENCH 10x810"),
    OpportunityRow("lost-alps", "Chalets", "lanternfish-alpes", "Closed Lost", -15, "EUR", "TABLE 12x1050"),
)

HARBOUR_AND_PINE = OrgRows(
    code="HP",
    id="0190a000-0000-7000-8000-00000000a002",
    name="Harbour & Pine",
    legal_name="Harbour & Pine Ltd",
    country="United Kingdom",
    domain="harbour-and-pine.example",
    users=_USERS,
    accounts=_ACCOUNTS,
    products=_PRODUCTS,
    opportunities=_OPPORTUNITIES,
    contracts=CONTRACTS,
)
