"""The GraphQL schema derived from domain/. Its resolvers never run: the planner answers from the database."""

from __future__ import annotations

from datetime import datetime

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from api.entity_types import Node, connection_field, filter_of
from api.health.types import DEFAULT_MINUTES, MOST_MINUTES
from api.mutation_type import Mutation
from api.object_types import lazy, object_type, optional, type_named, unresolved
from api.portfolio_types import Portfolio
from api.review import contested_types, types  # noqa: F401 - they build the types of what is reviewed
from api.scalars import SCALARS
from api.subscription_type import Subscription
from api.viewer_types import Viewer
from domain.graph import ENTITIES
from storage.lanes import Queue

_contract_filter = (filter_of("Contract"), "Only those that match.")
Query = object_type(
    "Query",
    "What can be asked.",
    {
        "contract": (
            unresolved(
                optional(lazy("Contract")),
                "One contract, by exactly one of its names.",
                id=(strawberry.ID, "Its id."),
                number=(str, "Its number."),
                external_reference=(str, "Its identifier in the contract system."),
                as_of=(
                    datetime,
                    "A moment: its own fields as they were known here then. For whoever sees `changes`.",
                ),
            ),
            "",
        ),
        "contracts": (connection_field("Contract", "Contracts that the caller may see."), ""),
        "opportunity": (
            unresolved(
                optional(lazy("Opportunity")),
                "One opportunity, by its Salesforce id.",
                salesforce_id=(str, "Salesforce id, 15 or 18 characters."),
            ),
            "",
        ),
        "account": (
            unresolved(
                optional(lazy("Account")),
                "One account, by exactly one of its names.",
                id=(strawberry.ID, "Its id."),
                salesforce_id=(str, "Salesforce id, 15 or 18 characters."),
            ),
            "",
        ),
        "node": (unresolved(optional(Node), "Anything, by its id.", id=(strawberry.ID, "Its id.")), ""),
        "role_grants": (
            connection_field("RoleGrant", "Roles that were granted, also those that have ended."),
            "",
        ),
        "drift_findings": (
            connection_field(
                "DriftFinding", "What Salesforce holds otherwise, in every contract one may see."
            ),
            "",
        ),
        "portfolio": (unresolved(optional(Portfolio), "Contracts in figures.", filter=_contract_filter), ""),
        "sync_health": (
            unresolved(
                optional(lazy("SyncHealth")),
                "How the sync goes; for whoever sees how the writes of every contract go.",
                minutes=(
                    int,
                    f"Of how many minutes until now, {MOST_MINUTES} at most; {DEFAULT_MINUTES} where unsaid.",
                ),
            ),
            "",
        ),
        "review": (
            unresolved(optional(lazy("Review")), "How access is decided, and what was read."),
            "",
        ),
        "held": (
            unresolved(
                optional(lazy("HeldPage")),
                "What could not be done and is held in quarantine, those first that came first: for whoever"
                " may decide about it.",
                first=(int, "How many, 100 at most; 50 where unsaid."),
                after=(str, "Only those after this cursor: later ones."),
                queue=(str, f"Only those of this queue: {', '.join(Queue)}."),
                error=(str, "Only those with this kind of error."),
                decided=(bool, "Whether those that were decided upon are wanted, too."),
            ),
            "",
        ),
        "contested_part": (
            unresolved(
                optional(lazy("ContestedPart")),
                "What was claimed of a part that is in conflict: for whoever may decide about it and is shown"
                " all that parts of contracts may have.",
                change_id=(strawberry.ID, "Id of the line of history."),
            ),
            "",
        ),
        "viewer": (unresolved(optional(Viewer), "Who is calling, and what they may see."), ""),
    },
)

SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[type_named(name) for name in ENTITIES],
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)
GRAPHQL: GraphQLSchema = SCHEMA._schema  # noqa: SLF001 - Strawberry offers no other way to graphql-core's schema


def sdl() -> str:
    """Return the schema in the schema definition language."""
    return SCHEMA.as_str() + "\n"
