"""What is asked of `review` and of the sync: which members are wanted, for whom the policy shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import FieldNode, GraphQLObjectType, get_named_type

from api.limits import MAX_REVIEWS, too_large
from api.planner.from_graphql import NULL, SelectionReader, typename
from api.planner.plan import Literally, Member, Review, Root
from api.planner.record_ids import RECORD_KEY
from api.schema import GRAPHQL
from auth.decision import Deny
from domain.field import DeclaredField, field_named

ENTITY = "RoleGrant"
"""Who may see how access is decided is said once: whoever sees every grant of a role."""
TOLD_BY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "accessReview": {
        ENTITY: ("role", "holder_kind", "holder_id", "granted_by", "granted_at", "reason", "ends_at"),
        "User": ("salesforce_id", "active", "profile_id"),
        "PermissionSetAssignment": ("assignee_id", "permission_set_id"),
    },
}
"""The fields of the graph that a member of a review tells of."""
SYNC = field_named("SalesforceWrite", "correlation")
"""Who sees what the writes of every contract are known by in the logs, sees how they go."""


def read_review(reader: SelectionReader, nodes: list[FieldNode], key: str) -> Review | Literally:
    """Read a review, which is null to whom the policy does not show every grant of a role."""
    if _is_denied(reader, field_named(ENTITY, "id"), key):
        return NULL
    parts: list[tuple[str, Member | Literally]] = []
    tells: dict[DeclaredField, None] = {}
    for name, member in members_of(reader, nodes, "Review"):
        told = _told(member)
        denied = [_is_denied(reader, field, f"{key}.{name}") for field in told]
        parts.append((name, NULL if any(denied) else member))
        tells |= {} if any(denied) else dict.fromkeys(told)
    return Review(key, tuple(parts), tuple(tells))


def read_sync_health(reader: SelectionReader, nodes: list[FieldNode], key: str) -> Review | Literally:
    """Read how the sync goes, which is null to whom the policy does not show the sync of every contract."""
    if _is_denied(reader, SYNC, key):
        return NULL
    return Review(key, ((key, member_of(reader, nodes, "Query")),), (SYNC,), bare=True)


def check_reviews(roots: Iterable[tuple[str, Root]]) -> None:
    """Refuse an operation that asks for too much at once. Raises QueryTooComplex."""
    reviews = [root for _, root in roots if isinstance(root, Review)]
    if sum(isinstance(part, Member) for review in reviews for _, part in review.parts) > MAX_REVIEWS:
        raise too_large("fields of review", MAX_REVIEWS)


def picked(value: Any, member: Member) -> Any:  # noqa: ANN401 - any JSON
    """Return what is wanted of a value: of objects, also in lists, the members that were asked for.

    A record's id stays with it: see record_ids.py.
    """
    if isinstance(value, list | tuple):
        return [picked(each, member) for each in value]
    if not isinstance(value, Mapping) or member.parts is None:
        return value
    record = {RECORD_KEY: value[RECORD_KEY]} if RECORD_KEY in value else {}
    return record | {
        key: json.loads(part.json) if isinstance(part, Literally) else picked(value[part.name], part)
        for key, part in member.parts
    }


def _told(member: Member | Literally) -> list[DeclaredField]:
    told = TOLD_BY.get(member.name, {}) if isinstance(member, Member) else {}
    return [field_named(entity, name) for entity, names in told.items() for name in names]


def _is_denied(reader: SelectionReader, field: DeclaredField, path: str) -> bool:
    """Note where a field is not shown in every record of the org; return whether that is so."""
    decision = reader.view.reach(field)
    if not isinstance(decision, Deny) and reader.view.shows_everywhere(field.coordinate):
        return False
    hidden = reader.view.cell(field.coordinate).hidden
    reader.note(path, field, decision if isinstance(decision, Deny) else hidden, "all")
    return True


def members_of(
    reader: SelectionReader, nodes: list[FieldNode], type_name: str
) -> list[tuple[str, Member | Literally]]:
    """Read which members are wanted of an object that is found beside the statement."""
    fields = reader.collector.under(nodes, type_name)
    return [(key, member_of(reader, below, type_name)) for key, below in fields.items()]


def member_of(reader: SelectionReader, nodes: list[FieldNode], type_name: str) -> Member | Literally:
    """Read one member that is wanted of such an object."""
    type_ = GRAPHQL.type_map[type_name]
    if not isinstance(type_, GraphQLObjectType):
        raise TypeError(type_name)
    name = nodes[0].name.value
    if name == "__typename":
        return typename(type_name)
    inner = get_named_type(type_.fields[name].type)
    is_object = isinstance(inner, GraphQLObjectType)
    parts = tuple(members_of(reader, nodes, inner.name)) if is_object else None
    return Member(name, reader.arguments(type_name, nodes[0]), parts)
