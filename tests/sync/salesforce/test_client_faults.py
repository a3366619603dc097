from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from sync.salesforce.bulk import Results, results_of
from sync.salesforce.client import SalesforceClient
from sync.salesforce.connection import ClientCredentials, JwtBearer
from sync.salesforce.failures import LimitReached, NotAuthorised, Permanent, Retryable, SalesforceFailure
from sync.salesforce.results import Written
from tests.sync.salesforce.asking import BY_JWT, GRAPH_ID, asked, new, run_job
from tests.sync.salesforce.org import APP, PRIVATE_KEY, SECRET, SYNC, SalesforceOrg

KEY = (GRAPH_ID, "secret-key")
PRIVATE_NAME = "Project Nightingale"


def trouble(org: SalesforceOrg, kind: str, **said: Any) -> None:
    org.stand_in.arrange(faults=[{"kind": kind} | said])


def failing_then_again(org: SalesforceOrg, **said: Any) -> SalesforceFailure:
    """Write, and write again after it failed, as an outbox does; return what the failure was."""

    async def write(client: SalesforceClient) -> SalesforceFailure:
        with pytest.raises(SalesforceFailure) as failed:
            await client.upsert("Contract", KEY, new(org, Name=PRIVATE_NAME))
        again = await client.upsert("Contract", KEY, new(org, Name=PRIVATE_NAME))
        assert isinstance(again, Written)
        return failed.value

    return asked(org, write, **said)


def effects(org: SalesforceOrg) -> int:
    """Return how many writes moved anything."""
    return sum(1 for entry in org.stand_in.journal() if entry["changed"])


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("lock", {}, ("UNABLE_TO_LOCK_ROW", False)),
        ("concurrent", {}, ("REQUEST_LIMIT_EXCEEDED", False)),
        ("unavailable", {}, ("HTTP_503", True)),
        ("cut", {}, ("CONNECTION_CUT", True)),
        ("cut_after", {}, ("CONNECTION_CUT", True)),
        ("slow", {"seconds": 1.0}, ("TIMEOUT", True)),
        ("error", {"code": "ENTITY_IS_LOCKED"}, ("ENTITY_IS_LOCKED", False)),
        ("error", {"code": "UNKNOWN_EXCEPTION", "status": 500}, ("UNKNOWN_EXCEPTION", True)),
    ],
)
def test_what_passes_by_itself_is_retryable_and_takes_effect_once(
    org: SalesforceOrg, kind: str, said: dict[str, Any], expected: tuple[str, bool]
) -> None:
    trouble(org, kind, **said)
    failure = failing_then_again(org, read_timeout=0.4)
    assert isinstance(failure, Retryable)
    assert (failure.code, failure.unsure) == expected
    assert failure.wait > 0
    assert effects(org) == 1
    assert len(org.stand_in.records("Contract")) == 1


def test_a_used_up_day_stops_all_and_says_for_how_long(org: SalesforceOrg) -> None:
    trouble(org, "limit")
    failure = failing_then_again(org)
    assert isinstance(failure, LimitReached)
    assert failure.wait >= 60
    assert effects(org) == 1


@pytest.mark.parametrize(
    ("kind", "said", "code", "fields"),
    [
        ("duplicate", {}, "DUPLICATE_VALUE", ()),
        ("duplicates_detected", {}, "DUPLICATES_DETECTED", ()),
        (
            "error",
            {"message": f"{PRIVATE_NAME} is not for sale", "fields": ["Name"]},
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            ("Name",),
        ),
        (
            "error",
            {"code": "INSUFFICIENT_ACCESS_OR_READONLY", "status": 403},
            "INSUFFICIENT_ACCESS_OR_READONLY",
            (),
        ),
        ("error", {"code": "ENTITY_IS_DELETED", "status": 404}, "ENTITY_IS_DELETED", ()),
    ],
)
def test_what_somebody_must_look_at_is_permanent_with_the_words_of_salesforce(
    org: SalesforceOrg, kind: str, said: dict[str, Any], code: str, fields: tuple[str, ...]
) -> None:
    trouble(org, kind, **said)
    failure = failing_then_again(org)
    assert isinstance(failure, Permanent)
    assert (failure.code, failure.fields) == (code, fields)
    assert failure.message
    assert PRIVATE_NAME not in str(failure)
    assert effects(org) == 1


def test_the_words_of_salesforce_are_kept_and_stand_in_no_text(org: SalesforceOrg) -> None:
    trouble(org, "error", message=f"{PRIVATE_NAME} is not for sale")
    failure = failing_then_again(org)
    assert isinstance(failure, Permanent)
    assert failure.message == f"{PRIVATE_NAME} is not for sale"
    assert PRIVATE_NAME not in f"{failure!s} {failure!r}"


def test_one_failed_row_leaves_the_others_written(org: SalesforceOrg) -> None:
    trouble(org, "lock", record="row-2")
    rows = {f"row-{n}": new(org) for n in (1, 2, 3)}

    async def write(client: SalesforceClient) -> list[Any]:
        first = await client.upsert_rows("Contract", GRAPH_ID, rows)
        again = {key: rows[key] for key, result in first.items() if isinstance(result, Retryable)}
        return [first, await client.upsert_rows("Contract", GRAPH_ID, again)]

    first, again = asked(org, write)
    assert [type(each) for each in first.values()] == [Written, Retryable, Written]
    assert list(again) == ["row-2"]
    assert effects(org) == 3


def test_a_session_that_is_over_is_renewed_without_anybody_noticing(org: SalesforceOrg) -> None:
    trouble(org, "expired", after=1, times=3)

    async def write(client: SalesforceClient) -> list[Written]:
        return [await client.upsert("Contract", (GRAPH_ID, str(n)), new(org)) for n in range(3)]

    with pytest.raises(NotAuthorised):
        # The third expiry strikes the renewed session of the second call: enough is enough.
        asked(org, write)
    org.stand_in.clear("faults")
    assert len(asked(org, write)) == 3
    assert effects(org) == 3


def test_many_calls_that_find_the_session_over_ask_for_one_new_one(org: SalesforceOrg) -> None:
    async def read(client: SalesforceClient) -> int:
        await client.limits()
        org.stand_in.clear("sessions")
        minted = []
        mint = client._mint
        client._tokens._mint = lambda: minted.append(1) or mint()  # type: ignore[func-returns-value,assignment]
        await asyncio.gather(*(client.limits() for _ in range(20)))
        return len(minted)

    assert asked(org, read) == 1


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        (ClientCredentials(APP, "wrong"), "invalid_client"),
        (ClientCredentials("nobody", SECRET), "invalid_client_id"),
        (JwtBearer(APP, PRIVATE_KEY, "nobody@example.com"), "invalid_grant"),
        (JwtBearer(APP, "no key at all", SYNC), "BAD_PRIVATE_KEY"),
    ],
)
def test_who_is_not_let_in_says_so_and_does_not_knock_without_end(
    org: SalesforceOrg, credentials: Any, code: str
) -> None:
    async def knock(client: SalesforceClient) -> list[SalesforceFailure]:
        failures = []
        for _ in range(2):
            with pytest.raises(NotAuthorised) as refused:
                await client.limits()
            failures.append(refused.value)
        org.stand_in.arrange(apps=[{"consumer_key": "nobody", "consumer_secret": SECRET, "run_as": SYNC}])
        with pytest.raises(NotAuthorised):
            await client.limits()
        return failures

    assert {failure.code for failure in asked(org, knock, credentials=credentials)} == {code}
    assert org.stand_in.calls() == 0


def test_an_org_that_is_not_there_is_asked_again_later(org: SalesforceOrg) -> None:
    with pytest.raises(Retryable) as failed:
        asked(org, lambda client: client.limits(), url="http://127.0.0.1:9")
    assert (failed.value.code, failed.value.unsure) == ("NOT_REACHED", False)


def test_of_the_calls_of_a_day_a_share_is_left_to_others(org: SalesforceOrg) -> None:
    org.stand_in.arrange(settings={"daily_limit": 100}, calls=88)

    async def read(client: SalesforceClient) -> int | None:
        await client.limits()
        assert client.budget.left == 1
        await client.limits()
        with pytest.raises(LimitReached):
            await client.limits()
        return client.budget.left

    assert asked(org, read) == 0
    assert org.stand_in.calls() == 90


def test_a_refusal_tells_the_budget_as_well(org: SalesforceOrg) -> None:
    async def read(client: SalesforceClient) -> object:
        with pytest.raises(Permanent):
            await client.get("Account", "001000000000009", ["Id"])
        return client.budget.org

    assert asked(org, read) is not None


def test_results_of_a_bulk_job_that_are_cut_off_are_asked_for_again(org: SalesforceOrg) -> None:
    rows = {f"c{n}": new(org) for n in range(5)}

    async def write(client: SalesforceClient) -> Results:
        job = await run_job(client, "Contract", GRAPH_ID, rows)
        trouble(org, "cut", record="successfulResults")
        with pytest.raises(Retryable) as failed:
            await results_of(client, job, GRAPH_ID)
        assert failed.value.unsure
        return await results_of(client, job, GRAPH_ID)

    assert asked(org, write).written.keys() == rows.keys()
    assert effects(org) == 5


def test_neither_a_secret_nor_a_value_is_in_a_log_or_a_trace(
    org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for kind in ("lock", "unavailable", "cut", "limit", "expired", "error"):
        org.stand_in.clear("faults")
        trouble(org, kind, times=2, message=PRIVATE_NAME)
        with pytest.raises(SalesforceFailure) as failed:
            asked(org, lambda client: client.upsert("Contract", KEY, new(org, Name=PRIVATE_NAME)))
        assert failed.value.__cause__ is None
        assert failed.value.__suppress_context__
        told.append(f"{failed.value!s} {failed.value!r}")
    with pytest.raises(NotAuthorised):
        asked(org, lambda client: client.limits(), credentials=ClientCredentials(APP, "no-such-secret"))
    text = caplog.text + "".join(told)
    for secret in (PRIVATE_NAME, "secret-key", "no-such-secret", BY_JWT.private_key[:60], "00DSg0000000001!"):
        assert secret not in text


def test_an_org_that_fails_now_and_then_gets_every_write_once(org: SalesforceOrg) -> None:
    for kind in ("unavailable", "cut", "cut_after", "concurrent", "lock"):
        trouble(org, kind, share=0.08, times=None)

    async def insist(client: SalesforceClient, key: str) -> None:
        for _ in range(100):
            try:
                await client.upsert("Contract", (GRAPH_ID, key), new(org, Name=key))
            except Retryable:
                continue
            return

    async def write(client: SalesforceClient) -> None:
        await asyncio.gather(*(insist(client, f"c{n}") for n in range(40)))

    asked(org, write)
    assert effects(org) == 40
    assert sorted(each["Name"] for each in org.stand_in.records("Contract")) == sorted(
        f"c{n}" for n in range(40)
    )
