"""The OpenAPI document of the authorization server: what its endpoints take, and what they answer."""

from __future__ import annotations

from typing import Any

from auth.oauth.client import GRANTS
from auth.oauth.metadata import (
    AUTHORIZATION_PATH,
    CALLBACK_PATH,
    INTROSPECTION_PATH,
    JWKS_PATH,
    RESOURCE_PATH,
    REVOCATION_PATH,
    SERVER_PATH,
    TOKEN_PATH,
)

PATH = "/oauth/openapi.json"

_TEXT = {"type": "string"}
_CLIENT = {
    "client_id": _TEXT, "client_secret": _TEXT, "client_assertion": _TEXT, "client_assertion_type": _TEXT,
}  # fmt: skip
_TOKEN = {
    "grant_type": {"type": "string", "enum": list(GRANTS)},
    "scope": _TEXT, "assertion": _TEXT, "code": _TEXT, "redirect_uri": _TEXT, "code_verifier": _TEXT,
    "refresh_token": _TEXT, "subject_token": _TEXT, "subject_token_type": _TEXT,
    "requested_token_type": _TEXT,
    "audience": _TEXT, "resource": _TEXT,
}  # fmt: skip
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": _TEXT, "error_description": _TEXT},
}
_ISSUED = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": _TEXT, "token_type": {"enum": ["Bearer", "DPoP"]}, "expires_in": {"type": "integer"},
        "scope": _TEXT, "refresh_token": _TEXT, "issued_token_type": _TEXT,
    },
}  # fmt: skip
_INTROSPECTED = {
    "type": "object",
    "required": ["active"],
    "properties": {
        "active": {"type": "boolean"},
        "client_id": _TEXT,
        "sub": _TEXT,
        "exp": {"type": "integer"},
    },
}
_OBJECT = {"type": "object"}


def document(issuer: str) -> dict[str, Any]:
    """Describe the endpoints of a server."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "contract-graph authorization server", "version": "1"},
        "servers": [{"url": issuer}],
        "paths": {
            TOKEN_PATH: {"post": _posted("Issue a token.", _TOKEN, ["grant_type"], _ISSUED)},
            REVOCATION_PATH: {"post": _posted("Take a token back.", _ABOUT, ["token"], _OBJECT)},
            INTROSPECTION_PATH: {"post": _posted("Look into a token.", _ABOUT, ["token"], _INTROSPECTED)},
            AUTHORIZATION_PATH: {"get": _browsed("Sign somebody in.", _ASKED)},
            CALLBACK_PATH: {"get": _browsed("Take somebody back who signed in.", _CAME)},
            SERVER_PATH: {"get": _told("Metadata of the server (RFC 8414).")},
            RESOURCE_PATH: {"get": _told("Metadata of the API (RFC 9728).")},
            JWKS_PATH: {"get": _told("The keys that verify tokens.")},
        },
    }


_ABOUT = {"token": _TEXT, "token_type_hint": _TEXT}
_ASKED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    "login_hint", "dpop_jkt", "resource", "response_mode", "prompt",
)  # fmt: skip
_CAME = ("code", "state", "error", "error_description", "iss")


def _posted(
    summary: str, fields: dict[str, Any], required: list[str], answer: dict[str, Any]
) -> dict[str, Any]:
    form = {"type": "object", "required": required, "properties": fields | _CLIENT}
    refusals = {
        "400": "The request is refused; error says why.",
        "401": "The client is not authenticated by the Authorization that it sent.",
        "413": "The body is too large.", "429": "Too many requests.",
        "503": "The database cannot be reached.",
    }  # fmt: skip
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "200": _answer("Done.", "application/json", answer),
            **{status: _answer(text, "application/json", _ERROR) for status, text in refusals.items()},
        },
    }


def _browsed(summary: str, parameters: tuple[str, ...]) -> dict[str, Any]:
    refusals = {
        "400": "Nobody is sent anywhere; the page says why.",
        "503": "The database cannot be reached.",
    }
    return {
        "summary": summary,
        "parameters": [{"name": name, "in": "query", "schema": _TEXT} for name in parameters],
        "responses": {
            "302": {"description": "Go on: to the provider, or back to the client with a code or an error."},
            **{status: _answer(text, "text/html", _TEXT) for status, text in refusals.items()},
        },
    }


def _told(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _answer("So it is.", "application/json", _OBJECT)}}


def _answer(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
