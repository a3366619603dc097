"""How a policy comes into force: proposed by one, tried beside the one in force, approved by another."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import UTC, datetime, timedelta

import asyncpg

from auth.policy import Policy, PolicyError
from auth.policy_file import check_coverage, load_policy, read_policy
from storage import policy_versions
from storage.policy_versions import PolicyEvent, PolicyEventKind, Standing, standing


class PolicyChangeRefused(Exception):
    """A decision about a policy cannot be taken."""


class NoCandidate(PolicyChangeRefused):
    """No policy is proposed: `contract-graph policy propose FILE` proposes one."""


class OtherCandidate(PolicyChangeRefused):
    """{given} is not the policy that is proposed, which is {proposed}: look at it again."""


class LeftAlready(PolicyChangeRefused):
    """{given} is not the policy in force, which is {in_force}: look at it again."""


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
        if policy.digest == await digest_in_force(connection):
            raise _refused(AlreadyInForce, digest=policy.digest[:12])
        await policy_versions.store(connection, policy.digest, policy.text)
        await _decide(connection, policy.digest, PolicyEventKind.PROPOSED, by, reason)
    return policy


async def approve(connection: asyncpg.Connection, digest: str, *, by: str, reason: str) -> Policy:
    """Put the proposed policy in force. Raises NoCandidate, OtherCandidate, SameEyes, PolicyError."""
    async with connection.transaction():
        await policy_versions.lock(connection)
        candidate = await _candidate(connection, digest)
        if _same_name(candidate.by, by):
            raise _refused(SameEyes, by=by)
        policy = await version(connection, candidate.digest)
        check_coverage(policy)
        if (await how_it_stands(connection)).in_force is None:
            # The first to follow the shipped one: what was in force is kept, to go back to.
            before = load_policy()
            await policy_versions.store(connection, before.digest, before.text)
            shipped = "was in force as it was shipped"
            await _decide(connection, before.digest, PolicyEventKind.APPROVED, "contract-graph", shipped)
        await _decide(connection, policy.digest, PolicyEventKind.APPROVED, by, reason)
        await policy_versions.forget_differences(connection, policy.digest)
    return policy


async def reject(connection: asyncpg.Connection, digest: str, *, by: str, reason: str) -> None:
    """Try the proposed policy no longer. Raises NoCandidate, OtherCandidate."""
    async with connection.transaction():
        await policy_versions.lock(connection)
        candidate = await _candidate(connection, digest)
        await _decide(connection, candidate.digest, PolicyEventKind.REJECTED, by, reason)
        await policy_versions.forget_differences(connection, candidate.digest)


async def roll_back(connection: asyncpg.Connection, digest: str, *, by: str, reason: str) -> Policy:
    """Leave the policy of this digest, which is in force, for the one before, at once.

    Raises LeftAlready, NothingBefore, PolicyError.
    """
    async with connection.transaction():
        await policy_versions.lock(connection)
        now = await how_it_stands(connection)
        if digest != await digest_in_force(connection):
            raise _refused(LeftAlready, given=digest[:12], in_force=await digest_in_force(connection))
        if not now.before:
            raise _refused(NothingBefore)
        policy = await version(connection, now.before[0])
        check_coverage(policy)
        await _decide(connection, policy.digest, PolicyEventKind.ROLLED_BACK, by, reason)
    return policy


async def how_it_stands(connection: asyncpg.Connection) -> Standing:
    """Return which versions are in force, tried, and were in force."""
    return standing(await policy_versions.list_events(connection))


async def digest_in_force(connection: asyncpg.Connection) -> str:
    """Return which policy is in force, whether or not this program can read it."""
    return (await how_it_stands(connection)).in_force or load_policy().digest


async def version(connection: asyncpg.Connection, digest: str) -> Policy:
    """Return a version that is stored. Raises PolicyError where it was changed, or cannot be read."""
    text = await text_of(connection, digest)
    return read_policy(text.encode(), _source(digest))


async def text_of(connection: asyncpg.Connection, digest: str) -> str:
    """Return how a version is written, whether or not this program can read it. Raises PolicyError."""
    text = await policy_versions.text_of(connection, digest)
    if text is None or hashlib.sha256(text.encode()).hexdigest() != digest:
        problem, way_out = (
            "its text is not stored, or is not what its digest says",
            "restore it from a backup",
        )
        raise PolicyError(file=_source(digest), line=1, problem=problem, suggestion=way_out)
    return text


def _source(digest: str) -> str:
    return f"policy {digest[:12]}"


async def proposed(connection: asyncpg.Connection) -> PolicyEvent:
    """Return how the policy that is tried came to be. Raises NoCandidate."""
    candidate = (await how_it_stands(connection)).candidate
    if candidate is None:
        raise _refused(NoCandidate)
    return candidate


async def _candidate(connection: asyncpg.Connection, digest: str) -> PolicyEvent:
    candidate = await proposed(connection)
    if digest != candidate.digest:
        raise _refused(OtherCandidate, given=digest, proposed=candidate.digest)
    return candidate


async def _decide(
    connection: asyncpg.Connection, digest: str, kind: PolicyEventKind, by: str, reason: str
) -> None:
    events = await policy_versions.list_events(connection)
    # Clocks of several machines differ: a decision comes after those that it follows.
    after = events[-1].happened_at + timedelta(microseconds=1) if events else datetime.now(UTC)
    event = PolicyEvent(digest, kind, max(datetime.now(UTC), after), by, reason)
    await policy_versions.add_event(connection, event)


def _same_name(one: str, other: str) -> bool:
    """Whether two names are one to whoever reads them."""
    first, second = ("".join(unicodedata.normalize("NFKC", each).casefold().split()) for each in (one, other))
    return first == second


def _refused(kind: type[PolicyChangeRefused], **values: str) -> PolicyChangeRefused:
    return kind((kind.__doc__ or "").format(**values))
