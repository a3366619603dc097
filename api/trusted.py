"""Trusted documents: the operations that ship with the API, known by their SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent / "operations"


@dataclass(frozen=True, slots=True)
class TrustedDocument:
    """An operation of `operations/`; its name is its file's."""

    name: str
    source: str

    @property
    def id(self) -> str:
        """What a request names it by: `sha256:` and 64 hexadecimal digits, of the file as it is."""
        return "sha256:" + hashlib.sha256(self.source.encode()).hexdigest()


@cache
def trusted_documents() -> Mapping[str, TrustedDocument]:
    """Return the trusted documents by their ids; read once."""
    found = [
        TrustedDocument(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.graphql"))
    ]
    return MappingProxyType({each.id: each for each in found})
