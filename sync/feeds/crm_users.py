"""A user of Salesforce with the profile and the permission sets, by which roles may come."""

from __future__ import annotations

from dataclasses import replace

from domain.crm import PermissionSetAssignment, User
from domain.error import DomainError
from domain.identity import salesforce_id, uuid7
from storage.vanished import SEPARATOR
from sync.feeds.graph import Graph
from sync.feeds.reject import Place, Reject
from sync.feeds.table import Row
from sync.feeds.values import RecordRefusedError, Values

_USER, _PROFILE, _PERMISSION_SET, _ASSIGNMENT = "005", "00e", "0PS", "0Pa"


def user_of(place: Place, row: Row, parts: list[tuple[Place, Row]]) -> Graph:
    """Return the user of a row with the permission sets of others; raises RecordRefusedError.

    A permission set that is refused is left out, and so gives no role.
    """
    values = Values(place, row.get("Id"))
    own = _required_id(values, "Id", row, _USER)
    key = values.record = values.text("External_Id", row.get("External_Id")) or f"salesforce:user:{own}"
    active = values.flag("IsActive", row.get("IsActive"))
    user = User(
        id=uuid7(),
        source_key=key,
        salesforce_id=own,
        name=values.required("Name", row.get("Name")),
        email=values.text("Email", row.get("Email")),
        # Whoever is not said to be active gets no token.
        active=active is True,
        profile_id=_id(values, "ProfileId", row, _PROFILE),
    )
    assignments: list[PermissionSetAssignment] = []
    rejects: list[Reject] = []
    for where, part in parts:
        reading = Values(where, part.get("Id"))
        try:
            assignments.append(_assignment(reading, part, user))
        except RecordRefusedError as error:
            rejects.append(error.reject)
        rejects += reading.rejects
    whole = replace(user, permission_set_assignments=tuple(assignments))
    return Graph(place=place, record=whole, rejects=(*values.rejects, *rejects))


def same_id(text: str) -> str:
    """Return what an id is compared by: 15 and 18 characters of it are one; what is no id, as it stands."""
    try:
        return salesforce_id(text.strip())
    except DomainError:
        return text.strip()


def _assignment(values: Values, row: Row, user: User) -> PermissionSetAssignment:
    own = _required_id(values, "Id", row, _ASSIGNMENT)
    ends = row.get("ExpirationDate")
    expiration = values.moment("ExpirationDate", ends)
    if expiration is None and ends and ends.strip():
        # One whose end cannot be read would never end.
        raise values.refuse("ExpirationDate", ends, values.rejects.pop().reason)
    return PermissionSetAssignment(
        id=uuid7(),
        source_key=f"{user.source_key}{SEPARATOR}{own}",
        assignee_id=user.id,
        salesforce_id=own,
        permission_set_id=_required_id(values, "PermissionSetId", row, _PERMISSION_SET),
        # An export without the column has those in force alone.
        active="IsActive" not in row or values.flag("IsActive", row["IsActive"]) is True,
        expiration_date=expiration,
    )


def _id(values: Values, field: str, row: Row, prefix: str) -> str | None:
    text = values.text(field, row.get(field))
    if text is None:
        return None
    try:
        return salesforce_id(text, prefix)
    except DomainError as error:
        values.leave_out(field, text, f"{str(error).rstrip('.')}: correct it")
        return None


def _required_id(values: Values, field: str, row: Row, prefix: str) -> str:
    text = values.required(field, row.get(field))
    try:
        return salesforce_id(text, prefix)
    except DomainError as error:
        raise values.refuse(field, text, f"{str(error).rstrip('.')}: correct it") from None
