"""Where the data lie: in the operator's database, or in the embedded one, started when needed."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from api.settings import Settings, SettingsError
from auth.aws_kms import AwsAccess, AwsKms
from auth.crypto import Sealer
from auth.key_encryption import from_file, from_text
from auth.keys import KeyRing, first_keys
from auth.resealing import seal_what_is_clear
from auth.vault import Vault
from storage import migrate
from storage.audit_months import make_months
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.orgs import list_orgs


@dataclass(frozen=True, slots=True)
class Installation:
    """The two ways into the database: as the application, and as the owner of the tables."""

    url: str
    owner_url: str


def open_installation(settings: Settings) -> Installation:
    """Find the database, starting the embedded one if it is ours. Raises SettingsError, EmbeddedError."""
    if settings.database_url is None:
        cluster = Cluster(settings.home, settings.pg_bindir)
        cluster.start()
        return Installation(cluster.dsn(READ_WRITE), cluster.dsn(OWNER))
    if settings.owner_url is None:
        raise SettingsError(
            "DATABASE_URL is set, so DATABASE_OWNER_URL must name the owner of the tables for this command"
        )
    return Installation(settings.database_url, settings.owner_url)


async def migrated(installation: Installation, settings: Settings) -> list[str]:
    """Bring the database to the latest revision, and return those that were run.

    Before a revision that takes only encrypted values, those that lie in clear are encrypted. Raises
    KeyFileError where the key for that is not to be had; what was done so far stays, and is gone on with.
    """
    revisions: list[str] = []
    for stop in await migrate.stops_to_seal(installation.owner_url):
        revisions += await migrate.upgrade(installation.owner_url, stop)
        await _seal_every_org(installation, settings)
    revisions += await migrate.upgrade(installation.owner_url)
    connection = await connect(installation.owner_url)
    try:
        await make_months(connection, datetime.now(UTC).date())
    finally:
        await connection.close()
    return revisions


async def _seal_every_org(installation: Installation, settings: Settings) -> None:
    connection = await connect(installation.owner_url, statement_timeout="0", lock_timeout="60s")
    try:
        for org in await list_orgs(connection):
            await seal_what_is_clear(connection, org.id, lambda: open_vault(connection, settings))
    finally:
        await connection.close()


def sealer(settings: Settings) -> Sealer:
    """Encrypt with the key that the settings name. Raises KeyFileError."""
    if settings.kms_key:
        return Sealer(AwsKms(settings.kms_key, _aws_access(settings)))
    if settings.key_encryption_key:
        return Sealer(from_text(settings.key_encryption_key, "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY"))
    return Sealer(from_file(settings.keys))


def _aws_access(settings: Settings) -> AwsAccess:
    # Whoever names a key of KMS has given these, or load_settings refused.
    return AwsAccess(
        region=settings.aws_region or "",
        access_key_id=settings.aws_access_key_id or "",
        secret_access_key=settings.aws_secret_access_key or "",
        session_token=settings.aws_session_token,
        endpoint=settings.kms_endpoint,
    )


async def open_vault(connection: asyncpg.Connection, settings: Settings) -> Vault:
    """Return the vault for a command that writes. Raises KeyFileError.

    The signing keys tell whether the key that encrypts others is the one that the workers have: values
    encrypted under another would be lost to them.
    """
    await signing_keys(connection, settings)
    return Vault(sealer(settings))


async def signing_keys(connection: asyncpg.Connection, settings: Settings) -> KeyRing:
    """Return the signing keys, of which the first is made where there is none. Raises KeyFileError."""
    sealed = sealer(settings)
    ring = KeyRing(sealed)
    ring.take(await first_keys(connection, sealed, getpass.getuser()))
    return ring
