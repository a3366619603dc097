"""The JSON of a request to /graphql."""

from __future__ import annotations

from typing import Any

import orjson

from api.errors import BadRequest, UnknownDocument
from api.limits import MAX_JSON_DEPTH, is_too_deep
from api.trusted import trusted_documents

MEMBERS = {"query": str, "documentId": str, "operationName": str, "variables": dict, "extensions": dict}


def read_request(body: bytes) -> dict[str, Any]:
    """Read the JSON of a request; a trusted document's id becomes its query.

    Raises BadRequest, and UnknownDocument for an id of no trusted document.
    """
    if is_too_deep(body):
        raise BadRequest(f"the request's JSON is nested more than {MAX_JSON_DEPTH} deep")
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the request is not JSON in UTF-8") from None
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
