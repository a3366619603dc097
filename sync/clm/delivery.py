"""One request of a source as it came, before anything of it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self


@dataclass(frozen=True, slots=True)
class Delivery:
    """Headers by lower-case name, query parameters, and the body's own bytes: what a signature is made of."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, headers: Iterable[tuple[str, str]], query: Iterable[tuple[str, str]], body: bytes) -> Self:
        """Take a request; a header or parameter that comes twice is joined: it verifies no more."""
        return cls(_joined((name.lower(), value) for name, value in headers), _joined(query), body)

    def header(self, name: str) -> str | None:
        """Return a header's value, found without regard to case."""
        return self.headers.get(name.lower())


def _joined(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return MappingProxyType(found)
