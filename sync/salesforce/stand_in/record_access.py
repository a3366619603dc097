"""UserRecordAccess: questions about what one user may do with records, within the limits that are documented.

Object Reference: by UserId and RecordId only, up to 200 records, and without those that whoever asks may not
read. What Salesforce calls a refusal of these is not documented; the codes are what it says of other queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sync.salesforce.stand_in.catalogue import objects
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import Refused
from sync.salesforce.stand_in.rights import Rights
from sync.salesforce.stand_in.soql import Condition, Group, Question, Test
from sync.salesforce.stand_in.store import Values, normal_id

NAME: Final = "UserRecordAccess"
_MOST = 200
_LEVELS = ("HasReadAccess", "HasEditAccess", "HasDeleteAccess", "HasTransferAccess", "HasAllAccess")
_FIELDS = ("RecordId", "MaxAccessLevel", *_LEVELS)


def record_access(org: Org, caller: Caller, question: Question) -> list[dict[str, Any]]:
    """Return what a user may do with the records that are named. Raises Refused."""
    tests = list(_tests(question.where))
    user_id = _one(tests, "UserId")
    named = _many(tests, "RecordId")
    wanted = [each for each in tests if each.field not in ("UserId", "RecordId")]
    if any(each.field not in _LEVELS or each.operator != "=" for each in wanted):
        raise _refused("filter by UserId, RecordId and the levels of access only")
    if unknown := [each for each in question.fields if each not in _FIELDS]:
        raise Refused("INVALID_FIELD", f"No such column '{unknown[0]}' on entity '{NAME}'.")
    if "RecordId" not in question.fields or (wanted and question.fields != ("RecordId",)):
        raise _refused("select RecordId, and a level of access only where none is filtered by")
    if question.order and any(each.field not in question.fields for each in question.order):
        raise _refused("order by what is selected only")
    rows = [row for record_id in named if (row := _row(org, caller, user_id, record_id)) is not None]
    found = [row for row in rows if all(row[each.field] == each.value for each in wanted)]
    return [{name: row[name] for name in ("attributes", *question.fields)} for row in found]


def _row(org: Org, caller: Caller, user_id: str, record_id: str) -> dict[str, Any] | None:
    """Return what a user may do with one record; None for one that whoever asks may not read."""
    found = _record(org, record_id)
    if found is None:
        return None
    name, record = found
    if not org.sharing.reading(org.store, caller.user_id, caller.rights, name)(record):
        return None
    user = org.store.get("User", user_id)
    rights = org.rights.get(user_id, Rights())
    active = user is not None and bool(user["IsActive"])
    reads = active and org.sharing.reading(org.store, user_id, rights, name)(record)
    owns = reads and record.get("OwnerId") == user_id
    edits = reads and rights.may_edit(name) and (owns or name not in org.sharing.private)
    levels = dict(zip(_LEVELS, (reads, edits, owns, owns, owns), strict=True))
    most = "All" if owns else "Edit" if edits else "Read" if reads else "None"
    attributes = {"type": NAME, "url": f"/services/data/v0.0/sobjects/{NAME}/{record_id}"}
    return {"attributes": attributes, "RecordId": record["Id"], "MaxAccessLevel": most, **levels}


def _record(org: Org, record_id: str) -> tuple[str, Values] | None:
    for name, found in objects().items():
        known = org.store.get(name, normal_id(record_id, found) or "")
        if known is not None and not known["IsDeleted"]:
            return name, known
    return None


def _tests(where: Condition | None) -> Iterator[Test]:
    match where:
        case Test():
            yield where
        case Group(operator="AND"):
            for member in where.members:
                yield from _tests(member)
        case _:
            raise _refused("filter by one UserId and by RecordId")


def _one(tests: list[Test], name: str) -> str:
    found = [each.value for each in tests if each.field == name and each.operator == "="]
    if len(found) != 1 or normal_id(str(found[0])) is None:
        raise _refused(f"filter by a single {name}")
    return normal_id(str(found[0])) or ""


def _many(tests: list[Test], name: str) -> list[str]:
    found = [each for each in tests if each.field == name and each.operator in ("=", "IN")]
    if len(found) != 1:
        raise _refused(f"filter by {name}")
    values = [found[0].value] if found[0].operator == "=" else list(found[0].value)
    if len(values) > _MOST:
        raise _refused(f"filter by at most {_MOST} records")
    return list(dict.fromkeys(normal_id(str(each)) or str(each) for each in values))


def _refused(what: str) -> Refused:
    return Refused("MALFORMED_QUERY", f"{NAME}: {what}")
