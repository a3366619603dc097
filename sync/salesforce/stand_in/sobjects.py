"""Single records over REST: describe, read, create, change, upsert by external id.

As salesforce.md says in sections 6.1 and 6.3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from sync.salesforce.stand_in import moments
from sync.salesforce.stand_in.catalogue import FieldType, ObjectType, objects
from sync.salesforce.stand_in.describe import describe_object, summary
from sync.salesforce.stand_in.exchange import NO_CONTENT, Answer, Call, method_not_allowed
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.query import Querying
from sync.salesforce.stand_in.refusal import Refused, not_found
from sync.salesforce.stand_in.store import Values, normal_id
from sync.salesforce.stand_in.writing import Outcome, Writing

_WITH_ETAG = "Account"
_LATEST = 67.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call about an object, and whose it is."""

    org: Org
    caller: Caller
    call: Call
    object_type: ObjectType


def answer_sobjects(org: Org, caller: Caller, call: Call) -> Answer:
    """Answer a call below `sobjects`. Raises Refused."""
    match call.path[1:]:
        case ():
            seen = [each for name, each in objects().items() if caller.rights.may_see(name)]
            listed = [summary(each, caller.rights, call.version) for each in seen]
            return Answer(HTTPStatus.OK, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})
        case (name,) if name.endswith("__e"):
            return _published(call)
    object_type = org.object_type(call.path[1], caller.rights)
    match call.method, *call.path[2:]:
        case "GET", "describe":
            computed = org.settings.computed(object_type.name)
            return Answer(HTTPStatus.OK, describe_object(object_type, caller.rights, call.version, computed))
        case ["POST"]:
            writing = Writing(org, caller, "sobjects")
            made = writing.create(object_type, writing.read(object_type, call.object))
            return _made(made)
        case _, record_id:
            return _by_id(_Asked(org, caller, call, object_type), record_id)
        case _, field_name, *rest if rest:
            field = external_id(object_type, field_name)
            return _by_external_id(_Asked(org, caller, call, object_type), field, "/".join(rest))
    raise method_not_allowed(call.method)


def external_id(object_type: ObjectType, name: str) -> FieldType:
    """Return a field that records may be named by. Raises Refused."""
    field = object_type.named(name)
    if field is None or not (field.external_id or field.id_lookup):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def _by_id(asked: _Asked, record_id: str) -> Answer:
    writing = Writing(asked.org, asked.caller, "sobjects")
    match asked.call.method:
        case "GET":
            return _shown(asked, asked.org.live(asked.object_type, record_id))
        case "PATCH":
            given = writing.read(asked.object_type, asked.call.object, "Id")
            known = asked.org.store.get(asked.object_type.name, normal_id(record_id) or "")
            _check_conditions(asked, known or {})
            writing.update(asked.object_type, record_id, given)
            return NO_CONTENT
        case "DELETE":
            writing.delete(asked.object_type, record_id)
            return NO_CONTENT
    raise method_not_allowed(asked.call.method)


def _by_external_id(asked: _Asked, field: FieldType, value: str) -> Answer:
    found = asked.org.store.having(asked.object_type.name, field, value)
    if len(found) > 1:
        return _several(asked, (record["Id"] for record in found))
    match asked.call.method:
        case "GET" if found:
            return _shown(asked, found[0])
        case "GET":
            raise not_found()
        case "PATCH":
            writing = Writing(asked.org, asked.caller, "sobjects")
            given = writing.read(asked.object_type, asked.call.object, "Id", field.name)
            _check_conditions(asked, found[0] if found else {})
            only_update = asked.call.query.get("updateOnly") == "true"
            outcome = writing.upsert(asked.object_type, field, value, given, only_update=only_update)
            made = _made(outcome)
            return Answer(made.status, made.body | {"created": outcome.created})
    raise method_not_allowed(asked.call.method)


def _made(outcome: Outcome) -> Answer:
    status = HTTPStatus.CREATED if outcome.created else HTTPStatus.OK
    return Answer(status, {"id": outcome.id, "success": True, "errors": []})


def _several(asked: _Asked, ids: Iterable[str]) -> Answer:
    base = f"/services/data/v{asked.call.version}/sobjects/{asked.object_type.name}/"
    return Answer(HTTPStatus.MULTIPLE_CHOICES, [base + quote(each) for each in ids])


def _shown(asked: _Asked, record: Values) -> Answer:
    """Show a record, or say that it is as the caller knows it."""
    call, object_type, rights = asked.call, asked.object_type, asked.caller.rights
    headers = {"Last-Modified": moments.http_date(moments.read(record["LastModifiedDate"]))}
    if object_type.name == _WITH_ETAG and float(call.version) >= _LATEST:
        headers["ETag"] = etag(record)
        if etag(record) in call.headers.get("if-none-match", ""):
            return Answer(HTTPStatus.NOT_MODIFIED, headers=headers)
    since = _moment(call, "if-modified-since")
    if since is not None and moments.read(record["LastModifiedDate"]) <= since:
        return Answer(HTTPStatus.NOT_MODIFIED, headers=headers)
    readable = (each for each in object_type.fields if rights.may_read(object_type.name, each))
    names = call.query["fields"].split(",") if "fields" in call.query else readable
    shown = Querying(asked.org, asked.caller, call.version).shown(object_type, record, names)
    return Answer(HTTPStatus.OK, shown, headers)


def etag(record: Values) -> str:
    """Return what names the state of a record."""
    state = repr(sorted(record.items())).encode()
    return f'"{hashlib.sha256(state).hexdigest()[:32]}"'


def _check_conditions(asked: _Asked, record: Values) -> None:
    """Refuse a write whose record is no longer as the caller knows it. Raises Refused.

    A header counts in seconds: of two writes in one second the second slips through.
    """
    since = _moment(asked.call, "if-unmodified-since")
    stale = bool(since and record and moments.read(record["LastModifiedDate"]) > since)
    wanted = asked.call.headers.get("if-match")
    if asked.object_type.name == _WITH_ETAG and wanted and record:
        stale = stale or etag(record) not in wanted
    if stale:
        message = "The condition of the request is not met: the record has changed"
        raise Refused("PRECONDITION_FAILED", message, status=HTTPStatus.PRECONDITION_FAILED)


def _moment(call: Call, header: str) -> datetime | None:
    text = call.headers.get(header)
    if text is None:
        return None
    try:
        return moments.read_http_date(text)
    except ValueError as error:
        raise Refused("INVALID_HEADER", f"{header} is no date of HTTP: {text}") from error


def _published(call: Call) -> Answer:
    """Take a platform event: it succeeds, and yet has an entry among its errors."""
    if call.method != "POST":
        raise method_not_allowed(call.method)
    uuid = hashlib.sha256(call.raw).hexdigest()[:32]
    queued = {"statusCode": "OPERATION_ENQUEUED", "message": uuid, "fields": []}
    return Answer(HTTPStatus.CREATED, {"id": "e01xx0000000001AAA", "success": True, "errors": [queued]})
