"""How a policy comes into force: proposed by one, tried beside the one in force, approved by another."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from auth.policy import Policy
from auth.policy_file import check_coverage, load_policy, read_policy
from storage import policy_versions
from storage.policy_versions import PolicyEvent, PolicyEventKind, Standing, standing


class PolicyChangeRefused(Exception):
    """A decision about a policy cannot be taken."""


class NoCandidate(PolicyChangeRefused):
    """No policy is proposed: `contract-graph policy propose FILE` proposes one."""


class OtherCandidate(PolicyChangeRefused):
    """{given} is not the policy that is proposed, which is {proposed}: look at it again."""


class SameEyes(PolicyChangeRefused):
    """{by} proposed it: somebody else has to approve it."""


class AlreadyInForce(PolicyChangeRefused):
    """The policy {digest} is in force already."""


class NothingBefore(PolicyChangeRefused):
    """There is no earlier policy to go back to: the one in force is the first."""


async def propose(
    connection: asyncpg.Connection, content: bytes, source: str, *, by: str, reason: str
) -> Policy:
    """Try a policy beside the one in force from now on. Raises PolicyError, AlreadyInForce."""
    policy = read_policy(content, source)
    check_coverage(policy)
    async with connection.transaction():
        await policy_versions.lock(connection)
        if policy.digest == (await in_force(connection)).digest:
            raise _refused(AlreadyInForce, digest=policy.digest[:12])
        await policy_versions.store(connection, policy.digest, policy.text)
        await _decide(connection, policy.digest, PolicyEventKind.PROPOSED, by, reason)
    return policy


async def approve(connection: asyncpg.Connection, digest: str, *, by: str, reason: str) -> Policy:
    """Put the proposed policy in force. Raises NoCandidate, OtherCandidate, SameEyes, PolicyError."""
    async with connection.transaction():
        await policy_versions.lock(connection)
        candidate = await _candidate(connection, digest)
        if candidate.by.casefold() == by.casefold():
            raise _refused(SameEyes, by=by)
        before = await in_force(connection)
        policy = await version(connection, candidate.digest)
        check_coverage(policy)
        if (await how_it_stands(connection)).in_force is None:
            # The first to follow the shipped one: what was in force is kept, to go back to.
            await policy_versions.store(connection, before.digest, before.text)
            shipped = "was in force as it was shipped"
            await _decide(connection, before.digest, PolicyEventKind.APPROVED, "contract-graph", shipped)
        await _decide(connection, policy.digest, PolicyEventKind.APPROVED, by, reason)
    return policy


async def reject(connection: asyncpg.Connection, digest: str, *, by: str, reason: str) -> None:
    """Try the proposed policy no longer. Raises NoCandidate, OtherCandidate."""
    async with connection.transaction():
        await policy_versions.lock(connection)
        candidate = await _candidate(connection, digest)
        await _decide(connection, candidate.digest, PolicyEventKind.REJECTED, by, reason)


async def roll_back(connection: asyncpg.Connection, *, by: str, reason: str) -> Policy:
    """Put the policy before in force again, at once. Raises NothingBefore, PolicyError."""
    async with connection.transaction():
        await policy_versions.lock(connection)
        now = await how_it_stands(connection)
        if not now.before:
            raise _refused(NothingBefore)
        policy = await version(connection, now.before[0])
        check_coverage(policy)
        await _decide(connection, policy.digest, PolicyEventKind.ROLLED_BACK, by, reason)
    return policy


async def how_it_stands(connection: asyncpg.Connection) -> Standing:
    """Return which versions are in force, tried, and were in force."""
    return standing(await policy_versions.list_events(connection))


async def in_force(connection: asyncpg.Connection) -> Policy:
    """Return the policy that is in force: the shipped one until another was approved."""
    digest = (await how_it_stands(connection)).in_force
    return load_policy() if digest is None else await version(connection, digest)


async def version(connection: asyncpg.Connection, digest: str) -> Policy:
    """Return a version that is stored. Raises LookupError, PolicyError where it no longer can be read."""
    text = await policy_versions.text_of(connection, digest)
    if text is None:
        raise LookupError(digest)
    return read_policy(text.encode(), f"policy {digest[:12]}")


async def _candidate(connection: asyncpg.Connection, digest: str) -> PolicyEvent:
    candidate = (await how_it_stands(connection)).candidate
    if candidate is None:
        raise _refused(NoCandidate)
    if not digest or not candidate.digest.startswith(digest):
        raise _refused(OtherCandidate, given=digest[:12], proposed=candidate.digest[:12])
    return candidate


async def _decide(
    connection: asyncpg.Connection, digest: str, kind: PolicyEventKind, by: str, reason: str
) -> None:
    event = PolicyEvent(digest, kind, datetime.now(UTC), by, reason)
    await policy_versions.add_event(connection, event)


def _refused(kind: type[PolicyChangeRefused], **values: str) -> PolicyChangeRefused:
    return kind((kind.__doc__ or "").format(**values))
