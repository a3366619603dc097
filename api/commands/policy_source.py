"""The policy that a command is asked about: the shipped one, one that the database has, or one in a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg

from api.commands.org_work import as_owner
from api.settings import Settings, SettingsError
from auth.policy import Policy
from auth.policy_change import how_it_stands, version
from auth.policy_file import SHIPPED, load_policy
from auth.policy_watch import in_force

SHIPPED_NAME: Final = "shipped"
IN_FORCE: Final = "in-force"
PROPOSED: Final = "proposed"

NAMES: Final = f"`{SHIPPED_NAME}`, `{IN_FORCE}`, `{PROPOSED}`, or a policy file"
UNSAID: Final = f"{NAMES}; `{SHIPPED_NAME}` unless said"


def policy_named(name: str | None, settings: Settings) -> Policy:
    """Read a policy by its name, or from a file. Raises PolicyError, SettingsError, DatabaseError."""
    if name in (IN_FORCE, PROPOSED):
        return as_owner(settings, partial(_stored, name=str(name)))
    path = near(SHIPPED) if name in (None, SHIPPED_NAME) else Path(str(name))
    try:
        return load_policy(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; a policy is {NAMES}") from None


async def _stored(connection: asyncpg.Connection, name: str) -> Policy:
    if name == IN_FORCE:
        return await in_force(connection, load_policy(near(SHIPPED)))
    candidate = (await how_it_stands(connection)).candidate
    if candidate is None:
        raise SettingsError("no policy is proposed: `contract-graph policy propose FILE` proposes one")
    return await version(connection, candidate.digest)


async def policy_with(connection: asyncpg.Connection, roles: Sequence[str]) -> Policy:
    """Return the policy in force, which has the roles. Raises SettingsError, PolicyError."""
    policy = await in_force(connection, load_policy())
    require_roles(policy, roles, "the policy in force")
    return policy


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
