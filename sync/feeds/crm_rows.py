"""An account as a row of a CRM's table, and how such rows name themselves and each other."""

from __future__ import annotations

from domain.crm import Account
from domain.field import Entity
from domain.identity import uuid7
from storage.ingest import Reference
from sync.feeds.graph import Graph
from sync.feeds.reject import Place
from sync.feeds.table import Row
from sync.feeds.values import Values

_UEI = "uei:"


def identified(place: Place, row: Row) -> tuple[Values, str]:
    """Return the reader of a row and its External_Id, by which it is found again."""
    values = Values(place, None)
    key = values.record = values.required("External_Id", row.get("External_Id"))
    return values, key


def reference(  # noqa: PLR0913, PLR0917 - both ends of what it is
    values: Values, entity: type[Entity], key: str, field: str, target: type[Entity], named: object
) -> tuple[Reference, ...]:
    """Return what a column with another row's External_Id points at; nothing for an empty one."""
    value = values.text(field, named)
    if value is None:
        return ()
    return (Reference(entity=entity, source_key=key, field=field, target=target, value=value),)


def account_of(place: Place, row: Row) -> Graph:
    """Return the account of a row; raises RecordRefusedError without an id or a name."""
    values, key = identified(place, row)
    account = Account(
        id=uuid7(),
        source_key=key,
        name=values.required("Name", row.get("Name")),
        industry=values.text("Industry", row.get("Industry")),
        website=values.text("Website", row.get("Website")),
        uei=key.removeprefix(_UEI) if key.startswith(_UEI) else None,
        billing_city=values.text("BillingCity", row.get("BillingCity")),
        billing_state=values.text("BillingState", row.get("BillingState")),
        billing_postal_code=values.text("BillingPostalCode", row.get("BillingPostalCode")),
        billing_country=values.text("BillingCountry", row.get("BillingCountry")),
    )
    parent = row.get("Parent_External_Id")
    above = reference(values, Account, key, "parent_id", Account, parent) if parent != key else ()
    return Graph(place=place, record=account, references=above, rejects=tuple(values.rejects))
