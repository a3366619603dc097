"""Fields as a `describe` says them, with what a test is about."""

from __future__ import annotations

from typing import Any

from sync.salesforce.description import FieldDescription, ObjectDescription
from sync.salesforce.stand_in.catalogue import objects
from sync.salesforce.stand_in.describe import describe_object
from sync.salesforce.stand_in.rights import Rights


def described(name: str, rights: Rights | None = None, computed: tuple[str, ...] = ()) -> ObjectDescription:
    """Return an object of the stand-in as our client reads it."""
    return ObjectDescription.read(describe_object(objects()[name], rights or Rights(), "66.0", computed))


def a_field(**said: Any) -> FieldDescription:
    blank: dict[str, Any] = {
        "name": "F__c", "label": "F", "type": "string", "createable": True, "updateable": True,
        "nillable": True, "calculated": False, "auto_number": False, "external_id": False,
        "restricted": False, "length": 0, "precision": 0, "scale": 0, "digits": 0, "values": (),
        "reference_to": (), "compound": None,
    }  # fmt: skip
    return FieldDescription(**blank | said)
