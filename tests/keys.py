"""Signing keys for tests: new ones, and those that a database holds for a home."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import MappingProxyType

from joserfc.jwk import ECKey

from api.installation import signing_keys
from api.settings import Settings
from auth.keys import CURVE, KeyRing, SigningKeys
from storage.database import connect


def new_keys() -> SigningKeys:
    key = ECKey.generate_key(CURVE)
    public = ECKey.import_key(key.as_dict(private=False))
    return SigningKeys(signing_key=key, public_keys=MappingProxyType({key.thumbprint(): public}))


def stored_keys(url: str, home: Path) -> KeyRing:
    """The keys of a database, for a process that serves nothing."""

    async def load() -> KeyRing:
        connection = await connect(url)
        try:
            return await signing_keys(connection, Settings(home=home))
        finally:
            await connection.close()

    return asyncio.run(load())
