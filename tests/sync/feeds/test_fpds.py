from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.amendment import AmendmentKind
from domain.contract import Contract, ContractType
from domain.lifecycle import ContractStatus
from domain.money import Money
from sync.feeds import fpds
from sync.feeds.graph import Graph, Item
from sync.feeds.reject import Reject
from tests.sync.feeds.feed_graphs import Graphs

TODAY = date(2026, 11, 21)
Written = Callable[..., Path]
Row = dict[str, Any]


def action(number: str, signed: str, delta: str, total: str = "150.00", **extra: str) -> str:
    """One Atom entry of an invented vehicle."""
    told = {"vendor": "Acme Rockets", "end": "2027-05-31 00:00:00", "reason": "", "piid": "ZZ26D0001"} | extra
    reason = (
        told["reason"]
        and f'<n:reasonForModification description="{told["reason"]}">X</n:reasonForModification>'
    )
    return f"""<entry><title>x</title><content type="application/xml"><n:IDV xmlns:n="https://www.fpds.gov/FPDS">
  <n:contractID><n:IDVID><n:agencyID>9999</n:agencyID><n:PIID>{told["piid"]}</n:PIID>
    <n:modNumber>{number}</n:modNumber></n:IDVID></n:contractID>
  <n:relevantContractDates><n:signedDate>{signed} 00:00:00</n:signedDate>
    <n:effectiveDate>2026-01-01 00:00:00</n:effectiveDate>
    <n:lastDateToOrder>{told["end"]}</n:lastDateToOrder></n:relevantContractDates>
  <n:dollarValues><n:baseAndAllOptionsValue>{delta}</n:baseAndAllOptionsValue></n:dollarValues>
  <n:totalDollarValues>
    <n:totalBaseAndAllOptionsValue>{total}</n:totalBaseAndAllOptionsValue></n:totalDollarValues>
  <n:contractData>{reason}
    <n:descriptionOfContractRequirement>Rockets &amp; fuel</n:descriptionOfContractRequirement>
  </n:contractData>
  <n:vendor><n:vendorHeader><n:vendorName>{told["vendor"]}</n:vendorName></n:vendorHeader><n:vendorSiteDetails>
    <n:entityIdentifiers><n:vendorUEIInformation><n:UEI>ACMEROCKETS1</n:UEI></n:vendorUEIInformation>
    </n:entityIdentifiers></n:vendorSiteDetails></n:vendor>
  <n:transactionInformation><n:createdDate>{signed} 09:00:00</n:createdDate>
    <n:lastModifiedDate>{signed} 10:00:00</n:lastModifiedDate></n:transactionInformation>
</n:IDV></content></entry>"""


def page(*entries: str) -> str:
    return f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n{"".join(entries)}\n</feed>'


BASE = action("0", "2026-01-01", "100.00")
OPTION = action(
    "P00001", "2026-03-01", "50.00", reason="EXERCISE AN OPTION", end="2028-05-31 00:00:00", vendor="Acme LLC"
)


def contracts(items: Iterator[Item]) -> list[Contract]:
    return [item.record for item in items if isinstance(item, Graph) and isinstance(item.record, Contract)]


def line(number: str, deltas: list[str], total: str, **extra: Any) -> Row:
    """A gathered line of an invented contract."""
    return {
        "id": f"fpds:IDV|9999|{number}|",
        "contract_number": number,
        "title": f"Vehicle {number}",
        "type": "MSA",
        "status": "active",
        "signed_date": "2026-01-01",
        "effective_date": "2026-01-01",
        "expiration_date": "2027-01-01",
        "original_value": {"amount": 100.0, "currency": "USD"},
        "total_value": {"amount": float(total), "currency": "USD"},
        "parties": [
            {"role": "buyer", "name": "Office of Tests"},
            {
                "role": "supplier",
                "name": "Acme",
                "id": f"UEI{number}",
                "parent": "Holding",
                "parent_id": "UEIP",
            },
        ],
        "amendments": [
            {
                "number": f"P{turn:05}",
                "signed_date": "2026-02-01",
                "effective_date": "2026-01-01",
                "recorded_at": f"2026-02-01 10:00:{turn % 60:02}",
                "kind": "other",
                "ceiling_delta": float(delta),
            }
            for turn, delta in enumerate(deltas, start=1)
        ],
    } | extra


def lines(*rows: Row) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_actions_of_one_contract_are_gathered_from_several_pages(written: Written) -> None:
    second = written("a.xml.gz", gzip.compress(page(OPTION).encode()))
    first = written("b.xml", page(BASE))
    (contract,) = contracts(fpds.read([second, first], TODAY))
    assert (contract.number, contract.type, contract.title) == (
        "ZZ26D0001",
        ContractType.MSA,
        "Rockets & fuel",
    )
    assert contract.source_key == "fpds:IDV|9999|ZZ26D0001|"
    assert contract.total_value == Money(Decimal(150), "USD")
    assert contract.expiration_date == date(2028, 5, 31)
    assert contract.status is ContractStatus.AMENDED
    (amendment,) = contract.amendments
    assert (amendment.kind, amendment.value_after) == (AmendmentKind.RENEWAL, Money(Decimal(150), "USD"))
    assert amendment.effective_date is None  # it only repeats the contract's
    assert {(change.field, change.before, change.after) for change in amendment.changes} == {
        ("total_value", "100.00 USD", "150.00 USD"),
        ("expiration_date", None, "2028-05-31"),
        ("vendor", None, "Acme LLC"),
        ("uei", None, "ACMEROCKETS1"),
    }


def test_an_action_on_two_overlapping_pages_counts_once(written: Written) -> None:
    paths = [written("a.xml", page(BASE, OPTION)), written("b.xml", page(OPTION))]
    (contract,) = contracts(fpds.read(paths, TODAY))
    assert len(contract.amendments) == 1


def test_a_contract_whose_base_action_is_missing_is_rejected(written: Written) -> None:
    (reject,) = fpds.read([written("a.xml", page(OPTION))], TODAY)
    assert isinstance(reject, Reject)
    assert "import all its pages together" in reject.reason
    assert reject.place.line == 3


def test_a_document_type_is_refused_before_its_entities_grow(written: Written) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        f'<feed xmlns="http://www.w3.org/2005/Atom">{BASE.replace("Rockets", "&b;")}</feed>'
    )
    (reject,) = fpds.read([written("a.xml", bomb)], TODAY)
    assert isinstance(reject, Reject)
    assert "declares a document type" in reject.reason


def test_a_page_that_breaks_off_gives_what_was_whole(written: Written) -> None:
    found = list(fpds.read([written("a.xml", page(BASE, OPTION)[:-200])], TODAY))
    assert [type(item) for item in found] == [Reject, Graph]


def test_a_damaged_archive_is_one_reject(written: Written) -> None:
    packed = gzip.compress(page(BASE).encode())
    found = list(fpds.read([written("a.xml.gz", packed[:-20])], TODAY))
    assert [type(item) for item in found][:1] == [Reject]


def test_a_bad_line_is_rejected_with_its_number_and_the_others_go_on(written: Written) -> None:
    text = lines(line("A", [], "100")) + "{no json\n[]\n" + lines(line("B", [], "100")) + '{"id": 3}\n'
    found = list(fpds.read([written("a.jsonl", text)], TODAY))
    assert [item.place.line for item in found if isinstance(item, Reject)] == [2, 3, 5]
    assert [contract.number for contract in contracts(iter(found))] == ["A", "B"]


def test_a_bad_field_is_left_out_and_told(written: Written) -> None:
    row = line("A", [], "100", signed_date="2026-02-30", original_value={"amount": 1.005, "currency": "USD"})
    (graph,) = fpds.read([written("a.jsonl", lines(row))], TODAY)
    assert isinstance(graph, Graph)
    assert {(reject.field, reject.place.line) for reject in graph.rejects} == {
        ("signed_date", 1),
        ("original_value", 1),
    }


def test_an_order_is_told_from_the_vehicle_whose_number_it_reuses(written: Written) -> None:
    order = line("A", [], "100", id="fpds:award|9999|A|A", parent_number="A", type="SOW")
    other = order | {"parent_number": "B"}
    definitive = line("A", [], "100", id="fpds:award|9999|A|", type="STANDALONE")
    found = contracts(
        fpds.read([written("a.jsonl", lines(line("A", [], "100"), order, other, definitive))], TODAY)
    )
    assert [contract.number for contract in found] == ["A", "A/A", "B/A", "9999/A"]
    assert len({contract.source_key for contract in found}) == 4


def test_a_file_of_something_else_is_rejected(written: Written) -> None:
    (reject,) = fpds.read([written("a.jsonl", "number,title\n")], TODAY)
    assert isinstance(reject, Reject)


def test_importing_twice_doubles_nothing(graphs: Graphs, written: Written) -> None:
    path = written(
        "a.jsonl", lines(line("A", ["5", "-3"], "102"), line("B", ["1"], "101", parent_number="A"))
    )
    first = graphs.imported(fpds.read([path], TODAY))
    assert first.summary.saved.inserted["Contract"] == 2
    assert first.rejects == []
    again = graphs.imported(fpds.read([path], TODAY))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)
    parents = "SELECT c.number, p.number FROM contract c JOIN contract p ON p.id = c.parent_id"
    assert graphs.rows(parents) == [("B", "A")]
    holding = "SELECT a.name, p.name FROM account a JOIN account p ON p.id = a.parent_id ORDER BY 1"
    assert graphs.rows(holding) == [("Acme", "Holding")] * 2


def test_a_total_that_differs_is_listed_with_the_reason(graphs: Graphs, written: Written) -> None:
    rows = [
        line("A", ["5", "20"], "105"),
        line("B", ["5"], "100"),
        line("C", ["5"], "300"),
        line("D", [], "100"),
    ]
    summary = graphs.imported(fpds.read([written("a.jsonl", lines(*rows))], TODAY)).summary
    assert (summary.compared, summary.differing) == (4, 3)
    told = {each.number: each.reason for each in summary.differences}
    assert "amendment P00002 adds exactly the difference" in told["A"]
    assert "amendment P00001 adds exactly the difference" in told["B"]
    assert "195.00 USD less" in told["C"]


def test_memory_does_not_grow_with_the_file(graphs: Graphs, written: Written) -> None:
    def peak(name: str, count: int) -> int:
        rows = (json.dumps(line(f"{name}{turn}", ["1"] * 10, "110")) for turn in range(count))
        text = written(f"{name}.jsonl", "\n".join(rows))
        tracemalloc.start()
        try:
            done = graphs.imported(fpds.read([text], TODAY), rows_per_batch=500)
            assert done.summary.saved.inserted["Contract"] == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak("warm", 50)
    small, large = peak("small", 100), peak("large", 400)
    assert large < 1.5 * small


def test_the_real_set_comes_to_the_reported_totals(graphs: Graphs, shared_data: Path) -> None:
    path = shared_data / "contracts" / "fpds_contracts.jsonl.gz"
    first = graphs.imported(fpds.read([path], TODAY))
    summary = first.summary
    assert (summary.read, summary.saved.inserted["Amendment"]) == (1_236, 55_940)
    assert summary.compared - summary.differing == 1_226
    assert len(summary.differences) == summary.differing == 10
    assert {row["what"] for row in first.rejects} == {"unlinked"}
    again = graphs.imported(fpds.read([path], TODAY))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)


def test_real_pages_tell_the_same_as_the_lines_gathered_from_them(shared_data: Path) -> None:
    folder = shared_data / "contracts"
    raw = contracts(fpds.read(sorted((folder / "fpds_raw_xml").iterdir()), TODAY))
    gathered = contracts(fpds.read([folder / "fpds_contracts.jsonl.gz"], TODAY))
    by_key = {contract.source_key: contract for contract in gathered}
    assert len(raw) == 12
    for contract in raw:
        other = by_key[contract.source_key]
        for name in ("number", "title", "total_value", "base_value", "signed_date", "expiration_date"):
            assert getattr(contract, name) == getattr(other, name), (contract.number, name)
        facts = [
            [
                (a.number, a.kind, a.signed_date, a.recorded_at, a.value_change, a.expiration_after)
                for a in c.amendments
            ]
            for c in (contract, other)
        ]
        assert facts[0] == facts[1]
