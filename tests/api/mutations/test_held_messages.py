"""held, replayHeld and discardHeld: what they tell and do, and for whom."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from auth.policy_file import load_policy
from domain.identity import uuid7
from storage.lane_outcome import Fault, Patience, Poison
from storage.lanes import Message, Queue, claim, enqueue
from storage.leases import finish, take
from tests.api.audited import Log
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import ADMIN, READER, Office

KEY = "006000000000001AAA"
FAULT = Fault("INVALID_PICKLIST", "Type: bad value for restricted picklist field: Energy")
SECRET = "what the message says"
HELD = "id queue key error message correlation cameAt heldSince attempts state decidedBy decidedBecause"
QUERY = f"query Held {{ held {{ nodes {{ {HELD} replayedAs }} hasNextPage endCursor }} }}"
RESULTS = f"results {{ id laterWaiting laterDone error {{ code message }} held {{ {HELD} replayedAs }} }}"
REPLAY = f"mutation Replay($input: ReplayHeldInput!) {{ replayHeld(input: $input) {{ {RESULTS} }} }}"
DISCARD = f"mutation Discard($input: DiscardHeldInput!) {{ discardHeld(input: $input) {{ {RESULTS} }} }}"
OTHERS = sorted(set(load_policy().roles) - {"admin"})


def hold(office: Office, *payloads: str, org: UUID = OURS.org.id, key: str = KEY) -> None:
    """Put messages of one lane into quarantine, behind which one more waits."""

    async def run() -> None:
        connection = await asyncpg.connect(office.superuser_url)
        now = datetime.now(UTC)
        given = [Message(key=key, payload=each, correlation=f"c-{each}") for each in (*payloads, "last")]
        try:
            await enqueue(connection, org, Queue.OUTBOX, given, now)
            [lease] = await claim(
                connection, Queue.OUTBOX, lanes=1, messages=9, lease_for=timedelta(minutes=1), now=now
            )
            taken = (await take(connection, lease))[:-1]
            await finish(connection, lease, [(each, Poison(FAULT)) for each in taken], now, Patience())
        finally:
            await connection.close()

    office.graph.run(run())


def asked(*ids: str, **more: Any) -> dict[str, Any]:
    given = {"idempotencyKey": str(uuid4()), "ids": list(ids), "reason": "the picklist has it now"}
    return {"input": given | more}


def held(office: Office, query: str = QUERY, **who: Any) -> Any:
    return office.data(query, token=office.token("admin", **who))["held"]


def ids(office: Office) -> list[str]:
    return [each["id"] for each in held(office)["nodes"]]


def waiting(office: Office) -> list[str]:
    return [row[0] for row in office.rows("SELECT payload FROM lane_message ORDER BY seq")]


def test_what_is_held_is_told_with_its_reason_and_never_with_what_it_says(office: Office) -> None:
    hold(office, SECRET)
    answer = office.ask(QUERY, token=office.token("admin", scopes=READER))
    [found] = answer.json()["data"]["held"]["nodes"]
    assert (found["queue"], found["key"], found["state"]) == ("outbox", KEY, "HELD")
    assert (found["error"], found["message"]) == (FAULT.kind, FAULT.message)
    assert (found["correlation"], found["attempts"]) == (f"c-{SECRET}", 1)
    assert found["cameAt"] == found["heldSince"]
    assert f'"{SECRET}"' not in answer.text


@pytest.mark.parametrize("role", [*OTHERS, "a_role_that_is_not_known"])
def test_to_everybody_else_it_is_null_with_the_rule(office: Office, role: str) -> None:
    hold(office, "1")
    answer = office.ask(QUERY, token=office.token(role)).json()
    assert answer["data"] == {"held": None}
    [denied] = answer["extensions"]["access"]["denied"]
    assert (denied["path"], denied["field"], denied["records"]) == ("held", "FieldChange.reason", "all")


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("query", [REPLAY, DISCARD])
def test_nobody_else_decides(office: Office, role: str, query: str) -> None:
    hold(office, "1")
    [id_] = ids(office)
    error = office.refused(query, asked(id_), token=office.token(role))
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert held(office)["nodes"][0]["state"] == "HELD"


def test_to_decide_takes_the_scope_to_write(office: Office) -> None:
    hold(office, "1")
    error = office.refused(REPLAY, asked(*ids(office)), token=office.token("admin", scopes=READER))
    assert error["extensions"]["code"] == "INSUFFICIENT_SCOPE"


def test_another_orgs_messages_are_not_there(office: Office) -> None:
    hold(office, "theirs", org=THEIRS.org.id)
    assert held(office)["nodes"] == []
    [theirs] = held(office, org=THEIRS.org.id)["nodes"]
    nowhere = str(uuid7())
    told = office.data(DISCARD, asked(theirs["id"], nowhere))["discardHeld"]["results"]
    assert [each["held"] for each in told] == [None, None]
    codes = [each["error"]["code"] for each in told]
    assert codes == ["NOT_FOUND", "NOT_FOUND"]
    assert told[0]["error"]["message"].replace(theirs["id"], "") == (
        told[1]["error"]["message"].replace(nowhere, "")
    )
    assert held(office, org=THEIRS.org.id)["nodes"][0]["state"] == "HELD"


def test_a_replayed_message_goes_to_the_end_or_to_where_it_was(office: Office) -> None:
    hold(office, "1", "2")
    one, two = ids(office)
    [told] = office.data(REPLAY, asked(one))["replayHeld"]["results"]
    assert (told["held"]["state"], told["held"]["decidedBy"]) == ("REPLAYED", ADMIN)
    assert told["held"]["decidedBecause"] == "the picklist has it now"
    assert (told["laterWaiting"], told["laterDone"], told["error"]) == (2, 1, None)
    office.data(REPLAY, asked(two, first=True))
    assert waiting(office) == ["2", "last", "1"]
    assert ids(office) == []


def test_a_discarded_message_stays_on_record(office: Office) -> None:
    hold(office, "1")
    [one] = ids(office)
    office.data(DISCARD, asked(one, reason="entered by hand"))
    assert waiting(office) == ["last"]
    [kept] = held(office, QUERY.replace("held {", "held(decided: true) {", 1))["nodes"]
    assert (kept["id"], kept["state"], kept["decidedBecause"]) == (one, "DISCARDED", "entered by hand")
    assert kept["replayedAs"] is None
    [again] = office.data(REPLAY, asked(one))["replayHeld"]["results"]
    assert again["error"]["code"] == "NOT_FOUND"


def test_sent_twice_it_is_replayed_once(office: Office) -> None:
    hold(office, "1")
    request = asked(*ids(office))
    first, second = (office.data(REPLAY, request)["replayHeld"]["results"] for _ in range(2))
    assert first == second
    assert waiting(office) == ["last", "1"]


def test_pages_follow_each_other(office: Office) -> None:
    hold(office, "1", "2", "3")
    whole = ids(office)
    paged: list[str] = []
    after = ""
    for _ in whole:
        page = held(office, QUERY.replace("held {", f"held(first: 1{after}) {{", 1))
        paged += [each["id"] for each in page["nodes"]]
        after = f', after: "{page["endCursor"]}"'
    assert paged == whole
    assert not page["hasNextPage"]


@pytest.mark.parametrize(("arguments", "found"), [
    ('queue: "outbox"', 1), ('queue: "inbox"', 0), ('error: "INVALID_PICKLIST"', 1), ('error: "OTHER"', 0),
    (f'after: "{UUID(int=2**128 - 1)}"', 0),
])  # fmt: skip
def test_some_of_them_are_looked_for(office: Office, arguments: str, found: int) -> None:
    hold(office, "1")
    assert len(held(office, QUERY.replace("held {", f"held({arguments}) {{", 1))["nodes"]) == found


@pytest.mark.parametrize(("arguments", "words"), [
    ('queue: "outbock"', f"there is no queue 'outbock'; there are: {', '.join(sorted(Queue))}"),
    ('after: "x"', "is a UUID"), ("first: -1", "from 0 to 100"), ("first: 101", "from 0 to 100"),
    (f'error: "{"x" * 201}"', "error is longer than 200 characters"),
])  # fmt: skip
def test_what_cannot_be_looked_for_is_refused(office: Office, arguments: str, words: str) -> None:
    query = QUERY.replace("held {", f"held({arguments}) {{", 1)
    error = office.refused(query, token=office.token("admin"))
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert words in error["message"]


ONE_ID = str(UUID(int=10))


@pytest.mark.parametrize(("changes", "member"), [
    ({"ids": []}, "ids"), ({"ids": [str(UUID(int=each)) for each in range(101)]}, "ids"),
    ({"ids": ["x"]}, "ids"), ({"ids": [ONE_ID, ONE_ID.upper()]}, "ids"),
    ({"reason": " "}, "reason"), ({"reason": "a\nb"}, "reason"),
])  # fmt: skip
@pytest.mark.parametrize("query", [REPLAY, DISCARD])
def test_an_input_that_is_wrong_is_refused(
    office: Office, query: str, changes: dict[str, Any], member: str
) -> None:
    error = office.refused(query, asked(ONE_ID, **changes))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{member}"}


def test_the_log_says_who_was_told_of_which_and_who_decided(office: Office, loop: asyncio.Runner) -> None:
    hold(office, "1")
    [one] = ids(office)
    log = Log(office.superuser_url, loop)
    read = log.events()[-1]
    assert (read["subject"], read["decision"], read["records"]["ids"]) == (ADMIN, "allowed", [one])
    assert "FieldChange.reason" in log.access(read)["shown"]
    office.data(REPLAY, asked(one))
    decided = log.events()[-1]
    assert (decided["subject"], decided["records"]["ids"]) == (ADMIN, [one])
    office.refused(DISCARD, asked(one), token=office.token("legal", subject=ADMIN))
    refused = log.events()[-1]
    assert (refused["decision"], refused["refusal"]["code"]) == ("refused", "ACCESS_DENIED")
