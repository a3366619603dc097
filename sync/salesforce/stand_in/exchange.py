"""A call of the REST API and its answer, however they are carried: alone, or within a composite one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from sync.salesforce.stand_in.refusal import Refused

LONGEST_ADDRESS = 16_384


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked; `path` are the parts of the address after the version."""

    method: str
    version: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""
    said: Any = None

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body, which must be JSON. Raises Refused."""
        if self.said is not None:
            return self.said
        try:
            return orjson.loads(self.raw)
        except ValueError as error:
            raise Refused("JSON_PARSER_ERROR", f"The body is no JSON: {error}") from error

    @property
    def object(self) -> dict[str, Any]:
        """The body, which must be a JSON object. Raises Refused."""
        found = self.json
        if not isinstance(found, dict):
            raise Refused("JSON_PARSER_ERROR", "An object is expected at the root of the body")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: JSON, a text such as CSV, or nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    media_type: str = "application/json;charset=UTF-8"

    @property
    def content(self) -> bytes:
        if self.text is not None:
            return self.text.encode()
        return b"" if self.body is None else orjson.dumps(self.body)


NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def method_not_allowed(method: str) -> Refused:
    """Return the refusal of a method that the resource does not have."""
    message = f"HTTP Method '{method}' not allowed."
    return Refused("METHOD_NOT_ALLOWED", message, status=HTTPStatus.METHOD_NOT_ALLOWED)
