"""Every limit in one table: what it limits, how far, what sets it, what it is refused with, and its test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from api import limits
from api.entity_types import DEFAULT_PAGE, LARGEST_PAGE
from api.errors import (
    AnswerTooLarge,
    ApiError,
    BadRequest,
    BadUserInput,
    DeadlineExceeded,
    InvalidDocument,
    QueryTooComplex,
    TooManyRequests,
    TooManySubscriptions,
    Unauthenticated,
    Unavailable,
)
from api.limit_settings import Limits
from api.refusals import DeliveryTooLarge, HeadersTooLarge, RequestTimeout, RequestTooLarge
from api.settings import Settings
from api.webhooks import LARGEST_DELIVERY
from auth.oauth.form import MOST_BYTES as LARGEST_FORM
from auth.tokens import MOST_BYTES as LARGEST_TOKEN
from storage.database import SESSION


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit; `setting` is the variable that sets it, `refused` the error, a code of OAuth or a deed."""

    what: str
    most: int | str
    unit: str
    refused: type[ApiError] | str
    test: str
    setting: str | None = None


def _settable(what: str, name: str, unit: str, refused: type[ApiError] | str, test: str) -> Limit:
    """Return a limit that an installation may set, as its field declares it."""
    declared: Any = (Limits.__dataclass_fields__ | Settings.__dataclass_fields__)[name]
    return Limit(what, declared.default, unit, refused, test, declared.metadata["variable"])


_DOCUMENT: Final = "api/test_limits.py::test_a_document_beyond_the_limit_is_refused"
_RAW: Final = "api/test_raw_http.py"
_SLOW: Final = "api/test_slow_callers.py"
_ALLOWANCES: Final = "api/test_allowances.py"
_SUBSCRIPTIONS: Final = (
    "api/live/test_subscriptions.py::test_one_caller_has_so_many_subscriptions_and_no_more"
)
_THROTTLE: Final = "auth/oauth/test_throttle.py"

TABLE: Final[dict[str, tuple[Limit, ...]]] = {
    "The connection": (
        Limit("head of a request", limits.MAX_HEADER_BYTES, "bytes", HeadersTooLarge,
              f"{_RAW}::test_a_head_of_the_largest_size_is_taken_and_a_larger_one_refused"),
        Limit("headers", limits.MAX_HEADERS, "lines", HeadersTooLarge,
              f"{_RAW}::test_as_many_headers_as_may_be_are_taken_and_one_more_refused"),
        _settable("time for a head", "head_seconds", "seconds", RequestTimeout,
                  f"{_SLOW}::test_half_a_head_is_not_waited_for"),
        _settable("time for a body", "body_seconds", "seconds", RequestTimeout,
                  f"{_SLOW}::test_half_a_body_is_not_waited_for"),
        _settable("time between requests", "idle_seconds", "seconds", "closed",
                  f"{_SLOW}::test_whoever_asks_nothing_more_is_let_go"),
        _settable("time to take an answer", "taking_seconds", "seconds", "closed",
                  f"{_SLOW}::test_whoever_does_not_take_the_answers_is_let_go"),
    ),
    "A request to /graphql": (
        Limit("body", limits.MAX_BODY, "bytes", RequestTooLarge,
              "api/test_malformed_bodies.py::test_a_larger_body_is_refused"),
        Limit("nesting of the JSON", limits.MAX_JSON_DEPTH, "levels", BadRequest,
              "api/test_malformed_bodies.py::test_a_malformed_request_is_refused_in_json"),
        Limit("access token", LARGEST_TOKEN, "bytes", Unauthenticated,
              "api/test_door.py::test_a_token_that_is_not_ours_is_refused"),
    ),
    "A document": (
        Limit("source", limits.MAX_SOURCE, "characters", InvalidDocument, _DOCUMENT),
        Limit("tokens", limits.MAX_TOKENS, "tokens", InvalidDocument, _DOCUMENT),
        Limit("operations", limits.MAX_OPERATIONS, "", QueryTooComplex, _DOCUMENT),
        Limit("fragments", limits.MAX_FRAGMENTS, "", QueryTooComplex, _DOCUMENT),
        Limit("spreads", limits.MAX_SPREADS, "", QueryTooComplex, _DOCUMENT),
        Limit("introspection fields", limits.MAX_INTROSPECTIONS, "", QueryTooComplex, _DOCUMENT),
        Limit("depth", limits.MAX_DEPTH, "levels", QueryTooComplex, _DOCUMENT),
        Limit("fields", limits.MAX_FIELDS, "", QueryTooComplex, _DOCUMENT),
        Limit("fields with fragments opened", limits.MAX_SPREAD_FIELDS, "", QueryTooComplex, _DOCUMENT),
        Limit("root fields", limits.MAX_ROOT_FIELDS, "", QueryTooComplex, _DOCUMENT),
        Limit("aliases", limits.MAX_ALIASES, "", QueryTooComplex, _DOCUMENT),
        Limit("directives", limits.MAX_DIRECTIVES, "", QueryTooComplex, _DOCUMENT),
        Limit("variables", limits.MAX_VARIABLES, "", QueryTooComplex, _DOCUMENT),
        Limit("values", limits.MAX_VALUES, "written in it", QueryTooComplex, _DOCUMENT),
        Limit("fields of `review`", limits.MAX_REVIEWS, "", QueryTooComplex,
              "api/review/test_review_decisions.py::test_more_fields_than_a_reviewer_may_ask_for_at_once_are_refused"),
        Limit("conditions of all filters", limits.MAX_CONDITIONS, "", QueryTooComplex,
              "api/test_limits.py::test_a_thousand_conditions_in_a_variable_are_refused"),
        Limit("terms of an order", limits.MAX_ORDER_TERMS, "", QueryTooComplex,
              "api/test_limits.py::test_an_order_of_several_terms_is_answered_and_one_of_hundreds_refused"),
        Limit("errors that are told", limits.MAX_ERRORS, "", "the first are told",
              "api/test_limits.py::test_only_the_first_errors_are_told"),
        Limit("page", LARGEST_PAGE, f"records; {DEFAULT_PAGE} unless said", BadUserInput,
              "api/test_limits.py::test_a_page_of_the_largest_size_is_answered_and_a_larger_one_refused"),
    ),
    "An operation": (
        _settable("cost", "query_cost", "points", QueryTooComplex,
                  f"{_ALLOWANCES}::test_an_operation_that_may_cost_too_much_is_refused"),
        _settable("time", "operation_seconds", "seconds", DeadlineExceeded,
                  f"{_ALLOWANCES}::test_an_operation_that_takes_too_long_is_given_up_and_its_connection_used_again"),
        Limit("a statement in the database", SESSION["statement_timeout"], "", Unavailable,
              "storage/test_database.py::test_a_statement_that_takes_too_long_is_ended_and_the_connection_kept"),
        Limit("waiting for a lock", SESSION["lock_timeout"], "", Unavailable,
              "storage/test_database.py::test_a_session_writes_days_and_moments_alike_everywhere"),
        _settable("answer", "answer_bytes", "bytes", AnswerTooLarge,
                  f"{_ALLOWANCES}::test_an_answer_that_is_too_large_is_not_given_out"),
    ),
    "A caller": (
        _settable("points of a user at once", "caller_points", "points", TooManyRequests,
                  f"{_ALLOWANCES}::test_what_is_spent_comes_back_with_time"),
        _settable("points that come back to a user", "caller_restored", "points a second", TooManyRequests,
                  f"{_ALLOWANCES}::test_what_is_spent_comes_back_with_time"),
        _settable("points of a client at once", "client_points", "points", TooManyRequests,
                  f"{_ALLOWANCES}::test_users_of_a_client_share_its_budget_and_others_have_their_own"),
        _settable("points that come back to a client", "client_restored", "points a second", TooManyRequests,
                  f"{_ALLOWANCES}::test_users_of_a_client_share_its_budget_and_others_have_their_own"),
        _settable("operations of a caller under way, in each worker", "caller_operations", "",
                  TooManyRequests,
                  f"{_ALLOWANCES}::test_a_caller_has_so_many_operations_under_way_and_a_worker_so_many_of_all"),
        _settable("operations under way in a worker", "worker_operations", "", Unavailable,
                  f"{_ALLOWANCES}::test_a_caller_has_so_many_operations_under_way_and_a_worker_so_many_of_all"),
    ),
    "A subscription": (
        Limit("subscriptions of a caller, in each worker", limits.MAX_SUBSCRIPTIONS_OF_ONE, "",
              TooManySubscriptions, _SUBSCRIPTIONS),
        Limit("subscriptions in a worker", limits.MAX_SUBSCRIPTIONS, "",
              TooManySubscriptions, _SUBSCRIPTIONS),
    ),
    "The other addresses": (
        Limit("body of a request for a token", LARGEST_FORM, "bytes", "`invalid_request`",
              "auth/attacks/test_token_endpoint.py::test_a_request_that_cannot_be_read_is_told_why"),
        _settable("requests of a client to /oauth, in each worker", "token_rate", "a minute",
                  "`temporarily_unavailable`, 429",
                  f"{_THROTTLE}::test_a_client_may_ask_so_often_a_minute_and_is_told_how_long_to_wait"),
        _settable("failures of a client from an address, in each worker", "token_failures", "a minute",
                  "`temporarily_unavailable`, 429",
                  f"{_THROTTLE}::test_whoever_fails_is_slowed_down_and_nobody_else_is"),
        Limit("delivery to a webhook", LARGEST_DELIVERY, "bytes", DeliveryTooLarge,
              "api/test_webhooks.py::test_a_body_that_is_too_large_is_not_read_to_its_end"),
    ),
}  # fmt: skip

_HEAD = """\
# Limits

Generated by `contract-graph docs` from `api/limit_table.py`; do not edit.

What exceeds a limit is refused with a code of [errors.md](errors.md). A limit with a variable may be set,
and is read at the start; the others are fixed: the tests hold the server to these numbers, and the cost
is what an operator turns.

An operation costs a point for each field, times the largest pages that it stands in; a figure over all
contracts, a review or introspection 100, a change 10 beside its answer. A trusted document costs as if
each page held one record: how far it goes was weighed when it was written. `extensions.cost` says
`requested` and `maximum`. Points are taken from the user's allowance and from the client's, a program's
from the client's alone. All workers share both: each draws a tenth at a time, so up to that much may lie
unused in every worker. Beyond them 429 with `Retry-After`.
"""


def limit_reference() -> str:
    """Return docs/limits.md."""
    return _HEAD + "".join(f"\n## {title}\n\n{_rows(found)}" for title, found in TABLE.items())


def _rows(found: tuple[Limit, ...]) -> str:
    head = "| limit | at most | set by | refused with |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {each.what} | {_most(each)} | {f'`{each.setting}`' if each.setting else 'fixed'} |"
        f" {_refused(each.refused)} |\n"
        for each in found
    )


def _most(limit: Limit) -> str:
    figure = f"{limit.most:,}" if isinstance(limit.most, int) else limit.most
    return f"{figure} {limit.unit}".strip()


def _refused(refused: type[ApiError] | str) -> str:
    return refused if isinstance(refused, str) else f"`{refused.code}`, {int(refused.status)}"
