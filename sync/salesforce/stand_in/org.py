"""One Salesforce organisation of the stand-in, and who calls it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sync.salesforce.stand_in import moments
from sync.salesforce.stand_in.catalogue import ObjectType, objects
from sync.salesforce.stand_in.change_events import EventBus
from sync.salesforce.stand_in.faults import Faults
from sync.salesforce.stand_in.journal import Journal
from sync.salesforce.stand_in.refusal import Refused, not_found
from sync.salesforce.stand_in.rights import Rights
from sync.salesforce.stand_in.sharing import Sharing
from sync.salesforce.stand_in.store import Store, Values, normal_id
from sync.salesforce.stand_in.traps import Settings, settle
from sync.salesforce.stand_in.values import parsed

STATUSES = (
    ("Draft", "Draft", True),
    ("In Approval Process", "InApproval", False),
    ("Activated", "Activated", False),
)

_ROLE = "OpportunityContactRole"

SELECTED = ("Opportunity", "Account", "Contract", "Contact", "OpportunityLineItem")
"""What has change events: five, as many as an org selects without buying more."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user in a session; `client` is what the caller names itself, in `Sforce-Call-Options`."""

    user_id: str
    rights: Rights
    client: str | None = None


class Org:
    """All that the stand-in knows: records, rights, settings, trouble, and what it was told."""

    def __init__(self, org_id: str, settings: Settings | None = None) -> None:
        self.org_id = org_id
        self.settings = settings or Settings()
        self.clock = moments.Clock()
        self.store = Store()
        self.journal = Journal()
        self.faults = Faults()
        self.bus = EventBus(self)
        self._depth = 0
        self.rights: dict[str, Rights] = {}
        self.sharing = Sharing()
        self.calls = 0
        self.delivered = 0
        for place, (label, code, default) in enumerate(STATUSES, 1):
            row = {"ApiName": label, "MasterLabel": label, "StatusCode": code, "IsDefault": default}
            self.seed("ContractStatus", row | {"SortOrder": place})
        self.seed("Organization", {"OrganizationType": "Enterprise Edition", "IsSandbox": False})
        self.seed("UserPermissionAccess", {"PermissionsApiEnabled": True, "PermissionsViewAllData": True})
        for name in SELECTED:
            self.seed(
                "PlatformEventChannelMember",
                {"EventChannel": "ChangeEvents", "SelectedEntity": f"{name}ChangeEvent"},
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo every write within where it ends with an error, as if nobody had asked."""
        mark, changes = len(self.journal.entries), self.bus.mark()
        self._depth += 1
        try:
            with self.store.transaction():
                yield
        except BaseException:
            del self.journal.entries[mark:]
            self.bus.forget(changes)
            raise
        finally:
            self._depth -= 1
        if not self._depth:
            self.bus.publish()

    def object_type(self, name: str, rights: Rights) -> ObjectType:
        """Return an object that the user may see. Raises Refused."""
        found = objects().get(name)
        if found is None or not rights.may_see(name):
            raise not_found()
        return found

    def kind_of(self, record_id: str, rights: Rights) -> ObjectType:
        """Return the object that an id is of. Raises Refused."""
        for name, found in objects().items():
            if record_id.startswith(found.key_prefix) and rights.may_see(name):
                return found
        raise Refused("MALFORMED_ID", f"malformed id {record_id}", [])

    def live(self, object_type: ObjectType, text: str) -> Values:
        """Return a record by its id of 15 or 18 characters. Raises Refused."""
        record = self.store.get(object_type.name, normal_id(text, object_type) or "")
        if record is None:
            raise not_found()
        if record["IsDeleted"]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted", [], 404)
        return record

    def seed(self, name: str, values: Mapping[str, Any]) -> str:
        """Put a record there whoever may; return its id. Raises Refused, LookupError or ValueError."""
        object_type = objects()[name]
        given = {field: parsed(object_type.fields[field], value) for field, value in values.items()}
        given_id = given.get("Id")
        record_id = normal_id(given_id, object_type) if given_id else self.store.new_id(object_type)
        if record_id is None:
            raise ValueError(f"{given_id} is no id of {name}")
        defaults = {field.name: field.default for field in object_type.fields.values()}
        record = defaults | self.stamps(None) | given | {"Id": record_id, "IsDeleted": False}
        if name == "Contract":
            codes = {row["ApiName"]: row["StatusCode"] for row in self.store.all("ContractStatus")}
            settle(self.store, self.settings, name, {"StatusCode": codes.get(record["Status"])}, record)
        elif name in ("Opportunity", "OpportunityLineItem", "Contact", "User"):
            settle(self.store, self.settings, name, None, record)
        self.store.put(object_type, record)
        self.follow(object_type, record)
        return record_id

    def follow(
        self, object_type: ObjectType, record: Values, caller: Caller | None = None, via: str = ""
    ) -> None:
        """Bring up to date what hangs on the record just saved: the opportunity of a line, other primaries.

        It is told of as a change of the caller, where there is one.
        """
        if object_type.name == _ROLE and record["IsPrimary"]:
            # A deal has one contact that is primary: whoever was it before is it no more.
            for other in self.store.having(
                _ROLE, object_type.fields["OpportunityId"], record["OpportunityId"]
            ):
                if other["IsPrimary"] and other["Id"] != record["Id"]:
                    after = (
                        other | {"IsPrimary": False} | self.stamps(other, caller.user_id if caller else None)
                    )
                    self.store.put(object_type, after)
                    if caller is not None:
                        self.bus.note(_ROLE, "UPDATE", other, after, caller, via)
        if object_type.name != "OpportunityLineItem":
            return
        parent = self.store.get("Opportunity", record["OpportunityId"])
        if parent is not None:
            after = dict(parent)
            settle(self.store, self.settings, "Opportunity", parent, after)
            after |= self.stamps(parent, caller.user_id if caller else None)
            self.store.put(objects()["Opportunity"], after)
            if caller is not None:
                self.bus.note("Opportunity", "UPDATE", parent, after, caller, via)

    def stamps(self, before: Mapping[str, Any] | None, user_id: str | None = None) -> Values:
        """Return who and when, as a write now leaves them on a record."""
        now = moments.written(self.clock.now())
        last = {"LastModifiedDate": now, "LastModifiedById": user_id, "SystemModstamp": now}
        return last if before is not None else {"CreatedDate": now, "CreatedById": user_id, **last}
