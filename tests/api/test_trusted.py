from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from api.apex_source import salesforce_files
from api.commands.docs import ROOT
from api.graphql_request import read_request
from api.planner.run import prepare
from api.schema import sdl
from api.trusted import FOLDER, trusted_documents
from tests.api.command_line import run_here
from tests.api.graph import NORTHLIGHT, OURS, PLAIN_JSON, RESPONSE_JSON, Graph, code_of
from tests.api.mutations.office import USER, Office, asked

IDS = {document.name: id_ for id_, document in trusted_documents().items()}


def ask(graph: Graph, role: str = "legal", **request: Any) -> Any:
    return graph.send(content=json.dumps(request), headers=graph.headers(role, org=NORTHLIGHT))


@pytest.mark.parametrize("name", IDS)
def test_every_trusted_document_fits_the_schema_and_the_limits(name: str) -> None:
    source = (FOLDER / f"{name}.graphql").read_text()
    assert validate(build_schema(sdl()), parse(source)) == []
    assert prepare(source, None)
    assert IDS[name] == "sha256:" + hashlib.sha256(source.encode()).hexdigest()


def test_a_trusted_document_is_answered_as_if_it_had_been_sent(graph: Graph) -> None:
    by_id = ask(graph, documentId=IDS["contracts"], variables={"first": 2})
    by_text = ask(graph, query=(FOLDER / "contracts.graphql").read_text(), variables={"first": 2})
    assert by_id.status_code == 200
    told, sent = by_id.json(), by_text.json()
    # It costs as if a page held one record; all else is the same.
    assert told["extensions"].pop("cost")["requested"] < sent["extensions"].pop("cost")["requested"]
    assert told == sent


def test_an_id_that_is_not_known_is_refused(graph: Graph) -> None:
    for id_ in ("sha256:" + "0" * 64, "", "panel", IDS["panel"].upper()):
        response = ask(graph, documentId=id_)
        assert (response.status_code, code_of(response)) == (404, "UNKNOWN_DOCUMENT")


@pytest.mark.parametrize(
    "request_", [{"documentId": 1}, {"documentId": IDS["panel"], "query": "{ viewer { roles } }"}]
)
def test_a_request_names_one_document_in_one_way(graph: Graph, request_: dict[str, Any]) -> None:
    response = ask(graph, **request_)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


def test_a_document_id_that_is_null_says_nothing() -> None:
    assert read_request(b'{"documentId": null, "query": "{a}"}')["query"] == "{a}"


@pytest.mark.parametrize("path", salesforce_files())
def test_what_the_salesforce_project_is_given_is_fresh(path: Any) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == salesforce_files()[path], (
        "run `contract-graph ops --apex`"
    )


ROLES = ("sales_rep", "sales_manager", "legal", "finance", "customer_success", "security_reviewer", "admin")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("on_account", [False, True])
def test_the_panel_is_one_request_for_every_role(graph: Graph, role: str, *, on_account: bool) -> None:
    deals = graph.data(
        "{ contracts { nodes { opportunity { salesforceId account { salesforceId } } } } }", org=NORTHLIGHT
    )["contracts"]["nodes"]
    deal = next(each["opportunity"] for each in deals if each["opportunity"])
    record = deal["account"]["salesforceId"] if on_account else deal["salesforceId"]
    answer = ask(graph, role, documentId=IDS["panel"], variables={"record": record, "onAccount": on_account})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    kind = "account" if on_account else "opportunity"
    assert data.keys() == {"viewer", kind}
    if role != "sales_rep":  # nobody's record in this test: its token names no user
        assert data[kind]["contracts"]["nodes"]


def test_renewals_are_of_one_person_or_of_all(graph: Graph) -> None:
    def count(**variables: Any) -> int:
        answer = ask(graph, documentId=IDS["renewals"], variables=variables).json()
        found: int = answer["data"]["contracts"]["totalCount"]
        return found

    assert count() > 0
    assert count(person={"eq": "005000000000000AAA"}) == 0


def test_the_command_lists_them_and_writes_what_salesforce_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = run_here(monkeypatch, capsys, {}, "ops")
    assert dict(line.split("\t") for line in listed.stdout.splitlines()) == IDS
    monkeypatch.setattr("api.commands.ops.ROOT", tmp_path)
    refused = run_here(monkeypatch, capsys, {}, "ops", "--apex")
    assert refused.returncode == 1
    assert "run this in a checkout" in refused.stderr
    for path in salesforce_files():
        (tmp_path / path).parent.mkdir(parents=True)
    assert run_here(monkeypatch, capsys, {}, "ops", "--apex").returncode == 0
    assert all((tmp_path / path).read_text() == text for path, text in salesforce_files().items())


# Who may send documents of their own

GRANT = """mutation($input: GrantRoleInput!) { grantRole(input: $input) { roleGrant { id } } }"""
OWN = {"a question": "{ viewer { subject } }", "the schema": "{ __schema { types { name } } }",
       "a mutation": GRANT, "no GraphQL at all": "}"}  # fmt: skip


@pytest.mark.parametrize("source", OWN.values(), ids=OWN)
def test_without_its_scope_no_document_of_ones_own_is_even_read(office: Office, source: str) -> None:
    token = office.token("admin", "legal", scopes=("graph:read", "graph:write"))
    response = office.ask(source, asked(), token)
    assert response.status_code == 403
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "INSUFFICIENT_SCOPE", "scope": "graph:documents"}
    assert "send the documentId of a trusted document, or get a token with that scope" in error["message"]
    assert response.headers["www-authenticate"].endswith('scope="graph:read graph:documents"')
    assert office.rows("SELECT * FROM idempotency_key") == []


def test_the_text_of_a_trusted_document_is_one_of_ones_own(office: Office) -> None:
    token = office.token("legal", scopes=("graph:read",))
    source = (FOLDER / "renewals.graphql").read_text()
    assert office.refused(source, token=token)["extensions"]["scope"] == "graph:documents"


def send(office: Office, token: str, name: str, variables: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {token}", "accept": RESPONSE_JSON, "content-type": PLAIN_JSON}
    content = json.dumps({"documentId": IDS[name], "variables": variables})
    return office.graph.send(content=content, headers=headers)


FLAG = {"field": "title", "note": "misspelt"}


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(("graph:read", "graph:write"), 200), (("graph:read",), 403), (("graph:read", "graph:documents"), 403)],
)
def test_a_trusted_mutation_needs_the_scope_to_write_alone(
    office: Office, scopes: tuple[str, ...], status: int
) -> None:
    token = office.token("sales_rep", subject=USER, scopes=scopes)
    given = FLAG | {"idempotencyKey": "k", "contractId": str(OURS.id("Contract", 1))}
    response = send(office, token, "flag_value", {"input": given})
    assert response.status_code == status, response.text
    if status != 200:
        assert response.json()["errors"][0]["extensions"]["scope"] == "graph:write"


def test_with_its_scope_documents_of_ones_own_are_answered_and_change_what_roles_allow(
    office: Office,
) -> None:
    reading = office.token("admin", scopes=("graph:read", "graph:documents"))
    assert office.data("{ viewer { scopes } }", token=reading)["viewer"]["scopes"] == [
        "graph:documents", "graph:read",
    ]  # fmt: skip
    assert office.refused(GRANT, asked(), reading)["extensions"]["scope"] == "graph:write"
    writing = office.token("admin", scopes=("graph:read", "graph:write", "graph:documents"))
    assert office.data(GRANT, asked(), writing)["grantRole"]["roleGrant"]


def test_a_refusal_for_want_of_a_scope_is_in_the_log(office: Office) -> None:
    office.refused("{ viewer { subject } }", token=office.token("legal", scopes=("graph:read",)))
    [(body,)] = office.rows("SELECT body FROM audit_event")
    assert json.loads(body)["refusal"]["code"] == "INSUFFICIENT_SCOPE"
