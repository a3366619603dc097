"""Seven ways to tamper with a sealed log, twenty times each: all are found, and where it was is told.

Whoever does it may do anything in the database. What was exported lies elsewhere, out of their reach.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.audit_findings import Wrong
from auth.audit_head import SealKey
from auth.audit_verify import Report
from storage.embedded import Cluster
from tests.auth.audit_logs import BATCHES, BEGAN, SIZE, SealedLog, event_at, sealed_log

TIMES = 20
ENDS = list(itertools.accumulate(BATCHES))
twenty = pytest.mark.parametrize("seed", range(TIMES))

Tamper = Callable[[SealedLog], Awaitable[None]]


@pytest.fixture(scope="module")
def log_url(cluster: Cluster, template: str) -> Iterator[str]:
    """A database of these tests' own: each undoes what it did."""

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(administer(f"CREATE DATABASE tampered TEMPLATE {template}"))
    yield cluster.dsn("postgres", "tampered")
    asyncio.run(administer("DROP DATABASE tampered WITH (FORCE)"))


def found(url: str, tamper: Tamper, *, exported: bool) -> Report:
    async def run() -> Report:
        async with sealed_log(url) as log:
            await tamper(log)
            return await log.verify(log.exported if exported else ())

    return asyncio.run(run())


def named(report: Report, *kinds: Wrong) -> set[UUID | None]:
    """Return the events that findings of these kinds name."""
    return {each.event for each in report.findings if each.wrong in kinds}


def batch_of(position: int) -> range:
    end = next(end for end in ENDS if position < end)
    return range(end - BATCHES[ENDS.index(end)], end)


def ids(*positions: int) -> set[UUID | None]:
    return {event_id(position) for position in positions}


def event_id(position: int) -> UUID:
    batch = next(place for place, end in enumerate(ENDS) if position < end)
    number = position - (ENDS[batch] - BATCHES[batch])
    return event_at(BEGAN + timedelta(minutes=10 * batch, seconds=number), position).id


@pytest.mark.parametrize("exported", [True, False])
def test_a_log_that_nobody_touched_is_in_order(log_url: str, *, exported: bool) -> None:
    async def nothing(_: SealedLog) -> None:
        return

    report = found(log_url, nothing, exported=exported)
    assert report.findings == []
    assert (report.events, report.heads, report.unsealed) == (SIZE, len(BATCHES), 0)


@twenty
def test_an_edited_event_is_named(log_url: str, seed: int) -> None:
    position = random.Random(seed).randrange(SIZE)

    async def edit(log: SealedLog) -> None:
        await log.edit(position, leaf=False, subject="nobody")

    for exported in (True, False):
        report = found(log_url, edit, exported=exported)
        assert [each.wrong for each in report.findings] == [Wrong.EDITED]
        assert named(report, Wrong.EDITED) == ids(position)


@twenty
def test_an_event_that_was_edited_with_its_leaf_is_named(log_url: str, seed: int) -> None:
    position = random.Random(seed).randrange(SIZE)

    async def edit(log: SealedLog) -> None:
        await log.edit(position, leaf=True, subject="nobody")

    report = found(log_url, edit, exported=True)
    assert named(report, *Wrong) == ids(position)
    # Without the leaves that were exported, the batch in which it was sealed is named.
    [alone] = found(log_url, edit, exported=False).findings
    assert alone.wrong is Wrong.REWRITTEN
    assert alone.position == batch_of(position).start


@twenty
def test_a_deleted_event_is_named(log_url: str, seed: int) -> None:
    position = random.Random(seed).randrange(SIZE)

    async def delete(log: SealedLog) -> None:
        await log.delete(position, leaf=False)

    for exported in (True, False):
        report = found(log_url, delete, exported=exported)
        assert named(report, *Wrong) == named(report, Wrong.DELETED) == ids(position)


@twenty
@pytest.mark.parametrize("closed", [True, False])
def test_an_event_that_was_deleted_with_its_leaf_is_named(log_url: str, seed: int, *, closed: bool) -> None:
    position = random.Random(seed).randrange(SIZE - 1)

    async def delete(log: SealedLog) -> None:
        await log.delete(position, leaf=True)
        if closed:
            await log.close_gap(position)

    assert ids(position) <= named(found(log_url, delete, exported=True), Wrong.DELETED)
    alone = found(log_url, delete, exported=False)
    if closed:
        rewritten = [each.position for each in alone.findings if each.wrong is Wrong.REWRITTEN]
        # The last batch is cut short instead, which its head tells.
        assert rewritten[:1] == [batch_of(position).start] or position in batch_of(SIZE - 1)
        assert Wrong.TRUNCATED in {each.wrong for each in alone.findings}
    else:
        assert next((each.wrong, each.position) for each in alone.findings) == (Wrong.DELETED, position)


@twenty
def test_a_truncated_log_is_found_by_what_was_exported(log_url: str, seed: int) -> None:
    position = random.Random(seed).randrange(SIZE)

    async def truncate(log: SealedLog) -> None:
        await log.truncate(position)

    assert ids(position) <= named(found(log_url, truncate, exported=True), Wrong.TRUNCATED)
    # And where the cut goes through a batch, the leaves that no head covers tell of it.
    alone = found(log_url, truncate, exported=False)
    assert bool(alone.findings) == (position not in {0, *ENDS})


@twenty
def test_leaves_that_were_truncated_are_found_by_the_head_or_by_the_events(log_url: str, seed: int) -> None:
    position = random.Random(seed).randrange(SIZE)

    async def heads_stay(log: SealedLog) -> None:
        await log.truncate(position, heads=False)

    async def events_stay(log: SealedLog) -> None:
        await log.truncate(position, events=False)

    report = found(log_url, heads_stay, exported=False)
    assert position in {each.position for each in report.findings if each.wrong is Wrong.TRUNCATED}
    report = found(log_url, events_stay, exported=False)
    assert named(report, Wrong.UNSEALED) == ids(*range(position, SIZE))


@twenty
def test_reordered_events_are_named(log_url: str, seed: int) -> None:
    one, other = random.Random(seed).sample(range(SIZE), 2)

    async def swap(log: SealedLog) -> None:
        await log.swap(one, other)

    assert named(found(log_url, swap, exported=True), Wrong.REORDERED) == ids(one, other)
    alone = found(log_url, swap, exported=False)
    assert batch_of(min(one, other)).start <= (alone.findings[0].position or 0) <= max(one, other)
    if batch_of(one) == batch_of(other):
        assert named(alone, *Wrong) <= ids(one, other)


@twenty
@pytest.mark.parametrize("stolen", [True, False])
def test_a_rewritten_tail_is_named_from_its_first_event_on(log_url: str, seed: int, *, stolen: bool) -> None:
    position = random.Random(seed).randrange(SIZE)

    async def rewrite(log: SealedLog) -> None:
        for each in range(position, SIZE):
            await log.edit(each, leaf=True, subject="nobody")
        await log.sign_again(log.key if stolen else SealKey(Ed25519PrivateKey.generate()))

    report = found(log_url, rewrite, exported=True)
    assert named(report, Wrong.REWRITTEN) == ids(*range(position, SIZE))
    assert any(each.wrong is Wrong.FORKED for each in report.findings)
    alone = found(log_url, rewrite, exported=False)
    # With the key, only what lies elsewhere can tell; without it, no head can be signed.
    assert bool(alone.findings) is not stolen
    assert stolen or {each.wrong for each in alone.findings} >= {Wrong.UNSIGNED}


@twenty
def test_a_moment_that_was_changed_is_named(log_url: str, seed: int) -> None:
    dice = random.Random(seed)
    position, minutes = dice.randrange(SIZE), dice.choice([-90, -20, 20, 90])

    async def turn_clock(log: SealedLog) -> None:
        moment = BEGAN + timedelta(minutes=minutes)
        await log.edit(position, leaf=True, at=f"{moment:%Y-%m-%dT%H:%M:%S}.000Z")
        await log.sign_again(log.key)

    for exported in (True, False):
        report = found(log_url, turn_clock, exported=exported)
        assert named(report, Wrong.CLOCK) == ids(position)


@twenty
def test_an_event_that_was_dated_back_or_ahead_is_named(log_url: str, seed: int) -> None:
    dice = random.Random(seed)
    sealed = BEGAN + timedelta(minutes=60)
    past = BEGAN + timedelta(minutes=dice.randrange(20))
    moment = dice.choice([past, sealed + timedelta(minutes=dice.randrange(2, 90))])
    slipped_in = event_at(moment, 9000 + seed)

    async def slip_in(log: SealedLog) -> None:
        await log.add(slipped_in)
        await log.seal(sealed)

    for exported in (True, False):
        report = found(log_url, slip_in, exported=exported)
        assert named(report, *Wrong) == named(report, Wrong.CLOCK) == {slipped_in.id}


@twenty
def test_a_head_that_was_dated_otherwise_has_no_signature(log_url: str, seed: int) -> None:
    size = random.Random(seed).choice(ENDS)

    async def turn_clock(log: SealedLog) -> None:
        await log.connection.execute(
            "UPDATE audit_head SET sealed_at = sealed_at + interval '1 hour' WHERE size = $1", size
        )

    report = found(log_url, turn_clock, exported=False)
    assert (Wrong.UNSIGNED, size - 1) in {(each.wrong, each.position) for each in report.findings}


@twenty
def test_a_forked_log_is_named_from_where_it_forks(log_url: str, seed: int) -> None:
    """By somebody with the key: the log is cut off and goes on otherwise, every head signed."""
    dice = random.Random(seed)
    kept, added = dice.choice([0, *ENDS[:-1]]), dice.randrange(1, 70)

    async def fork(log: SealedLog) -> None:
        await log.truncate(kept)
        began = BEGAN + timedelta(minutes=40)
        for number in range(added):
            await log.add(event_at(began + timedelta(milliseconds=number), 5000 + number))
        await log.seal(began + timedelta(minutes=1))

    report = found(log_url, fork, exported=True)
    assert ids(kept) <= named(report, Wrong.DELETED, Wrong.TRUNCATED)
    assert found(log_url, fork, exported=False).findings == []


def test_two_heads_of_one_size_are_a_fork(log_url: str) -> None:
    async def fork(log: SealedLog) -> None:
        await log.connection.execute("ALTER TABLE audit_head DROP CONSTRAINT uq_audit_head_org_id_size")
        await log.connection.execute(
            "INSERT INTO audit_head SELECT org_id, gen_random_uuid(), size, sha256(root), frontier,"
            " sealed_at, kid, signature FROM audit_head WHERE size = $1",
            ENDS[1],
        )

    report = found(log_url, fork, exported=False)
    assert {Wrong.FORKED, Wrong.UNSIGNED} <= {each.wrong for each in report.findings}


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE audit_access SET body = '{}'", Wrong.EDITED),
        ("DELETE FROM audit_access", Wrong.DELETED),
        ("UPDATE audit_leaf SET position = 1000000000000 WHERE position = 3", Wrong.DELETED),
        ("UPDATE audit_head SET frontier = ''", None),
        ("DELETE FROM audit_head", Wrong.UNSIGNED),
        ("DELETE FROM audit_leaf", Wrong.TRUNCATED),
    ],
)
def test_other_damage_is_told_and_ends_no_check(log_url: str, statement: str, wrong: Wrong | None) -> None:
    async def damage(log: SealedLog) -> None:
        await log.connection.execute(statement)

    kinds = {each.wrong for each in found(log_url, damage, exported=False).findings}
    assert wrong in kinds or wrong is None
