"""The object types that tell a caller who they are and what they may see."""

from __future__ import annotations

import strawberry

from api.inputs import listed
from api.object_types import object_type, optional

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
