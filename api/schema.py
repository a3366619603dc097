"""The GraphQL schema derived from domain/. Its resolvers never run: the planner answers from the database."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from api import inputs
from api.claim_inputs import MOST_CONTRACTS, ClaimContractsInput
from api.health.types import DEFAULT_MINUTES, MOST_MINUTES
from api.inputs import listed
from api.mutations.contract_inputs import (
    AcknowledgeRenewalInput,
    FlagValueInput,
    RequestAccessInput,
    SettleConflictInput,
    SettleDriftInput,
)
from api.mutations.held_inputs import DiscardHeldInput, ReplayHeldInput
from api.mutations.role_grants import GrantRoleInput, RevokeRoleInput
from api.mutations.settlement_inputs import SettleAccessRequestInput, SettleFlagInput
from api.object_types import lazy, mutation, object_type, optional, type_named, unresolved
from api.review import types  # noqa: F401 - builds the types of `review`
from api.review.held_types import HELD_RESULTS
from api.scalars import SCALARS, Duration
from api.subscription_type import Subscription
from domain.contract import ContractType
from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.graph import ENTITIES
from domain.lifecycle import ContractStatus
from domain.term import Period

DEFAULT_PAGE, LARGEST_PAGE = 50, 100

_PAGING: dict[str, tuple[Any, str]] = {
    "first": (int, f"How many from the start, {LARGEST_PAGE} at most; {DEFAULT_PAGE} where unsaid."),
    "after": (str, "Only those after this cursor."),
    "last": (int, f"How many from the end, {LARGEST_PAGE} at most; instead of first."),
    "before": (str, "Only those before this cursor."),
}


def filter_of(entity: str) -> Any:  # noqa: ANN401 - a type form
    """Name the filter of an entity."""
    return inputs.lazy(f"{entity}Filter")


@strawberry.interface(description="Anything with an id that `node` can find again.")
class Node:
    """Anything with an id."""

    id: strawberry.ID = strawberry.field(
        description="Identity in the contract graph, the same in every system."
    )


Money = object_type(
    "Money",
    "An exact amount in one currency.",
    {
        "amount": (Decimal, "Amount, with the decimals of its currency."),
        "currency": (str, "ISO 4217 code."),
    },
)
PageInfo = object_type(
    "PageInfo",
    "Where a page stands in its list.",
    {
        "has_next_page": (bool, "Whether more follow."),
        "has_previous_page": (bool, "Whether others come before."),
        "start_cursor": (optional(str), "Cursor of the first of the page."),
        "end_cursor": (optional(str), "Cursor of the last of the page."),
    },
)


def connection_field(entity: str, description: str) -> Any:  # noqa: ANN401 - a field
    """Declare a Relay connection with paging, filter and order."""
    return unresolved(
        optional(lazy(f"{entity}Connection")),
        description,
        **_PAGING,
        filter=(filter_of(entity), "Only those that match."),
        order_by=(
            listed(inputs.lazy(f"{entity}Order")),
            "Order of the list; the id decides where it leaves a tie, and alone where unsaid.",
        ),
    )


def _described(declared: DeclaredField) -> str:
    return f"{declared.meaning} Owner: {declared.field.owner}. Audience: {declared.field.audience}."


def _output(declared: DeclaredField) -> Any:  # noqa: ANN401 - a type form or a field
    match declared.kind:
        case Kind.LIST:
            return connection_field(declared.target, _described(declared))
        case Kind.REFERENCE:
            return optional(lazy(declared.target))
        case Kind.MONEY:
            return optional(Money)
    if issubclass(declared.type, StrEnum):
        return optional(inputs.enum_type(declared.type))
    return optional(Duration if declared.type is Period else declared.type)


def _build(entity: type[Entity]) -> None:
    name, meaning = entity.__name__, (entity.__doc__ or "").strip()
    members = {
        f.graph_name: (_output(f), _described(f))
        for f in fields_of(entity)
        if f.type is not UUID or f.field.to
    }
    object_type(name, meaning, members, bases=(Node,))
    object_type(
        f"{name}Edge",
        f"A {name} in a list, with its cursor.",
        {
            "node": (lazy(name), f"The {name}."),
            "cursor": (str, "Where it stands in the list."),
        },
    )
    object_type(
        f"{name}Connection",
        f"A page of a list of {name}.",
        {
            "edges": (listed(lazy(f"{name}Edge")), "The page, with cursors."),
            "nodes": (listed(lazy(name)), "The page."),
            "page_info": (PageInfo, "Where the page stands in the list."),
            "total_count": (int, "How many the list holds over all pages."),
        },
    )


for _entity in ENTITIES.values():
    _build(_entity)

CurrencyTotal = object_type(
    "CurrencyTotal",
    "The sum of values in one currency.",
    {
        "currency": (str, "ISO 4217 code."),
        "amount": (Decimal, "Sum of the total values."),
        "count": (int, "Contracts with a value in this currency."),
    },
)
_GROUP: dict[str, tuple[Any, str]] = {
    "count": (int, "Contracts in the group."),
    "totals": (listed(CurrencyTotal), "Their total values, per currency."),
}
PortfolioByStatus = object_type(
    "PortfolioByStatus",
    "The contracts in one state.",
    {"status": (optional(inputs.enum_type(ContractStatus)), "The state."), **_GROUP},
)
PortfolioByType = object_type(
    "PortfolioByType",
    "The contracts of one kind.",
    {"type": (optional(inputs.enum_type(ContractType)), "The kind."), **_GROUP},
)
PortfolioByMonth = object_type(
    "PortfolioByMonth",
    "The contracts that expire in one month.",
    {
        "month": (optional(date), "First day of the month; absent for those without an expiration date."),
        **_GROUP,
    },
)
Portfolio = object_type(
    "Portfolio",
    "Contracts in figures.",
    {
        **_GROUP,
        "by_status": (listed(PortfolioByStatus), "By state, in alphabetical order."),
        "by_type": (listed(PortfolioByType), "By kind, in alphabetical order."),
        "by_expiration_month": (listed(PortfolioByMonth), "By month of expiration, soonest first."),
    },
)
ViewerOrg = object_type(
    "ViewerOrg",
    "A Salesforce organisation: the tenant of everything.",
    {
        "id": (strawberry.ID, "Its id in the contract graph."),
        "name": (optional(str), "Its name."),
        "salesforce_org_id": (optional(str), "Its Salesforce id."),
    },
)
FieldAccess = object_type(
    "FieldAccess",
    "What the policy decides about one field for the caller.",
    {
        "field": (str, "The field, such as Contract.totalValue."),
        "decision": (str, "`show`, `mask` or `deny`: the best that any record gets."),
        "rule": (str, "The rule of the policy that says so."),
        "reason": (optional(str), "Why it is masked or denied."),
        "rows": (optional(str), "In which records it is shown; absent where no record differs."),
    },
)
Viewer = object_type(
    "Viewer",
    "Who is calling, and what they may see.",
    {
        "org": (optional(ViewerOrg), "Organisation of the caller; absent if it is not in this database."),
        "subject": (str, "Who the token was issued for."),
        "roles": (list[str], "Roles of the caller."),
        "scopes": (list[str], "Scopes of the token."),
        "commands": (list[str], "Mutations that the roles allow; the token needs the scope to write beside."),
        "policy": (str, "SHA-256 of the policy that decides."),
        "access": (listed(FieldAccess), "The decision for every field."),
    },
)

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
                queue=(str, "Only those of this queue: inbox, outbox, fetch or alert."),
                error=(str, "Only those with this kind of error."),
                decided=(bool, "Whether those that were decided upon are wanted, too."),
            ),
            "",
        ),
        "viewer": (unresolved(optional(Viewer), "Who is calling, and what they may see."), ""),
    },
)

object_type("ClaimVerdict", "What became of what was said of one field, or of one part of a list.", {
    "field": (str, "Name of the field."),
    "part": (optional(str), "Your name of the part, where it is about one."),
    "reason": (str, "Why."),
})  # fmt: skip
object_type("ClaimError", "Why nothing that was said of a contract was even judged.", {
    "code": (str, "`ACCESS_DENIED`, `BAD_USER_INPUT`, `NOT_FOUND` or `NOT_UNIQUE`."),
    "message": (str, "What is wrong, and what to do."),
})  # fmt: skip
object_type("ClaimResult", "What became of what was said of one contract.", {
    "external_reference": (str, "As it was named."),
    "contract": (optional(lazy("Contract")), "The contract as it is now; absent where there is none."),
    "accepted": (listed(lazy("ClaimVerdict")), "What holds."),
    "refused": (listed(lazy("ClaimVerdict")), "What does not, by a rule."),
    "conflicts": (listed(lazy("ClaimVerdict")), "What waits for a person, or for a version to be read."),
    "error": (optional(lazy("ClaimError")), "Why nothing was judged; then the contract is as it was."),
})  # fmt: skip
ClaimContractsPayload = object_type(
    "ClaimContractsPayload",
    "What claimContracts did.",
    {"results": (listed(lazy("ClaimResult")), "One for each contract, in the order of the input.")},
)
GrantRolePayload = object_type(
    "GrantRolePayload",
    "What grantRole made.",
    {"role_grant": (optional(lazy("RoleGrant")), "The grant.")},
)
RevokeRolePayload = object_type(
    "RevokeRolePayload",
    "What revokeRole ended.",
    {"role_grants": (connection_field("RoleGrant", "The grants that it ended."), "")},
)
AcknowledgeRenewalPayload = object_type(
    "AcknowledgeRenewalPayload",
    "What acknowledgeRenewal made, or found.",
    {
        "renewal_acknowledgement": (
            optional(lazy("RenewalAcknowledgement")),
            "The acknowledgement of the coming renewal: the first there was, by whoever it is.",
        )
    },
)
FlagValuePayload = object_type(
    "FlagValuePayload", "What flagValue made.", {"value_flag": (optional(lazy("ValueFlag")), "The flag.")}
)
RequestAccessPayload = object_type(
    "RequestAccessPayload",
    "What requestAccess made, or found.",
    {
        "access_request": (
            optional(lazy("AccessRequest")),
            "The request: an earlier one where the caller has asked for the same and nobody has answered.",
        )
    },
)
SettleConflictPayload = object_type(
    "SettleConflictPayload",
    "What settleConflict decided.",
    {"field_change": (optional(lazy("FieldChange")), "The line of history that keeps the decision.")},
)
SettleDriftPayload = object_type(
    "SettleDriftPayload",
    "What settleDrift decided.",
    {"drift_finding": (optional(lazy("DriftFinding")), "The finding as it stands now.")},
)
SettleFlagPayload = object_type(
    "SettleFlagPayload",
    "What settleFlag settled.",
    {"value_flag": (optional(lazy("ValueFlag")), "The flag, with what came of it.")},
)
SettleAccessRequestPayload = object_type(
    "SettleAccessRequestPayload",
    "What settleAccessRequest answered.",
    {"access_request": (optional(lazy("AccessRequest")), "The request, with its answer.")},
)
ReplayHeldPayload = object_type("ReplayHeldPayload", "What replayHeld did.", HELD_RESULTS)
DiscardHeldPayload = object_type("DiscardHeldPayload", "What discardHeld did.", HELD_RESULTS)
Mutation = object_type(
    "Mutation",
    "What can be changed: one thing a request, wholly or not at all.",
    {
        "claim_contracts": (
            mutation(
                ClaimContractsPayload,
                f"Say what a contract system knows of up to {MOST_CONTRACTS} contracts; each is decided by"
                " itself, field by field: by who owns the field, and which claim is the latest.",
                ClaimContractsInput,
            ),
            "",
        ),
        "grant_role": (
            mutation(
                GrantRolePayload, "Give a role to a user, a profile or a permission set.", GrantRoleInput
            ),
            "",
        ),
        "revoke_role": (
            mutation(
                RevokeRolePayload,
                "End every grant of a role to a user, a profile or a permission set,"
                " and within seconds the tokens of whoever had it by that.",
                RevokeRoleInput,
            ),
            "",
        ),
        "settle_conflict": (
            mutation(
                SettleConflictPayload,
                "Decide about a claim in conflict: take its value, or keep what is known. It holds until the"
                " owner of the field says something else, and goes to Salesforce as any change.",
                SettleConflictInput,
            ),
            "",
        ),
        "settle_drift": (
            mutation(
                SettleDriftPayload,
                "Settle what Salesforce holds otherwise: leave it as it is, or have what is known here"
                " written again.",
                SettleDriftInput,
            ),
            "",
        ),
        "replay_held": (
            mutation(
                ReplayHeldPayload,
                "Put messages that are held back into their lanes: each by itself.",
                ReplayHeldInput,
            ),
            "",
        ),
        "discard_held": (
            mutation(
                DiscardHeldPayload,
                "Give messages up that are held: each by itself. They stay on record.",
                DiscardHeldInput,
            ),
            "",
        ),
        "acknowledge_renewal": (
            mutation(
                AcknowledgeRenewalPayload,
                "Say that the coming renewal of a contract was seen: once a renewal, whoever says it first.",
                AcknowledgeRenewalInput,
            ),
            "",
        ),
        "flag_value": (
            mutation(FlagValuePayload, "Say that a value of a contract is wrong.", FlagValueInput),
            "",
        ),
        "request_access": (
            mutation(
                RequestAccessPayload,
                "Ask to be shown a field of a contract that is masked or denied.",
                RequestAccessInput,
            ),
            "",
        ),
        "settle_flag": (
            mutation(
                SettleFlagPayload,
                "Say what came of a flag: it is done with, and whoever sees it is told.",
                SettleFlagInput,
            ),
            "",
        ),
        "settle_access_request": (
            mutation(
                SettleAccessRequestPayload,
                "Answer who asks to be shown more. It grants nothing: a role does, or the policy.",
                SettleAccessRequestInput,
            ),
            "",
        ),
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
