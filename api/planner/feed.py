"""A subscription, read into what is told of changes: ids and names of fields that the caller may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import FragmentDefinitionNode, OperationDefinitionNode

from api.entity_types import LARGEST_PAGE
from api.errors import BadRequest
from api.planner.from_graphql import simple_parts, value_or_none
from api.planner.plan import (
    CHANGED,
    Column,
    Comparison,
    Connection,
    Constant,
    Every,
    Feed,
    Operation,
    Order,
    Output,
    Page,
    Selection,
    Shown,
    Variable,
)
from api.planner.roots import RootReader
from auth.decision import Show
from auth.view import View
from domain.contract import Contract
from domain.field import field_named, fields_of

CONTRACT: Final = "Contract"
ID: Final = "id"
"""The name of the field that every contract shows which the caller sees."""


def read_subscription(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    view: View,
) -> Operation:
    """Read what a subscription asks for, as a page of the contracts that changed. Raises ApiError."""
    reader = RootReader(fragments, variables, view)
    fields = reader.collector.collect([operation.selection_set], ("Subscription",))
    if len(fields) != 1:
        raise BadRequest("a subscription asks for exactly one field")
    [(key, nodes)] = fields.items()
    reader.require_records(CONTRACT)
    reader.entities.add(CONTRACT)
    arguments = reader.arguments("Subscription", nodes[0])
    wanted = reader.condition(CONTRACT, arguments.get("filter"), key)
    id_ = field_named(CONTRACT, "id")
    always, sometimes = _told(view)
    outputs: list[tuple[str, Output]] = [(ID, Column(id_))]
    outputs += [(field.graph_name, Shown(field)) for field in sometimes]
    page = Connection(
        entity=CONTRACT,
        field=None,
        where=Every((wanted, Comparison(id_, "in", Variable(CHANGED)))),
        order=Order(CONTRACT, ()),
        page=Page(Constant(LARGEST_PAGE), backward=False, after=None, before=None),
        parts=(("nodes", Selection(CONTRACT, tuple(outputs))),),
    )
    parts = simple_parts(reader.collector.under(nodes, "ContractChange"), "ContractChange")
    after = value_or_none(arguments.get("after"))
    return Operation(
        ((key, page),),
        tuple(reader.denials.values()),
        tuple(reader.maskings.values()),
        frozenset(reader.entities),
        frozenset(reader.selected),
        frozenset(reader.used),
        feed=Feed(key, parts, after, always, tuple(sorted(reader.used))),
    )


def _told(view: View) -> tuple[frozenset[str], list[Any]]:
    """Return the names of fields that are shown in every contract, and the fields that are in some.

    One that is masked is neither: that its value changed tells more than its mask leaves.
    """
    shown = [each for each in fields_of(Contract) if isinstance(view.reach(each), Show)]
    always = frozenset(each.graph_name for each in shown if not view.guard(each.coordinate))
    return always, [each for each in shown if each.graph_name not in always]
