"""The secrets of an org's connections, encrypted anew under another key-encryption key."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from anyio import to_thread

from auth.crypto import Place, Sealer, kid_of
from storage.secrets import load_secrets, replace_secret


async def rewrap_secrets(connection: asyncpg.Connection, org_id: UUID, sealer: Sealer) -> int:
    """Encrypt secrets under the key-encryption key in use; returns how many another had encrypted.

    The secrets stay the same. Must run in a transaction that is bound to the org, as the owner of the tables.
    Raises a KeyEncryptionError.
    """
    others = [each for each in await load_secrets(connection, org_id) if kid_of(each.text) != sealer.kid]
    for each in others:
        place = Place(str(org_id), each.table, str(each.id), each.column)
        secret = await to_thread.run_sync(sealer.open, each.text, place)
        await replace_secret(connection, org_id, each, await to_thread.run_sync(sealer.seal, secret, place))
    return len(others)
