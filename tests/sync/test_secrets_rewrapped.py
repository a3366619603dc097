"""Another key-encryption key takes over the secrets of connections: they stay the same, and open by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

import storage.alert_tables
import storage.audit_tables
import storage.data_keys
import storage.idempotency_keys
import storage.inbox_tables
import storage.lane_tables
import storage.oauth_tables
import storage.policy_tables
import storage.salesforce_tables  # noqa: F401 - all declare tables in the metadata
from auth.crypto import Place, Sealer
from auth.key_encryption import LocalKeys, NotDecrypted, UnknownKeyEncryption
from auth.oauth.issuing import secret_place
from auth.secrets import rewrap_secrets
from domain.identity import uuid7
from domain.org import Org
from storage.alert_targets import StoredTarget, add_target
from storage.connections import StoredConnection, add_connection, add_key
from storage.contract_changes import present
from storage.hooks import StoredHook, add_hook, put_key
from storage.orgs import save_org
from storage.salesforce import StoredSalesforce, set_salesforce
from storage.secrets import SECRETS, load_secrets
from storage.sign_ins import SignInProvider, set_provider
from storage.tables import metadata
from storage.tenancy import bind_org
from sync.alerts.target import sealed_address, sealed_signing_key
from sync.connections import sealed_credentials, sealed_key
from sync.hooks.hook import sealed_address as sealed_hook_address
from sync.hooks.hook import sealed_key as sealed_hook_key
from sync.salesforce.orgs import sealed_secret
from tests.storage.connections import ONE, OTHER, connected

NOW = datetime(2026, 11, 27, tzinfo=UTC)
OLD, NEW, BOTH = (
    Sealer(LocalKeys(keys)) for keys in ([b"k" * 32], [b"n" * 32], [b"n" * 32, b"k" * 32])
)  # fmt: skip
TELLS_OTHERWISE = {("data_key", "wrapped"), ("signing_key", "private_key")}
"""The keys of personal values are wrapped anew beside these; signing keys are rotated."""


async def set_up(owner: asyncpg.Connection, org_id: UUID) -> None:
    """Give an org one of each secret that there is."""
    await save_org(owner, Org(id=org_id, name=f"Org {org_id.int}"))
    connection, target, hook = uuid7(), uuid7(), uuid7()
    async with owner.transaction():
        await bind_org(owner, org_id)
        await add_connection(owner, StoredConnection(
            org_id=org_id, id=connection, name="clm", vendor="docusign", settings={}, made_at=NOW,
            base_address="https://clm.example",
            credentials=sealed_credentials(OLD, org_id, connection, {"x": "credentials"}),
        ))  # fmt: skip
        await add_key(owner, org_id, sealed_key(OLD, org_id, connection, b"clm key", NOW))
        await set_salesforce(owner, StoredSalesforce(
            org_id=org_id, url="https://sf.example", consumer_key="c", made_at=NOW,
            secret=sealed_secret(OLD, org_id, "salesforce secret"),
        ))  # fmt: skip
        await add_target(owner, StoredTarget(
            org_id=org_id, id=target, name="pager", shape="generic", made_at=NOW,
            address=sealed_address(OLD, org_id, target, "https://pager.example"),
            signing_key=sealed_signing_key(OLD, org_id, target, b"signing key"),
        ))  # fmt: skip
        await add_hook(owner, StoredHook(
            org_id=org_id, id=hook, name="ledger", subject="ledger", roles=["finance"], filter="{}",
            address=sealed_hook_address(OLD, org_id, hook, "https://ledger.example"), made_at=NOW,
            read=await present(owner),
        ))  # fmt: skip
        secret = sealed_hook_key(OLD, org_id, hook, "whsec_", NOW)
        await put_key(owner, org_id, secret, NOW)
        provider = OLD.seal(b"client secret", secret_place(org_id))
        await set_provider(owner, org_id, SignInProvider("https://sf.example", "c", provider))


async def opened(owner: asyncpg.Connection, org_id: UUID, sealer: Sealer) -> Mapping[tuple[str, str], bytes]:
    async with owner.transaction():
        await bind_org(owner, org_id)
        return {
            (each.table, each.column): sealer.open(
                each.text, Place(str(org_id), each.table, str(each.id), each.column)
            )
            for each in await load_secrets(owner, org_id)
        }


async def rewrapped(owner: asyncpg.Connection, org_id: UUID) -> int:
    async with owner.transaction():
        await bind_org(owner, org_id)
        return await rewrap_secrets(owner, org_id, BOTH)


def test_every_secret_of_the_org_opens_by_the_new_key_alone_and_is_the_same(owner_url: str) -> None:
    async def run() -> None:
        async with connected(owner_url) as owner:
            for org in (ONE, OTHER):
                await set_up(owner, org)
            before = await opened(owner, ONE, OLD)
            assert set(before) == set(SECRETS)
            assert await rewrapped(owner, ONE) == len(SECRETS)
            assert await opened(owner, ONE, NEW) == before
            with pytest.raises(UnknownKeyEncryption):
                await opened(owner, ONE, OLD)
            assert await rewrapped(owner, ONE) == 0
            assert set(await opened(owner, OTHER, OLD)) == set(SECRETS), "another org's are left alone"

    asyncio.run(run())


def test_a_secret_that_does_not_open_leaves_all_as_they_were(owner_url: str) -> None:
    async def run() -> None:
        async with connected(owner_url) as owner:
            await set_up(owner, ONE)
            async with owner.transaction():
                await bind_org(owner, ONE)
                moved = "UPDATE alert_target SET signing_key = address WHERE org_id = $1"
                await owner.execute(moved, ONE)
            with pytest.raises(NotDecrypted):
                await rewrapped(owner, ONE)
            async with owner.transaction():
                await bind_org(owner, ONE)
                known = await load_secrets(owner, ONE)
            assert {each.text.split(".")[1] for each in known} == {OLD.kid}

    asyncio.run(run())


def test_no_column_that_is_encrypted_is_forgotten() -> None:
    encrypted = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if "encrypted" in (column.comment or "").lower()
    }
    assert encrypted - TELLS_OTHERWISE == set(SECRETS)
