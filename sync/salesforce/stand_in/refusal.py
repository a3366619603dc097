"""A refusal of Salesforce, in each of the three shapes that it has."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any


class Refused(Exception):
    """The stand-in refuses a call or a row of one, as Salesforce would.

    `fields` is None where Salesforce's error has none to name; `more` is what a rare one adds.
    """

    def __init__(
        self,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        status: int = HTTPStatus.BAD_REQUEST,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, int(status)
        self.fields = None if fields is None else list(fields)
        self.more = more or {}

    @property
    def body(self) -> list[dict[str, Any]]:
        """The body of a refused call: an array."""
        fields = {} if self.fields is None else {"fields": self.fields}
        return [{"message": self.message, "errorCode": self.code, **fields, **self.more}]

    @property
    def row(self) -> dict[str, Any]:
        """The result of a refused row of a collection, whose error says `statusCode`."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields or [], **self.more}
        return {"success": False, "errors": [error]}

    @property
    def cell(self) -> str:
        """The error of a refused line of a bulk job."""
        return f"{self.code}:{self.message}:{','.join(self.fields or []) or '--'}"


def not_found(message: str = "The requested resource does not exist") -> Refused:
    """Return the refusal of what is not there."""
    return Refused("NOT_FOUND", message, status=HTTPStatus.NOT_FOUND)


def session_expired() -> Refused:
    """Return the refusal of a session that is over, or never was."""
    return Refused("INVALID_SESSION_ID", "Session expired or invalid", status=HTTPStatus.UNAUTHORIZED)


class OAuthRefused(Exception):
    """The token endpoint refuses: an object, not an array."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}
