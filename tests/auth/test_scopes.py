"""Scopes as clients ask for them: told in the metadata, never given unasked, never widened."""

from __future__ import annotations

import pytest

from tests.api.salesforce_org import assertion
from tests.auth.attacks.test_salesforce_assertion import KEY, Salesforce, steady, told

__all__ = ["steady"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({}, "graph:read"),
        ({"scope": ""}, "graph:read"),
        ({"scope": "graph:read"}, "graph:read"),
        ({"scope": "graph:write"}, "graph:write"),
        ({"scope": "graph:write graph:read"}, "graph:read graph:write"),
    ],
)
def test_a_token_has_the_scope_that_was_asked_for(
    steady: Salesforce, asked: dict[str, str], given: str
) -> None:
    response = steady.ask(assertion(KEY, steady.claims()), **asked)
    assert response.status_code == 200, response.text
    assert response.json()["scope"] == given
    assert told(response.json()["access_token"])["scope"] == given


def test_a_scope_that_there_is_not_is_refused_with_those_that_there_are(steady: Salesforce) -> None:
    signed = assertion(KEY, steady.claims())
    refused = steady.refused(signed, "invalid_scope", scope="graph:write graph:admin")
    assert refused == "The scopes are: graph:read graph:write."


def test_a_salesforce_org_has_no_scope_for_documents_of_ones_own(steady: Salesforce) -> None:
    signed = assertion(KEY, steady.claims())
    refused = steady.refused(signed, "invalid_scope", scope="graph:read graph:documents")
    assert refused == "The scopes are: graph:read graph:write."


@pytest.mark.parametrize("path", ["oauth-authorization-server", "oauth-protected-resource/graphql"])
def test_the_metadata_tell_every_scope(steady: Salesforce, path: str) -> None:
    found = steady.graph.run(steady.graph.client.get(f"/.well-known/{path}")).json()
    assert found["scopes_supported"] == ["graph:read", "graph:write", "graph:documents"]
