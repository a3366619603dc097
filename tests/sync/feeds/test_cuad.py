from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from domain.contract import Contract
from domain.renewal import RenewalType
from domain.term import Period
from sync.feeds import cuad
from sync.feeds.graph import Graph, Item
from sync.feeds.reject import Reject
from tests.sync.feeds.feed_graphs import Graphs

Written = Callable[..., Path]
TEXT = "This invented agreement is between A and B."


def fact(identifier: str = "cuad-1", **told: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "title": f"FILER-{identifier}",
        "document_name": "SUPPLY\n\nAGREEMENT",
        "parties": [{"name": "A Corp"}, {"name": "a corp"}, {"name": "B Corp"}],
        "agreement_date": {"raw": "1/2/20", "value": "2020-01-02", "precision": "day"},
        "effective_date": None,
        "expiration_date": None,
        "governing_law": ["Utah"],
        "clauses": {"uncapped_liability": False},
        "text_sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
    } | told


def read(written: Written, *facts: dict[str, Any], texts: dict[str, str] | None = None) -> list[Item]:
    paths = [written("facts.jsonl", "\n".join(map(json.dumps, facts)))]
    if texts:
        rows = [{"id": identifier, "text": text} for identifier, text in texts.items()]
        paths.append(written("texts.jsonl", "\n".join(map(json.dumps, rows))))
    return list(cuad.read(paths))


def contract(items: list[Item]) -> Contract:
    (graph,) = items
    assert isinstance(graph, Graph)
    assert isinstance(graph.record, Contract)
    return graph.record


def test_facts_become_a_contract_with_the_hash_of_its_text(written: Written) -> None:
    found = contract(
        read(
            written,
            fact(
                renewal_term={"iso": "P1Y"},
                notice_period={"iso": "P30D"},
                auto_renew_text=True,
                clauses={"uncapped_liability": True},
            ),
            texts={"cuad-1": TEXT},
        )
    )
    assert (found.title, found.governing_law) == ("SUPPLY AGREEMENT", "Utah")
    assert (found.renewal_type, found.renewal_term) == (RenewalType.AUTO_RENEW, Period(years=1))
    assert (found.notice_period, found.liability_uncapped) == (Period(days=30), True)
    assert [party.legal_name for party in found.parties] == ["A Corp", "B Corp"]
    assert found.documents[0].sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert TEXT not in repr(found)


def test_a_text_that_is_not_the_one_is_rejected(written: Written) -> None:
    (reject,) = read(written, fact(), texts={"cuad-1": TEXT + "!"})
    assert isinstance(reject, Reject)
    assert reject.field == "text_sha256"


def test_half_a_date_stays_absent_and_is_noted(written: Written) -> None:
    half = {"raw": "[]/[]/2020", "value": "2020", "precision": "year"}
    (graph,) = read(
        written, fact(effective_date=half, expiration_date={"raw": "[]", "precision": "redacted"})
    )
    assert isinstance(graph, Graph)
    found = contract([graph])
    assert (found.effective_date, found.expiration_date) == (None, None)
    assert (len(graph.notes), graph.rejects) == (2, ())


def test_an_end_before_the_beginning_is_left_out_and_told(written: Written) -> None:
    (graph,) = read(written, fact(expiration_date={"value": "2019-12-31", "precision": "day"}))
    assert isinstance(graph, Graph)
    assert contract([graph]).expiration_date is None
    assert [(reject.field, reject.value) for reject in graph.rejects] == [("expiration_date", "2019-12-31")]


def test_a_contract_without_end_is_evergreen(written: Written) -> None:
    found = contract(read(written, fact(expiration_date={"raw": "perpetual", "perpetual": True})))
    assert (found.renewal_type, found.expiration_date) == (RenewalType.EVERGREEN, None)
    assert found.signed_date == date(2020, 1, 2)


def test_the_real_set_is_imported_twice_and_no_text_is_stored(graphs: Graphs, shared_data: Path) -> None:
    paths = sorted((shared_data / "cuad").iterdir())
    first = graphs.imported(cuad.read(paths))
    assert first.summary.saved.inserted["Contract"] == 318
    assert [row["field"] for row in first.rejects] == ["expiration_date"] * 2
    again = graphs.imported(cuad.read(paths))
    assert (again.counts[0], again.counts[1], again.counts[3]) == (0, 0, 0)
    assert graphs.rows("SELECT count(*) FROM document WHERE sha256 ~ '^[0-9a-f]{64}$'") == [(318,)]
