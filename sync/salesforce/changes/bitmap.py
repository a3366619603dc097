"""The lists of fields in a change event: bitmaps over those of its schema (salesforce.md section 5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any


class NoBitmap(ValueError):
    """A text is no bitmap over the fields of the schema."""


def named(bitmaps: Iterable[str], schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Give the fields that bitmaps name: of a part of a compound field its name under the field's.

    `0x400800` are the fields 11 and 22 of the schema, `4-0x01` the first part of field 4. Raises NoBitmap.
    """
    fields = schema["fields"]
    for text in bitmaps:
        parent, nested, bits = text.rpartition("-")
        try:
            if not nested:
                yield from ((fields[place]["name"],) for place in _places(bits))
                continue
            above = fields[int(parent)]
            parts = parts_of(above)
            yield from ((above["name"], parts[place]["name"]) for place in _places(bits))
        except (ValueError, IndexError):
            raise NoBitmap("a list of fields does not fit its schema") from None


def parts_of(field: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the parts of a field of a schema; none of a simple one."""
    types = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return next((each["fields"] for each in types if isinstance(each, dict) and "fields" in each), ())


def _places(bits: str) -> Iterator[int]:
    number = int(bits, 16)
    return (place for place in range(number.bit_length()) if number >> place & 1)
