from __future__ import annotations


class Refusal(Exception):
    """The operation is refused before any row is read."""

    code = ""
    status = 0


class BadUserInput(Refusal):
    """A value is not what its place takes."""

    code = "BAD_USER_INPUT"
    status = 400


class AccessDenied(Refusal):
    """The operation would use a field that the caller may not see."""

    code = "ACCESS_DENIED"
    status = 403
