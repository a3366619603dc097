"""Documents parsed once, plans compiled once: what a request costs when its like was asked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLScalarType,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    get_nullable_type,
    parse,
    validate,
    visit,
)
from graphql.language import SKIP, ArgumentNode, DirectiveNode, Visitor, VisitorAction

from api.errors import AccessDenied, ApiError, BadRequest, InvalidDocument
from api.limits import MAX_ERRORS, MAX_SOURCE, MAX_TOKENS, check_limits
from api.planner.arguments import shape_of
from api.planner.audited import audited_access
from api.planner.cost import Cost, cost_of, weight_of
from api.planner.difference import Difference, differences
from api.planner.feed import read_subscription
from api.planner.introspection import introspect
from api.planner.mutation import INPUT, read_mutation
from api.planner.parameters import Environment, Parameter
from api.planner.plan import BlindIndex, Change, Denial, Feed, Masking, Operation, Review
from api.planner.recent import Recent
from api.planner.roots import read_operation
from api.planner.sharing import Sought, sought
from api.planner.to_sql import StatementWriter
from api.planner.variables import VariableReader
from api.schema import GRAPHQL
from auth.audit import Access, Document
from auth.view import View
from storage.statement import Statement

DOCUMENTS = 500
PLANS = 2000


@dataclass(frozen=True, slots=True)
class Audited:
    """What the audit log says of every request that a plan answers."""

    document: Document
    access: Access


class Plan:
    """An operation compiled for a view and a shape of variables; `checks` are of values that no SQL reads.

    `opens` says that the answer holds encrypted values, `blinds` that it is filtered by some; `withheld` is
    what is denied or masked of it, and `reviews` are to be found before it is run, as what Salesforce lets
    the caller read is of what is `sought`. With a `feed` its statement is run for changes as they come.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that a plan is
        self,
        statement: str,
        parameters: Sequence[Parameter],
        checks: Sequence[Parameter],
        extensions: bytes,
        audited: Audited,
        cost: Cost,
        weight: int,
        change: Change | None = None,
        reviews: Sequence[Review] = (),
        sought: Sought | None = None,
        feed: Feed | None = None,
        *,
        opens: bool,
        withheld: Sequence[dict[str, Any]],
    ) -> None:
        self.statement = statement
        self.extensions = extensions
        self.audited = audited
        self.cost = cost
        self.weight = weight
        self.change = change
        self.reviews = reviews
        self.sought = sought
        self.feed = feed
        self.opens = opens
        self.withheld = withheld
        self.blinds = any(isinstance(each.value, BlindIndex) for each in (*parameters, *checks))
        self.shadowed: tuple[View, tuple[Difference, ...]] | None = None
        self._checks = tuple(checks)
        # What the document fixes is read once, here; what is one step away needs no search.
        self._fixed = [each.resolve({}) if each.is_fixed else None for each in parameters]
        asked = [(place, each) for place, each in enumerate(parameters) if not each.is_fixed]
        self._plain = [(place, each.name, each.convert) for place, each in asked if each.name is not None]
        self._nested = [(place, each) for place, each in asked if each.name is None]

    def arguments(self, environment: Environment) -> list[Any]:
        """Return the arguments of the statement for one request. Raises BadUserInput."""
        for check in self._checks:
            check.resolve(environment)
        arguments = self._fixed.copy()
        for place, name, convert in self._plain:
            arguments[place] = convert(environment[name])
        for place, parameter in self._nested:
            arguments[place] = parameter.resolve(environment)
        return arguments


class PreparedOperation:
    """An operation of a parsed and validated document, with all that is the same for every request."""

    def __init__(self, operation: OperationDefinitionNode, document: DocumentNode, source: str) -> None:
        self.operation = operation
        self.document = Document.of(source, operation.name.value if operation.name else None)
        self.fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._variables = VariableReader(operation)
        self._conditions = _variables_of_conditions(document) & set(self._variables.types)
        self._deciding = _deciding_variables(document) & set(self._variables.types)
        self.introspects = _introspects(document)
        types = [get_nullable_type(type_) for type_ in self._variables.types.values()]
        only_scalars = all(isinstance(type_, GraphQLScalarType) for type_ in types)
        self._is_simple = only_scalars and not self._conditions and not self.introspects

    def read_variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Read the variables of a request by their types. Raises BadUserInput."""
        return self._variables.read(given)

    def shape(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what of the variables decides the plan."""
        if self._is_simple:
            # A value, null or nothing at all: the plan asks no more of a scalar.
            return tuple([(name in variables, variables.get(name) is None) for name in self._variables.types])
        return tuple(
            (name, variables[name] if name in self._conditions else shape_of(variables[name], type_))
            for name, type_ in self._variables.types.items()
            if name in variables and name in self._deciding
        )

    def read(self, view: View, variables: Mapping[str, Any]) -> Operation:
        """Read what it asks for, as far as this view shows it. Raises AccessDenied, BadUserInput."""
        if self.operation.operation is OperationType.MUTATION:
            return read_mutation(self.operation, self.fragments, variables, view)
        if self.operation.operation is OperationType.SUBSCRIPTION:
            return read_subscription(self.operation, self.fragments, variables, view)
        introspected = introspect(self.operation, self.fragments, variables) if self.introspects else {}
        return read_operation(self.operation, self.fragments, variables, view, introspected)

    def compile(self, view: View, variables: Mapping[str, Any]) -> Plan:
        """Write the one statement that answers it for this view. Raises AccessDenied, BadUserInput."""
        operation = self.read(view, variables)
        writer = StatementWriter(view)
        statement = Statement.of(writer.statement(operation))
        parameters = tuple(writer.parameters.by_name[name] for name in statement.names)
        # What was asked with and is not read is checked all the same.
        unread = [each for name, each in writer.parameters.by_name.items() if name not in statement.names]
        checks = (*writer.parameters.checks, *unread)
        noted: tuple[Denial | Masking, ...] = (*operation.denials, *operation.maskings)
        withheld = [asdict(each) for each in noted]
        extensions = _extensions(operation, view)
        audited = Audited(self.document, audited_access(operation))
        reviews = tuple(root for _, root in operation.roots if isinstance(root, Review))
        return Plan(
            statement.text,
            parameters,
            checks,
            extensions,
            audited,
            cost_of(operation, introspects=self.introspects),
            weight_of(operation, introspects=self.introspects),
            operation.change,
            reviews,
            sought(operation, view),
            operation.feed,
            opens=writer.opens,
            withheld=withheld,
        )


class Planner:
    """Plans by document, operation, view and shape of variables; those unused for longest are dropped."""

    def __init__(self) -> None:
        self.documents: Recent[tuple[str, str | None], PreparedOperation] = Recent(DOCUMENTS)
        self.plans: Recent[tuple[PreparedOperation, View, tuple[Any, ...]], Plan] = Recent(PLANS)

    def plan(
        self, source: str, operation_name: str | None, given: Mapping[str, Any], view: View
    ) -> tuple[Plan, dict[str, Any]]:
        """Return the plan for a request, and its coerced variables. Raises ApiError."""
        prepared = self.documents.get((source, operation_name), lambda: prepare(source, operation_name))
        variables = prepared.read_variables(given)
        if prepared.introspects:
            # Its answer is large, depends on every variable, and is rarely asked twice: it is not kept.
            return prepared.compile(view, variables), variables
        key = (prepared, view, prepared.shape(variables))
        return self.plans.get(key, lambda: prepared.compile(view, variables)), variables

    def planned(
        self, source: str, operation_name: str | None, given: Mapping[str, Any], view: View
    ) -> tuple[Plan, dict[str, Any]] | None:
        """Return the same where it was planned before, and plan nothing. Raises BadUserInput."""
        prepared = self.documents.known((source, operation_name))
        if prepared is None or prepared.introspects:
            return None
        variables = prepared.read_variables(given)
        plan = self.plans.used((prepared, view, prepared.shape(variables)))
        if plan is None:
            return None
        self.documents.used((source, operation_name))
        return plan, variables

    def is_mutation(self, source: str, operation_name: str | None) -> bool:
        """Whether a document that was planned, or refused to a caller, asks for a change."""
        prepared = self.documents.known((source, operation_name))
        return prepared is not None and prepared.operation.operation is OperationType.MUTATION

    def name_of(self, request: Mapping[str, Any]) -> str:
        """Return the name of the operation of a request that was planned."""
        name = self._prepared(request).operation.name
        return "an operation without a name" if name is None else name.value

    def _prepared(self, request: Mapping[str, Any]) -> PreparedOperation:
        source, name = request["query"], request.get("operationName")
        return self.documents.get((source, name), lambda: prepare(source, name))

    def differences(
        self, plan: Plan | AccessDenied, request: Mapping[str, Any], view: View, other: View
    ) -> tuple[Difference, ...]:
        """Say where another view of the same caller would have an operation otherwise; a plan keeps it."""
        if isinstance(plan, Plan) and plan.shadowed is not None and plan.shadowed[0] is other:
            return plan.shadowed[1]
        prepared = self._prepared(request)
        variables = prepared.read_variables(request.get("variables") or {})
        read, otherwise = (_read(prepared, each, variables) for each in (view, other))
        found = differences(view, other, read, otherwise)
        if isinstance(plan, Plan):
            plan.shadowed = other, found
        return found


def _read(prepared: PreparedOperation, view: View, variables: Mapping[str, Any]) -> Operation | ApiError:
    try:
        return prepared.read(view, variables)
    except ApiError as refused:
        return refused


def prepare(source: str, operation_name: str | None) -> PreparedOperation:
    """Parse and validate a document, and choose its operation. Raises ApiError."""
    try:
        document = parse(
            source,
            max_lexical_tokens=MAX_TOKENS,
            max_source_length=MAX_SOURCE,
            allow_empty_selection_sets=False,
        )
    except GraphQLError as error:
        raise InvalidDocument.of([error]) from None
    check_limits(document)
    errors = validate(GRAPHQL, document, max_errors=MAX_ERRORS, hide_suggestions=True)
    if errors:
        raise InvalidDocument.of(errors)
    return PreparedOperation(_choose(document, operation_name), document, source)


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is not None:
        found = [each for each in found if each.name is not None and each.name.value == name]
        if not found:
            raise BadRequest(f"the document has no operation named {name!r}")
    if len(found) != 1:
        raise BadRequest(
            "the document has several operations: name one in operationName"
            if found
            else "the document has no operation"
        )
    return found[0]


def _variables_of_conditions(document: DocumentNode) -> set[str]:
    names: set[str] = set()

    class Conditions(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            names.update(
                each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)
            )

    visit(document, Conditions())
    return names


def _deciding_variables(document: DocumentNode) -> set[str]:
    """Name the variables of a document that stand elsewhere than in the input of a mutation.

    On that no plan depends: two hundred contracts have more shapes than plans could be kept.
    """
    names: set[str] = set()

    class Places(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: object) -> VisitorAction:
            return SKIP if node.name.value == INPUT else None

        def enter_variable_definition(self, *_: object) -> VisitorAction:
            return SKIP

        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    visit(document, Places())
    return names


def _introspects(document: DocumentNode) -> bool:
    found = []

    class Introspection(Visitor):
        def enter_field(self, node: Any, *_: object) -> None:  # noqa: ANN401 - as graphql-core declares it
            if node.name.value in ("__schema", "__type"):
                found.append(node)

    visit(document, Introspection())
    return bool(found)


def _extensions(operation: Operation, view: View) -> bytes:
    access = {
        "policy": view.digest,
        "denied": [asdict(each) for each in operation.denials],
        "masked": [asdict(each) for each in operation.maskings],
    }
    return b',"extensions":' + orjson.dumps({"access": access}) + b"}"
