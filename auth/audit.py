"""What the audit log says of one operation: who asked for what, and what became of it; never a value."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import orjson

from auth.merkle import leaf_hash
from auth.principal import Principal

MOST_IDS = 100
"""Of more records an event tells the number and a hash."""

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,127}")
"""What is longer than this, or no name, could be a text of the caller's."""

RETENTION = "retention"
"""The kind of an event that tells that older ones were dropped; its operation is the first month kept."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A GraphQL document by its SHA-256 in hex, and the name of the operation in it that was asked for."""

    sha256: str | None
    operation: str | None

    @classmethod
    def of(cls, source: str | None, operation: str | None) -> Document:
        if source is None:
            return cls(None, None)
        digest = hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest()
        return cls(digest, operation if operation and _NAME.fullmatch(operation) else None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was given out: the code, and where the policy said so its rule and the field."""

    code: str
    rule: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One operation of one caller.

    `id` is a UUIDv7: its milliseconds say when. `access` is the SHA-256 of the `Access` that the operation
    had. `records` is the JSON of the ids that were given out, distinct and in the order of the answer.
    """

    id: UUID
    who: Principal
    kind: str
    document: Document
    policy: str
    request: str
    latency: int
    access: str | None = None
    records: Sequence[bytes] = ()
    refusal: Refusal | None = None

    def canonical(self) -> bytes:
        """Write the event: JSON with sorted keys and no spaces; latency in microseconds."""
        refused = self.refusal
        return orjson.dumps(
            {  # in the order of the keys: to sort them would cost as much as to write them
                "access": self.access,
                "at": _at(self.id),
                "client": self.who.client,
                "decision": "allowed" if refused is None else "refused",
                "id": self.id,
                "kind": self.kind,
                "latency_us": self.latency,
                "operation": {"name": self.document.operation, "sha256": self.document.sha256},
                "org": self.who.org_id,
                "policy": self.policy,
                "records": _records(self.records),
                "refusal": refused and {"code": refused.code, "field": refused.field, "rule": refused.rule},
                "request": self.request,
                "roles": sorted(self.who.roles),
                "subject": self.who.subject,
                "v": _VERSION,
            },
            default=str,  # asyncpg has a UUID of its own
        )


@dataclass(frozen=True, slots=True)
class Access:
    """Which fields an operation was given, masked or denied by one view: the same for all that ask alike.

    Events name it by its SHA-256, so that what does not change from one to the next is stored once.
    """

    sha256: str
    body: bytes

    @classmethod
    def of(
        cls,
        shown: Sequence[str],
        masked: Sequence[tuple[str, str]],
        denied: Sequence[tuple[str, str]],
        used: Sequence[str] = (),
    ) -> Access:
        """Take the coordinates of fields, beside those that are not shown the rule that says so.

        `used` are those by which records were found, ordered, grouped or summed: an answer tells of them too.
        """
        body = orjson.dumps(
            {
                "denied": [{"field": field, "rule": rule} for field, rule in sorted(set(denied))],
                "masked": [{"field": field, "rule": rule} for field, rule in sorted(set(masked))],
                "shown": sorted(set(shown)),
                "used": sorted(set(used)),
            },
            option=orjson.OPT_SORT_KEYS,
        )
        return cls(hashlib.sha256(body).hexdigest(), body)

    @property
    def id(self) -> UUID:
        """The first 128 bits of the digest: what it is stored under."""
        return UUID(self.sha256[:32])


def event_hash(canonical: bytes) -> bytes:
    """Return the leaf of an event in the tree."""
    return leaf_hash(canonical)


def moment_of(event_id: UUID) -> datetime:
    """Return when an event happened, to the millisecond."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


def told(moment: datetime) -> str:
    """Write a moment of UTC to the millisecond."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def _at(event_id: UUID) -> str:
    """Write when an event happened, as `told` does."""
    second, millisecond = divmod(event_id.int >> 80, 1000)
    return f"{_second(second)}.{millisecond:03}Z"


@lru_cache(maxsize=8)
def _second(unix: int) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat()[:19]


def _records(ids: Sequence[bytes]) -> dict[str, object]:
    if len(ids) > MOST_IDS:
        return {"count": len(ids), "sha256": hashlib.sha256(b"\n".join(sorted(ids))).hexdigest()}
    if not ids:
        return {"count": 0, "ids": []}
    return {"count": len(ids), "ids": orjson.Fragment(b'["' + b'","'.join(ids) + b'"]')}
