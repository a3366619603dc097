from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from joserfc.jwk import ECKey

from auth.crypto import Sealer
from auth.key_encryption import LocalKeys, NotDecrypted, UnknownKeyEncryption
from auth.keys import OVERLAP, VERIFIES_ON, KeyRing, first_keys, place_of, rotate
from storage.database import Database, connect
from storage.signing_keys import list_events, load
from tests.keys import new_keys

SEALER = Sealer(LocalKeys([b"k" * 32]))
Work = Callable[[asyncpg.Connection], Awaitable[Any]]


def test_the_kid_is_the_thumbprint_of_rfc_7638() -> None:
    keys = new_keys()
    told = keys.signing_key.as_dict(private=False)
    members = json.dumps({name: told[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    digest = hashlib.sha256(members.encode()).digest()
    assert keys.kid == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert list(keys.public_keys) == [keys.kid]


def test_the_jwks_tells_the_public_key_and_nothing_private() -> None:
    keys = new_keys()
    (told,) = keys.jwks()["keys"]
    assert told.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert (told["kty"], told["crv"], told["use"], told["alg"]) == ("EC", "P-256", "sig", "ES256")
    assert not any(key.is_private for key in keys.public_keys.values())
    private = keys.signing_key.as_dict(private=True)["d"]
    assert str(private) not in json.dumps(keys.jwks()) + repr(keys)


def test_the_keys_that_verify_cannot_be_changed() -> None:
    keys = new_keys()
    with pytest.raises(TypeError):
        keys.public_keys["mine"] = ECKey.generate_key("P-256")  # type: ignore[index]


@pytest.fixture
def stored(owner_url: str) -> Callable[[Work], Any]:
    """Runs work over a connection of the owner."""

    def run(work: Work) -> Any:
        async def connected() -> Any:
            connection = await connect(owner_url)
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(connected())

    return run


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> float:
        return self.now.timestamp()


async def ring(connection: asyncpg.Connection, clock: Clock) -> KeyRing:
    made = KeyRing(SEALER, clock)
    made.take(await load(connection))
    return made


def test_of_many_that_start_together_one_makes_the_first_key(database_url: str) -> None:
    async def start() -> str:
        connection = await connect(database_url)  # the application's own role may
        try:
            (key,) = await first_keys(connection, SEALER, "a worker")
            return key.kid
        finally:
            await connection.close()

    async def together() -> set[str]:
        return set(await asyncio.gather(*(start() for _ in range(8))))

    assert len(asyncio.run(together())) == 1


def test_a_new_key_is_published_before_it_signs_and_the_old_verifies_on(
    stored: Callable[[Work], Any],
) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        (old,) = await first_keys(connection, SEALER, "the first")
        made = await rotate(connection, SEALER, "an operator")
        clock = Clock()
        early = await ring(connection, clock)
        assert early.kid == old.kid
        assert set(early.public_keys) == {old.kid, made.kid}
        clock.now += OVERLAP + timedelta(seconds=1)
        later = await ring(connection, clock)
        assert later.kid == made.kid
        assert set(later.public_keys) == {old.kid, made.kid}
        clock.now += VERIFIES_ON
        assert set((await ring(connection, clock)).public_keys) == {made.kid}

    stored(work)


def test_a_stolen_key_verifies_nothing_any_more(stored: Callable[[Work], Any]) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        await first_keys(connection, SEALER, "the first")
        made = await rotate(connection, SEALER, "an operator", overlap=timedelta())
        clock = Clock()
        clock.now += timedelta(seconds=1)
        found = await ring(connection, clock)
        assert (found.kid, set(found.public_keys)) == (made.kid, {made.kid})

    stored(work)


def test_the_log_says_what_became_of_each_key_and_by_whom(stored: Callable[[Work], Any]) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        (old,) = await first_keys(connection, SEALER, "serve")
        made = await rotate(connection, SEALER, "ada", overlap=timedelta())
        await rotate(connection, SEALER, "eve")
        told = [
            (each.kid, each.event.split(",")[0].split(" ")[0], each.by)
            for each in await list_events(connection)
        ]
        assert told[-1] == (old.kid, "made", "serve")
        assert {(old.kid, "ends", "ada"), (made.kid, "made", "ada")} <= set(told)
        assert (old.kid, "removed", "eve") in told
        assert (await load(connection))[0].kid == made.kid

    stored(work)


def test_a_private_key_lies_encrypted_and_bound_to_its_row(stored: Callable[[Work], Any]) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        (key,) = await first_keys(connection, SEALER, "serve")
        opened = json.loads(SEALER.open(key.private_key, place_of(key.kid)))
        assert ECKey.import_key(opened).thumbprint() == key.kid
        row = await connection.fetchrow("SELECT * FROM signing_key")
        assert opened["d"] not in str(dict(row))
        assert opened["d"] not in repr(key)
        with pytest.raises(NotDecrypted):
            SEALER.open(key.private_key, place_of("another"))
        with pytest.raises(UnknownKeyEncryption):
            KeyRing(Sealer(LocalKeys([b"x" * 32]))).take(await load(connection))

    stored(work)


def test_a_worker_whose_clock_is_behind_every_key_signs_with_the_first(stored: Callable[[Work], Any]) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        (first,) = await first_keys(connection, SEALER, "serve")
        await rotate(connection, SEALER, "somebody")
        behind = KeyRing(SEALER, clock=lambda: first.signs_from.timestamp() - 600)
        behind.take(await load(connection))
        assert behind.kid == first.kid

    stored(work)


def test_a_worker_sees_what_another_made_and_keeps_what_is_the_same(database_url: str) -> None:
    async def work() -> None:
        database = await Database.open(database_url, 1)
        connection = await connect(database_url)
        worker = KeyRing(SEALER)
        worker.take(await first_keys(connection, SEALER, "serve"))
        before = worker.public_keys
        await worker.refresh(database)
        assert worker.public_keys is before
        await connection.execute(
            "INSERT INTO signing_key (id, kid, private_key, made_at, signs_from)"
            " SELECT gen_random_uuid(), $1, $2, now(), now()", *_another()
        )  # fmt: skip
        await worker.refresh(database, unless_younger=60)
        assert worker.public_keys is before
        await worker.refresh(database)
        assert len(worker.public_keys) == 2
        await connection.close()
        await database.close()

    asyncio.run(work())


def _another() -> tuple[str, str]:
    key = ECKey.generate_key("P-256")
    kid = key.thumbprint()
    return kid, SEALER.seal(json.dumps(key.as_dict(private=True)).encode(), place_of(kid))
