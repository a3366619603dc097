"""Authlib as a client, from discovery alone."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import JWTBearerGrant, PrivateKeyJWT
from joserfc.jwk import ECKey, RSAKey

from tests.stock_clients.conftest import Shelf


@pytest.fixture
def server(shelf: Shelf) -> dict[str, Any]:
    """What the server says of itself, found from the API's refusal."""
    refused = requests.post(
        f"{shelf.running.origin}/graphql", json={"query": "{ viewer { roles } }"}, timeout=10
    )
    assert refused.status_code == 401
    resource = refused.headers["www-authenticate"].partition('resource_metadata="')[2].partition('"')[0]
    (issuer,) = requests.get(resource, timeout=10).json()["authorization_servers"]
    found: dict[str, Any] = requests.get(
        f"{issuer}/.well-known/oauth-authorization-server", timeout=10
    ).json()
    assert found["issuer"] == issuer
    return found


def viewer(session: OAuth2Session, shelf: Shelf) -> dict[str, Any]:
    response = session.post(f"{shelf.running.origin}/graphql", json={"query": "{ viewer { subject roles } }"})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]["viewer"]
    return found


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_by_secret(server: dict[str, Any], shelf: Shelf, method: str) -> None:
    assert method in server["token_endpoint_auth_methods_supported"]
    with OAuth2Session(shelf.id, shelf.secret, token_endpoint_auth_method=method) as session:
        session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
        assert viewer(session, shelf)["roles"] == ["integrator"]
        token = session.token["access_token"]
        assert session.introspect_token(server["introspection_endpoint"], token=token).json()["active"]
        assert session.revoke_token(server["revocation_endpoint"], token=token).status_code == 200
        assert not session.introspect_token(server["introspection_endpoint"], token=token).json()["active"]


def test_client_credentials_by_private_key(server: dict[str, Any], shelf: Shelf) -> None:
    key = ECKey.import_key(shelf.key)
    with OAuth2Session(shelf.signer, key, token_endpoint_auth_method="private_key_jwt") as session:
        session.register_client_auth_method(PrivateKeyJWT(server["token_endpoint"], alg="ES256"))
        session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
        assert viewer(session, shelf)["roles"] == ["integrator"]


def test_authorization_code_and_refresh(server: dict[str, Any], shelf: Shelf) -> None:
    verifier = generate_token(48)
    with OAuth2Session(
        shelf.browser,
        redirect_uri=shelf.back,
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
    ) as session:
        url, state = session.create_authorization_url(
            server["authorization_endpoint"], code_verifier=verifier, login_hint=shelf.user
        )
        back = requests.get(url, timeout=10).url
        assert parse_qs(urlsplit(back).query)["iss"] == [server["issuer"]]
        session.fetch_token(
            server["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
        )
        assert viewer(session, shelf)["subject"] == shelf.user
        first = session.token["refresh_token"]
        session.refresh_token(server["token_endpoint"], refresh_token=first)
        last = session.token["refresh_token"]
        assert last != first
        assert viewer(session, shelf)["subject"] == shelf.user
        done = session.revoke_token(server["revocation_endpoint"], last, token_type_hint="refresh_token")
        assert done.status_code == 200, done.text
        with pytest.raises(OAuthError, match="invalid_grant"):
            session.refresh_token(server["token_endpoint"], refresh_token=last)


def test_jwt_bearer_for_a_salesforce_user(server: dict[str, Any], shelf: Shelf) -> None:
    now = int(time.time())
    assertion = JWTBearerGrant.sign(
        RSAKey.import_key(shelf.certified), shelf.trust, server["token_endpoint"], shelf.user,
        issued_at=now, expires_at=now + 120, claims={"jti": str(uuid4())}, header={"alg": "RS256"},
    )  # fmt: skip
    form = {"grant_type": JWTBearerGrant.GRANT_TYPE, "assertion": assertion}
    answer = requests.post(server["token_endpoint"], form, timeout=10)
    assert answer.status_code == 200, answer.text
    with OAuth2Session(token=answer.json()) as session:
        assert viewer(session, shelf)["subject"] == shelf.user
