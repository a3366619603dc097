from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.amendment import Amendment, AmendmentKind
from domain.claim import Report, Unreadable, claims_of
from domain.contract import Contract, ContractType, Side
from domain.document import Document, DocumentType
from domain.field import CLM, fields_of
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from domain.milestone import Milestone
from domain.money import Money
from domain.party import ContractParty, PartyRole
from domain.renewal import RenewalType
from domain.term import Period
from sync.clm.connector import Connector
from sync.clm.delivery import Delivery
from sync.clm.docusign import Docusign
from sync.clm.event import Event, Fetch
from sync.clm.fetcher import NotFetched
from sync.clm.generic import Generic
from sync.clm.malformed import Malformed, read_payload
from sync.clm.mapping_file import read_mapping, shipped
from sync.clm.oneflow import Oneflow
from tests.sync.clm.deliveries import (
    ACCOUNT,
    GENERIC,
    Signed,
    delivery,
    docusign,
    generic,
    ironclad,
    oneflow,
    pandadoc,
    prozorro,
    sample,
)


class Answers:
    """A contract system that answers from what it was given, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def get_json(self, fetch: Fetch) -> Any:
        self.asked.append(fetch.path)
        if fetch.path not in self.answers:
            raise NotFetched(fetch.path, "HTTP 404", again=False)
        return self.answers[fetch.path]


def reports(signed: Signed, answers: Mapping[str, Any] | None = None) -> list[Report]:
    return read(signed.connector, signed.delivery, Answers(**(answers or {})))


def read(connector: Connector, delivered: Delivery, answers: Answers | None = None) -> list[Report]:
    async def run() -> list[Report]:
        found: list[Report] = []
        for event in connector.events(delivered):
            content = await connector.fetch(event, answers or Answers())
            found += connector.read(event, content, "clm")
        return found

    return asyncio.run(run())


def parts(report: Report, kind: type) -> list[Any]:
    return [part for part in report.parts if isinstance(part, kind)]


# Docusign


def test_a_completed_envelope_is_an_executed_contract_with_its_documents() -> None:
    (report,) = reports(docusign())
    assert (report.contract, report.system, report.source) == ("0f0e", CLM, "clm")
    assert report.event == "envelope-completed/0f0e/2026-02-28T23:30:00.1234567Z"
    assert report.claimed_at == datetime(2026, 2, 28, 23, 29, 59, 500000, UTC)
    assert report.fields == {
        "title": "Supply of beans",
        "status": ContractStatus.EXECUTED,
        "signed_date": date(2026, 2, 28),
    }
    beans, summary = parts(report, Document)
    assert beans.source_key == "clm:0f0e#document:d-1"
    assert (beans.type, beans.title, beans.executed) == (DocumentType.AGREEMENT, "Beans.pdf", True)
    assert beans.sha256 == sha256(b"hello").hexdigest()
    assert (summary.type, summary.sha256) == (DocumentType.CERTIFICATE, None)
    assert beans.contract_id == summary.contract_id


def test_people_who_sign_are_no_parties_and_are_not_read() -> None:
    for signed in (docusign(), pandadoc()):
        assert "example.com" not in repr(reports(signed))
        assert not any(parts(report, ContractParty) for report in reports(signed))


def test_an_envelope_that_is_only_named_is_fetched() -> None:
    signed = docusign(sample("docusign_ids_only.json"))
    (event,) = signed.connector.events(signed.delivery)
    path = f"restapi/v2.1/accounts/{ACCOUNT}/envelopes/0f0e?include=documents"
    assert event.fetch is not None
    assert event.fetch.path == path
    envelope = json.loads(sample("docusign_completed.json"))["data"]["envelopeSummary"]
    (report,) = reports(signed, {path: envelope})
    assert report.fields["status"] is ContractStatus.EXECUTED


def test_a_retry_of_docusign_is_the_same_event() -> None:
    told = json.loads(sample("docusign_ids_only.json"))
    again = json.dumps(told | {"retryCount": 3}).encode()
    first, second = (docusign(json.dumps(told).encode()), docusign(again))
    assert [e.id for e in first.connector.events(first.delivery)] == [
        e.id for e in second.connector.events(second.delivery)
    ]


def test_events_that_are_not_about_a_contract_are_none() -> None:
    told = json.loads(sample("docusign_ids_only.json"))
    for kind in ("envelope-deleted", "template-created", "click-agreed"):
        signed = docusign(json.dumps(told | {"event": kind}).encode())
        assert signed.connector.events(signed.delivery) == ()


def test_an_event_of_another_account_is_refused() -> None:
    signed = docusign()
    with pytest.raises(Malformed, match=r"^data\.accountId: the event is of another account"):
        Docusign(account="another").events(signed.delivery)


def test_the_agreements_of_an_envelope_are_fetched_page_by_page() -> None:
    signed = docusign(sample("docusign_ids_only.json"), agreements=True)
    path = f"v1/accounts/{ACCOUNT}/agreements?source_id=0f0e"
    one, two = ({"id": id_, "metadata": {"created_at": "2026-03-01T00:00:00Z"}} for id_ in "ab")
    pages = {
        path: {"data": [one], "response_metadata": {"page_token_next": "p2"}},
        f"{path}&ctoken=p2": {"data": [two], "response_metadata": {}},
    }
    assert [report.contract for report in reports(signed, pages)] == ["a", "b"]
    with pytest.raises(NotFetched, match="no agreement of the envelope yet") as refused:
        reports(signed, {path: {"data": []}})
    assert refused.value.again


def test_every_recorded_agreement_is_read(shared_data: Path) -> None:
    mapping = shipped("docusign_agreement").map
    files = sorted((shared_data / "payloads" / "docusign").glob("navigator_agreement_200_*.json"))
    assert len(files) >= 49
    types: set[ContractType] = set()
    for file in files:
        payload = read_payload(file.read_bytes())["payload"]
        (report,) = mapping.read(payload, source="ds", event="e")
        assert not [value for value in report.fields.values() if isinstance(value, Unreadable)], file.name
        assert report.contract == payload["id"]
        assert "status" not in report.fields
        assert "title" not in report.fields
        assert [party.legal_name for party in parts(report, ContractParty)] == ["ACME, INC", "TALLY, LTD"]
        assert ("total_value" in report.fields) is ("total_agreement_value" in payload["provisions"])
        assert "liability_cap" not in report.fields
        types.add(report.fields["type"])
    assert types >= {ContractType.MSA, ContractType.SOW, ContractType.NDA, ContractType.AMENDMENT}


def test_the_parent_of_an_agreement_is_named_as_docusign_does(shared_data: Path) -> None:
    files = (shared_data / "payloads" / "docusign").glob("navigator_agreement_200_*.json")
    payloads = [read_payload(file.read_bytes())["payload"] for file in files]
    for payload in payloads:
        (report,) = shipped("docusign_agreement").map.read(payload, source="ds", event="e")
        related = payload.get("related_agreement_documents")
        assert report.fields.get("parent_id") == (related and related["parent_agreement_document_id"])
    assert any("related_agreement_documents" in payload for payload in payloads)


def test_what_an_agreement_says_has_the_type_of_its_field(shared_data: Path) -> None:
    file = shared_data / "payloads" / "docusign" / "navigator_agreement_200_MsaDocumentTemplate.json"
    payload = read_payload(file.read_bytes())["payload"]
    (report,) = shipped("docusign_agreement").map.read(payload, source="ds", event="e")
    assert report.fields == {
        "type": ContractType.MSA,
        "signed_date": date(2024, 8, 15),
        "effective_date": date(2024, 9, 1),
        "expiration_date": date(2029, 9, 1),
        "renewal_type": RenewalType.AUTO_RENEW,
        "renewal_term": Period(years=3),
        "notice_period": Period(days=90),
        "termination_for_convenience": Period(years=1),
        "termination_for_cause": Period(years=1),
        "governing_law": "California",
        "total_value": Money(Decimal(150000), "USD"),
        "payment_terms": "30 days",
    }


def test_the_recorded_list_of_agreements_is_read_as_one_answer(shared_data: Path) -> None:
    file = shared_data / "payloads" / "docusign" / "navigator_agreements_list.json"
    connector = Docusign(account=ACCOUNT, agreements=True)
    content = read_payload(file.read_bytes())["payload"]
    found = connector.read(Event(id="e", kind="envelope-completed"), content, "ds")
    assert len(found) == len(content["data"])


def test_the_recorded_envelope_event_names_what_to_fetch(shared_data: Path) -> None:
    file = shared_data / "payloads" / "docusign" / "envelope_completed_minimal.json"
    body = json.dumps(json.loads(file.read_text())["payload"]).encode()
    (event,) = Docusign(account=ACCOUNT).events(delivery(body))
    assert event.at == datetime(2024, 5, 21, 10, 14, 36, 962546, UTC)
    assert event.fetch is not None


def test_the_official_skeleton_of_docusign_says_nothing_and_is_refused_for_it(shared_data: Path) -> None:
    file = shared_data / "payloads" / "docusign" / "connect_json_sim_official_skeleton.json"
    with pytest.raises(Malformed, match=r"^event: the name of the event"):
        Docusign(account="sample string").events(delivery(file.read_bytes()))


# Ironclad


def test_a_workflow_is_read_while_there_is_no_record_of_it() -> None:
    (report,) = reports(ironclad(), {"workflows/w1": json.loads(sample("ironclad_workflow.json"))})
    assert report.contract == "IC-7"
    assert report.event == "evt-1"
    assert report.fields == {
        "title": "Beans with Jané",
        "template": "t1",
        "status": ContractStatus.IN_REVIEW,
    }
    assert [party.legal_name for party in parts(report, ContractParty)] == ["Boba Ltd"]


def test_the_record_of_a_workflow_is_read_instead_of_it() -> None:
    workflow = json.loads(sample("ironclad_workflow.json")) | {"recordIds": ["r1"], "status": "completed"}
    record = json.loads(sample("ironclad_record.json"))
    (report,) = reports(ironclad(), {"workflows/w1": workflow, "records/r1": record})
    assert report.fields == {
        "title": "NDA with Boba Ltd",
        "type": ContractType.NDA,
        "status": ContractStatus.ACTIVE,
        "renewal_type": RenewalType.EVERGREEN,
        "signed_date": date(2026, 2, 27),
        "expiration_date": Unreadable(
            "not yet", "it is no date like 2026-01-31: correct it, or the date_format"
        ),
    }
    signed, notes = parts(report, Document)
    assert (signed.executed, signed.type) == (True, DocumentType.AGREEMENT)
    assert notes.executed is None
    (amendment,) = parts(report, Amendment)
    assert amendment.source_key == "clm:IC-7#amendment:IC-8"


def test_the_status_of_a_record_is_fetched_by_its_id() -> None:
    body = json.dumps({"payload": {"event": "record_contract_status_changed", "recordID": "r1"}}).encode()
    record = json.loads(sample("ironclad_record.json"))
    (report,) = reports(ironclad(body), {"records/r1": record})
    assert report.fields["status"] is ContractStatus.ACTIVE


def test_the_recorded_record_of_ironclad_is_read(shared_data: Path) -> None:
    payload = read_payload((shared_data / "payloads" / "ironclad" / "record.json").read_bytes())["payload"]
    (report,) = shipped("ironclad_record").map.read(payload, source="ic", event="e")
    assert report.fields == {
        "title": "Consulting Agreement with Jane Doe",
        "type": ContractType.OTHER,
        "status": ContractStatus.ACTIVE,
        "renewal_type": RenewalType.AUTO_RENEW,
    }


def test_every_recorded_event_type_of_ironclad_is_taken(shared_data: Path) -> None:
    file = shared_data / "payloads" / "ironclad" / "webhook_event_types.json"
    kinds = set(json.loads(file.read_text())["payload"]) - {"*"}
    for kind in kinds:
        body = json.dumps({"payload": {"event": kind, "workflowID": "w", "recordID": "r"}}).encode()
        (event,) = ironclad(body).connector.events(ironclad(body).delivery)
        assert event.fetch is not None


# PandaDoc


def test_one_body_of_pandadoc_carries_several_events_each_with_an_id() -> None:
    signed = pandadoc()
    assert [event.id for event in signed.connector.events(signed.delivery)] == ["pd-1/0", "pd-1/2"]
    beans, rice = reports(signed)
    assert beans.fields == {
        "title": "Beans",
        "template": "Supply",
        "status": ContractStatus.EXECUTED,
        "signed_date": date(2026, 2, 28),
        "total_value": Money(Decimal("120.50"), "EUR"),
    }
    assert rice.fields == {"title": "Rice", "status": ContractStatus.PENDING_SIGNATURE}
    assert [document.executed for document in parts(beans, Document)] == [True]


def test_the_details_of_a_document_are_fetched_where_that_is_wished() -> None:
    signed = pandadoc(details=True)
    paths = [event.fetch.path for event in signed.connector.events(signed.delivery) if event.fetch]
    assert paths == ["public/v1/documents/doc1/details", "public/v1/documents/doc2/details"]


def test_the_recorded_body_of_pandadoc_is_read(shared_data: Path) -> None:
    body = (shared_data / "payloads" / "pandadoc" / "document_state_changed.body.json").read_bytes()
    (report,) = reports(pandadoc(body))
    assert report.fields["status"] is ContractStatus.DRAFT
    assert "total_value" not in report.fields


# Oneflow


def test_a_contract_of_oneflow_is_always_fetched_and_nothing_of_the_body_is_read() -> None:
    (report,) = reports(oneflow(), {"contracts/4711": json.loads(sample("oneflow_contract.json"))})
    assert report.event == "cb-1/4711"
    assert report.fields == {"title": "Beans", "status": ContractStatus.EXECUTED}
    assert [party.legal_name for party in parts(report, ContractParty)] == ["Boba AB"]


def test_another_contract_under_the_same_callback_is_another_event() -> None:
    ids = {event.id for each in (1, 2) for event in oneflow(each).connector.events(oneflow(each).delivery)}
    assert len(ids) == 2


def test_an_answer_about_another_contract_is_refused() -> None:
    with pytest.raises(Malformed, match="another contract than was asked for"):
        reports(oneflow(), {"contracts/4711": {"id": 4712}})


@pytest.mark.parametrize("id_", ["../../admin", "..", "a/b?c=d#e", "http://evil.example/", "\u202e"])
def test_an_id_can_lead_nowhere_else(id_: str) -> None:
    signed = oneflow(id_)
    try:
        (event,) = signed.connector.events(signed.delivery)
    except Malformed:
        return
    assert event.fetch is not None
    assert event.fetch.path.startswith("contracts/")
    assert event.fetch.path.count("/") == 1
    assert not set(event.fetch.path) & set("?#:\\")


# Any other


def test_a_generic_source_is_read_by_its_mapping() -> None:
    (report,) = reports(generic())
    assert (report.contract, report.event) == ("A-1", "m-1")
    assert report.fields == {"title": "Beans", "total_value": Money(Decimal("1250.50"), "EUR")}


def test_a_generic_source_may_name_its_event_in_a_header_or_not_at_all() -> None:
    named = GENERIC.replace(b'id = "message"', b'id_header = "X-Id"')
    connector = Generic(read_mapping(named, "acme.toml"))
    (event,) = connector.events(delivery(sample("generic.json"), {"x-id": "17"}))
    assert event.id == "17"
    with pytest.raises(Malformed, match=r"^header X-Id: it must name the event"):
        connector.events(delivery(sample("generic.json")))
    unnamed = Generic(read_mapping(GENERIC.replace(b'id = "message"', b""), "acme.toml"))
    (event,) = unnamed.events(delivery(sample("generic.json")))
    assert event.id == f"sha256:{sha256(sample('generic.json')).hexdigest()}"


def test_a_generic_source_may_send_several_events_and_be_fetched() -> None:
    mapping = b"""
contract = "no"
claimed_at = "at"
[event]
each = "[*]"
id = "n"
[fetch]
path = "/api/contracts/{id}"
id = "contract.no"
[fields]
title = "name"
"""
    body = b'[{"n":1,"contract":{"no":"A"}},{"n":2,"contract":{"no":"B/C"}}]'
    answers = Answers(
        **{
            "api/contracts/A": {"no": "A", "at": "2026-01-01T00:00:00Z", "name": "a"},
            "api/contracts/B%2FC": {"no": "B/C", "at": "2026-01-01T00:00:00Z", "name": "b"},
        }
    )
    found = read(Generic(read_mapping(mapping, "m.toml")), delivery(body), answers)
    assert [(report.event, report.contract, report.fields["title"]) for report in found] == [
        ("1", "A", "a"),
        ("2", "B/C", "b"),
    ]


def test_the_recorded_contract_of_prozorro_is_read_by_a_mapping_file(shared_data: Path) -> None:
    text = (shared_data / "payloads" / "prozorro" / "contract_view-contract.http").read_text(encoding="utf-8")
    body = text[text.index("{") :].encode()
    (report,) = read(prozorro(), delivery(body))
    assert report.fields["status"] is ContractStatus.ACTIVE
    assert report.fields["side"] is Side.VENDOR
    assert report.fields["total_value"] == Money(Decimal(280), "UAH")
    assert report.fields["expiration_date"] == date(2027, 1, 31)
    assert not [value for value in report.fields.values() if isinstance(value, Unreadable)]
    assert {party.role for party in parts(report, ContractParty)} == {PartyRole.CUSTOMER, PartyRole.VENDOR}
    (change,) = parts(report, Amendment)
    assert (change.kind, change.signed_date) == (AmendmentKind.SCOPE, date(2027, 1, 1))
    assert len(parts(report, ContractLine)) == 3
    assert len(parts(report, Milestone)) == 3
    assert DocumentType.AMENDMENT in {document.type for document in parts(report, Document)}
    assert "signerInfo" not in repr(report)
    assert "example@email.com" not in repr(report)


def test_a_recorded_change_of_prozorro_becomes_an_amendment_with_its_value(shared_data: Path) -> None:
    text = (shared_data / "payloads" / "prozorro" / "econtract_get-active-change.http").read_text("utf-8")
    change = json.loads(text[text.index("{") :])["data"]
    payload = {"data": {"id": "38891909", "dateModified": change["date"], "changes": [change]}}
    (report,) = read(prozorro(), delivery(json.dumps(payload).encode()))
    (amendment,) = parts(report, Amendment)
    assert amendment.kind is AmendmentKind.VALUE
    assert amendment.value_after == Money(Decimal(450), "UAH")


@pytest.mark.parametrize(
    ("name", "counts"), [("contract_add-contract-change", 0), ("contract_apply-contract-change", 1)]
)
def test_a_recorded_change_counts_once_it_is_signed(shared_data: Path, name: str, counts: int) -> None:
    text = (shared_data / "payloads" / "prozorro" / f"{name}.http").read_text("utf-8")
    answer = text[text.index("HTTP/1.0 20") :]
    change = json.loads(answer[answer.index("{") :])["data"]
    payload = {"data": {"id": "78fd8d78", "dateModified": change["date"], "changes": [change]}}
    (report,) = read(prozorro(), delivery(json.dumps(payload).encode()))
    assert len(parts(report, Amendment)) == counts


def test_a_recorded_termination_of_prozorro_ends_the_contract(shared_data: Path) -> None:
    text = (shared_data / "payloads" / "prozorro" / "contract_contract-termination.http").read_text("utf-8")
    answer = text[text.index("HTTP/1.0 200") :]
    (report,) = read(prozorro(), delivery(answer[answer.index("{") :].encode()))
    assert report.fields["status"] is ContractStatus.TERMINATED


# What holds of every report


@pytest.mark.parametrize("made", [docusign, pandadoc, generic])
def test_an_event_that_is_read_again_says_the_same(made: Callable[[], Signed]) -> None:
    assert reports(made()) == reports(made())


def test_a_report_comes_apart_into_claims() -> None:
    for signed in (docusign(), pandadoc(), generic()):
        for report in reports(signed):
            claims = list(claims_of(report))
            assert len(claims) == len(report.fields) + len(report.parts)


def test_what_a_payload_does_not_say_is_absent_and_null_is_none_only_where_the_mapping_says_so() -> None:
    content = {"no": "A", "at": "2026-01-01T00:00:00Z", "end": None, "name": None}
    head, fields = (
        'contract = "no"\nclaimed_at = "at"\n',
        '[fields]\nexpirationDate = "end"\ntitle = "name"\n',
    )
    said = [
        read_mapping(f"{head}{null}\n{fields}number = 'nr'\n".encode(), "m.toml")
        .map.read(content, source="s", event="e")[0]
        .fields
        for null in ("", 'null = "clears"')
    ]
    assert said[0] == {}
    assert said[1] == {
        "expiration_date": None,
        "title": Unreadable("null", "the field cannot be without a value"),
    }


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        ('effective_date = "v"', "31.01.2026", "it is no date like 2026-01-31"),
        ('effective_date = {from = "v", date_format = "%d.%m.%Y"}', "2026-01-31", "no date like %d.%m.%Y"),
        ('status = "v"', "shiny", "no word of ours for it: add it to the values of status"),
        ('notice_period = "v"', "three months", "not an ISO 8601 duration"),
        ('notice_period = {from = "v", unit = "days"}', -1, "no number of days"),
        ('total_value = {from = "v", currency = "EUR"}', "1,5", "no number"),
        ('total_value = {from = "v", currency = "EUR"}', "1.555", "more decimals"),
        ('total_value = {from = "v", currency = "ccy"}', 5, "has no currency"),
        ('liability_uncapped = "v"', "perhaps", "neither yes nor no"),
        ('discount_percent = "v"', Decimal("1E+99"), "too large"),
        ('title = "v"', {"a": 1}, "a single value is expected here"),
        ('title = "v"', True, "yes or no is not what this field holds"),
        ('parent = "v"', {"id": 1}, "a single value is expected here"),
        ('parent = "v"', "a\nb", "the name of another record"),
        ('title = "v"', "a\0b", "NUL"),
        ('title = "v"', "\ud800", "half of a character"),
    ],
)
def test_a_value_that_cannot_be_read_is_shown_as_it_came_with_the_reason(
    rule: str, value: Any, reason: str
) -> None:
    text = f'contract = "no"\nclaimed_at = "at"\n[fields]\n{rule}\n'
    content = {"no": "A", "at": "2026-01-01T00:00:00Z", "v": value}
    (report,) = read_mapping(text.encode(), "m.toml").map.read(content, source="s", event="e")
    (said,) = report.fields.values()
    assert isinstance(said, Unreadable)
    assert reason in said.reason
    assert "\0" not in said.text


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ('effective_date = {from = "v", date_format = "%d.%m.%Y"}', "31.01.2026", date(2026, 1, 31)),
        ('effective_date = "v"', "2026-01-31T23:59:00-06:00", date(2026, 1, 31)),
        ('status = {from = "v", values = {"In Kraft" = "ACTIVE"}}', " in kraft ", ContractStatus.ACTIVE),
        ('status = "v"', "active", ContractStatus.ACTIVE),
        ('notice_period = {from = "v", unit = "months"}', 3, Period(months=3)),
        ('total_value = {from = "v", currency = "EUR"}', Decimal("1E+3"), Money(Decimal(1000), "EUR")),
        ('liability_uncapped = "v"', False, False),
        ('template_deviations = "v"', 3, 3),
        ('parent = "v"', 17, "17"),
        ('title = ["w", "v"]', "there", "there"),
        ('title = {from = "w", always = "stands for it"}', "unused", "stands for it"),
    ],
)
def test_values_are_read_as_their_fields_hold_them(rule: str, value: Any, expected: Any) -> None:
    text = f'contract = "no"\nclaimed_at = "at"\n[fields]\n{rule}\n'
    content = {"no": "A", "at": "2026-01-01T00:00:00Z", "v": value}
    (report,) = read_mapping(text.encode(), "m.toml").map.read(content, source="s", event="e")
    (said,) = report.fields.values()
    assert said == expected
    assert type(said) is type(expected)


def test_a_part_that_cannot_be_made_is_missed_in_its_list_and_the_others_are_read() -> None:
    text = """
contract = "no"
claimed_at = "at"
[[documents]]
each = "papers[*]"
key = "id"
title = "name"
type = { always = "OTHER" }
signed_at = "signed"
"""
    papers = [{"id": 1, "name": "a"}, {"id": 1, "name": "again"}, {"name": "nameless"}, {"id": 2}]
    content: dict[str, Any] = {"no": "A", "at": "2026-01-01T00:00:00Z", "papers": papers}
    mapping = read_mapping(text.encode(), "m.toml").map
    (report,) = mapping.read(content, source="s", event="e")
    assert [part.source_key for part in report.parts] == ["s:A#document:1"]
    assert report.fields == {
        "documents": Unreadable("", "papers[1]: another one has its name, and more of them")
    }
    content["papers"] = [{"id": 3, "name": "b", "signed": "soon"}]
    (report,) = mapping.read(content, source="s", event="e")
    assert [part.source_key for part in report.parts] == ["s:A#document:3"]
    assert report.fields["documents"].text == "soon"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"at": "2026-01-01T00:00:00Z"}, "no: the contract's own name"),
        ({"no": "A"}, "at: when it was so"),
        ({"no": "A", "at": "yesterday"}, "at: when it was so"),
        ({"no": ["A"], "at": "2026-01-01T00:00:00Z"}, "no: the contract's own name"),
        ([], "no: the contract's own name"),
    ],
)
def test_a_contract_without_a_name_or_a_time_is_malformed(content: Any, where: str) -> None:
    text = 'contract = "no"\nclaimed_at = "at"\n[fields]\ntitle = "name"\n'
    with pytest.raises(Malformed, match=f"^{where}"):
        read_mapping(text.encode(), "m.toml").map.read(content, source="s", event="e")


def test_a_contract_is_told_of_once_in_an_event() -> None:
    text = 'contracts = "[*]"\ncontract = "no"\nclaimed_at = "at"\n[fields]\ntitle = "name"\n'
    told = {"no": "A", "at": "2026-01-01T00:00:00Z"}
    with pytest.raises(Malformed, match=r"^\[1\]: the contract is told of twice"):
        read_mapping(text.encode(), "m.toml").map.read([told, told], source="s", event="e")


def test_every_claim_is_about_a_field_that_a_contract_has() -> None:
    names = {declared.name for declared in fields_of(Contract)}
    for signed in (docusign(), pandadoc(), generic()):
        for report in reports(signed):
            assert set(report.fields) <= names
    assert Oneflow().mapping.rules
