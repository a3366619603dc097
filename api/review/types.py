"""The GraphQL types of what a security reviewer asks: the policy, what it decides, and the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import strawberry

from api.inputs import listed
from api.object_types import Required, lazy, object_type, optional, unresolved

Members = dict[str, tuple[Any, str]]

_ROLES: Final = (Required(list[str]), "Roles of the policy, of one caller.")
_DECISION: Final = (str, "`show`, `mask` or `deny`.")
_LINE: Final = (int, "Line of the policy; 0 where no line grants it.")
_RULE: Final = (str, "The line, as it is told wherever it decides.")

# Parts of the answers

object_type("PolicyRule", "A line of the policy.", {
    "rule": _RULE,
    "line": _LINE,
    "why": (optional(str), "The reason that the policy gives for it."),
})  # fmt: skip
PART: Final[Members] = {
    "decision": _DECISION,
    "rows": (str, "The records that it holds for."),
    "rule": _RULE,
    "line": _LINE,
    "reason": (str, "Why."),
}
object_type("DecisionPart", "How a field is seen in some records.", PART)
object_type("PolicyText", "The policy that decides.", {
    "digest": (str, "SHA-256 of its text."),
    "source": (str, "Where it was read from."),
    "in_force_since": (optional(datetime), "When it was put in force; absent for the shipped one."),
    "text": (str, "All of it, as TOML."),
})  # fmt: skip
object_type("PolicyFinding", "Something that a reviewer should know.", {
    "line": _LINE,
    "problem": (str, "What it is."),
    "suggestion": (str, "What to do about it."),
    "stops": (bool, "Whether the policy must not be used like this."),
})  # fmt: skip
object_type("PolicyCheck", "Whether the policy decides about everything.", {
    "decisions": (int, "Every field of every role."),
    "undecided": (int, "Those that could not be made."),
    "findings": (listed(lazy("PolicyFinding")), "What is to be found fault with."),
})  # fmt: skip
object_type("MatrixRow", "How one role sees one field in some records.", {
    "role": (str, "The role."),
    "field": (str, "The field, such as Contract.totalValue."),
    "audience": (str, "Whom the field is for."),
    "decision": _DECISION,
    "mask": (optional(str), "How the value is made coarse, where it is."),
    **{name: member for name, member in PART.items() if name != "decision"},
})  # fmt: skip
object_type("RoleWord", "What one role says of a field.", {
    "role": (str, "The role."),
    "decision": _DECISION,
    "rows": (str, "The records that it says it of."),
    "rule": _RULE,
    "line": _LINE,
    "chain": (list[str], "The roles by which an inherited line came, from the one that holds it."),
})  # fmt: skip
object_type("FieldExplanation", "Why some roles see a field as they do.", {
    "field": (str, "The field."),
    "meaning": (str, "What it is."),
    "audience": (str, "Whom it is for."),
    "roles": (list[str], "The roles."),
    "decision": (str, "`show`, `mask` or `deny`: the best that any record gets."),
    "rule": _RULE,
    "line": _LINE,
    "why": (optional(str), "The reason that the policy gives for the line."),
    "chain": (list[str], "The roles by which an inherited line came, from the one that holds it."),
    "rows": (str, "The records that the decision holds for."),
    "terms": (list[str], "The conditions on contracts that take part in it."),
    "mask": (optional(str), "How a value of its type is made coarse."),
    "columns": (list[str], "The columns that are read for it."),
    "reason": (str, "Why it is decided so."),
    "parts": (listed(lazy("DecisionPart")), "What is shown, then what is masked, then what is denied."),
    "spoken": (listed(lazy("RoleWord")), "What each role says of it."),
    "forbids": (listed(lazy("PolicyRule")), "The rules that take it away, whatever else is said."),
})  # fmt: skip
object_type("PlannedAccess", "A field of an operation that is not shown as it is.", {
    "path": (str, "Where it stands in the operation."),
    "field": (str, "The field."),
    "rule": _RULE,
    "reason": (str, "Why."),
    "records": (str, "`all` or `some`."),
    "mask": (optional(str), "How it is made coarse, where it is."),
})  # fmt: skip
object_type("PlanRefusal", "Why an operation would be refused before SQL.", {
    "code": (str, "Code of the error."),
    "message": (str, "The error."),
    "field": (optional(str), "The field because of which."),
    "rule": (optional(str), "The rule that says so."),
})  # fmt: skip
object_type("OperationPlan", "What an operation becomes for some roles; it is not run.", {
    "statement": (optional(str), "The statement; absent where it is refused."),
    "arguments": (list[str], "The values of its parameters, $1 first."),
    "columns": (list[str], "The columns that it reads."),
    "denied": (listed(lazy("PlannedAccess")), "What would be null."),
    "masked": (listed(lazy("PlannedAccess")), "What would be made coarse."),
    "refused": (optional(lazy("PlanRefusal")), "Why it would be refused."),
})  # fmt: skip
object_type("FieldChangeOfPolicy", "A field that is seen otherwise.", {
    "field": (str, "The field."),
    "audience": (str, "Whom it is for."),
    "gains": (bool, "Whether it is seen better in some records."),
    "loses": (bool, "Whether it is seen worse in some records."),
    "before": (listed(lazy("DecisionPart")), "As the policy in force has it."),
    "after": (listed(lazy("DecisionPart")), "As the candidate has it."),
})  # fmt: skip
object_type("RoleDifference", "What changes for one role, or for two together.", {
    "role": (str, "The role; `admin + legal` are two of one caller."),
    "is_new": (bool, "Whether only the candidate has it."),
    "is_gone": (bool, "Whether the candidate does not have it."),
    "rows_before": (optional(str), "The records that it reaches by the policy in force."),
    "rows_after": (optional(str), "The records that it reaches by the candidate."),
    "gains": (int, "Fields that it sees better in some records."),
    "loses": (int, "Fields that it sees worse in some records."),
    "changes": (listed(lazy("FieldChangeOfPolicy")), "These fields."),
    "allowed": (listed(lazy("PolicyRule")), "Commands and claims that it gains."),
    "refused": (listed(lazy("PolicyRule")), "Commands and claims that it loses."),
})  # fmt: skip
object_type("PolicyDifference", "What a candidate decides otherwise than the policy in force.", {
    "before": (str, "SHA-256 of the policy in force."),
    "after": (str, "SHA-256 of the candidate."),
    "gains": (list[str], "Roles that gain something."),
    "loses": (list[str], "Roles that lose something."),
    "roles": (listed(lazy("RoleDifference")), "The roles for which something changes."),
})  # fmt: skip
object_type("TrialDifference", "What the candidate would have decided otherwise about requests.", {
    "roles": (str, "Roles of the callers."),
    "subject": (str, "A field, or the records of an entity."),
    "was": (str, "As it was decided."),
    "would_be": (str, "As the candidate would have it."),
    "requests": (int, "How many requests."),
    "example": (str, "How the SHA-256 of one such document begins."),
})  # fmt: skip
object_type("PolicyTrial", "A proposed policy that is tried beside the one in force.", {
    "digest": (str, "SHA-256 of its text."),
    "proposed_by": (str, "Who proposed it."),
    "proposed_at": (datetime, "When."),
    "reason": (str, "Why."),
    "differences": (listed(lazy("TrialDifference")), "The most frequent first."),
})  # fmt: skip
object_type("PolicyDecision", "What was decided about a policy.", {
    "digest": (str, "SHA-256 of its text."),
    "kind": (str, "PROPOSED, APPROVED, REJECTED or ROLLED_BACK."),
    "at": (datetime, "When."),
    "by": (str, "Who decided it."),
    "reason": (str, "Why."),
})  # fmt: skip
_LOGGED: Final[Members] = {
    "field": (str, "The field."),
    "rule": _RULE,
}
object_type("AuditedField", "A field that was not given out as it is.", _LOGGED)
object_type("AuditedAccess", "Which fields an operation gave out.", {
    "shown": (list[str], "As they are; where `refusal` is there, nothing was shown of what was asked for."),
    "used": (list[str], "By which records were found, ordered, grouped or summed."),
    "masked": (listed(lazy("AuditedField")), "Made coarse."),
    "denied": (listed(lazy("AuditedField")), "Not at all."),
})  # fmt: skip
object_type("AuditedOperation", "A GraphQL operation, by its document.", {
    "name": (optional(str), "Its name."),
    "sha256": (optional(str), "SHA-256 of the document."),
})  # fmt: skip
object_type("AuditedRecords", "Which records were given out.", {
    "count": (int, "How many."),
    "ids": (optional(list[strawberry.ID]), "Their ids; absent where there are more than a hundred."),
    "sha256": (optional(str), "Instead of more ids: the SHA-256 of them, sorted, a line each."),
})  # fmt: skip
object_type("AuditedRefusal", "Why nothing was given out.", {
    "code": (str, "Code of the error."),
    "field": (optional(str), "The field because of which."),
    "rule": (optional(str), "The rule that says so."),
})  # fmt: skip
object_type("AuditEvent", "One operation of one caller, as the audit log tells it; never a value.", {
    "id": (strawberry.ID, "Id of the event."),
    "at": (datetime, "When."),
    "kind": (str, "`read`, `write` or `retention`."),
    "subject": (str, "Who asked."),
    "client": (optional(str), "The client that asked for them."),
    "roles": (list[str], "Their roles."),
    "decision": (str, "`allowed` or `refused`."),
    "operation": (lazy("AuditedOperation"), "What was asked."),
    "policy": (str, "SHA-256 of the policy that decided."),
    "request": (str, "Id of the request, as x-request-id told it."),
    "latency_us": (int, "Microseconds that it took."),
    "records": (lazy("AuditedRecords"), "Which records were given out."),
    "refusal": (optional(lazy("AuditedRefusal")), "Why nothing was."),
    "access": (optional(lazy("AuditedAccess")), "Which fields; absent where the document was not planned."),
})  # fmt: skip
object_type("AuditEventPage", "A page of the audit log, the latest first.", {
    "nodes": (listed(lazy("AuditEvent")), "The events."),
    "has_next_page": (bool, "Whether there are older ones."),
    "end_cursor": (optional(str), "Cursor of the last of the page."),
})  # fmt: skip

object_type("HeldRole", "A role that somebody holds, by one grant or registration.", {
    "role": (str, "The role."),
    "subject": (optional(str), "Salesforce id of the user, or id of the client; absent where it is nobody."),
    "standing": (str, "ACTIVE, INACTIVE, or UNKNOWN for a user who was not imported."),
    "name": (optional(str), "Name of the client."),
    "holder_kind": (str, "USER, PROFILE, PERMISSION_SET or CLIENT: what it is held by."),
    "holder_id": (str, "Its id."),
    "since": (datetime, "When it was granted."),
    "granted_by": (optional(str), "Who granted it."),
    "reason": (optional(str), "Why it was granted."),
    "ends_at": (optional(datetime), "When it ends by itself."),
    "last_used_at": (optional(datetime), "The latest event of the subject with the role."),
    "unused": (bool, "Whether it was held for 90 days, and no use is known in these."),
})  # fmt: skip
object_type("AccessReview", "Who holds which role now, and whether they use it.", {
    "made_at": (datetime, "When it was made."),
    "log_since": (optional(datetime), "The first event of the log: no use before it is known."),
    "held": (listed(lazy("HeldRole")), "By role."),
})  # fmt: skip

# The root

_EVENTS: Final = unresolved(
    lazy("AuditEventPage"),
    "Events of the caller's org, the latest first.",
    first=(int, "How many, 100 at most; 50 where unsaid."),
    after=(str, "Only those after this cursor: older ones."),
    subject=(str, "Who asked."),
    record=(strawberry.ID, "Id of a record that was given out."),
    since=(datetime, "From this moment on."),
    until=(datetime, "Before this moment."),
)
Review = object_type("Review", "How access is decided, and what was read.", {
    "policy": (lazy("PolicyText"), "The policy that decides."),
    "check": (lazy("PolicyCheck"), "Whether it decides about everything, and each line does something."),
    "matrix": (unresolved(
        listed(lazy("MatrixRow")),
        "Every decision about the fields of some roles, or of one entity.",
        roles=(list[str], "Roles of the policy: 3 at most where no entity is named; else all unless said."),
        entity=(str, "Only this entity, such as Contract."),
    ), ""),
    "explain": (unresolved(
        lazy("FieldExplanation"),
        "Why somebody with these roles sees a field as they do.",
        roles=_ROLES,
        field=(Required(str), "Such as Contract.totalValue."),
    ), ""),
    "plan": (unresolved(
        lazy("OperationPlan"),
        "The one statement that an operation becomes for these roles.",
        operation=(Required(str), "A GraphQL document with one operation."),
        roles=_ROLES,
        variables=(str, "The values of its variables, as JSON."),
    ), ""),
    "difference": (unresolved(
        lazy("PolicyDifference"),
        "What another policy would decide otherwise than the one in force.",
        candidate=(Required(str), "Digest of a policy that was proposed once, or how it begins; or a text."),
    ), ""),
    "trial": (optional(lazy("PolicyTrial")), "The policy that is proposed now; absent where none is."),
    "history": (listed(lazy("PolicyDecision")), "What was decided about policies, the latest first."),
    "access_review": (optional(lazy("AccessReview")), "Who holds which role, and whether they use it."),
    "audit_events": (_EVENTS, ""),
    "audit_proof": (unresolved(
        str,
        "The proof that an event is in the sealed log, as `contract-graph audit prove` prints it.",
        id=(Required(strawberry.ID), "Id of the event."),
    ), ""),
})  # fmt: skip
