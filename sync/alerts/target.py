"""A webhook that is told when something goes wrong: where, in what shape, signed with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import orjson

from auth.crypto import Place, Sealer
from storage.alert_targets import StoredTarget
from sync.alerts.alert import Alert
from sync.alerts.generic import SIGNATURE, generic_body, signature
from sync.alerts.sender import Sender
from sync.alerts.slack import slack_body
from sync.alerts.teams import teams_body


class Shape(StrEnum):
    """What form the bodies for a target have."""

    SLACK = "slack"
    TEAMS = "teams"
    GENERIC = "generic"


BODIES: Final[Mapping[Shape, Callable[[Alert], dict[str, Any]]]] = MappingProxyType(
    {Shape.SLACK: slack_body, Shape.TEAMS: teams_body, Shape.GENERIC: generic_body}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target that can be told; with a signing key its bodies are signed."""

    shape: Shape
    sender: Sender
    signing_key: bytes | None = field(repr=False)

    async def tell(self, alert: Alert, now: datetime) -> int:
        """Send an alert once, and return the status of the answer. Raises NotSent."""
        body = orjson.dumps(BODIES[self.shape](alert))
        headers = {} if self.signing_key is None else {SIGNATURE: signature(self.signing_key, body, now)}
        return await self.sender.send(body, headers)


def opened_target(sealer: Sealer, stored: StoredTarget) -> Target | None:
    """Decrypt what is secret of a target; None where it has ended. Raises a KeyEncryptionError.

    A key service is asked over the network: call it in a thread.
    """
    if stored.address is None:
        return None
    key = stored.signing_key
    return Target(
        shape=Shape(stored.shape),
        sender=Sender(sealer.open(stored.address, _place(stored.org_id, stored.id, "address")).decode()),
        signing_key=None
        if key is None
        else sealer.open(key, _place(stored.org_id, stored.id, "signing_key")),
    )


def sealed_address(sealer: Sealer, org_id: UUID, target_id: UUID, address: str) -> str:
    """Encrypt the address of a target."""
    return sealer.seal(address.encode(), _place(org_id, target_id, "address"))


def sealed_signing_key(sealer: Sealer, org_id: UUID, target_id: UUID, key: bytes) -> str:
    """Encrypt what the bodies for a target are signed with."""
    return sealer.seal(key, _place(org_id, target_id, "signing_key"))


def _place(org_id: UUID, target_id: UUID, column: str) -> Place:
    return Place(org=str(org_id), table="alert_target", row=str(target_id), column=column)
