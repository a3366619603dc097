"""Change events of the stand-in, rule by rule of salesforce.md section 10.6, seen without our own client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from sync.salesforce.pubsub import pubsub_pb2 as wire
from sync.salesforce.stand_in.process import StandInFailed, Started, started
from tests.sync.salesforce.change_stream import Bus, bus_of, trailer
from tests.sync.salesforce.org import REP, Rest, SalesforceOrg, furnished

CUSTOM, EARLIEST = wire.ReplayPreset.CUSTOM, wire.ReplayPreset.EARLIEST


@pytest.fixture(scope="module")
def telling() -> Iterator[Started]:
    with started("--tls", "--events") as running:
        yield running


@pytest.fixture
def org(telling: Started) -> SalesforceOrg:
    return furnished(telling)


@pytest.fixture
def bus(org: SalesforceOrg) -> Iterator[Bus]:
    with bus_of(org) as opened:
        yield opened


@pytest.fixture
def rest(org: SalesforceOrg) -> Rest:
    return org.rest()


def update(rest: Rest, org: SalesforceOrg, **values: Any) -> None:
    assert rest("PATCH", f"sobjects/Opportunity/{org.opportunity}", values).status_code == 204


def place(bus: Bus, topic: str, *path: str) -> int:
    """Return where a field stands in the schema of a topic."""
    asked = wire.TopicRequest(topic_name=topic)
    fields = bus.schema(bus.method("GetTopic")(asked, metadata=bus.metadata).schema_id)["fields"]
    found = -1
    for name in path:
        found = next(n for n, each in enumerate(fields) if each["name"] == name)
        type_ = fields[found]["type"]
        fields = type_[1]["fields"] if isinstance(type_, list) and isinstance(type_[1], dict) else []
    return found


def bits(text: str) -> set[int]:
    number = int(text.rpartition("-")[2], 16)
    return {place for place in range(number.bit_length()) if number >> place & 1}


def refused(bus: Bus, **first: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as error:
        next(bus.subscribe(**first).answers)
    return error.value


def test_unchanged_fields_are_null_and_a_bitmap_names_the_changed(
    bus: Bus, rest: Rest, org: SalesforceOrg
) -> None:
    update(rest, org, NextStep="call", CloseDate="2024-06-30")
    update(rest, org, NextStep=None)
    first, second = bus.everything(2)
    assert first.told["NextStep"] == "call"
    assert first.told["CloseDate"] == 1719705600000
    assert first.said["Name"] is None
    topic = "/data/OpportunityChangeEvent"
    (changed,) = first.header["changedFields"]
    assert {place(bus, topic, "NextStep"), place(bus, topic, "CloseDate")} <= bits(changed)
    assert place(bus, topic, "Name") not in bits(changed)
    assert first.header["nulledFields"] == []
    assert second.said["NextStep"] is None
    assert bits(second.header["nulledFields"][0]) == {place(bus, topic, "NextStep")}


def test_a_part_of_an_address_is_named_under_its_address(bus: Bus, rest: Rest, org: SalesforceOrg) -> None:
    rest("PATCH", f"sobjects/Account/{org.account}", {"BillingCity": "Oslo"})
    (event,) = bus.everything(1)
    assert event.said["BillingAddress"]["City"] == "Oslo"
    assert event.said["BillingAddress"]["Street"] is None
    nested = next(each for each in event.header["changedFields"] if "-" in each)
    topic = "/data/AccountChangeEvent"
    assert int(nested.partition("-")[0]) == place(bus, topic, "BillingAddress")
    assert bits(nested) == {place(bus, topic, "BillingAddress", "City")}


def test_a_new_record_is_told_whole_and_a_deleted_one_without_values(
    bus: Bus, rest: Rest, org: SalesforceOrg
) -> None:
    made = rest("POST", "sobjects/Contact", {"LastName": "Lee", "AccountId": org.account}).json()["id"]
    rest("DELETE", f"sobjects/Contact/{made}")
    create, delete = bus.everything(2)
    assert (create.header["changeType"], create.header["recordIds"]) == ("CREATE", [made])
    assert create.header["changedFields"] == []
    assert create.told["AccountId"] == org.account
    assert create.told["Name"]["LastName"] == "Lee"
    assert (delete.header["changeType"], delete.told) == ("DELETE", {})


def test_alike_changes_of_one_transaction_are_one_event_of_several_records(bus: Bus, rest: Rest) -> None:
    ids = [rest("POST", "sobjects/Account", {"Name": name}).json()["id"] for name in "ab"]
    rows = [{"attributes": {"type": "Account"}, "Id": each, "Industry": "Energy"} for each in ids]
    rest("PATCH", "composite/sobjects", {"records": rows})
    event = bus.everything(3)[-1]
    assert sorted(event.header["recordIds"]) == sorted(ids)
    assert event.told["Industry"] == "Energy"


def test_what_is_rolled_back_is_never_told(bus: Bus, rest: Rest, org: SalesforceOrg) -> None:
    rows = [
        {"attributes": {"type": "Account"}, "Id": org.account, "Industry": "Energy"},
        {"attributes": {"type": "Account"}, "Id": "001000000000001AAA", "Industry": "Energy"},
    ]
    rest("PATCH", "composite/sobjects", {"allOrNone": True, "records": rows})
    rest("PATCH", f"sobjects/Account/{org.account}", {"Industry": "Retail"})
    assert [each.told["Industry"] for each in bus.everything(1)] == ["Retail"]


def test_the_opportunity_of_a_line_changes_in_the_same_transaction(
    bus: Bus, rest: Rest, org: SalesforceOrg
) -> None:
    line = {"OpportunityId": org.opportunity, "Product2Id": org.product, "Quantity": 2, "UnitPrice": 5}
    assert rest("POST", "sobjects/OpportunityLineItem", line).status_code == 201
    told = bus.everything(2)
    assert {each.header["entityName"] for each in told} == {"OpportunityLineItem", "Opportunity"}
    assert len({each.header["transactionKey"] for each in told}) == 1
    assert sorted(each.header["sequenceNumber"] for each in told) == [1, 2]
    assert next(
        each.told["Amount"] for each in told if "StageName" not in each.told and "Amount" in each.told
    )


def test_what_a_flow_sets_is_in_the_event_of_whoever_saved(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(settings={"automations": {"Opportunity": {"NextStep": "by a flow"}}})
    path = f"sobjects/Opportunity/{org.opportunity}"
    rest("PATCH", path, {"StageName": "Qualification"}, Sforce_Call_Options="client=contract-graph")
    (event,) = bus.everything(1)
    assert {"NextStep": "by a flow", "StageName": "Qualification"}.items() <= event.told.items()
    assert event.header["changeOrigin"].endswith(";client=contract-graph")
    assert event.header["commitUser"] == org.user


def test_a_change_of_a_long_text_is_a_diff(bus: Bus, rest: Rest, org: SalesforceOrg) -> None:
    update(rest, org, Description="a" * 2000)
    update(rest, org, Description="b" * 2000)
    first, second = bus.everything(2)
    assert first.told["Description"] == "a" * 2000
    assert second.told["Description"].startswith("--- \n+++ ")
    where = place(bus, "/data/OpportunityChangeEvent", "Description")
    assert bits(second.header["diffFields"][0]) == {where}


def test_a_gap_tells_the_records_and_no_values(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(faults=[{"kind": "gap", "object": "Opportunity"}])
    update(rest, org, NextStep="unseen")
    (event,) = bus.everything(1)
    assert (event.header["changeType"], event.header["recordIds"]) == ("GAP_UPDATE", [org.opportunity])
    assert event.told == {}


def test_too_many_changes_in_one_transaction_overflow(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(settings={"overflow_after": 1})
    update(rest, org, NextStep="one of many")
    (event,) = bus.everything(1)
    assert event.header["changeType"] == "GAP_OVERFLOW"
    assert event.header["recordIds"] == ["000000000000000AAA"]


def test_an_event_published_twice_has_one_id_and_two_places(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(faults=[{"kind": "twice"}])
    update(rest, org, NextStep="once")
    first, second = bus.everything(2)
    assert first.id == second.id
    assert first.replay_id < second.replay_id


def test_a_stream_goes_on_after_a_replay_id_or_a_little_before(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    for step in "abc":
        update(rest, org, NextStep=step)
    events = bus.everything(3)
    after = {"replay_preset": CUSTOM, "replay_id": events[0].replay_id}
    stream = bus.subscribe(**after)
    assert [each.told["NextStep"] for each in stream.events(2)] == ["b", "c"]
    stream.end()
    telling.arrange(settings={"repeats": 1})
    stream = bus.subscribe(**after)
    assert [each.id for each in stream.events(3)] == [each.id for each in events]
    stream.end()


def test_a_replay_id_that_is_none_or_too_old_is_refused(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    wrong = refused(bus, replay_preset=CUSTOM, replay_id=b"nonsense")
    assert wrong.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert trailer(wrong) == "subscription.fetch.replayid.corrupted"
    assert trailer(refused(bus, replay_preset=CUSTOM)) == "subscription.fetch.replayid.validation.failed"
    update(rest, org, NextStep="old")
    update(rest, org, NextStep="older than three days, too")
    first, _ = bus.everything(2)
    later = datetime.now(UTC) + timedelta(hours=73)
    telling.arrange(now=later.isoformat())
    old = refused(bus, replay_preset=CUSTOM, replay_id=first.replay_id)
    assert trailer(old) == "subscription.fetch.replayid.corrupted"
    update(rest, org, NextStep="fresh")
    assert [each.told["NextStep"] for each in bus.everything(1)] == ["fresh"]


def test_no_more_comes_than_was_asked_for_and_then_the_stream_is_closed(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(settings={"pending_patience": 0.5})
    for step in "abc":
        update(rest, org, NextStep=step)
    stream = bus.subscribe(number=2, replay_preset=EARLIEST)
    assert len(stream.events(2)) == 2
    stream.ask(num_requested=1)
    assert [each.told["NextStep"] for each in stream.events(1)] == ["c"]
    assert list(stream.answers) == []


def test_an_empty_answer_says_where_the_stream_is(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(settings={"keepalive": 0.3})
    update(rest, org, NextStep="a")
    stream = bus.subscribe()
    answer = next(stream.answers)
    assert list(answer.events) == []
    assert answer.pending_num_requested == 100
    update(rest, org, NextStep="b")
    stream.end()
    after = bus.subscribe(replay_preset=CUSTOM, replay_id=answer.latest_replay_id)
    assert [each.told["NextStep"] for each in after.events(1)] == ["b"]
    after.end()


@pytest.mark.parametrize("number", [0, 101])
def test_from_one_to_a_hundred_events_may_be_asked_for(bus: Bus, number: int) -> None:
    error = refused(bus, number=number)
    assert trailer(error) == "subscription.fetch.requested.events.invalid"


@pytest.mark.parametrize("metadata", [{"accesstoken": "none"}, {"tenantid": "00D000000000001"}])
def test_who_asks_must_have_a_session_of_the_org(org: SalesforceOrg, metadata: dict[str, str]) -> None:
    with bus_of(org, **metadata) as bus:
        error = refused(bus)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert trailer(error) == "service.auth.error"


def test_the_events_of_a_day_are_counted(bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg) -> None:
    telling.arrange(settings={"daily_events": 1})
    update(rest, org, NextStep="a")
    update(rest, org, NextStep="b")
    error = refused(bus, replay_preset=EARLIEST)
    assert trailer(error) == "subscription.limit.exceeded"


def test_what_a_user_may_not_read_looks_unchanged(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(users=[{"Username": REP, "rights": {"hidden": ["Opportunity.NextStep"]}}])
    update(rest, org, NextStep="secret", StageName="Qualification")
    with bus_of(org, REP) as narrower:
        (event,) = narrower.everything(1)
    assert "NextStep" not in event.told
    assert event.told["StageName"] == "Qualification"
    where = place(bus, "/data/OpportunityChangeEvent", "NextStep")
    assert where not in bits(event.header["changedFields"][0])


def test_only_five_objects_are_told_of(bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg) -> None:
    rest("PATCH", f"sobjects/Product2/{org.product}", {"Family": "Service"})
    update(rest, org, NextStep="told")
    assert [each.header["entityName"] for each in bus.everything(1)] == ["Opportunity"]
    six = ["Opportunity", "Account", "Contact", "Contract", "OpportunityLineItem", "Product2"]
    with pytest.raises(StandInFailed, match="at most 5"):
        telling.arrange(settings={"change_entities": six})
    telling.arrange(settings={"change_entities": six, "change_budget": 6})


def test_a_lost_stream_says_that_it_is_no_fault_of_the_subscriber(
    bus: Bus, telling: Started, rest: Rest, org: SalesforceOrg
) -> None:
    telling.arrange(faults=[{"kind": "break"}])
    update(rest, org, NextStep="a")
    error = refused(bus, replay_preset=EARLIEST)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert [each.told["NextStep"] for each in bus.everything(1)] == ["a"]


def test_an_org_that_is_made_anew_ends_its_streams(bus: Bus, telling: Started) -> None:
    stream = bus.subscribe()
    time.sleep(0.2)
    telling.clear("everything")
    assert list(stream.answers) == []
