"""The policy that a command is asked about: the shipped one, one that the database has, or one in a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import asyncpg

from api.commands.org_work import as_owner
from api.settings import Settings, SettingsError
from auth.policy import Policy
from auth.policy_change import how_it_stands, proposed, text_of, version
from auth.policy_file import SHIPPED, load_policy
from auth.policy_watch import in_force

T = TypeVar("T")

SHIPPED_NAME: Final = "shipped"
IN_FORCE: Final = "in-force"
PROPOSED: Final = "proposed"

NAMES: Final = f"`{SHIPPED_NAME}`, `{IN_FORCE}`, `{PROPOSED}`, or a policy file"
UNSAID: Final = f"{NAMES}; `{SHIPPED_NAME}` unless said"


def policy_named(name: str | None, settings: Settings) -> Policy:
    """Read a policy by its name, or from a file.

    Raises PolicyError, NoCandidate, SettingsError, DatabaseError.
    """
    return _found(name, settings, version, load_policy)


def text_named(name: str | None, settings: Settings) -> str:
    """Return how a policy is written, also one that this program cannot read. Raises as `policy_named`."""
    return _found(name, settings, text_of, partial(Path.read_text, encoding="utf-8"))


def _found(
    name: str | None,
    settings: Settings,
    stored: Callable[[asyncpg.Connection, str], Awaitable[T]],
    in_file: Callable[[Path], T],
) -> T:
    """Get a policy as one of both says: from the database by its digest, or of a file."""
    path = near(SHIPPED) if name in (None, SHIPPED_NAME, IN_FORCE) else Path(str(name))

    async def known(connection: asyncpg.Connection) -> T | None:
        digest = await _digest(connection, str(name))
        return None if digest is None else await stored(connection, digest)

    found = as_owner(settings, known) if name in (IN_FORCE, PROPOSED) else None
    if found is not None:
        return found
    try:
        return in_file(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; a policy is {NAMES}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} cannot be read: it is not UTF-8") from None


async def _digest(connection: asyncpg.Connection, name: str) -> str | None:
    """Return the digest of a policy in the database; None where the shipped one is in force."""
    if name == PROPOSED:
        return (await proposed(connection)).digest
    return (await how_it_stands(connection)).in_force


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
