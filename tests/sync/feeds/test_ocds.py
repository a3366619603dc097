from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.contract import Contract
from domain.lifecycle import ContractStatus
from domain.milestone import MilestoneStatus
from domain.money import Money
from domain.party import PartyRole
from sync.feeds import ocds
from sync.feeds.graph import Graph
from sync.feeds.reject import Reject
from tests.sync.feeds.feed_graphs import Graphs

Written = Callable[..., Path]


def release(
    number: str | None = None, amount: str = "100.10", day: str = "01", **contract: Any
) -> dict[str, Any]:
    """One release of an invented contract; with a number it amends the one before."""
    amendments = {"amendments": [{"id": f"CN7-{number}", "rationale": "More"}]} if number else {}
    return {
        "ocid": "test-77",
        "id": f"r{number or 0}",
        "date": f"2026-03-{day}T10:00:00Z",
        "parties": [
            {"name": "Ministry of Tests", "roles": ["procuringEntity"], "id": "m"},
            {
                "name": "Señor Añil",
                "roles": ["supplier", "payee"],
                "additionalIdentifiers": [{"scheme": "XX-REG", "id": "42"}],
                "address": {"countryName": "MX"},
            },
        ],
        "contracts": [
            {
                "id": "CN7",
                "title": "Tests",
                "status": "active",
                "dateSigned": "2026-01-31T23:00:00-06:00",
                "period": {"startDate": "2026-02-01", "endDate": "2026-12-31T00:00:00Z"},
                "value": {"amount": amount, "currency": "MXN"},
                **amendments,
                **contract,
            }
        ],
    }


def package(*releases: dict[str, Any]) -> str:
    return json.dumps({"uri": "x", "releases": list(releases)}, ensure_ascii=False)


def contract_in(*paths: Path) -> Contract:
    (graph,) = ocds.read(paths)
    assert isinstance(graph, Graph)
    assert isinstance(graph.record, Contract)
    return graph.record


def test_a_contract_is_read_with_its_parties_lines_milestones_and_documents(written: Written) -> None:
    told = release(
        items=[
            {"id": 1, "description": "Lamp", "quantity": 3},
            {"classification": {"scheme": "CPV", "id": "9"}},
        ],
        milestones=[{"title": "Done", "dueDate": "2026-05-01T00:00:00Z", "status": "partiallyMet"}],
        documents=[{"title": "Paper", "url": "https://example.org/a.pdf", "documentType": "contractSigned"}],
    )
    contract = contract_in(written("a.json", package(told)))
    assert (contract.number, contract.signed_date) == (
        "CN7",
        date(2026, 1, 31),
    )  # the day where it was signed
    assert contract.total_value == contract.base_value == Money(Decimal("100.10"), "MXN")
    assert [(party.legal_name, party.role) for party in contract.parties] == [
        ("Ministry of Tests", PartyRole.CUSTOMER),
        ("Señor Añil", PartyRole.VENDOR),
    ]
    assert [line.description for line in contract.lines] == ["Lamp", "CPV 9"]
    assert contract.milestones[0].status is MilestoneStatus.PARTIALLY_MET
    assert contract.documents[0].link == "https://example.org/a.pdf"


def test_a_chain_over_several_pages_is_one_contract_with_its_amendments(written: Written) -> None:
    later = written("a.json", package(release("A10", "300.00"), release("A2", "250.00")))
    first = written("b.json", package(release(day="02")))
    contract = contract_in(later, first)
    assert [amendment.number for amendment in contract.amendments] == ["CN7-A2", "CN7-A10"]
    changes = [amendment.value_change for amendment in contract.amendments]
    assert changes == [Money(Decimal("149.90"), "MXN"), Money(Decimal(50), "MXN")]
    assert contract.total_value == Money(Decimal(300), "MXN")
    assert contract.status is ContractStatus.AMENDED


def test_a_chain_without_its_beginning_has_no_base_and_still_a_total(written: Written) -> None:
    contract = contract_in(written("a.json", package(release("A3", "250.00"))))
    assert (contract.base_value, contract.total_value) == (None, Money(Decimal(250), "MXN"))
    assert contract.amendments[0].value_change is None


def test_latin_bytes_marks_and_lists_of_packages_are_read(written: Written) -> None:
    text = package(release())
    for content in (text.encode("iso-8859-1"), text.encode("utf-8-sig"), f"[{text}]".encode("utf-16")):
        contract = contract_in(written("a.json", content))
        assert contract.parties[1].legal_name == "Señor Añil"


def test_a_record_gives_its_releases_or_what_was_compiled_of_them(written: Written) -> None:
    whole = {"ocid": "test-77", "releases": [release()], "compiledRelease": release(amount="9")}
    linked = {"ocid": "test-77", "releases": [{"url": "https://example.org/r"}], "compiledRelease": release()}
    records = {"records": [linked]}
    for document in (whole, linked, records):
        contract = contract_in(written("a.json", json.dumps(document)))
        assert contract.total_value == Money(Decimal("100.10"), "MXN")


def test_a_number_that_every_process_has_is_told_apart_by_the_process(written: Written) -> None:
    contract = contract_in(written("a.json", package(release(id="contract-1"))))
    assert contract.number == "test-77-contract-1"


def test_a_release_without_parties_has_a_buyer_and_the_suppliers_of_its_award(written: Written) -> None:
    told = release(awardID="w")
    del told["parties"]
    told |= {
        "buyer": {"name": "Buyer"},
        "awards": [
            {"id": "w", "suppliers": [{"name": "Winner"}]},
            {"id": "v", "suppliers": [{"name": "Other"}]},
        ],
    }
    contract = contract_in(written("a.json", package(told)))
    assert [party.legal_name for party in contract.parties] == ["Buyer", "Winner"]


def test_what_is_bad_is_rejected_and_the_rest_goes_on(written: Written) -> None:
    bad = release(value={"amount": 1, "currency": "ZZZ"}, status="lost", id="CN8")
    paths = [
        written("a.json", "{oops"),
        written("b.json", package(release(), bad, {"contracts": []}, release(id=""))),
        written("c.json", '{"ocid": NaN}'),
        written("d.json", "[" * 100_000),
    ]
    found = list(ocds.read(paths))
    rejects = [item for item in found if isinstance(item, Reject)]
    graphs = [item for item in found if isinstance(item, Graph)]
    assert [(Path(reject.place.path).name, reject.field) for reject in rejects] == [
        ("a.json", None),
        ("b.json", "ocid"),
        ("b.json", "contracts.id"),
        ("c.json", None),
        ("d.json", None),
    ]
    assert [[reject.field for reject in graph.rejects] for graph in graphs] == [
        [],
        ["total_value", "status", "original_value"],
    ]


def test_real_packages_tell_the_same_as_the_lines_gathered_from_them(shared_data: Path) -> None:
    folder = shared_data / "contracts"
    raw, gathered = (
        {item.record.source_key: item.record for item in ocds.read(paths) if isinstance(item, Graph)}
        for paths in (sorted((folder / "ocds_raw").iterdir()), [folder / "ocds_contracts.jsonl.gz"])
    )
    assert (len(raw), len(gathered)) == (249, 252)
    for key, contract in raw.items():
        other = gathered[key]
        assert isinstance(contract, Contract)
        assert isinstance(other, Contract)
        for name in ("number", "total_value", "signed_date", "expiration_date", "status"):
            assert getattr(contract, name) == getattr(other, name), (key, name)
        assert [a.value_after for a in contract.amendments] == [a.value_after for a in other.amendments]


def test_the_real_sets_are_imported_twice_and_nothing_is_doubled(graphs: Graphs, shared_data: Path) -> None:
    folder = shared_data / "contracts"
    paths = [folder / "ocds_contracts.jsonl.gz", *sorted((folder / "ocds_raw").iterdir())]
    first = graphs.imported(ocds.read(paths))
    assert (first.summary.saved.inserted["Contract"], first.rejects) == (252, [])
    again = graphs.imported(ocds.read(paths))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)
    assert len(graphs.rows("SELECT DISTINCT total_value_currency FROM contract")) == 5
