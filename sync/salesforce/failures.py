"""What a call of Salesforce can come to beside its answer: one class for each thing to do about it.

None of them holds a value or a secret in its text. What Salesforce itself said is kept apart, in `message`,
for the quarantine and for nothing else: it may quote the value that it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_LONGEST_MESSAGE: Final = 4000
_UNTIL_SOON, _UNTIL_LATER = 900.0, 3600.0  # seconds until a used-up day, or an approval, is asked about again

RETRYABLE: Final[Mapping[str, float]] = {
    "UNABLE_TO_LOCK_ROW": 1.0,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": 0.0,
    "PROCESSING_HALTED": 0.0,
    "BATCH_PROCESSING_HALTED": 0.0,
    "SERVER_UNAVAILABLE": 10.0,
    "REQUEST_RUNNING_TOO_LONG": 10.0,
    "QUERY_TIMEOUT": 10.0,
    "UNKNOWN_EXCEPTION": 10.0,
    "ENTITY_IS_LOCKED": _UNTIL_LATER,
}
"""Codes that pass by themselves, with the seconds to wait: a lock, another row's fault, an approval."""

_NOT_AUTHORISED: Final = frozenset(
    {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"}
)
_PASSING_STATUSES: Final[Mapping[int, float]] = {408: 5.0, 420: 30.0, 429: 30.0}
_WAIT_OF_A_SERVER, _WAIT_OF_CONCURRENCY = 10.0, 5.0
_UNREADABLE_CODE = "UNKNOWN_ERROR"
_SERVER_ERROR, _UNAUTHORISED, _SEVERAL, _NOT_MODIFIED, _CHANGED = 500, 401, 300, 304, 412


class SalesforceFailure(Exception):
    """A call of Salesforce, or one row of it, did not succeed; `code` is Salesforce's or says what failed."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class Retryable(SalesforceFailure):
    """It passes by itself: try again after `wait` seconds.

    `unsure` says that the write may have taken effect all the same, as nobody saw the answer.
    """

    def __init__(self, code: str, wait: float, *, unsure: bool = False) -> None:
        perhaps = "; it may have taken effect" if unsure else ""
        super().__init__(f"Salesforce could not do it just now ({code}): try again{perhaps}", code)
        self.wait, self.unsure = wait, unsure


class Permanent(SalesforceFailure):
    """Salesforce refuses it for good: somebody has to look at `message`, what it said, and at `fields`."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        about = f" about {', '.join(fields)}" if fields else ""
        super().__init__(f"Salesforce refuses it ({code}){about}: it says why in the quarantine", code)
        self.message, self.fields = message[:_LONGEST_MESSAGE], tuple(fields)


class NotAuthorised(SalesforceFailure):
    """Salesforce does not let us in: look at the app, its certificate and its user in Setup."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Salesforce does not let us in ({code}): check the app and its user in Setup", code)


class LimitReached(SalesforceFailure):
    """The calls of the day are used up: nothing may be sent for `wait` seconds."""

    def __init__(self, wait: float = _UNTIL_SOON) -> None:
        super().__init__("the calls that this org allows in a day are used up", "REQUEST_LIMIT_EXCEEDED")
        self.wait = wait


class ChangedSince(SalesforceFailure):
    """The record is no longer as it was when we read it: read it again, and decide anew."""

    def __init__(self) -> None:
        super().__init__("the record has changed in Salesforce since it was read", "PRECONDITION_FAILED")


class NotModified(SalesforceFailure):
    """The record is as it was at the moment that was asked about."""

    def __init__(self) -> None:
        super().__init__("the record has not changed in Salesforce", "NOT_MODIFIED")


def of_answer(status: int, content: object) -> SalesforceFailure:
    """Return the failure that an answer of 300 or more says; its body is JSON, or a text where it is none."""
    if status == _NOT_MODIFIED:
        return NotModified()
    if status == _CHANGED:
        return ChangedSince()
    if status == _SEVERAL:
        return Permanent("DUPLICATE_EXTERNAL_ID", "more than one record has this external id")
    errors = content if isinstance(content, list) else [content]
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    if "errorCode" in first:
        return _of_code(status, str(first["errorCode"]), str(first.get("message", "")), first.get("fields"))
    if status >= _SERVER_ERROR or status in _PASSING_STATUSES:
        wait = _PASSING_STATUSES.get(status, _WAIT_OF_A_SERVER)
        return Retryable(f"HTTP_{status}", wait, unsure=status >= _SERVER_ERROR)
    if status == _UNAUTHORISED:
        return NotAuthorised("HTTP_401")
    return Permanent(f"HTTP_{status}", "an answer that is not of Salesforce's API: check the address")


def of_row(errors: object) -> SalesforceFailure:
    """Return the failure of one row of a collection, whose error says `statusCode`."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = str(first.get("statusCode", first.get("errorCode", _UNREADABLE_CODE)))
    return _of_code(0, code, str(first.get("message", "")), first.get("fields"))


def of_cell(cell: str) -> SalesforceFailure:
    """Return the failure of one line of a bulk job: `CODE:message:fields`."""
    code, _, rest = cell.partition(":")
    message, _, fields = rest.rpartition(":")
    named = [] if fields in ("", "--") else fields.replace(" ", "").split(",")
    return _of_code(0, code, message or rest, named)


def _of_code(status: int, code: str, message: str, fields: Any) -> SalesforceFailure:  # noqa: ANN401 - JSON
    if not _CODE.fullmatch(code):
        code = _UNREADABLE_CODE
    if code in _NOT_AUTHORISED:
        return NotAuthorised(code)
    if code == "REQUEST_LIMIT_EXCEEDED":
        # One code for two things: too many at once passes in seconds, too many in a day does not.
        return Retryable(code, _WAIT_OF_CONCURRENCY) if message.startswith("Concurrent") else LimitReached()
    if code in RETRYABLE:
        return Retryable(code, RETRYABLE[code], unsure=status >= _SERVER_ERROR)
    if code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and "UNABLE_TO_LOCK_ROW" in message:
        # A trigger or a flow ran into the lock, and its text says so.
        return Retryable("UNABLE_TO_LOCK_ROW", RETRYABLE["UNABLE_TO_LOCK_ROW"])
    if status >= _SERVER_ERROR:
        return Retryable(code, _WAIT_OF_A_SERVER, unsure=True)
    named = [str(each) for each in fields] if isinstance(fields, list) else []
    return Permanent(code, message, named)
