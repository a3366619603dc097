from __future__ import annotations

import pytest

from auth.commands import COMMANDS, denied_command
from auth.policy import Deny, Policy, load_policy


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_for_administrators_and_nobody_else(policy: Policy, command: str) -> None:
    allowed = {role for role in policy.roles if denied_command([role], command) is None}
    assert allowed == {"admin"}
    for role in set(policy.roles) - allowed:
        assert denied_command([role], command) == Deny(
            f"{command} = admin", f"{command} is for admin; the caller is {role}"
        )
        assert denied_command([role, "admin"], command) is None


def test_whoever_has_no_role_runs_nothing() -> None:
    assert denied_command([], "grantRole") == Deny(
        "grantRole = admin", "grantRole is for admin; the caller has no role"
    )


@pytest.mark.parametrize("command", ["", "grantrole", "grant_role", "dropEverything"])
def test_a_command_that_is_not_named_is_for_nobody(command: str) -> None:
    assert denied_command(["admin"], command) == Deny(
        "default", f"{command} is for nobody; the caller is admin"
    )
