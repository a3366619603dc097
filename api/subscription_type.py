"""What can be subscribed to: changes of contracts, by ids and names, never values."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api import inputs
from api.object_types import object_type, unresolved

ContractChange = object_type(
    "ContractChange",
    "That a contract changed, in fields that the caller may see.",
    {
        "cursor": (str, "Where to go on after this change: for `after`, or the header Last-Event-ID."),
        "contract_id": (strawberry.ID, "The contract."),
        "fields": (
            list[str],
            "Names of the fields that are otherwise, of those that the caller may see.",
        ),
        "at": (datetime, "When it was recorded."),
    },
)
Subscription = object_type(
    "Subscription",
    "What is told as it happens, over text/event-stream.",
    {
        "contract_changed": (
            unresolved(
                ContractChange,
                "Changes that come as claims of a system or decisions of a person, once they are committed. A"
                " change in nothing that the caller may see tells nothing.",
                filter=(inputs.lazy("ContractFilter"), "Only of contracts that match, as they are by then."),
                after=(str, "Those after this cursor first; only what is to come where unsaid."),
            ),
            "",
        ),
    },
)
