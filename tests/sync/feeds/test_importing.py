from __future__ import annotations

import stat
from pathlib import Path

from domain.contract import Contract, ContractType, Side
from domain.crm import Product
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from sync.feeds.graph import Graph
from sync.feeds.reject import Place, Reject, RejectsFile
from tests.sync.feeds.feed_graphs import Graphs


def graph(turn: int, *, broken: bool = False, number: str | None = None) -> Graph:
    """A contract; a broken one has a line for a product that is nowhere, which only the database notices."""
    id_ = uuid7()
    line = ContractLine(id=uuid7(), source_key=f"t:{turn}#1", contract_id=id_, product_id=uuid7())
    contract = Contract(
        id=id_,
        source_key=f"t:{turn}",
        number=number,
        title=f"Contract {turn}",
        type=ContractType.MSA,
        side=Side.VENDOR,
        status=ContractStatus.ACTIVE,
        lines=(line,) if broken else (),
    )
    return Graph(place=Place(path="a.csv", line=turn), record=contract)


def test_a_record_that_the_database_refuses_does_not_stop_the_others(graphs: Graphs) -> None:
    items = [graph(turn, broken=turn in {3, 11}) for turn in range(20)]
    done = graphs.imported(items)
    assert (done.summary.saved.inserted["Contract"], done.summary.read) == (18, 20)
    assert [(row["line"], row["record"], row["what"]) for row in done.rejects] == [
        ("3", "t:3", "record"),
        ("11", "t:11", "record"),
    ]
    assert "fk_contract_line" in done.rejects[0]["reason"]


def test_batches_of_any_size_store_the_same(graphs: Graphs) -> None:
    assert graphs.imported(map(graph, range(10)), rows_per_batch=1).summary.saved.inserted["Contract"] == 10
    assert graphs.imported(map(graph, range(10)), rows_per_batch=3).summary.saved.unchanged["Contract"] == 10


def test_a_number_that_is_taken_is_told_and_the_contract_stored(graphs: Graphs) -> None:
    done = graphs.imported([graph(1, number="N"), graph(2, number="N")])
    assert done.summary.saved.inserted["Contract"] == 2
    assert [(row["what"], row["line"], row["field"], row["value"]) for row in done.rejects] == [
        ("field", "2", "number", "N")
    ]


def test_records_of_any_entity_are_stored(graphs: Graphs) -> None:
    product = Product(id=uuid7(), source_key="p:1", name="Lamp")
    done = graphs.imported([Graph(place=Place(path="p.csv"), record=product)])
    assert done.summary.saved.inserted["Product"] == 1


def test_an_import_without_rejects_leaves_no_file(tmp_path: Path) -> None:
    with RejectsFile(tmp_path / "r.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_rejects_file_is_the_users_alone_and_harmless_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    with RejectsFile(path) as rejects:
        rejects.write(Reject(place=Place(path="a", line=1), value="=cmd\0\ud800" + "x" * 500, reason="bad"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    cell = path.read_text(encoding="utf-8").splitlines()[1].split(",")[-1]
    assert cell.startswith("'=cmd\\0\\ud800xxx")
    assert len(cell) < 220
