"""An alert as JSON for a program, and the signature that says that it is ours."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from hmac import new
from typing import Any, Final

from sync.alerts.alert import Alert
from sync.alerts.facts import headline

SIGNATURE: Final = "X-Contract-Graph-Signature"
"""The header `t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds, a full stop and the body as it was sent."""


def generic_body(alert: Alert) -> dict[str, Any]:
    """Return the JSON that docs/operators.md describes."""
    return {
        "version": 1,
        "id": str(alert.id),
        "kind": alert.kind.value,
        "text": headline(alert),
        "org": {"id": str(alert.org.id), "name": alert.org.name},
        "count": alert.count,
        "standing": alert.standing,
        "since": alert.since.isoformat(),
        "at": alert.at.isoformat(),
        "groups": [
            {
                "queue": each.queue,
                "error": each.error or None,
                "count": each.count,
                "example": None if each.example is None else str(each.example),
                "correlation": each.correlation or None,
            }
            for each in alert.groups
        ],
        "otherGroups": alert.other_groups,
        "advice": alert.advice,
    }


def signature(key: bytes, body: bytes, now: datetime) -> str:
    """Return the value of the header for a body that is sent now."""
    seconds = str(int(now.timestamp()))
    return f"t={seconds},v1={new(key, seconds.encode() + b'.' + body, sha256).hexdigest()}"
