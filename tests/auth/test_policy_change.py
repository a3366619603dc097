"""A policy comes into force by two people's decision, and goes by one's."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from auth import policy_change
from auth.policy import Policy, PolicyError
from auth.policy_change import (
    AlreadyInForce,
    LeftAlready,
    NoCandidate,
    NothingBefore,
    OtherCandidate,
    PolicyChangeRefused,
    SameEyes,
)
from auth.policy_file import SHIPPED, load_policy
from auth.policy_watch import in_force
from storage.database import connect
from storage.policy_versions import PolicyDifference, add_differences, list_differences

CONTENT = SHIPPED.read_bytes()
NARROWER = CONTENT.replace(b'[roles.legal]\nrows = "org"', b'[roles.legal]\nrows = "own"')
NARROWER_DIGEST = hashlib.sha256(NARROWER).hexdigest()
OTHER = CONTENT + b"# another\n"
Work = Callable[[asyncpg.Connection], Awaitable[Any]]
Do = Callable[[Work], Any]


@pytest.fixture
def do(owner_url: str) -> Do:
    def done(work: Work) -> Any:
        async def run() -> Any:
            connection = await connect(owner_url)
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(run())

    return done


def proposed(content: bytes, by: str = "ann") -> Work:
    return lambda c: policy_change.propose(c, content, "new.toml", by=by, reason="fewer rows")


def approved(digest: str, by: str = "bob") -> Work:
    return lambda c: policy_change.approve(c, digest, by=by, reason="read it")


async def in_force_now(connection: asyncpg.Connection) -> Policy:
    return await in_force(connection, load_policy())


async def rolled_back(connection: asyncpg.Connection) -> Any:
    now = await policy_change.digest_in_force(connection)
    return await policy_change.roll_back(connection, now, by="eve", reason="it broke")


def test_the_shipped_policy_is_in_force_until_another_is_approved(do: Do) -> None:
    assert do(in_force_now) == load_policy()
    digest = do(proposed(NARROWER)).digest
    assert do(in_force_now) == load_policy()
    assert do(policy_change.how_it_stands).candidate.digest == digest
    do(approved(digest))
    found = do(in_force_now)
    assert (found.digest, found.text.encode()) == (digest, NARROWER)
    assert do(policy_change.how_it_stands).candidate is None


@pytest.mark.parametrize("by", ["ann", "ANN", "Ann", " ann ", "\uff41nn", "a nn"])
def test_who_proposed_a_policy_cannot_approve_it(do: Do, by: str) -> None:
    digest = do(proposed(NARROWER)).digest
    with pytest.raises(SameEyes, match="proposed it: somebody else"):
        do(approved(digest, by))
    assert do(in_force_now) == load_policy()


@pytest.mark.parametrize(
    "digest", ["", "0" * 12, load_policy().digest, *(NARROWER_DIGEST[:length] for length in (12, 63))]
)
def test_only_what_was_looked_at_is_approved(do: Do, digest: str) -> None:
    with pytest.raises(NoCandidate):
        do(approved(digest))
    do(proposed(NARROWER))
    with pytest.raises(OtherCandidate):
        do(approved(digest))
    assert do(in_force_now) == load_policy()


def test_a_policy_that_was_replaced_or_rejected_cannot_be_approved(do: Do) -> None:
    first = do(proposed(NARROWER)).digest
    second = do(proposed(OTHER)).digest
    with pytest.raises(OtherCandidate):
        do(approved(first))
    do(lambda c: policy_change.reject(c, second, by="ann", reason="no"))
    with pytest.raises(NoCandidate):
        do(approved(second))


def test_rolling_back_leads_step_by_step_to_the_shipped_one(do: Do) -> None:
    with pytest.raises(NothingBefore):
        do(rolled_back)
    for content in (NARROWER, OTHER):
        do(approved(do(proposed(content)).digest))
    assert do(rolled_back).text.encode() == NARROWER
    assert do(rolled_back).digest == load_policy().digest
    assert do(in_force_now).digest == load_policy().digest
    with pytest.raises(NothingBefore):
        do(rolled_back)
    do(approved(do(proposed(OTHER)).digest))
    assert do(rolled_back).digest == load_policy().digest


def test_of_two_who_go_back_at_once_one_does(do: Do) -> None:
    for content in (NARROWER, OTHER):
        do(approved(do(proposed(content)).digest))
    now = do(policy_change.digest_in_force)
    leaving = lambda c: policy_change.roll_back(c, now, by="eve", reason="x")  # noqa: E731
    assert do(leaving).text.encode() == NARROWER
    with pytest.raises(LeftAlready):
        do(leaving)


def test_a_decision_comes_after_those_before_it_whatever_the_clock_says(superuser_url: str, do: Do) -> None:
    do(approved(do(proposed(NARROWER)).digest))

    async def later() -> None:
        connection = await connect(superuser_url)
        await connection.execute("UPDATE policy_event SET happened_at = happened_at + interval '1 hour'")
        await connection.close()

    asyncio.run(later())
    assert do(rolled_back).digest == load_policy().digest
    assert do(policy_change.digest_in_force) == load_policy().digest


def test_a_version_whose_text_was_changed_is_not_obeyed(superuser_url: str, do: Do) -> None:
    digest = do(proposed(NARROWER)).digest

    async def change() -> None:
        connection = await connect(superuser_url)
        await connection.execute("UPDATE policy_version SET text = text || '# more'")
        await connection.close()

    asyncio.run(change())
    with pytest.raises(PolicyError, match="not what its digest says"):
        do(approved(digest))


def test_what_was_counted_of_a_candidate_goes_once_it_is_decided(do: Do) -> None:
    digest = do(proposed(NARROWER)).digest
    found = PolicyDifference("legal", "Contract.title", "shown", "denied", 3, "x")
    do(lambda c: add_differences(c, digest, load_policy().digest, [found, found]))
    assert [each.requests for each in do(lambda c: list_differences(c, digest, load_policy().digest))] == [6]
    do(lambda c: policy_change.reject(c, digest, by="ann", reason="no"))
    assert do(lambda c: list_differences(c, digest, load_policy().digest)) == []


def test_what_is_in_force_cannot_be_proposed(do: Do) -> None:
    with pytest.raises(AlreadyInForce):
        do(proposed(CONTENT))
    do(approved(do(proposed(NARROWER)).digest))
    with pytest.raises(AlreadyInForce):
        do(proposed(NARROWER))


def test_a_policy_that_cannot_be_read_is_not_proposed(do: Do) -> None:
    with pytest.raises(PolicyError, match=r"new\.toml:\d+: "):
        do(proposed(CONTENT.replace(b'COMMERCIAL = "show"', b'COMMERCIAL = "shw"', 1)))
    assert do(policy_change.how_it_stands).candidate is None


def test_of_two_who_approve_at_once_one_does(owner_url: str, do: Do) -> None:
    digest = do(proposed(NARROWER)).digest

    async def both() -> list[Any]:
        connections = [await connect(owner_url) for _ in range(4)]
        try:
            return await asyncio.gather(
                *(approved(digest, f"approver {n}")(c) for n, c in enumerate(connections)),
                return_exceptions=True,
            )
        finally:
            for connection in connections:
                await connection.close()

    found = asyncio.run(both())
    assert sum(isinstance(each, PolicyChangeRefused) for each in found) == 3
    assert len(do(policy_change.how_it_stands).before) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO policy_event VALUES (gen_random_uuid(), 'x', 'APPROVED', now(), 'me', 'me')",
        "INSERT INTO policy_version VALUES (gen_random_uuid(), 'x', 'x', now())",
        "UPDATE policy_version SET text = ''",
        "UPDATE policy_event SET digest = ''",
        "DELETE FROM policy_event",
        "DELETE FROM policy_difference",
    ],
)
def test_the_application_cannot_change_the_policy_that_binds_it(
    database_url: str, do: Do, statement: str
) -> None:
    do(approved(do(proposed(NARROWER)).digest))

    async def tried() -> None:
        connection = await connect(database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(tried())
