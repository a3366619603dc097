"""GraphQL values in two spellings: as a literal of the document, and as JSON for a variable."""

from __future__ import annotations

import json
from typing import Any


class Name(str):
    """The name of an enum value, or `$variable`: bare in a document, a string in JSON."""

    __slots__ = ()


def literal(value: Any) -> str:
    """Write a value into a document."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def is_constant(value: Any) -> bool:
    """Whether no variable stands in a value, so that it can be one itself."""
    if isinstance(value, dict):
        return all(map(is_constant, value.values()))
    if isinstance(value, list):
        return all(map(is_constant, value))
    return not (isinstance(value, Name) and value.startswith("$"))
