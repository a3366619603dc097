"""The mutations, and the object types that they answer with."""

from __future__ import annotations

from api.claim_inputs import MOST_CONTRACTS, ClaimContractsInput
from api.entity_types import connection_field
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
from api.object_types import lazy, mutation, object_type, optional
from api.review.held_types import HELD_RESULTS

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
