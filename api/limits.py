"""What a document may ask for at most: one pass that visits each of its definitions once.

Strawberry's own limiters walk a fragment again at each spread, which takes time exponential in the number of
fragments; a chain of 24 in one kilobyte stops a worker for a minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from api.errors import QueryTooComplex

MAX_BODY = 128 * 1024
MAX_HEADER_BYTES = 16 * 1024
MAX_HEADERS = 64
MAX_SOURCE = 32 * 1024
MAX_TOKENS = 4000
MAX_ERRORS = 5
MAX_JSON_DEPTH = 32

MAX_SUBSCRIPTIONS = 200
"""Streams that a process keeps open."""
MAX_SUBSCRIPTIONS_OF_ONE = 5

MAX_OPERATIONS = 5
MAX_FRAGMENTS = 50
MAX_SPREADS = 250
"""Each is compared with each other: 1,900 of them take half a second."""
MAX_INTROSPECTIONS = 2
"""Fields `__schema` and `__type`: each may tell of every type anew."""
MAX_FIELDS = 1000
MAX_ROOT_FIELDS = 20
MAX_ALIASES = 30
MAX_DIRECTIVES = 50
MAX_VARIABLES = 50
MAX_VALUES = 500
"""Written in a document, each member of a list or an object too: 4,000 of them hold a worker for 60 ms."""
MAX_CONDITIONS = 100
"""Members of all filters of an operation, wherever they stand: each becomes SQL."""
MAX_ORDER_TERMS = 10
MAX_REVIEWS = 10
"""Fields of `review` in an operation: each looks over the policy or the log anew."""
INTROSPECTION = frozenset({"__schema", "__type"})
MAX_DEPTH = 15
"""GraphiQL's introspection is 13 deep, and the deepest useful question to the graph about 11."""
MAX_SPREAD_FIELDS = 5000
"""Fields once every spread is opened: what a fragment spread many times would grow to."""


def is_too_deep(body: bytes) -> bool:
    """Whether JSON is nested deeper than a request may be; told without reading it."""
    if body.count(b"[") + body.count(b"{") <= MAX_JSON_DEPTH:
        return False
    depth, in_text, escaped = 0, False, False
    for byte in body:
        if in_text:
            escaped, in_text = byte == ord("\\") and not escaped, byte != ord('"') or escaped
        elif byte == ord('"'):
            in_text = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


@dataclass(slots=True)
class _Size:
    """How large a selection is with its fragments opened, how deep, and how many fields it begins with."""

    fields: int = 0
    depth: int = 0
    top: int = 0


@dataclass(slots=True)
class _Pass:
    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, _Size] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    spreads: int = 0
    introspections: int = 0
    values: int = 0

    def measure(self, selection_set: SelectionSetNode, level: int) -> _Size:
        if level > MAX_DEPTH:
            raise too_large("depth", MAX_DEPTH)
        size = _Size()
        for selection in selection_set.selections:
            self.decorate(selection.directives or ())
            inner = _Size()
            if isinstance(selection, FieldNode):
                self.fields += 1
                self.introspections += selection.name.value in INTROSPECTION
                self.aliases += selection.alias is not None
                self.values += sum(written(each.value) for each in selection.arguments or ())
                if selection.selection_set is not None:
                    inner = self.measure(selection.selection_set, level + 1)
                inner = _Size(inner.fields + 1, inner.depth + 1, 1)
            elif isinstance(selection, FragmentSpreadNode):
                self.spreads += 1
                inner = self.fragment(selection.name.value)
            else:
                inner = self.measure(selection.selection_set, level)  # type: ignore[attr-defined]
            fields = min(size.fields + inner.fields, MAX_SPREAD_FIELDS + 1)
            size = _Size(fields, max(size.depth, inner.depth), min(size.top + inner.top, MAX_SPREAD_FIELDS))
        return size

    def decorate(self, directives: Iterable[DirectiveNode]) -> None:
        for directive in directives:
            self.directives += 1
            self.values += sum(written(each.value) for each in directive.arguments or ())

    def fragment(self, name: str) -> _Size:
        if name in self.open or name not in self.fragments:
            return _Size()  # validation names both faults better than a limit would
        if name not in self.known:
            self.open.add(name)
            # A chain of fragments nests without adding to the level: count each link as one.
            self.known[name] = self.measure(self.fragments[name].selection_set, len(self.open))
            self.open.discard(name)
        return self.known[name]


def written(value: ValueNode | None) -> int:
    """Return how many values are written where one stands."""
    if isinstance(value, ListValueNode):
        return 1 + sum(written(each) for each in value.values)
    if isinstance(value, ObjectValueNode):
        return 1 + sum(written(each.value) for each in value.fields)
    return 0 if value is None or isinstance(value, VariableNode) else 1


_REMEDY = {"values": ": send lists and objects as variables"}


def too_large(what: str, limit: int, **more: int) -> QueryTooComplex:
    """Say which limit a document exceeds."""
    message = f"the document exceeds the limit of {limit} on its {what}{_REMEDY.get(what, '')}"
    return QueryTooComplex(message, limit=what, max=limit, **more)


def check_limits(document: DocumentNode) -> None:
    """Refuse a document that is too large. Raises QueryTooComplex, which names the limit."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    walk = _Pass(fragments)
    counts = [("operations", len(operations), MAX_OPERATIONS), ("fragments", len(fragments), MAX_FRAGMENTS)]
    for name in fragments:
        walk.fragment(name)
    for operation in operations:
        size = walk.measure(operation.selection_set, 1)
        counts += [
            ("depth", size.depth, MAX_DEPTH),
            ("fields with fragments opened", size.fields, MAX_SPREAD_FIELDS),
            ("root fields", size.top, MAX_ROOT_FIELDS),
            ("variables", len(operation.variable_definitions or ()), MAX_VARIABLES),
        ]
        walk.decorate(operation.directives or ())
        walk.values += sum(written(each.default_value) for each in operation.variable_definitions or ())
    counts += [
        ("fields", walk.fields, MAX_FIELDS),
        ("aliases", walk.aliases, MAX_ALIASES),
        ("directives", walk.directives, MAX_DIRECTIVES),
        ("spreads", walk.spreads, MAX_SPREADS),
        ("values", walk.values, MAX_VALUES),
        ("introspection fields", walk.introspections, MAX_INTROSPECTIONS),
    ]
    for what, found, limit in counts:
        if found > limit:
            raise too_large(what, limit)
