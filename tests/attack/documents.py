"""Requests that would hang, flood or pump a careless server, by what they try."""

from __future__ import annotations

import json
from typing import Any

FILTERED = "query($f: ContractFilter) { contracts(filter: $f) { totalCount } }"
NUMBERS = "query($n: [String!]) { contracts(filter: { number: { in: $n } }) { totalCount } }"


def asked(query: str, **variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def many(times: int, each: str, between: str = " ") -> str:
    return between.join(each.replace("#", str(place)) for place in range(times))


def nested(times: int, start: str, end: str, within: str = "") -> str:
    return start * times + within + end * times


def chain(links: int, spreads: str) -> str:
    """A chain of fragments, each of which spreads the next as often as `spreads` has `#`."""
    fragments = " ".join(
        f"fragment F{place} on Contract {{ {spreads.replace('#', str(place + 1))} }}"
        for place in range(links)
    )
    return f"{{ contracts {{ nodes {{ ...F0 }} }} }} {fragments} fragment F{links} on Contract {{ id }}"


def listed(sizes: int, depth: int) -> str:
    """Lists within lists: what they could hold grows with the power of the depth."""
    inner = "id"
    for _ in range(depth):
        inner = f"id children(first: {sizes}) {{ nodes {{ {inner} }} }}"
    return f"{{ contracts(first: {sizes}) {{ nodes {{ {inner} }} }} }}"


def introspected(levels: int) -> str:
    return "{ __schema { types { " + nested(levels, "fields { type { ", " } }", "name") + " } } }"


DEEP_TYPE = "{ __schema { types { fields { type { " + nested(12, "ofType { ", "}", "name") + " } } } } }"
WIDE = " ".join(f"f{place}: contracts {{ totalCount }}" for place in range(20))
CONFLICTS = many(400, "a: contracts(first: #) { totalCount }")
SEARCH = many(20, 's#: contracts(filter: { text: "a% _%%" }) { totalCount }')
DEFAULTS = many(49, '$v#: [String!] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]', ", ")
QUANTIFIED = {"parties": {"some": {"role": {"eq": "CUSTOMER"}}}}
JSON = b'{"query": "{ __typename }", "variables": '
INPUT = '"' + "x" * 30_000 + '"'

DOCUMENTS: dict[str, bytes] = {
    "20 aliases of a list": asked("{" + many(20, "a#: contracts { totalCount nodes { id } }") + "}"),
    "100 aliases": asked("{ viewer {" + many(100, "a#: subject") + "} }"),
    "1,000 aliases": asked("{" + many(1000, "a#: contracts { totalCount }") + "}"),
    "5,000 aliases": asked("{" + many(5000, "a#: __typename") + "}"),
    "a field 2,000 times": asked("{ viewer {" + " subject" * 2000 + "} }"),
    "a list 500 times": asked("{" + " contracts { totalCount }" * 500 + "}"),
    "__typename 3,900 times": asked("{" + " __typename" * 3900 + "}"),
    "conflicts of each with each": asked("{" + CONFLICTS + "}"),
    "conflicts within fragments": asked(
        "{"
        + many(20, "...A# ...B#")
        + "}"
        + many(20, "fragment A# on Query { x: viewer { subject } }")
        + many(20, "fragment B# on Query { x: contracts { totalCount } }")
    ),
    "49 fragments each with each": asked(
        "{ viewer {"
        + many(49, "...F#")
        + "} }"
        + many(49, "fragment F# on Viewer { a: subject ...G }")
        + " fragment G on Viewer { a: roles }"
    ),
    "directives 60 times": asked("{ __typename" + " @include(if: true)" * 60 + "}"),
    "directives 500 times": asked("{ __typename" + " @skip(if: false)" * 500 + "}"),
    "unknown directives": asked("{ __typename " + many(900, "@d#") + "}"),
    **{f"a chain of {each} that doubles": asked(chain(each, "...F# ...F#")) for each in (8, 16, 24, 49)},
    "a chain of 49 that trebles": asked(chain(49, "...F# ...F# ...F#")),
    "a chain that doubles through fields": asked(chain(40, "a: parent { ...F# } b: parent { ...F# }")),
    "a chain that doubles through inline fragments": asked(chain(40, "... { ...F# } ... { ...F# }")),
    "a chain of 300": asked(chain(300, "...F#")),
    "a circle of fragments": asked(
        "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }"
    ),
    "a fragment within itself": asked("{ viewer { ...A } } fragment A on Viewer { subject ...A }"),
    "400 unused fragments": asked("{ __typename } " + many(400, "fragment F# on Viewer { subject }")),
    "a spread 1,900 times": asked(
        "{ viewer {" + " ...F" * 1900 + "} } fragment F on Viewer { subject roles }"
    ),
    "fields 16 deep": asked("{ contracts { nodes {" + nested(14, "parent {", "}", "id") + "} } }"),
    "fields 199 deep": asked("{ contracts { nodes {" + nested(190, "parent {", "}", "id") + "} } }"),
    "fields 1,900 deep": asked(nested(1900, "{a", "}")),
    "inline fragments 1,300 deep": asked("{" + nested(1300, "...{", "}", "__typename") + "}"),
    "brackets never closed": asked("{ contracts(filter: " + "{ not: " * 1900),
    "lists 1,900 deep": asked("{ contracts(first: " + nested(1900, "[", "]") + ") { totalCount } }"),
    "objects 900 deep": asked(
        "{ contracts(filter: " + nested(900, "{ not: ", "}", "{}") + ") { totalCount } }"
    ),
    "a type 1,900 deep": asked("query($x: " + nested(1900, "[", "]", "Int") + ") { __typename }"),
    "introspection in a circle": asked(introspected(6)),
    "introspection in a long circle": asked(introspected(40)),
    "introspection of deep types": asked(DEEP_TYPE),
    "introspection 20 times": asked("{" + many(20, "a#: __schema { types { name fields { name } } }") + "}"),
    "introspection of a type 20 times": asked(
        "{" + many(20, 'a#: __type(name: "Contract") { fields { name type { name } } }') + "}"
    ),
    "lists of 100 within lists of 100": asked(listed(100, 1)),
    "lists of 100 three deep": asked(listed(100, 3)),
    "lists of 100 five deep": asked(listed(100, 5)),
    "20 lists of lists": asked(
        "{" + many(20, "a#: contracts(first: 100) { nodes { parties(first: 100) { nodes { id } } } }") + "}"
    ),
    "a page of a billion": asked("{ contracts(first: 2147483647) { nodes { id } } }"),
    "a page of minus one": asked("query($n: Int) { contracts(first: $n) { nodes { id } } }", n=-1),
    "20 portfolios": asked("{" + many(20, "p#: portfolio { count byStatus { key count } }") + "}"),
    "20 counts": asked("{" + WIDE + "}"),
    "20 searches": asked("{" + SEARCH + "}"),
    "a search of 60,000 letters": asked(FILTERED, f={"text": "a" * 60_000}),
    "a search of wild cards": asked(FILTERED, f={"text": "%_" * 5000}),
    "a misspelt name of 30,000 letters": asked("{ " + "contract" * 3700 + " }"),
    "1,000 misspelt names": asked("{" + many(1000, "contrac#") + "}"),
    "300 misspelt arguments": asked("{ contracts(" + many(300, "firs#: 1", ", ") + ") { totalCount } }"),
    "300 misspelt types": asked(many(300, "fragment F# on Contrac# { id }") + " { __typename }"),
    "a misspelt value of an enum": asked(
        "{ contracts(filter: { status: { in: [" + many(900, "ACTIV#") + "] } }) { totalCount } }"
    ),
    "15,000 comments": asked("{ __typename } " + "#\n" * 15_000),
    "a comment of 32,000 letters": asked("{ __typename } #" + "x" * 32_000),
    "32,000 spaces": asked("{ __typename }" + " " * 32_000),
    "32,000 commas": asked("{ __typename }" + "," * 32_000),
    "900 operations": asked(many(900, "query Q# { __typename }")),
    "operations of one name": asked(many(900, "query Q { __typename }")),
    "4,000 literals": asked(
        "{ contracts(filter: { number: { in: [" + '"" ' * 3950 + "] } }) { totalCount } }"
    ),
    "a literal of 30,000 letters": asked("{ contract(number: " + INPUT + ") { id } }"),
    "a block string of many lines": asked('{ contract(number: """' + "\n x" * 10_000 + '""") { id } }'),
    "a literal of 30,000 digits": asked("{ contracts(first: " + "9" * 30_000 + ") { totalCount } }"),
    "a fraction of 30,000 digits": asked("{ contracts(first: 1." + "9" * 30_000 + ") { totalCount } }"),
    "a name of 32,000 letters": asked("{ " + "a" * 32_000 + " }"),
    "a string of escapes": asked('{ contract(number: "' + "\\u0041" * 5000 + '") { id } }'),
    "900 variables": asked("query(" + many(900, "$v#: Int", ", ") + ") { __typename }"),
    "49 variables with lists for defaults": asked(f"query({DEFAULTS}) {{ __typename }}"),
    "1,000 conditions": asked(FILTERED, f={"or": [{"parties": {"some": {}}}] * 1000}),
    "conditions 28 deep": asked(FILTERED, f=json.loads(nested(28, '{"not":', "}", "{}"))),
    "conditions of 30 quantifiers": asked(FILTERED, f={"and": [QUANTIFIED] * 30}),
    "an order of 900 terms": asked(
        "query($o: [ContractOrder!]) { contracts(orderBy: $o) { totalCount } }", o=[{"field": "title"}] * 900
    ),
    "14,000 values of a list": asked(NUMBERS, n=[f"K{place}" for place in range(14_000)]),
    "a value of 120,000 letters": asked(NUMBERS, n=["x" * 120_000]),
    "a cursor of 100,000 letters": asked(
        "query($c: String) { contracts(after: $c) { nodes { id } } }", c="QUFB" * 25_000
    ),
    "a cursor of brackets": asked(
        "query($c: String) { contracts(after: $c) { nodes { id } } }", c="W1tb" * 20_000
    ),
    "variables that nobody asked for": asked(
        "{ __typename }", **{f"v{place}": place for place in range(9000)}
    ),
    "JSON of 60,000 brackets": JSON + b'{"x": ' + b"[" * 60_000 + b"]" * 60_000 + b"}}",
    "JSON of 60,000 members": JSON + b'{"x": [' + b"0," * 60_000 + b"0]}}",
    "JSON of escapes": b'{"query": "{ __typename }", "operationName": "' + b"\\u0061" * 20_000 + b'"}',
    "JSON of a number of 120,000 digits": JSON + b'{"x": ' + b"9" * 120_000 + b"}}",
    "JSON of names that stand twice": JSON + b"{" + b'"a": 1, ' * 14_000 + b'"a": 1}}',
    "131,000 spaces": b'{"query": "{ __typename }"' + b" " * 131_000 + b"}",
    "a batch of 4,000": b"[" + b'{"query": "{ __typename }"},' * 4000 + b"{}]",
    "ten megabytes": JSON + b'{"x": "' + b"x" * 10_000_000 + b'"}}',
}
"""Bodies of requests; each is answered quickly or refused, whatever it would have grown to."""
