"""A request to /graphql: its JSON read strictly, and its document found."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from api.errors import BadRequest, UnknownDocument
from api.limits import MAX_JSON_DEPTH, is_too_deep
from api.trusted import trusted_documents

TOO_DEEP: Final = f"the request's JSON is nested more than {MAX_JSON_DEPTH} deep"
MEMBERS = {"query": str, "documentId": str, "operationName": str, "variables": dict, "extensions": dict}


def read_request(body: bytes) -> dict[str, Any]:
    """Read the JSON of a request; a trusted document's id becomes its query.

    Raises BadRequest, and UnknownDocument for an id of no trusted document.
    """
    request = strict_json(body)
    if not isinstance(request, dict):
        raise BadRequest("the request is not a JSON object")
    for name, type_ in MEMBERS.items():
        if request.get(name) is not None and not isinstance(request[name], type_):
            raise BadRequest(f"{name} must be {'an object' if type_ is dict else 'a string'}")
    if request.get("documentId") is not None:
        request["query"] = _trusted(request)
    if not request.get("query"):
        raise BadRequest("the request has no query and no documentId")
    return request


def _trusted(request: dict[str, Any]) -> str:
    if request.get("query") is not None:
        raise BadRequest("the request has a query and a documentId: send one of them")
    document = trusted_documents().get(request["documentId"])
    if document is None:
        raise UnknownDocument(
            "documentId names no trusted document: the client is older or newer than this API"
        )
    return document.source


def strict_json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read JSON in UTF-8 in which no name stands twice. Raises BadRequest.

    NaN, lone surrogates and what is nested too deep are refused too. Of a name given twice two readers may
    take two values: what a proxy checked would not be what is answered.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest(TOO_DEEP if is_too_deep(body) else "the request is not JSON in UTF-8") from None
    # Each name has a colon behind it: only where there are more of them than names and texts account for can
    # one stand twice. Of texts in which a colon is written as an escape that is not known.
    if body.count(b":") > _colons(found, MAX_JSON_DEPTH) or b"\\u003" in body:
        try:
            _OnceOnly.decode(body.decode())
        except RecursionError:  # in a value that another of its name has replaced
            raise BadRequest(TOO_DEEP) from None
    return found


def _colons(value: Any, depth: int) -> int:  # noqa: ANN401 - JSON
    """Count the colons with which a value is written if no name stands twice and none is an escape."""
    if isinstance(value, str):
        return value.count(":")
    if not isinstance(value, dict | list):
        return 0
    if not depth:
        raise BadRequest(TOO_DEEP)
    if isinstance(value, list):
        return sum([_colons(each, depth - 1) for each in value])
    found = len(value)
    for name, each in value.items():
        found += name.count(":") + _colons(each, depth - 1)
    return found


def _once(members: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in members}) < len(members):
        raise BadRequest("a name stands twice in an object of the request's JSON")


_OnceOnly = json.JSONDecoder(object_pairs_hook=_once, parse_int=len, parse_float=len)
"""Looks for names that stand twice, and keeps nothing of what it reads."""
