"""What an operation asks for, once the policy has decided: the nouns between GraphQL and SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from graphql import GraphQLInputType, ValueNode

from domain.field import DeclaredField

Path = tuple[str | int, ...]

TODAY: Path = ("$today",)
ORG: Path = ("$org",)
SUBJECT: Path = ("$subject",)
SCOPES: Path = ("$scopes",)
SHARED_SINCE: Path = ("$shared_since",)
"""The moment after which what Salesforce said of its sharing counts."""
MADE: Path = ("$made",)
"""The ids of what a mutation made or changed: known once its command has run."""
TOLD: Path = ("$told",)
"""What became of each of the things that a mutation asked for at once, known then too."""
CHANGED: Path = ("$changed",)
"""The ids of the contracts of which changes are told: known once there are some."""
REVIEW = "$review"
"""Where a request that asks for a review brings its JSON, by response key."""
BLIND = "$blind"
"""Where a request that filters by encrypted values brings how to index them."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that each request brings, found by its path in the coerced variables."""

    path: Path


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the document."""

    value: Any


@dataclass(frozen=True, slots=True)
class Items:
    """A list that is written out in the document, of constants and variables."""

    values: tuple[Variable | Constant, ...]


Value = Variable | Constant | Items


@dataclass(frozen=True, slots=True)
class CursorValue:
    """One value out of a cursor of an order; `index` 0 is the first after the order's digest."""

    cursor: Value
    order: Order
    index: int


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """What an encrypted field's value is found by, of one value or of each in a list."""

    value: Value
    field: DeclaredField


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column against a value; `part` picks one half of money."""

    field: DeclaredField
    operator: Literal["eq", "in", "gt", "gte", "lt", "lte", "is_null", "contains", "starts_with"]
    value: Value
    part: Literal["amount", "currency"] | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """All of these hold; none at all holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of these holds; none at all does not."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; what is unknown does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Related:
    """A row at the other end of a reference or list matches."""

    field: DeclaredField
    part: Condition


Condition = Comparison | Every | Some | Not | Related


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an order; absent values come last either way."""

    field: DeclaredField
    descending: bool


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list of one entity; the id decides last."""

    entity: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list that is wanted."""

    size: Value
    backward: bool
    after: Value | None
    before: Value | None


@dataclass(frozen=True, slots=True)
class Literally:
    """A value known when the plan is made, as JSON text."""

    json: str


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the row itself.

    With `named` the value is that of another field, which a sibling column names: it is read only where that
    name is among those given.
    """

    field: DeclaredField
    named: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether the row shows a field to the caller: never the field itself."""

    field: DeclaredField


@dataclass(frozen=True, slots=True)
class MoneyParts:
    """An amount of money: response keys with the part that each asks for."""

    field: DeclaredField
    parts: tuple[tuple[str, Literal["amount", "currency"] | Literally], ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted of one row of an entity."""

    entity: str
    outputs: tuple[tuple[str, Output], ...]


@dataclass(frozen=True, slots=True)
class One:
    """The row that a reference points at."""

    field: DeclaredField
    selection: Selection


@dataclass(frozen=True, slots=True)
class Edges:
    """The page as edges: response keys with a cursor, a node or a constant."""

    parts: tuple[tuple[str, Literal["cursor"] | Selection | Literally], ...]


PageInfoPart = Literal["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where the page stands."""

    parts: tuple[tuple[str, PageInfoPart | Literally], ...]


@dataclass(frozen=True, slots=True)
class TotalCount:
    """How many the list holds."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A page of a list; `field` is absent for a list that hangs on nothing."""

    entity: str
    field: DeclaredField | None
    where: Condition
    order: Order
    page: Page
    parts: tuple[tuple[str, Selection | Edges | PageInfo | TotalCount | Literally], ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """One row found by the value of a key; with `as_of` its values are those known at that moment."""

    selections: tuple[Selection, ...]
    key: str
    value: Value
    as_of: Value | None = None


GroupPart = Literal["key", "count"]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the total value per currency."""

    parts: tuple[tuple[str, Literal["currency", "amount", "count"] | Literally], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Contracts counted and summed by a column, or by its month."""

    by: DeclaredField
    monthly: bool
    parts: tuple[tuple[str, GroupPart | Totals | Literally], ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Contracts in figures."""

    where: Condition
    parts: tuple[tuple[str, Literal["count"] | Totals | Group | Literally], ...]


@dataclass(frozen=True, slots=True)
class Tenant:
    """The caller's organisation: response keys with columns of its table."""

    parts: tuple[tuple[str, str | Literally], ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling."""

    parts: tuple[tuple[str, Tenant | Value | Literally], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member that is wanted of an object, with its arguments; `parts` are those of an object in turn."""

    name: str
    given: Any = None
    parts: tuple[tuple[str, Member | Literally], ...] | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What is asked about the policy and the log: found before the statement runs, which carries it.

    `tells` are fields of the graph that it tells of. Of a `bare` one its only part is the answer itself.
    """

    key: str
    parts: tuple[tuple[str, Member | Literally], ...]
    tells: tuple[DeclaredField, ...] = ()
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """What became of each of several things that a mutation asked for: what is told, and the record."""

    parts: tuple[tuple[str, Member | Selection | Literally], ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a mutation answers: what it made or changed."""

    parts: tuple[tuple[str, Lookup | Connection | Results | Literally], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutation asks for before its answer is read.

    `given` is its input as it stands in the document: each request reads its own, and it decides no plan.
    """

    name: str
    given: ValueNode
    type: GraphQLInputType


@dataclass(frozen=True, slots=True)
class Feed:
    """What a subscription tells of changes: under which response key, which members, from where on.

    `always` are the names of the fields that every contract shows which the caller sees; whether others are
    is asked of each contract.
    """

    key: str
    parts: tuple[tuple[str, str | Literally], ...]
    after: Value | None
    always: frozenset[str]
    used: tuple[str, ...]


Output = Literally | Column | Shown | MoneyParts | One | Connection
Root = Literally | Lookup | Connection | Portfolio | Caller | Review | Results | Payload


@dataclass(frozen=True, slots=True)
class Denial:
    """A field that was asked for and is not shown, in all records or in some, with the rule that says so."""

    path: str
    field: str
    rule: str
    reason: str
    records: Literal["all", "some"]


@dataclass(frozen=True, slots=True)
class Masking:
    """A field that was asked for and is made coarse, in all or some records, with the rule that says so."""

    path: str
    field: str
    rule: str
    reason: str
    records: Literal["all", "some"]
    mask: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A whole operation: what it changes, what each response key is answered with, what is denied or masked.

    `entities` are those of whose records something is wanted; `selected` are the fields that are asked for,
    and `used` those by which records are found, ordered, grouped or summed.
    """

    roots: tuple[tuple[str, Root], ...]
    denials: tuple[Denial, ...]
    maskings: tuple[Masking, ...] = ()
    entities: frozenset[str] = frozenset()
    selected: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    change: Change | None = None
    feed: Feed | None = None
