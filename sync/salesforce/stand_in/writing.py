"""Records written by a user: checked as Salesforce checks them, saved, and noted in the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sync.salesforce.stand_in.catalogue import FieldType, ObjectType, objects
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import Refused, not_found
from sync.salesforce.stand_in.store import Values, changed, normal_id
from sync.salesforce.stand_in.traps import settle
from sync.salesforce.stand_in.values import check, parsed

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A record that was written."""

    id: str
    created: bool


class SeveralMatch(Exception):
    """An external id is that of more than one record."""

    def __init__(self, records: Iterable[str]) -> None:
        super().__init__("several records match")
        self.records = list(records)


class Writing:
    """The writes of one call; `via` is the resource that it came by."""

    def __init__(self, org: Org, caller: Caller, via: str) -> None:
        self._org, self._caller, self._via = org, caller, via

    def read(self, object_type: ObjectType, body: Mapping[str, Any], *apart: str) -> Given:
        """Parse what is given, but for fields named `apart`. Raises Refused, which fails the whole call."""
        given = {}
        for name, raw in body.items():
            field = object_type.named(name)
            if name == "attributes":
                continue
            if field is None:
                message = f"No such column '{name}' on sobject of type {object_type.name}"
                raise Refused("INVALID_FIELD", message)
            if field.name in apart:
                message = f"The {field.name} field should not be specified in the sobject data."
                raise Refused("INVALID_FIELD", message, [field.name])
            given[field.name] = parsed(field, raw)
        return given

    def create(self, object_type: ObjectType, given: Given) -> Outcome:
        """Make a record. Raises Refused."""
        name = object_type.name
        if not (object_type.writable and self._caller.rights.may_create(name)):
            message = f"entity type cannot be inserted: {object_type.label}"
            raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])
        self._may_write(object_type, given, "createable")
        missing = [f.name for f in object_type.fields.values() if _missing(f, given)]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refused("REQUIRED_FIELD_MISSING", message, missing)
        blank = {f.name: _default(f, self._caller) for f in object_type.fields.values()}
        record = blank | dict(given) | {"Id": self._org.store.new_id(object_type), "IsDeleted": False}
        numbered = (f.name for f in object_type.fields.values() if f.auto_number)
        record |= dict.fromkeys(numbered, self._org.store.next_number())
        return self._save(object_type, None, record, given)

    def update(self, object_type: ObjectType, record_id: str, given: Given) -> Outcome:
        """Change a record by its id. Raises Refused."""
        before = self._found(object_type, record_id)
        if not (object_type.writable and self._caller.rights.may_edit(object_type.name)):
            raise self._no_rights(record_id)
        self._may_write(object_type, given, "updateable")
        return self._save(object_type, before, before | dict(given), given)

    def upsert(
        self,
        object_type: ObjectType,
        field: FieldType,
        value: str,
        given: Given,
        *,
        only_update: bool = False,
    ) -> Outcome:
        """Change the record with this external id, or make it. Raises Refused or SeveralMatch."""
        found = self._org.store.having(object_type.name, field, value)
        if len(found) > 1:
            raise SeveralMatch(record["Id"] for record in found)
        if found:
            return self.update(object_type, found[0]["Id"], given)
        if only_update:
            raise not_found()
        return self.create(object_type, {**given, field.name: parsed(field, value)})

    def delete(self, object_type: ObjectType, record_id: str) -> Outcome:
        """Delete a record. Raises Refused."""
        before = self._found(object_type, record_id)
        if not (object_type.writable and self._caller.rights.may_create(object_type.name)):
            raise self._no_rights(record_id)
        after = before | {"IsDeleted": True} | self._org.stamps(before, self._caller.user_id)
        self._put(object_type, "DELETE", before, after)
        self._note(object_type, "deleted", before, after, {})
        return Outcome(before["Id"], created=False)

    def undelete(self, object_type: ObjectType, record_id: str) -> Outcome:
        """Take a record out of the recycle bin, which people do and no call of the REST API does."""
        before = self._org.store.get(object_type.name, normal_id(record_id, object_type) or "")
        if before is None or not before["IsDeleted"]:
            raise not_found()
        after = before | {"IsDeleted": False} | self._org.stamps(before, self._caller.user_id)
        self._put(object_type, "UNDELETE", before, after)
        self._note(object_type, "undeleted", before, after, {})
        return Outcome(before["Id"], created=False)

    def _found(self, object_type: ObjectType, record_id: str) -> Values:
        found = self._org.store.get(object_type.name, normal_id(record_id, object_type) or "")
        if found is None:
            message = "invalid cross reference id"
            raise Refused("INVALID_CROSS_REFERENCE_KEY", message, [], HTTPStatus.NOT_FOUND)
        return self._org.live(object_type, record_id)

    def _may_write(self, object_type: ObjectType, given: Given, flag: str) -> None:
        name, computed = object_type.name, self._org.settings.computed(object_type.name)
        refused = [
            each
            for each in given
            if not getattr(object_type.fields[each], flag)
            or each in computed
            or not self._caller.rights.may_write(name, each)
        ]
        if refused:
            message = (
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of"
                " this field and verify that it is read/write for your profile or permission set."
            )
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, refused)

    def _no_rights(self, record_id: str) -> Refused:
        message = f"insufficient access rights on object id {record_id}"
        return Refused("INSUFFICIENT_ACCESS_OR_READONLY", message, [], self._org.settings.access_status)

    def _save(self, object_type: ObjectType, before: Values | None, record: Values, given: Given) -> Outcome:
        for name, value in given.items():
            check(object_type.fields[name], value)
        after = record | {n: normal_id(v) for n, v in given.items() if v and object_type.fields[n].to}
        self._check_others(object_type, after, given)
        named = " ".join(str(after[field.name]) for field in object_type.external_ids)
        trouble = self._org.faults.for_row(object_type.name, f"{after['Id']} {named}", after["Id"])
        if trouble is not None:
            raise trouble
        settle(self._org.store, self._org.settings, object_type.name, before, after)
        after |= self._org.settings.automated(object_type.name, after)
        after |= self._org.stamps(before, self._caller.user_id)
        self._put(object_type, "CREATE" if before is None else "UPDATE", before, after)
        self._note(object_type, "created" if before is None else "updated", before, after, given)
        return Outcome(after["Id"], created=before is None)

    def _put(self, object_type: ObjectType, operation: str, before: Values | None, after: Values) -> None:
        """Save a record, bring up to date what hangs on it, and have both told of as one transaction."""
        with self._org.transaction():
            self._org.store.put(object_type, after)
            self._org.bus.note(object_type.name, operation, before, after, self._caller, self._via)
            self._org.follow(object_type, after, self._caller, self._via)

    def _check_others(self, object_type: ObjectType, after: Values, given: Given) -> None:
        """Refuse what does not fit the other records: a reference to none, a value that must be unique."""
        for name in given:
            field, value = object_type.fields[name], after[name]
            if value is None:
                continue
            if field.to is not None and field.to in objects():
                target = self._org.store.get(field.to, value)
                if target is None or target["IsDeleted"]:
                    raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [name])
            if field.unique:
                others = self._org.store.having(object_type.name, field, value)
                for other in others:
                    if other["Id"] != after["Id"]:
                        message = (
                            f"duplicate value found: {name} duplicates value on record with id: {other['Id']}"
                        )
                        raise Refused("DUPLICATE_VALUE", message, [])

    def _note(
        self, object_type: ObjectType, operation: str, before: Values | None, after: Values, given: Given
    ) -> None:
        told = ("IsDeleted",) if operation in {"deleted", "undeleted"} else given
        moved = set(changed(before or {}, after)).intersection(told)
        self._org.journal.add(
            at=after["SystemModstamp"], object=object_type.name, id=after["Id"], operation=operation,
            fields=dict(given), changed=sorted(moved), user=self._caller.user_id,
            client=self._caller.client, via=self._via,
        )  # fmt: skip


def _missing(field: FieldType, given: Given) -> bool:
    return field.required and field.default is None and given.get(field.name) is None


def _default(field: FieldType, caller: Caller) -> object:
    if field.type == "boolean" and field.default is None:
        return False
    return caller.user_id if field.owner else field.default
