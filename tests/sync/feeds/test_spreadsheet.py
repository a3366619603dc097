from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.contract import Contract, ContractType, Side
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.party import PartyRole
from domain.renewal import RenewalType
from domain.term import Period
from sync.feeds.graph import Graph, Note
from sync.feeds.headers import MappingError, mapping_file, told_by
from sync.feeds.reject import Reject
from sync.feeds.spreadsheet import Layout, read
from tests.sync.feeds.feed_graphs import Graphs

Written = Callable[..., Path]


def one(path: Path, layout: Layout | None = None) -> Graph:
    (graph,) = (item for item in read([path], layout or Layout()) if isinstance(item, Graph))
    return graph


def contract(graph: Graph) -> Contract:
    assert isinstance(graph.record, Contract)
    return graph.record


def test_headers_are_known_by_field_graphql_name_or_synonym(written: Written) -> None:
    text = (
        "CONTRACT-No.,Contract_Name,contractType,Start Date,Valid until,"
        "Total Amount,ccy,Supplier,Auto-Renew,Notice Days\n"
        "C-1,Support,Master Services Agreement,2026-01-01,2026-12-31,1234.5,eur,Acme,yes,90\n"
    )
    graph = one(written("a.csv", text))
    found = contract(graph)
    assert (found.number, found.title, found.type) == ("C-1", "Support", ContractType.MSA)
    assert (found.effective_date, found.expiration_date) == (date(2026, 1, 1), date(2026, 12, 31))
    assert found.total_value == Money(Decimal("1234.50"), "EUR")
    assert (found.side, found.parties[0].role) == (Side.VENDOR, PartyRole.VENDOR)
    assert (found.renewal_type, found.notice_period) == (RenewalType.AUTO_RENEW, Period(days=90))
    assert (found.source_key, graph.rejects) == ("csv:C-1", ())


@pytest.mark.parametrize(
    ("cell", "amount", "currency"),
    [
        ("1,234.50 USD", "1234.50", "USD"),
        ("USD 1,234.50", "1234.50", "USD"),
        ("1.234,50 EUR", "1234.50", "EUR"),
        ("1 234,5 €", "1234.50", "EUR"),
        ("CHF 1'234.50", "1234.50", "CHF"),
        ("(1,000) GBP", "-1000", "GBP"),
        ("-7 usd", "-7", "USD"),
        ("1,234,567 JPY", "1234567", "JPY"),
        ("0.001 KWD", "0.001", "KWD"),
    ],
)
def test_amounts_are_read_as_people_write_them(
    written: Written, cell: str, amount: str, currency: str
) -> None:
    graph = one(written("a.csv", f'number;value\nC-1;"{cell}"\n'))
    assert contract(graph).total_value == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.234 USD", "more decimals than USD has"),
        ("12 ZZZ", "not an ISO 4217 currency"),
        ("12", "has no currency"),
        ("$12", "write the code"),
        ("1,23,4 USD", "do not tell thousands from decimals"),
        ("about 12 USD and more", "correct"),
        ("1e5 USD", "correct"),
        ("NaN", "no amount"),
    ],
)
def test_a_bad_amount_is_left_out_with_the_reason(written: Written, cell: str, reason: str) -> None:
    graph = one(written("a.csv", f'number;value\nC-1;"{cell}"\n'))
    assert contract(graph).total_value is None
    (reject,) = graph.rejects
    assert (reject.field, reject.place.line) == ("total_value", 2)
    assert reason in reject.reason


def test_delimiters_marks_encodings_and_line_ends_of_offices_are_read(written: Written) -> None:
    text = "number{0}title{0}customer\nC-1{0}Größe{0}Añil\n"
    for delimiter in ",;\t|":
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-1"):
            content = text.format(delimiter).replace("\n", "\r\n")
            found = contract(one(written("a.csv", content, encoding)))
            assert (found.title, found.parties[0].legal_name) == ("Größe", "Añil"), (delimiter, encoding)


def test_a_row_without_a_title_is_called_by_its_number(written: Written) -> None:
    assert contract(one(written("a.csv", "number,title\nC-1,\n"))).title == "C-1"


def test_without_a_number_the_reference_finds_a_row_again(written: Written) -> None:
    found = contract(one(written("a.csv", "External Id,Name\nX-9,Lease\n")))
    assert (found.number, found.external_reference, found.source_key) == (None, "X-9", "csv:X-9")


def test_dates_are_read_as_the_importer_says(written: Written) -> None:
    path = written("a.csv", "number,signed\nC-1,31.01.2026\nC-2,2026-01-31\n")
    first, second = (i for i in read([path], Layout(date_format="%d.%m.%Y")) if isinstance(i, Graph))
    assert (contract(first).signed_date, contract(first).status) == (
        date(2026, 1, 31),
        ContractStatus.EXECUTED,
    )
    assert [reject.field for reject in second.rejects] == ["signed_date"]


def test_a_column_that_means_nothing_is_told_with_a_suggestion(written: Written) -> None:
    notes = [
        i.text
        for i in read([written("a.csv", "number,Stautus,Zzz\nC-1,x,y\n")], Layout())
        if isinstance(i, Note)
    ]
    assert len(notes) == 2
    assert '--map "Stautus=status"' in notes[0]
    assert "--map" not in notes[1]


def test_what_the_importer_says_of_a_column_wins(written: Written) -> None:
    layout = Layout(told=told_by(["Our=No=number", "status = template"]))
    found = contract(one(written("a.csv", "Our=No,status\nC-1,Red\n"), layout))
    assert (found.number, found.template, found.status) == ("C-1", "Red", ContractStatus.DRAFT)


def test_a_mapping_may_lie_in_a_file(written: Written) -> None:
    content = 'date_format = "%d/%m/%Y"\n[columns]\n"Contract No" = "number"\n'
    assert mapping_file(written("m.toml", content)) == ({"Contract No": "number"}, "%d/%m/%Y")
    for bad in ("[columns", "columns = 3", "date_format = 3\n[columns]\n", "x = 1"):
        with pytest.raises(MappingError):
            mapping_file(written("m.toml", bad))


@pytest.mark.parametrize(
    ("header", "told", "reason"),
    [
        ("number", {"Nope": "title"}, "no column is called 'Nope'"),
        ("number", {"number": "id"}, "'id' is no field"),
        ("number", {"number": "riskless"}, "'riskless' is no field"),
        ("title,value", {}, "tell its contracts apart"),
        ("", {}, "no columns at all"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_the_first_row(
    written: Written, header: str, told: dict[str, str], reason: str
) -> None:
    with pytest.raises(MappingError, match=reason):
        read([written("a.csv", f"{header}\nx\n" if header else "")], Layout(told=told))


def test_a_mapping_on_the_command_line_needs_both_sides() -> None:
    for bad in ("number", "=number", "No=", ""):
        with pytest.raises(MappingError, match="is no mapping"):
            told_by([bad])


def test_bad_rows_are_rejected_with_their_lines(written: Written) -> None:
    text = (
        "number,title,signed\n"
        'C-1,"over\ntwo lines",2026-01-01\n'  # lines 2 and 3
        "C-2,\0nul,\n"  # line 4: the field
        ",no number,\n"  # line 5
        "C-1,again,\n"  # line 6
        "C-3,a,b,c,d\n"  # line 7
        "\n"
        f"C-4,{'x' * 100_001},\n"  # line 9: the field
        "C-5,fine,31/12/2026\n"  # line 10: the field
    )
    rejects: list[Reject] = []
    numbers: list[str | None] = []
    for item in read([written("a.csv", text)], Layout()):
        if isinstance(item, Reject):
            rejects.append(item)
        elif isinstance(item, Graph):
            rejects += item.rejects
            numbers.append(contract(item).number)
    assert sorted((reject.place.line, reject.field) for reject in rejects if reject.field) == [
        (4, "title"),
        (5, "number"),
        (6, "number"),
        (9, "title"),
        (10, "signed_date"),
    ]
    assert [reject.place.line for reject in rejects if not reject.field] == [7]
    assert numbers == ["C-1", "C-2", "C-4", "C-5"]


def test_half_a_character_behind_a_lying_mark_is_rejected(written: Written) -> None:
    path = written("a.csv", b"\xef\xbb\xbfnumber,title\nC-1,Gr\xf6\xdfe\n")
    (reject,) = one(path).rejects
    assert (reject.field, "UTF-8" in reject.reason) == ("title", True)


def test_a_formula_is_kept_as_it_stands(written: Written) -> None:
    assert contract(one(written("a.csv", "number,title\nC-1,=1+1\n"))).title == "=1+1"


def test_parties_and_parents_are_found_by_name_and_number(graphs: Graphs, written: Written) -> None:
    text = "number,customer,parent\nC-2,ACME,C-1\nC-1,Acme,\nC-3,Bond,C-9\n"
    path = written("a.csv", text)
    done = graphs.imported(read([path], Layout()), match_names=True)
    query = (
        "SELECT c.number, a.name, p.number FROM contract c JOIN account a ON a.id = c.account_id"
        " LEFT JOIN contract p ON p.id = c.parent_id ORDER BY 1"
    )
    assert graphs.rows(query) == [("C-1", "ACME", None), ("C-2", "ACME", "C-1"), ("C-3", "Bond", None)]
    assert [(row["what"], row["line"], row["value"]) for row in done.rejects] == [("unlinked", "4", "C-9")]
    again = graphs.imported(read([path], Layout()), match_names=True)
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)
