"""What is refused before GraphQL is read: by the server, at the door, and everywhere else over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from api.errors import ApiError


class NotAcceptable(ApiError):
    """Answers come as application/graphql-response+json or application/json."""

    code = "NOT_ACCEPTABLE"
    status = HTTPStatus.NOT_ACCEPTABLE
    remedy = "name one of the two in `Accept`, or send none"


class MethodNotAllowed(ApiError):
    """The address takes another method, which `Allow` names."""

    code = "METHOD_NOT_ALLOWED"
    status = HTTPStatus.METHOD_NOT_ALLOWED
    remedy = "send the request with a method that `Allow` names; to /graphql with POST"


class UnsupportedMediaType(ApiError):
    """The request is not application/json in UTF-8, or it is compressed."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    remedy = "send `Content-Type: application/json`, and no `Content-Encoding`"


class RequestTooLarge(ApiError):
    """The body of the request is larger than the limit."""

    code = "REQUEST_TOO_LARGE"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    remedy = "ask for less at once"


class HeadersTooLarge(ApiError):
    """The headers of the request are too many or too long."""

    code = "HEADERS_TOO_LARGE"
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    remedy = "send fewer headers: cookies are not read here"


class RequestTimeout(ApiError):
    """The request did not arrive in time."""

    code = "REQUEST_TIMEOUT"
    status = HTTPStatus.REQUEST_TIMEOUT
    remedy = "send it again, whole"


class NotFound(ApiError):
    """There is nothing at this address."""

    code = "NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    remedy = "correct the address"


class WrongHost(ApiError):
    """The request names a host that is not served here."""

    code = "WRONG_HOST"
    status = HTTPStatus.MISDIRECTED_REQUEST
    remedy = "ask the public address; the operator adds others by `CONTRACT_GRAPH_HOSTS`"


class DeliveryTooLarge(ApiError):
    """The delivery to a webhook is larger than the limit."""

    code = "DELIVERY_TOO_LARGE"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    remedy = "leave documents out of it"


class UnknownConnection(ApiError):
    """There is no such connection, or it has ended."""

    code = "UNKNOWN_CONNECTION"
    status = HTTPStatus.NOT_FOUND
    remedy = "send to the address that `contract-graph clm add` printed"


class DeliveryNotVerified(ApiError):
    """The signature of the delivery is not good."""

    code = "NOT_VERIFIED"
    status = HTTPStatus.UNAUTHORIZED
    remedy = "sign with the key of the connection"


class MalformedDelivery(ApiError):
    """The delivery is verified, and not as its system writes them."""

    code = "MALFORMED"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    remedy = "correct what the message names, and send it again"


class Misconfigured(ApiError):
    """The settings of the connection are wrong."""

    code = "MISCONFIGURED"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    remedy = "the operator mends the connection; send it again later"
