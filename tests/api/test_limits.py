"""Every limit on a document: what is just allowed, and what is just refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from api import limits
from tests.api.graph import Graph, code_of


def ask(graph: Graph, query: str, operation: str | None = None) -> httpx.Response:
    body = {"query": query, "operationName": operation}
    return graph.post(json.dumps(body).encode())


def operations(many: int) -> str:
    return " ".join(f"query Q{place} {{ __typename }}" for place in range(many))


def fragments(many: int) -> str:
    spread = " ".join(f"...F{place}" for place in range(many))
    return f"query Q0 {{ viewer {{ {spread} }} }} " + " ".join(
        f"fragment F{place} on Viewer {{ subject }}" for place in range(many)
    )


def spreads(many: int) -> str:
    return "query Q0 { viewer {" + " ...F" * many + " } } fragment F on Viewer { subject }"


def introspections(many: int) -> str:
    return "query Q0 {" + " __schema { queryType { name } }" * many + " }"


def fields(many: int) -> str:
    # In several operations: of so many in one selection graphql-core would not compare each with each.
    return " ".join(
        f"query Q{place} {{ viewer {{" + " subject" * (len(range(place, many, 4)) - 1) + "} }"
        for place in range(4)
    )


def root_fields(many: int) -> str:
    return "query Q0 {" + " __typename" * many + "}"


def aliases(many: int) -> str:
    return "query Q0 { viewer {" + " ".join(f"a{place}: subject" for place in range(many)) + "} }"


def directives(many: int) -> str:
    return (
        "query Q0 { viewer {"
        + " subject @include(if: true)" * (many - 1)
        + "} ...F @skip(if: true) } "
        + ("fragment F on Query { __typename }")
    )


def variables(many: int) -> str:
    declared = ", ".join(f'$v{place}: String! = "K-1"' for place in range(many))
    used = " ".join(f"$v{place}" for place in range(many))
    return f"query Q0({declared}) {{ contracts(filter: {{ number: {{ in: [{used}] }} }}) {{ totalCount }} }}"


def depth(many: int) -> str:
    return "query Q0 { contracts { nodes {" + " parent {" * (many - 3) + " id" + " }" * (many - 3) + " } } }"


def spread_fields(many: int) -> str:
    times = (many - 2) // 49
    more = " scopes" * (many - 1 - times * 49)
    return f"query Q0 {{ viewer {{ {'...F ' * times}{more} }} }} fragment F on Viewer {{{' subject' * 49} }}"


def values(many: int) -> str:
    asked = "query Q0 { contracts(filter: { number: { in: [%s] } }) { totalCount } }"
    return asked % " ".join('""' for _ in range(many - 3))


def tokens(many: int) -> str:
    asked = " ... on Viewer { subject }" * ((many - 7) // 6) + " subject" * ((many - 7) % 6)
    return f"query Q0 {{ viewer {{{asked} }} }}"


def source(many: int) -> str:
    query = "query Q0 { __typename } # "
    return query + "x" * (many - len(query))


LIMITS: dict[str, tuple[Callable[[int], str], int]] = {
    "operations": (operations, limits.MAX_OPERATIONS),
    "fragments": (fragments, limits.MAX_FRAGMENTS),
    "spreads": (spreads, limits.MAX_SPREADS),
    "introspection fields": (introspections, limits.MAX_INTROSPECTIONS),
    "fields": (fields, limits.MAX_FIELDS),
    "root fields": (root_fields, limits.MAX_ROOT_FIELDS),
    "aliases": (aliases, limits.MAX_ALIASES),
    "directives": (directives, limits.MAX_DIRECTIVES),
    "variables": (variables, limits.MAX_VARIABLES),
    "depth": (depth, limits.MAX_DEPTH),
    "fields with fragments opened": (spread_fields, limits.MAX_SPREAD_FIELDS),
    "values": (values, limits.MAX_VALUES),
    "tokens": (tokens, limits.MAX_TOKENS),
    "source": (source, limits.MAX_SOURCE),
}
PARSERS_OWN = ("tokens", "source")


@pytest.mark.parametrize("what", LIMITS)
def test_a_document_at_the_limit_is_answered(graph: Graph, what: str) -> None:
    build, limit = LIMITS[what]
    response = ask(graph, build(limit), "Q0")
    assert response.status_code == 200, response.text
    assert "errors" not in response.json()


@pytest.mark.parametrize("what", LIMITS)
def test_a_document_beyond_the_limit_is_refused(graph: Graph, what: str) -> None:
    build, limit = LIMITS[what]
    response = ask(graph, build(limit + 1), "Q0")
    assert response.status_code == 400
    [error] = response.json()["errors"]
    if what in PARSERS_OWN:
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert str(limit) in error["message"]
    else:
        assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "limit": what, "max": limit}


def test_whoever_writes_too_many_values_is_told_to_send_variables(graph: Graph) -> None:
    response = ask(graph, values(limits.MAX_VALUES + 1), "Q0")
    assert response.json()["errors"][0]["message"].endswith(
        "on its values: send lists and objects as variables"
    )


@pytest.mark.parametrize("what", LIMITS)
def test_a_document_far_beyond_the_limit_is_refused_alike(graph: Graph, what: str) -> None:
    build, limit = LIMITS[what]
    assert ask(graph, build(limit * 3), "Q0").status_code in (400, 413)


def test_a_filter_as_deep_as_json_may_be_is_answered(graph: Graph) -> None:
    where: dict[str, object] = {}
    for _ in range(limits.MAX_JSON_DEPTH - 3):
        where = {"not": where}
    query = "query($f: ContractFilter) { contracts(filter: $f) { totalCount } }"
    assert graph.data(query, {"f": where})["contracts"]["totalCount"] in (0, 6)


def test_lists_within_lists_are_answered(graph: Graph) -> None:
    query = "{ contracts { nodes { children(first: 100) { nodes { children { totalCount } } } } } }"
    assert len(graph.data(query)["contracts"]["nodes"]) == 6


def test_a_page_of_the_largest_size_is_answered_and_a_larger_one_refused(graph: Graph) -> None:
    query = "query($n: Int) { contracts(first: $n) { nodes { id } } }"
    for size in (0, 1, 100):
        assert graph.ask(query, {"n": size}).status_code == 200
    for size in (-1, 101, 2**31 - 1):
        response = graph.ask(query, {"n": size})
        assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
    nested = graph.ask("{ contracts { nodes { parties(last: 101) { nodes { id } } } } }")
    assert (nested.status_code, code_of(nested)) == (400, "BAD_USER_INPUT")


def test_a_list_of_ten_thousand_values_is_answered(graph: Graph) -> None:
    numbers = [f"K-{place}" for place in range(10_000)]
    query = "query($n: [String!]) { contracts(filter: { number: { in: $n } }) { totalCount } }"
    assert graph.data(query, {"n": numbers}) == {"contracts": {"totalCount": 5}}


def test_a_list_of_thousands_of_ids_is_answered(graph: Graph) -> None:
    ids = [f"00010001-0000-7000-8000-{place:012}" for place in range(3_000)]
    query = "query($n: [ID!]) { contracts(filter: { id: { in: $n } }) { totalCount } }"
    assert graph.data(query, {"n": ids}) == {"contracts": {"totalCount": 6}}


CONDITIONS: dict[str, dict[str, object]] = {
    "on a column": {"number": {"eq": "K-1"}},
    "on parties": {"parties": {"some": {}}},
    "on a live field": {"inNoticeWindow": {"eq": True}},
    "on text": {"text": "a"},
    "on nothing": {},
}
FILTERED = "query($f: ContractFilter) { contracts(filter: $f) { totalCount } }"


@pytest.mark.parametrize("condition", CONDITIONS)
def test_dozens_of_conditions_in_a_variable_are_answered(graph: Graph, condition: str) -> None:
    assert graph.ask(FILTERED, {"f": {"or": [CONDITIONS[condition]] * 24}}).status_code == 200


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("quantifier", ["and", "or"])
def test_a_thousand_conditions_in_a_variable_are_refused(
    graph: Graph, condition: str, quantifier: str
) -> None:
    # Each becomes SQL before any of it runs: a thousand stop the event loop for seconds.
    response = graph.ask(FILTERED, {"f": {quantifier: [CONDITIONS[condition]] * 1000}})
    assert (response.status_code, code_of(response)) == (400, "QUERY_TOO_COMPLEX")


def test_a_thousand_conditions_spread_over_many_variables_are_refused(graph: Graph) -> None:
    declared = ", ".join(f"$v{place}: ContractFilter" for place in range(20))
    asked = f"query({declared}) {{ contracts(filter: {{ or: [%s] }}) {{ totalCount }} }}"
    each = {"or": [CONDITIONS["on parties"]] * 50}
    listed = " ".join(f"{{ not: $v{place} }}" for place in range(20))
    response = graph.ask(asked % listed, {f"v{place}": each for place in range(20)})
    assert (response.status_code, code_of(response)) == (400, "QUERY_TOO_COMPLEX")


def test_an_order_of_several_terms_is_answered_and_one_of_hundreds_refused(graph: Graph) -> None:
    query = "query($o: [ContractOrder!]) { contracts(orderBy: $o) { edges { cursor } } }"
    assert graph.ask(query, {"o": [{"field": "title"}, {"field": "type"}] * 4}).status_code == 200
    for field in ("title", "inNoticeWindow"):
        response = graph.ask(query, {"o": [{"field": field}] * 200})
        assert (response.status_code, code_of(response)) == (400, "QUERY_TOO_COMPLEX")


def test_only_the_first_errors_are_told(graph: Graph) -> None:
    response = ask(graph, "{" + " ".join(f"nothing{place}" for place in range(20)) + "}")
    assert 1 <= len(response.json()["errors"]) <= limits.MAX_ERRORS + 1


def test_root_fields_are_counted_through_fragments(graph: Graph) -> None:
    fields = " ".join(f"v{number}: viewer {{ subject }}" for number in range(21))
    answer = graph.ask(f"query {{ ...F }} fragment F on Query {{ {fields} }}")
    assert code_of(answer) == "QUERY_TOO_COMPLEX"


def test_introspection_stands_beside_variables_of_any_type(graph: Graph) -> None:
    query = (
        "query ($day: Date, $name: String!) { __type(name: $name) { name }"
        " contracts(filter: { effectiveDate: { gte: $day } }) { totalCount } }"
    )
    data = graph.data(query, {"day": "2020-01-01", "name": "Contract"})
    assert data["__type"] == {"name": "Contract"}
