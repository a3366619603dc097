"""The policy that a command is asked about: the shipped one, or a candidate in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.settings import SettingsError
from auth.policy import Policy
from auth.policy_file import SHIPPED, load_policy

SHIPPED_NAME = "shipped"


def policy_named(name: str | None) -> Policy:
    """Read the shipped policy, or that of a file. Raises PolicyError, SettingsError."""
    path = near(SHIPPED) if name in (None, SHIPPED_NAME) else Path(str(name))
    try:
        return load_policy(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None


def near(path: Path) -> Path:
    """Return a path as one would type it from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def require_roles(policy: Policy, roles: Sequence[str], called: str | None = None) -> None:
    """Refuse a role that the policy does not have. Raises SettingsError, which names those that it has."""
    for role in roles:
        if role not in policy.roles:
            raise SettingsError(
                f"{called or policy.source} has no role {role!r}; it has: {', '.join(sorted(policy.roles))}"
            )
