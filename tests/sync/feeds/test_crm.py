from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from sync.feeds import crm
from tests.sync.feeds.feed_graphs import Graphs

Written = Callable[..., Path]

TABLES = {
    "z_accounts.csv": "External_Id,Name,Parent_External_Id,Source\nt:A,Acme,t:H,t\nt:H,Holding,,t\nt:N,,,t\n",
    "opportunities.csv": (
        "External_Id,Name,Account_External_Id,StageName,IsClosed,IsWon,"
        "CloseDate,Amount,CurrencyIsoCode,OwnerName,Source\n"
        "t:O1,Lamps,t:A,Closed Won,True,True,2026-01-02,18,EUR,Ann Owner,t\n"
        "t:O2,Open,,Prospecting,False,False,,,EUR,Ann Owner,t\n"
    ),
    "a_lines.csv": (
        "External_Id,Opportunity_External_Id,Product_External_Id,Quantity,UnitPrice,Discount\n"
        "t:O1:1,t:O1,t:Lamp,2,10,10.0\n"
        "t:O1:2,t:O1,t:Lmap,1,5,\n"
        "t:O9:1,t:O9,t:Lamp,1,5,\n"
    ),
    "products.csv": (
        "External_Id,ProductCode,Name,ListPrice,CurrencyIsoCode\nt:Lamp,L,Lamp,11,EUR\nt:Sub,S,Seat,,\n"
    ),
    "prices.csv": (
        "Product_External_Id,Pricebook,SellingModel,SellingModelType,CurrencyIsoCode,UnitPrice,IsActive\n"
        "t:Sub,Standard,Monthly,Evergreen,USD,20,true\nt:Sub,Standard,Monthly,Evergreen,EUR,19,true\n"
        "t:Lamp,Standard,Once,OneTime,USD,12,true\n"
    ),
    "models.csv": "Name,PricingTerm,PricingTermUnit,SellingModelType\nMonthly,1,Months,Evergreen\n",
    "pairs.csv": "name_a,name_b,label\nAcme,ACME,same\n",
}


def tables(written: Written) -> list[Path]:
    return sorted(written(name, content) for name, content in TABLES.items())


def test_the_tables_are_told_by_their_headers_and_linked(graphs: Graphs, written: Written) -> None:
    done = graphs.imported(crm.read(tables(written)))
    deals = (
        "SELECT o.name, a.name, p.name, u.name, o.stage_category FROM opportunity o"
        ' LEFT JOIN account a ON a.id = o.account_id LEFT JOIN account p ON p.id = a.parent_id JOIN "user" u'
        " ON u.id = o.owner_id ORDER BY 1"
    )
    assert graphs.rows(deals) == [
        ("Lamps", "Acme", "Holding", "Ann Owner", "BOOKED"),
        ("Open", None, None, "Ann Owner", "FORECAST"),
    ]
    lines = (
        "SELECT p.name, l.description, l.total_amount"
        " FROM opportunity_line l LEFT JOIN product p ON p.id = l.product_id"
    )
    assert sorted(graphs.rows(lines), key=str) == [("Lamp", None, Decimal(18)), (None, "Lmap", Decimal(5))]
    products = "SELECT name, recurring, list_price_amount, list_price_currency FROM product ORDER BY 1"
    assert graphs.rows(products) == [("Lamp", False, Decimal(11), "EUR"), ("Seat", True, Decimal(20), "USD")]
    assert {(row["what"], row["record"], row["field"]) for row in done.rejects} == {
        ("record", "t:N", "Name"),
        ("record", "t:O9:1", "Opportunity_External_Id"),
        ("unlinked", "t:O1#t:O1:2", "product_id"),
    }
    assert list(done.summary.notes) == ["pairs.csv is no table of a CRM that is known here, and was ignored"]


def test_importing_twice_doubles_nothing(graphs: Graphs, written: Written) -> None:
    graphs.imported(crm.read(tables(written)))
    again = graphs.imported(crm.read(tables(written)))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)


def test_a_product_that_comes_later_links_the_line(graphs: Graphs, written: Written) -> None:
    graphs.imported(crm.read(tables(written)))
    done = graphs.imported(crm.read([written("p.csv", "External_Id,ProductCode,Name\nt:Lmap,M,Typo\n")]))
    assert done.summary.saved.inserted["Product"] == 1
    final = graphs.imported(crm.read(tables(written)))
    assert {row["what"] for row in final.rejects} == {"record"}


def test_the_real_tables_are_imported_with_their_dirt_told(graphs: Graphs, shared_data: Path) -> None:
    paths = sorted((shared_data / "crm").iterdir())
    done = graphs.imported(crm.read(paths))
    inserted = done.summary.saved.inserted
    assert (inserted["Opportunity"], inserted["OpportunityLine"], inserted["Product"]) == (9_630, 10_955, 398)
    assert inserted["Account"] == 1_510 - 3
    dangling = [row for row in done.rejects if row["value"] == "maven:GTXPro"]
    assert (len(dangling), {row["what"] for row in dangling}) == (1_480, {"unlinked"})
    again = graphs.imported(crm.read(paths))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)
