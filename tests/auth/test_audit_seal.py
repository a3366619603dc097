from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth import audit_seal
from auth.audit_head import ExportedHead, SealKey, SealKeys, UnreadableHeads, read_exports
from auth.audit_seal import MOST_EVENTS, SOON, NotOurHead, export_heads, seal
from auth.key_file import ExposedKey, UnusableKeys
from auth.merkle import Frontier, consistency_proof, extends
from domain.identity import uuid7
from storage.audit_log import LogEntry, add_events
from storage.audit_tree import StoredHead, add_head, list_hashes, list_heads
from storage.tenancy import bind_org
from tests.auth.audit_logs import BATCHES, BEGAN, ORG, SIZE, SealedLog, event_at, sealed_log
from tests.storage.connections import opened

NOW = BEGAN + timedelta(hours=1)


def inside(url: str, work: Callable[[SealedLog], Awaitable[None]]) -> None:
    async def run() -> None:
        async with sealed_log(url) as log:
            await work(log)

    asyncio.run(run())


def test_every_head_is_the_root_of_its_leaves_and_begins_the_next_one(superuser_url: str) -> None:
    async def check(log: SealedLog) -> None:
        hashes = list(await list_hashes(log.connection, ORG, SIZE))
        heads = await list_heads(log.connection, ORG)
        assert [head.size for head in heads] == [sum(BATCHES[: end + 1]) for end in range(len(BATCHES))]
        for head, later in zip(heads, [*heads[1:], heads[-1]], strict=True):
            assert head.root == Frontier.of(hashes[: head.size]).root()
            proof = consistency_proof(hashes[: later.size], head.size)
            assert extends(head.size, head.root, later.size, later.root, proof)

    inside(superuser_url, check)


def test_a_log_that_gained_nothing_gets_no_head(superuser_url: str) -> None:
    async def check(log: SealedLog) -> None:
        assert await seal(log.connection, ORG, log.key, NOW) == []

    inside(superuser_url, check)


def test_a_head_covers_a_thousand_events_at_most(superuser_url: str) -> None:
    async def check(log: SealedLog) -> None:
        for number in range(MOST_EVENTS + 1):
            await log.add(event_at(NOW, 100 + number))
        heads = await seal(log.connection, ORG, log.key, NOW)
        assert [head.size for head in heads] == [SIZE + MOST_EVENTS, SIZE + MOST_EVENTS + 1]
        assert (await log.verify(await export_heads(log.connection, ORG))).findings == []

    inside(superuser_url, check)


def test_what_comes_while_it_is_sealed_does_not_keep_it_from_ending(
    superuser_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction would hold back every clean-up of the database."""

    async def check(log: SealedLog) -> None:
        async def and_somebody_asks(connection: asyncpg.Connection, head: StoredHead) -> None:
            await add_head(connection, head)
            await log.add(event_at(NOW, 1000 + head.size))

        monkeypatch.setattr(audit_seal, "add_head", and_somebody_asks)
        await log.add(event_at(NOW, 1000))
        for turn in (1, 2):
            heads = await asyncio.wait_for(seal(log.connection, ORG, log.key, NOW), 60)
            assert [head.size for head in heads] == [SIZE + turn]

    inside(superuser_url, check)


def test_at_most_heads_only_what_came_lately_is_looked_for(superuser_url: str) -> None:
    async def check(log: SealedLog) -> None:
        last = BEGAN + timedelta(minutes=31)
        for seconds, number in ((30, 500), (90, 501)):
            await log.add(event_at(last - timedelta(seconds=seconds), number))
        sizes = [head.size for head in await seal(log.connection, ORG, log.key, NOW, late=SOON)]
        assert sizes == [SIZE + 1]
        assert [head.size for head in await seal(log.connection, ORG, log.key, NOW)] == [SIZE + 2]

    inside(superuser_url, check)


def test_an_event_that_comes_in_late_is_sealed_all_the_same(superuser_url: str) -> None:
    async def check(log: SealedLog) -> None:
        last = BEGAN + timedelta(minutes=31)
        await log.add(event_at(last - timedelta(seconds=4), 500))
        assert [head.size for head in await seal(log.connection, ORG, log.key, NOW)] == [SIZE + 1]
        await log.add(event_at(last - timedelta(days=2), 501))
        assert await seal(log.connection, ORG, log.key, NOW) == []
        assert [head.size for head in await seal(log.connection, ORG, log.key, NOW, late=None)] == [SIZE + 2]

    inside(superuser_url, check)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE audit_head SET root = sha256(root)", "is not signed by this key"),
        ("UPDATE audit_head SET size = size + 1000", "is not signed by this key"),
        ("UPDATE audit_head SET frontier = ''", "has a damaged frontier"),
        (
            "UPDATE audit_head SET frontier = overlay(frontier placing sha256('') from 1)",
            "has another root than its frontier",
        ),
    ],
)
def test_a_log_that_was_tampered_with_is_not_sealed_on(
    superuser_url: str, statement: str, reason: str
) -> None:
    async def check(log: SealedLog) -> None:
        await log.connection.execute(statement)
        await log.add(event_at(NOW, 500))
        with pytest.raises(NotOurHead, match=reason):
            await seal(log.connection, ORG, log.key, NOW)

    inside(superuser_url, check)


def test_another_key_does_not_go_on_from_a_head_of_ours(superuser_url: str) -> None:
    async def check(log: SealedLog) -> None:
        with pytest.raises(NotOurHead, match="is not signed by this key"):
            await seal(log.connection, ORG, SealKey(Ed25519PrivateKey.generate()), NOW)

    inside(superuser_url, check)


def test_of_two_that_seal_at_once_one_waits_for_the_other(database_url: str, owner_url: str) -> None:
    key = SealKey(Ed25519PrivateKey.generate())

    async def sealing() -> int:
        connection = await asyncpg.connect(owner_url)
        try:
            async with connection.transaction():
                await bind_org(connection, ORG)
                return len(await seal(connection, ORG, key, NOW))
        finally:
            await connection.close()

    async def both() -> list[int]:
        async with opened(database_url) as database:
            await add_events(database, [LogEntry(ORG, uuid7(), "{}") for _ in range(300)])
        return await asyncio.gather(sealing(), sealing(), sealing())

    assert sorted(asyncio.run(both())) == [0, 0, 1]


# Keys


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "seal.key"
    assert SealKey.load(path).kid == SealKey.load(path).kid
    path.chmod(0o640)
    with pytest.raises(ExposedKey):
        SealKey.load(path)


@pytest.mark.parametrize("kind", ["nonsense", "another kind"])
def test_a_file_without_such_a_key_is_refused(tmp_path: Path, kind: str) -> None:
    tmp_path.chmod(0o700)
    pem = b"nonsense"
    if kind != "nonsense":
        rsa = generate_private_key(65537, 2048)
        pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "seal.key"
    path.write_bytes(pem)
    path.chmod(0o600)
    with pytest.raises(UnusableKeys):
        SealKey.load(path)
    with pytest.raises(UnusableKeys):
        SealKeys.load(path)


def test_heads_are_checked_by_any_of_the_public_keys(tmp_path: Path) -> None:
    old, new, other = (SealKey(Ed25519PrivateKey.generate()) for _ in range(3))
    path = tmp_path / "public.pem"
    path.write_text(old.public_pem() + new.public_pem())
    keys = SealKeys.load(path)
    signed = {key.kid: key.sign(ORG, 3, bytes(32), NOW) for key in (old, new, other)}
    assert [keys.signed(signed[key.kid]) for key in (old, new, other)] == [True, True, False]


# Exported heads


def test_an_exported_head_is_read_as_it_was_written(superuser_url: str, tmp_path: Path) -> None:
    path = tmp_path / "heads"

    async def check(log: SealedLog) -> None:
        path.write_bytes(b"".join(each.line() for each in log.exported))
        assert read_exports(path) == list(log.exported)
        assert [each.first for each in log.exported] == [0, *(each.head.size for each in log.exported[:-1])]
        again = await export_heads(log.connection, ORG, above=log.exported[1].head.size)
        assert list(again) == list(log.exported[2:])

    inside(superuser_url, check)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"x", b'{"head": {}, "leaves": [], "signature": ""}', b"1"])
def test_a_line_that_is_no_head_is_named(tmp_path: Path, line: bytes) -> None:
    head = SealKey(Ed25519PrivateKey.generate()).sign(ORG, 1, bytes(32), NOW)
    path = tmp_path / "heads"
    path.write_bytes(ExportedHead(head, ((UUID(int=1), bytes(32)),)).line() + line)
    with pytest.raises(UnreadableHeads, match="line 2"):
        read_exports(path)
