from __future__ import annotations

from base64 import b64encode

import pytest
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from auth.oauth.form import ClientSecret, client_secret, read_form

FORM = "application/x-www-form-urlencoded"


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_a_form_is_read_and_an_empty_parameter_is_absent() -> None:
    read = read_form("", f"{FORM}; charset=utf-8", b"grant_type=client_credentials&scope=&x=%C3%A9")
    assert read == {"grant_type": "client_credentials", "x": "é"}


def test_resource_alone_may_be_repeated() -> None:
    assert read_form("", FORM, b"a=1&resource=x&resource=y") == {"a": "1", "resource": "x y"}
    assert read_form("", FORM, b"resource=") == {}


@pytest.mark.parametrize(
    ("query", "content_type", "body", "says"),
    [
        ("client_id=a", FORM, b"grant_type=x", "in the body"),
        ("", "application/json", b'{"grant_type":"x"}', FORM),
        ("", "", b"grant_type=x", FORM),
        ("", FORM, b"a=1&a=2", "repeated"),
        ("", FORM, b"a=1&a=", "repeated"),
        ("", FORM, b"resource=1&a=2&resource=3&a=4", "repeated"),
        ("", FORM, b"a=\xff", "UTF-8"),
        ("", FORM, b"a=%FF", "UTF-8"),
        ("", FORM, b"a", "no form"),
        ("", FORM, b"&".join(b"a%d=1" % n for n in range(51)), "50"),
        ("", FORM, b"a=%00", "plain"),
        ("", FORM, b"a%0A=1", "plain"),
    ],
)
def test_a_body_that_is_no_plain_form_is_refused_with_what_to_do(
    query: str, content_type: str, body: bytes, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read_form(query, content_type, body)
    assert says in refused.value.description


def test_a_client_authenticates_by_header_or_by_form() -> None:
    assert client_secret({}, basic("me:secret")) == ClientSecret("me", "secret")
    assert client_secret({}, basic("m%3Ae:se%3Acret:t")) == ClientSecret("m:e", "se:cret:t")
    assert client_secret({"client_id": "me"}, basic("me:secret")) == ClientSecret("me", "secret")
    assert client_secret({"client_id": "me", "client_secret": "s"}, None) == ClientSecret("me", "s")


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        ({"client_id": "me", "client_secret": "s"}, basic("me:s")),
        ({"client_id": "other"}, basic("me:s")),
    ],
)
def test_a_client_that_says_two_things_is_refused(form: dict[str, str], authorization: str) -> None:
    with pytest.raises(InvalidRequestError):
        client_secret(form, authorization)


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        ({}, None),
        ({"client_id": "me"}, None),
        ({"client_secret": "s"}, None),
        ({}, "Bearer me"),
        ({}, "Basic"),
        ({}, "Basic !!!"),
        ({}, "Basic " + b64encode(b"\xff:s").decode()),
        ({}, basic("me")),
        ({}, basic(":s")),
        ({}, basic("me:")),
        ({}, basic("me:a\0b")),
        ({}, basic("me%0A:s")),
    ],
)
def test_a_client_that_does_not_authenticate_is_told_nothing_more(
    form: dict[str, str], authorization: str | None
) -> None:
    with pytest.raises(InvalidClientError) as refused:
        client_secret(form, authorization)
    assert refused.value.description == "Client authentication failed."
    assert refused.value.status_code == (400 if authorization is None else 401)


def test_a_secret_is_shown_by_no_repr() -> None:
    assert "hunter2" not in repr(ClientSecret("me", "hunter2"))
