"""Every error that the API answers with: its code, its status and what the caller does about it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, Self

import orjson
from graphql import GraphQLError


class ApiError(Exception):
    """The request cannot be answered."""

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]
    remedy: ClassVar[str]
    """What the caller does about it."""

    def __init__(self, message: str | None = None, **extensions: Any) -> None:  # noqa: ANN401 - JSON values
        said = _in_general(type(self)) if message is None else message
        super().__init__(said)
        self.message = said
        self.extensions = extensions

    def as_json_list(self) -> list[dict[str, Any]]:
        """Return the errors as GraphQL writes them."""
        return [{"message": self.message, "extensions": {"code": self.code, **self.extensions}}]

    def body(self, request_id: str) -> bytes:
        """Return the JSON that tells it, with the name by which the operator finds the request."""
        return orjson.dumps({"errors": self.as_json_list(), "extensions": {"requestId": request_id}})


class InternalError(ApiError):
    """A fault of ours; nothing of the request is in the answer."""

    code = "INTERNAL_ERROR"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    remedy = "tell the operator the request id: the log says under it what happened"


class BadRequest(ApiError):
    """The request is not what HTTP, JSON or GraphQL over HTTP asks for."""

    code = "BAD_REQUEST"
    status = HTTPStatus.BAD_REQUEST
    remedy = "send what the message asks for"


class UnknownDocument(ApiError):
    """The request names a trusted document that this API does not have."""

    code = "UNKNOWN_DOCUMENT"
    status = HTTPStatus.NOT_FOUND
    remedy = "bring client and API to the same release"


class BadUserInput(ApiError):
    """A value in the request is not what its place takes."""

    code = "BAD_USER_INPUT"
    status = HTTPStatus.BAD_REQUEST
    remedy = "correct the value that the message names; of a mutation `field` says where it stands"


class Unauthenticated(ApiError):
    """The request has no token, or one that is not good; or the one that began a stream is good no longer."""

    code = "UNAUTHENTICATED"
    status = HTTPStatus.UNAUTHORIZED
    remedy = "get a token; `WWW-Authenticate` says what was wrong with this one"


class TooManySubscriptions(ApiError):
    """A caller, or all of them together, have as many streams open as there may be."""

    code = "TOO_MANY_SUBSCRIPTIONS"
    status = HTTPStatus.TOO_MANY_REQUESTS
    remedy = "end a subscription, or try again later"


class SlowReader(ApiError):
    """A subscriber does not take what it is sent as fast as it happens."""

    code = "SLOW_READER"
    status = HTTPStatus.REQUEST_TIMEOUT
    remedy = "take events faster; go on from the last cursor"


class AccessDenied(ApiError):
    """The operation would reveal, by filter, order, cursor or sum, what the caller may not see."""

    code = "ACCESS_DENIED"
    status = HTTPStatus.FORBIDDEN
    remedy = (
        "leave the field out of filter, order or sum; a mutation is for other roles; `rule` names who decides"
    )


class InsufficientScope(ApiError):
    """The token may not be used for what was asked: `scope` is the one that it lacks."""

    code = "INSUFFICIENT_SCOPE"
    status = HTTPStatus.FORBIDDEN
    remedy = "ask for a token with the scope that `WWW-Authenticate` names"


class NotWholly(AccessDenied):
    """Something that was asked for would be null or masked, and the caller prefers an error."""

    def __init__(self, withheld: Sequence[dict[str, Any]]) -> None:
        first = withheld[0]
        super().__init__(_withheld(first), field=first["field"], rule=first["rule"])
        self._withheld = withheld

    def as_json_list(self) -> list[dict[str, Any]]:
        """Return an error for each place of the answer that would not be as it was asked for."""
        return [
            {"message": _withheld(each), "extensions": {"code": self.code, **each}} for each in self._withheld
        ]


def _withheld(each: dict[str, Any]) -> str:
    what = f"masked, to its {each['mask']}" if "mask" in each else "not shown"
    where = "" if each["records"] == "all" else " in some records"
    return f"{each['path']} is {what}{where}: {each['reason']}"


class QueryTooComplex(ApiError):
    """The operation is larger than a limit."""

    code = "QUERY_TOO_COMPLEX"
    status = HTTPStatus.BAD_REQUEST
    remedy = "ask for less at once; `limit` and `max` say which limit"


class AnswerTooLarge(ApiError):
    """The answer is larger than the limit; of a mutation nothing was changed."""

    code = "ANSWER_TOO_LARGE"
    status = HTTPStatus.BAD_REQUEST
    remedy = "ask for smaller pages or fewer fields; `max` is the limit in bytes"


class TooManyRequests(ApiError):
    """The caller has used up what it may ask for now, or has too many operations under way."""

    code = "TOO_MANY_REQUESTS"
    status = HTTPStatus.TOO_MANY_REQUESTS
    remedy = "wait for the seconds of `Retry-After`, which `retryAfter` says too"


class DeadlineExceeded(ApiError):
    """The operation took longer than one may; of a mutation its key tells whether it was done."""

    code = "DEADLINE_EXCEEDED"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    remedy = "ask for less at once, or again; a mutation again with the same idempotencyKey"


class Unavailable(ApiError):
    """The application, its database or its key service cannot answer now, or not in time."""

    code = "UNAVAILABLE"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    remedy = "send the same request again in a moment"


class SealedValueDamaged(ApiError):
    """A value that is stored encrypted does not open: it was changed or moved, or its key is not there."""

    code = "SEALED_VALUE_DAMAGED"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    remedy = "tell the operator `field` and `id`"


class InvalidDocument(ApiError):
    """The document cannot be parsed, or does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    status = HTTPStatus.BAD_REQUEST
    remedy = "correct the document; `locations` say where"

    @classmethod
    def of(cls, errors: Sequence[GraphQLError]) -> Self:
        """Carry what graphql-core found."""
        made = cls(errors[0].message)
        made._errors = errors
        return made

    _errors: Sequence[GraphQLError] = ()

    def as_json_list(self) -> list[dict[str, Any]]:
        """Return each error with its place in the document."""
        return [
            # Of no place the key is left out, as the specification has it.
            {"message": error.message, **_places(error), "extensions": {"code": self.code}}
            for error in self._errors
        ]


def _places(error: GraphQLError) -> dict[str, Any]:
    if not error.locations:
        return {}
    return {"locations": [{"line": at.line, "column": at.column} for at in error.locations]}


def _in_general(kind: type[ApiError]) -> str:
    text = (kind.__doc__ or "").rstrip(".")
    return text[:1].lower() + text[1:]


def where(error: BaseException) -> str:
    """Return the innermost places of our own code and its libraries, from the outside in."""
    places = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in reversed(places))
