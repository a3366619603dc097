"""Documents that would hang, flood or pump a careless server."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from tests.api.graph import Graph, code_of

pytestmark = pytest.mark.usefixtures("nothing_secret_is_logged")


def ask(graph: Graph, query: str) -> httpx.Response:
    return graph.post(json.dumps({"query": query}).encode())


@pytest.mark.parametrize("links", [*range(2, 8), 24, 30, 40, 49])
def test_a_chain_of_fragments_that_doubles_at_each_link_comes_to_an_end(graph: Graph, links: int) -> None:
    chain = " ".join(
        f"fragment F{place} on Contract {{ ...F{place + 1} ...F{place + 1} }}" for place in range(links)
    )
    response = ask(
        graph, f"{{ contracts {{ nodes {{ ...F0 }} }} }} {chain} fragment F{links} on Contract {{ id }}"
    )
    if links < 8:
        assert response.status_code == 200, response.text
    else:
        assert (response.status_code, code_of(response)) == (400, "QUERY_TOO_COMPLEX")


@pytest.mark.parametrize("links", [24, 49])
def test_a_chain_that_doubles_through_fields_comes_to_an_end(graph: Graph, links: int) -> None:
    chain = " ".join(
        f"fragment F{place} on Contract {{ a: parent {{ ...F{place + 1} }} b: parent {{ ...F{place + 1} }} }}"
        for place in range(links)
    )
    response = ask(
        graph, f"{{ contracts {{ nodes {{ ...F0 }} }} }} {chain} fragment F{links} on Contract {{ id }}"
    )
    assert (response.status_code, code_of(response)) == (400, "QUERY_TOO_COMPLEX")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("{ viewer { ...A } } fragment A on Viewer { ...A }", "itself"),
        ("{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }", "itself"),
        (
            "{ viewer { subject } } fragment A on Viewer { org { ...B } } fragment B on ViewerOrg { ...A }",
            "A",
        ),
        ("{ viewer { ...Nowhere } }", "Unknown fragment"),
        ("{ viewer { subject } } fragment A on Viewer { subject }", "never used"),
        ("{ viewer { subject } } fragment A on Nothing { subject }", "Unknown type"),
        ("{ viewer { ... on Contract { id } } }", "can never be of type"),
    ],
)
def test_fragments_that_lead_nowhere_are_refused_by_validation(
    graph: Graph, fault: str, message: str
) -> None:
    response = ask(graph, fault)
    assert (response.status_code, code_of(response)) == (400, "GRAPHQL_VALIDATION_FAILED")
    assert message in response.text


@pytest.mark.parametrize("levels", [20, 200, 1500])
@pytest.mark.parametrize(
    "build",
    [
        lambda n: "{ contracts { nodes {" + " parent {" * n + " id" + " }" * n + " } } }",
        lambda n: "{" + " ... {" * n + " __typename" + " }" * n + " }",
        lambda n: "{ contracts(filter: " + "{ not: " * n + "{}" + " }" * n + ") { totalCount } }",
        lambda n: "{ contracts(filter: { number: { in: " + "[" * n + "]" * n + " } }) { totalCount } }",
        lambda n: "query($x: " + "[" * n + "Int" + "]" * n + ") { contracts(first: $x) { totalCount } }",
        lambda n: "{ contracts {" * n,
    ],
    ids=["fields", "inline fragments", "filters", "lists", "types", "never closed"],
)
def test_nesting_of_any_kind_comes_to_an_end(graph: Graph, build: Callable[[int], str], levels: int) -> None:
    response = ask(graph, build(levels))
    assert response.status_code in (200, 400), response.text
    assert response.json().keys() & {"data", "errors"}


@pytest.mark.parametrize("many", [100, 1000, 5000])
def test_many_aliases_are_refused(graph: Graph, many: int) -> None:
    query = "{" + " ".join(f"a{place}: contracts {{ totalCount }}" for place in range(many)) + "}"
    assert ask(graph, query).status_code in (400, 413)


MISSPELT = [
    "{ contrac { id } }",
    "{ contracts { node { id } } }",
    "{ contracts { nodes { numbr } } }",
    "{ contracts { nodes { totalValue { amont } } } }",
    "{ contracts(firs: 1) { totalCount } }",
    "{ contracts(filter: { numbr: {} }) { totalCount } }",
    "{ contracts(filter: { number: { equ: 1 } }) { totalCount } }",
    "{ contracts(filter: { status: { eq: ACTIV } }) { totalCount } }",
    '{ contracts(filter: { status: { eq: "ACTIVE" } }) { totalCount } }',
    "{ contracts(orderBy: [{ field: titel }]) { totalCount } }",
    "{ __typename @skp(if: true) }",
    "{ __typename @include(iff: true) }",
    "{ viewer { ...on Viewr { subject } } }",
    "query($f: ContractFiltr) { contracts(filter: $f) { totalCount } }",
    "{ viewer { ...Fragmnt } } fragment Fragment on Viewer { subject }",
    "query($first: Int) { contracts(first: $frst) { totalCount } }",
]


@pytest.mark.parametrize("query", MISSPELT)
def test_no_error_suggests_what_might_have_been_meant(graph: Graph, query: str) -> None:
    response = ask(graph, query)
    assert response.status_code == 400
    assert "did you mean" not in response.text.lower()


@pytest.mark.parametrize(
    "variables",
    [
        {"f": {"numbr": {}}},
        {"f": {"status": {"eq": "ACTIV"}}},
        {"f": {"number": {"equ": "x"}}},
        {"f": {"account": {"nam": {"eq": "x"}}}},
    ],
)
def test_no_error_about_a_variable_suggests_anything(graph: Graph, variables: dict[str, object]) -> None:
    response = graph.ask("query($f: ContractFilter) { contracts(filter: $f) { totalCount } }", variables)
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
    assert "did you mean" not in response.text.lower()
