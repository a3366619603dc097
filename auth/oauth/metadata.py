"""What a client finds out by itself: RFC 8414 of the server, RFC 9728 of the API."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from auth.dpop import ALGORITHMS as DPOP_ALGORITHMS
from auth.oauth.assertion import CLIENT_ALGORITHMS
from auth.oauth.client import AUTH_METHODS, GRANTS
from auth.scopes import SCOPES

SERVER_PATH = "/.well-known/oauth-authorization-server"
GRAPHQL_PATH = "/graphql"
RESOURCE_PATH = "/.well-known/oauth-protected-resource" + GRAPHQL_PATH
"""As RFC 9728 section 3.1 makes it of the API's address; without that path nothing is there to describe."""
JWKS_PATH = "/.well-known/jwks.json"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
AUTHORIZATION_PATH = "/oauth/authorize"
CALLBACK_PATH = "/oauth/callback"
REVOCATION_PATH = "/oauth/revoke"
INTROSPECTION_PATH = "/oauth/introspect"


def server_metadata(issuer: str) -> dict[str, Any]:
    """Describe the authorization server; all addresses begin with its issuer."""
    found = {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZATION_PATH,
        "token_endpoint": issuer + TOKEN_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "jwks_uri": issuer + JWKS_PATH,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": [*AUTH_METHODS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*AUTH_METHODS, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
    }
    return dict(AuthorizationServerMetadata(found))


def resource_metadata(issuer: str, resource: str) -> dict[str, Any]:
    """Describe the API: who issues its tokens, with which scopes, and how they are sent."""
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "resource_name": "contract-graph",
    }
