"""Which roles may have something changed: a command that is not named here is for nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from auth.policy import Deny

COMMANDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"grantRole": frozenset({"admin"}), "revokeRole": frozenset({"admin"})}
)


def denied_command(roles: Iterable[str], command: str) -> Deny | None:
    """Return why a caller with these roles may not run a command; None where one of them may."""
    allowed = COMMANDS.get(command, frozenset())
    had = sorted(roles)
    if allowed & set(had):
        return None
    rule = f"{command} = {', '.join(sorted(allowed))}" if allowed else "default"
    who = f"the caller is {', '.join(had)}" if had else "the caller has no role"
    return Deny(rule, f"{command} is for {' or '.join(sorted(allowed)) or 'nobody'}; {who}")
