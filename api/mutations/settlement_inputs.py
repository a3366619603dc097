"""What the mutations take that settle what people said of contracts."""

from __future__ import annotations

import strawberry

from api.inputs import enum_type, input_type
from api.mutations.command import KEY
from api.object_types import Required
from domain.access_request import AccessOutcome
from domain.value_flag import FlagOutcome

SettleFlagInput = input_type(
    "SettleFlagInput",
    "Which flag is done with, and what came of it.",
    [
        ("idempotency_key", Required(str), KEY),
        (
            "flag_id", Required(strawberry.ID),
            "Id of a flag that nobody has settled, about a value that is shown to the caller, unmasked.",
        ),
        (
            "outcome", Required(enum_type(FlagOutcome)),
            "Whether the value was put right, or is right as it is.",
        ),
        ("answer", Required(str), "What was found, for whoever sees the flag: a line of text."),
    ],
)  # fmt: skip
SettleAccessRequestInput = input_type(
    "SettleAccessRequestInput",
    "Which request is answered, and how.",
    [
        ("idempotency_key", Required(str), KEY),
        (
            "request_id", Required(strawberry.ID),
            "Id of a request that nobody has answered, of somebody else than the caller.",
        ),
        (
            "outcome", Required(enum_type(AccessOutcome)),
            "Whether access is granted, which the caller sees to by a role or by the policy.",
        ),
        ("answer", Required(str), "Why, for whoever asked: a line of text, without the value itself."),
    ],
)  # fmt: skip
