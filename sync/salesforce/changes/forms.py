"""Values of Avro in the form of Salesforce's JSON, which is that of what we write and read there."""

from __future__ import annotations

from datetime import UTC, datetime

from sync.salesforce.description import FieldDescription


def as_json(described: FieldDescription | None, value: object) -> object:
    """Return a value of a change event as the REST API would say it.

    Days and moments are milliseconds since 1970 in an event, a day that at which it begins in UTC.
    """
    if described is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    if described.type == "date":
        return datetime.fromtimestamp(value / 1000, UTC).date().isoformat()
    if described.type == "datetime":
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return value


def same(one: object, other: object) -> bool:
    """Whether two values of JSON say the same: 1 and 1.0 do, an empty text and none do."""
    return (one or None) == (other or None) if isinstance(one, str | None) else one == other
