from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sync.salesforce.client import SalesforceClient
from sync.salesforce.connection import ClientCredentials, Connection
from sync.salesforce.failures import NotAuthorised, Permanent, Retryable, SalesforceFailure
from tests.sync.salesforce.canned import Canned, canned

NOT_JSON = "<html>please sign in to the guest network</html>"


def ask(server: Canned, question: str = "limits", *arguments: Any, **said: Any) -> Any:
    async def asking() -> Any:
        connection = Connection(url=server.url, credentials=ClientCredentials("key", "secret"), **said)
        async with SalesforceClient(connection) as client:
            return await getattr(client, question)(*arguments)

    return asyncio.run(asking())


def failure(server: Canned, question: str = "limits", *arguments: Any, **said: Any) -> SalesforceFailure:
    with pytest.raises(SalesforceFailure) as failed:
        ask(server, question, *arguments, **said)
    return failed.value


@pytest.mark.parametrize("answer", [NOT_JSON, "", "[", "null", "5", [], [1, 2]])
def test_an_answer_that_cannot_be_read_may_be_asked_for_again(answer: Any) -> None:
    with canned(answer=(200, answer)) as server:
        rows = ("Contract", "Key__c", {"1": {}})
        found = failure(server, "upsert_rows", *rows)
        assert isinstance(found, Retryable)
        assert (found.code, found.unsure) == ("UNREADABLE_ANSWER", True)


@pytest.mark.parametrize("answer", [{}, {"id": "1"}, [], "x"])
def test_an_answer_to_one_write_that_cannot_be_read_is_unsure_too(answer: Any) -> None:
    with canned(answer=(200, answer)) as server:
        assert isinstance(failure(server, "upsert", "Contract", ("Key__c", "1"), {}), Retryable)


@pytest.mark.parametrize("answer", [{"name": "x"}, {"name": "x", "fields": [{}]}, NOT_JSON])
def test_a_description_that_is_none_is_asked_for_again(answer: Any) -> None:
    with canned(answer=(200, answer)) as server:
        assert isinstance(failure(server, "describe", "Contract"), Retryable)


def test_a_redirect_is_not_followed_with_our_token() -> None:
    with canned() as elsewhere:
        moved = {"Location": f"{elsewhere.url}/services/data/"}
        with canned(answer=(302, NOT_JSON), headers=moved) as server:
            found = failure(server)
        assert isinstance(found, Permanent)
        assert found.code == "HTTP_302"
        assert elsewhere.asked == []


def test_our_token_goes_there_whatever_a_netrc_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with canned() as server:
        ask(server)
        assert server.asked[-1][2]["Authorization"] == "Bearer a-token"


def test_a_call_whose_answer_comes_in_drops_ends() -> None:
    with canned(answer=(200, {"a": "long answer"}), drip=0.05) as server:
        found = failure(server, read_timeout=1.0, call_timeout=0.5)
        assert isinstance(found, Retryable)
        assert (found.code, found.unsure) == ("TIMEOUT", True)


@pytest.mark.parametrize(
    ("token", "kind", "code"),
    [
        ((503, NOT_JSON), Retryable, "HTTP_503"),
        ((200, NOT_JSON), NotAuthorised, "HTTP_200"),
        ((200, {"access_token": "t"}), NotAuthorised, "NO_TOKEN"),
        ((200, {"access_token": "t", "instance_url": "http://example.com"}), NotAuthorised, "NO_TOKEN"),
        ((200, []), NotAuthorised, "HTTP_200"),
        ((302, ""), NotAuthorised, "HTTP_302"),
        ((400, {"error": "invalid_grant", "error_description": "a-secret"}), NotAuthorised, "invalid_grant"),
        ((400, {"error": "<script>\n" + "x" * 999}), NotAuthorised, "script" + "x" * 51),
        ((400, {"error": 5}), NotAuthorised, "HTTP_400"),
    ],
)
def test_where_there_is_no_token_it_says_so(token: Any, kind: type, code: str) -> None:
    with canned(token=token) as server:
        found = failure(server)
        assert type(found) is kind
        assert found.code == code
        assert "a-secret" not in str(found)


def test_a_session_that_is_over_as_soon_as_it_is_new_is_renewed_once() -> None:
    over = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    with canned(answer=(401, over)) as server:
        assert isinstance(failure(server), NotAuthorised)
        paths = [path.rpartition("/")[2] for _, path, _ in server.asked]
        assert paths == ["token", "limits", "token", "limits"]


def test_the_secret_goes_in_the_body_and_nowhere_else() -> None:
    with canned() as server:
        ask(server)
        assert all("secret" not in path and "secret" not in str(headers) for _, path, headers in server.asked)
