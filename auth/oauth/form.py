"""The form of a request to the authorization server, read strictly before Authlib sees it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidGrantError, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from auth.oauth.assertion import read_assertion

MOST_BYTES = 16 * 1024
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST_FIELDS = 50
_FORM = "application/x-www-form-urlencoded"
_MANY = "resource"
"""The one parameter that may be repeated (RFC 8707); it is read as a list with spaces, as a scope is."""


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client id and secret as a request presents them."""

    client_id: str
    secret: str = field(repr=False)


class FormRequest(OAuth2Request):  # type: ignore[misc]
    """A form post as Authlib takes it; `uri` is the public one, from the settings and never from Host."""

    def __init__(self, uri: str, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__("POST", uri, None, dict(headers))
        self._form = dict(form)
        self.payload = BasicOAuth2Payload(self._form)

    @property
    def args(self) -> dict[str, str]:
        """Nothing: what stands in the query is refused."""
        return {}

    @property
    def form(self) -> dict[str, str]:
        return self._form


class AuthorizationRequest(OAuth2Request):  # type: ignore[misc]
    """A request that came with somebody's browser, as Authlib takes it."""

    def __init__(self, uri: str, parameters: Mapping[str, str]) -> None:
        super().__init__("GET", uri, None, {})
        self._parameters = dict(parameters)
        self.payload = BasicOAuth2Payload(self._parameters)

    @property
    def args(self) -> dict[str, str]:
        return self._parameters

    @property
    def form(self) -> dict[str, str]:
        return {}


def read_form(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """Read the fields of a form. Raises InvalidRequestError, which says what to do about it."""
    if query:
        raise InvalidRequestError("Send the parameters in the body; a query ends up in logs.")
    if content_type.split(";", maxsplit=1)[0].strip().lower() != _FORM:
        raise InvalidRequestError(f"Send the parameters as {_FORM}.")
    try:
        text = body.decode()
    except ValueError:
        text = "\0"
    return read_parameters(text)


def read_parameters(text: str) -> dict[str, str]:
    """Read form-encoded parameters. Raises InvalidRequestError, which says what to do about it."""
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        pairs = [("\0", "")]
    if any(not _is_plain(each) for pair in pairs for each in pair):
        raise InvalidRequestError("The parameters are no form in UTF-8 of at most 50 plain fields.")
    form = dict(pairs)
    resources = [value for name, value in pairs if name == _MANY]
    if len(form) + max(len(resources) - 1, 0) != len(pairs):
        raise InvalidRequestError("A parameter is repeated.")
    if resources:
        form[_MANY] = " ".join(resources)
    return {name: value for name, value in form.items() if value}  # RFC 6749 section 3.1: empty is absent


def named_client(form: Mapping[str, str], authorization: str | None) -> str:
    """Return which client a request names, whether or not it proves it. Raises an OAuth2Error."""
    if "client_assertion" in form:
        return _signing_client(form, authorization)
    if authorization is None and "client_secret" not in form and "client_id" in form:
        return form["client_id"]
    return client_secret(form, authorization).client_id


def _signing_client(form: Mapping[str, str], authorization: str | None) -> str:
    if authorization is not None or "client_secret" in form:
        raise InvalidRequestError("The client authenticates in two ways; use one.")
    if form.get("client_assertion_type") != CLIENT_ASSERTION:
        raise InvalidRequestError(f"client_assertion_type must be {CLIENT_ASSERTION}.")
    try:
        issuer = read_assertion(form["client_assertion"]).issuer
    except InvalidGrantError:
        raise unauthenticated(by_header=False) from None
    if form.get("client_id", issuer) != issuer:
        raise InvalidRequestError("client_id differs from the client that authenticates.")
    return issuer


def unauthenticated(*, by_header: bool) -> InvalidClientError:
    """Return the one answer for every client that is not believed: it tells nobody which clients there are.

    Only who sent Authorization is challenged (RFC 6749 section 5.2): of an answer with a challenge, a library
    may not show the error.
    """
    status = 401 if by_header else 400
    return InvalidClientError(status_code=status, description="Client authentication failed.")


def client_secret(form: Mapping[str, str], authorization: str | None) -> ClientSecret:
    """Return whom a request says it comes from. Raises InvalidClientError or InvalidRequestError."""
    posted = form.get("client_id"), form.get("client_secret")
    if authorization is None:
        if posted[0] and posted[1]:
            return ClientSecret(posted[0], posted[1])
        raise unauthenticated(by_header=False)
    if posted[1]:
        raise InvalidRequestError("The client authenticates in two ways; use one.")
    found = _basic(authorization)
    if posted[0] and posted[0] != found.client_id:
        raise InvalidRequestError("client_id differs from the client that authenticates.")
    return found


def _basic(authorization: str) -> ClientSecret:
    scheme, _, coded = authorization.partition(" ")
    try:
        text = b64decode(coded.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (ValueError, binascii.Error):
        raise unauthenticated(by_header=True) from None
    # RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
    client_id, _, secret = (unquote_plus(part) for part in text.partition(":"))
    if not client_id or not secret or not _is_plain(client_id + secret):
        raise unauthenticated(by_header=True)
    return ClientSecret(client_id, secret)


def _is_plain(text: str) -> bool:
    return all(character >= " " and character != "\x7f" for character in text)
