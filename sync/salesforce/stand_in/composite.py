"""Up to 25 calls in one, of which a later one may use what an earlier one answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sync.salesforce.stand_in.exchange import Answer, Call, method_not_allowed
from sync.salesforce.stand_in.org import Org
from sync.salesforce.stand_in.refusal import Refused

MOST_PARTS = 25
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)\.([A-Za-z0-9_.\[\]]+)\}")
_ADDRESS = re.compile(r"/services/data/v([0-9]{2}\.0)/(.+)")
_STEP = re.compile(r"[^.\[\]]+")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."


class _PartFailed(Exception):
    """A part failed where all parts were to succeed."""


def answer_composite(org: Org, call: Call, within: Callable[[Call], Answer]) -> Answer:
    """Answer `POST composite`, its parts by `within`; 200 whatever became of them. Raises Refused."""
    if call.method != "POST":
        raise method_not_allowed(call.method)
    parts = call.object.get("compositeRequest")
    if not isinstance(parts, list) or not parts:
        raise Refused("JSON_PARSER_ERROR", "`compositeRequest` must be a list")
    if len(parts) > MOST_PARTS:
        raise Refused("LIMIT_EXCEEDED", f"Maximum number of operations exceeded: {MOST_PARTS}")
    answers: list[dict[str, Any]] = []
    try:
        with org.transaction():
            for part in parts:
                answers.append(_answered(part, answers, within))
                _halt_on_failure(answers[-1], every=call.object.get("allOrNone") is True)
    except _PartFailed:
        # Every other part fails too, those after the culprit without having been tried.
        halted = [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}]
        culprit = answers[-1]
        answers = [_shown(part, Answer(HTTPStatus.BAD_REQUEST, halted)) for part in parts]
        place = next(i for i, each in enumerate(answers) if each["referenceId"] == culprit["referenceId"])
        answers[place] = culprit
    return Answer(HTTPStatus.OK, {"compositeResponse": answers})


def _answered(part: Any, before: list[dict[str, Any]], within: Callable[[Call], Answer]) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(part, dict) or not {"method", "url", "referenceId"} <= part.keys():
        raise Refused("JSON_PARSER_ERROR", "a part needs method, url and referenceId")
    known = {each["referenceId"]: each["body"] for each in before if not _failed(each)}
    try:
        url = str(_filled(part["url"], known))
        body = _filled(part.get("body"), known)
    except LookupError as error:
        message = f"Invalid reference specified. No value for {error.args[0]} found in the previous responses"
        return _shown(part, Answer(HTTPStatus.BAD_REQUEST, Refused("PROCESSING_HALTED", message).body))
    found = _ADDRESS.fullmatch(urlsplit(url).path)
    if found is None:
        raise Refused("INVALID_INPUT", "a part's url must begin with /services/data/v")
    headers = {str(key).lower(): str(value) for key, value in part.get("httpHeaders", {}).items()}
    path = tuple(unquote(step) for step in found[2].strip("/").split("/"))
    query = dict(parse_qsl(urlsplit(url).query))
    return _shown(part, within(Call(part["method"], found[1], path, query, headers, said=body)))


def _halt_on_failure(answer: Mapping[str, Any], *, every: bool) -> None:
    if every and _failed(answer):
        raise _PartFailed


def _shown(part: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body, "httpHeaders": dict(answer.headers), "httpStatusCode": int(answer.status),
        "referenceId": part["referenceId"],
    }  # fmt: skip


def _failed(answer: Mapping[str, Any]) -> bool:
    return bool(answer["httpStatusCode"] >= HTTPStatus.BAD_REQUEST)


def _filled(said: Any, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Put in what earlier parts answered, where `@{part.field}` asks for it. Raises LookupError."""
    if isinstance(said, dict):
        return {key: _filled(value, known) for key, value in said.items()}
    if isinstance(said, list):
        return [_filled(each, known) for each in said]
    return _REFERENCE.sub(lambda found: _looked_up(found, known), said) if isinstance(said, str) else said


def _looked_up(found: re.Match[str], known: Mapping[str, Any]) -> str:
    at: Any = known
    try:
        for step in (found[1], *_STEP.findall(found[2])):
            at = at[int(step)] if isinstance(at, list) else at[step]
    except (LookupError, TypeError, ValueError) as error:
        raise LookupError(f"{found[1]}.{found[2]}") from error
    return str(at)
