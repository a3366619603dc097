from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sync.salesforce.budget import Budget
from sync.salesforce.failures import (
    ChangedSince,
    LimitReached,
    NotAuthorised,
    Permanent,
    Retryable,
    of_answer,
    of_cell,
    of_row,
)
from sync.salesforce.tokens import Token, Tokens


def answer(code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message}]


@pytest.mark.parametrize(
    ("status", "content", "kind", "code"),
    [
        (401, answer("INVALID_SESSION_ID"), NotAuthorised, "INVALID_SESSION_ID"),
        (401, "<html>", NotAuthorised, "HTTP_401"),
        (403, answer("API_DISABLED_FOR_ORG"), NotAuthorised, "API_DISABLED_FOR_ORG"),
        (403, answer("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), LimitReached, None),
        (403, answer("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), Retryable, None),
        (403, "<html>a proxy", Permanent, "HTTP_403"),
        (400, answer("UNABLE_TO_LOCK_ROW"), Retryable, "UNABLE_TO_LOCK_ROW"),
        (400, answer("STRING_TOO_LONG", "Name: too long"), Permanent, "STRING_TOO_LONG"),
        (400, answer("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "a flow failed"), Permanent, None),
        (
            400,
            answer("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "MyTrigger: UNABLE_TO_LOCK_ROW, unable to"),
            Retryable,
            "UNABLE_TO_LOCK_ROW",
        ),
        (400, answer("no code at all"), Permanent, "UNKNOWN_ERROR"),
        (400, [], Permanent, "HTTP_400"),
        (400, None, Permanent, "HTTP_400"),
        (412, "", ChangedSince, None),
        (300, ["/services/data/v66.0/sobjects/Account/001"], Permanent, "DUPLICATE_EXTERNAL_ID"),
        (500, answer("SOMETHING_NEW"), Retryable, "SOMETHING_NEW"),
        (502, "<html>", Retryable, "HTTP_502"),
        (503, answer("SERVER_UNAVAILABLE"), Retryable, "SERVER_UNAVAILABLE"),
        (429, "", Retryable, "HTTP_429"),
    ],
)
def test_an_answer_is_one_thing_to_do(status: int, content: object, kind: type, code: str | None) -> None:
    failure = of_answer(status, content)
    assert type(failure) is kind
    assert code in (None, failure.code)


@pytest.mark.parametrize("errors", [None, [], ["x"], [{}], "x"])
def test_a_row_that_says_nothing_of_its_error_is_for_people(errors: object) -> None:
    assert of_row(errors).code == "UNKNOWN_ERROR"


@pytest.mark.parametrize(
    ("cell", "code", "message", "fields"),
    [
        ("STRING_TOO_LONG:Name: too long:Name", "STRING_TOO_LONG", "Name: too long", ("Name",)),
        ("DUPLICATE_VALUE:duplicate: of 001:--", "DUPLICATE_VALUE", "duplicate: of 001", ()),
        ("REQUIRED_FIELD_MISSING:x:A, B", "REQUIRED_FIELD_MISSING", "x", ("A", "B")),
        ("nonsense", "UNKNOWN_ERROR", "", ()),
    ],
)
def test_a_cell_of_a_bulk_job_is_read(cell: str, code: str, message: str, fields: tuple[str, ...]) -> None:
    failure = of_cell(cell)
    assert isinstance(failure, Permanent)
    assert (failure.code, failure.message, failure.fields) == (code, message, fields)


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_sessions_that_do_not_last_are_not_asked_for_without_end() -> None:
    clock, minted = Hand(), []

    async def mint() -> Token:
        minted.append(clock.now)
        return Token(f"token {len(minted)}", "https://example.my.salesforce.com")

    async def use() -> None:
        tokens, token = Tokens(mint, clock), None
        for _ in range(5):
            token = await tokens.current(stale=token)
        assert await tokens.current() is token
        with pytest.raises(Retryable) as refused:
            await tokens.current(stale=token)
        assert (refused.value.code, refused.value.wait) == ("SESSIONS_DO_NOT_LAST", 60.0)
        clock.now = 61.0
        await tokens.current(stale=token)

    asyncio.run(use())
    assert len(minted) == 6


def test_a_token_is_not_shown() -> None:
    assert "tell-nobody" not in repr(Token("tell-nobody", "https://example.my.salesforce.com"))


def test_a_budget_counts_the_tighter_of_two_limits() -> None:
    budget = Budget(kept_back=0.1)
    assert budget.left is None
    budget.seen({"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(appName=graph)"})
    assert budget.left == 225 - 17
    budget.seen({"Sforce-Limit-Info": "api-usage=18/5000"})
    assert budget.left == 4500 - 18


def test_a_used_up_budget_lets_one_call_find_out_now_and_then() -> None:
    clock = Hand()
    budget = Budget(kept_back=0.0, clock=clock)
    budget.check()
    budget.seen({"Sforce-Limit-Info": "api-usage=5001/5000"})
    for moment, open_ in [(1.0, False), (299.0, False), (301.0, True), (302.0, False)]:
        clock.now = moment
        if open_:
            budget.check()
        else:
            with pytest.raises(LimitReached) as refused:
                budget.check()
            assert 0 < refused.value.wait <= 300


@pytest.mark.parametrize("text", ["", "nonsense", "api-usage=/", "api-usage=1/"])
def test_what_says_nothing_of_limits_changes_nothing(text: str) -> None:
    budget = Budget(kept_back=0.1)
    budget.seen({"Sforce-Limit-Info": text})
    budget.seen({})
    assert budget.left is None
