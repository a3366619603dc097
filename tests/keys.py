"""Keys for tests: that sign, new or held by a database for a home, and that encrypt values."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from types import MappingProxyType

from joserfc.jwk import ECKey

from api.installation import signing_keys
from api.settings import Settings
from auth.crypto import Sealer
from auth.key_encryption import from_text
from auth.keys import CURVE, KeyRing, SigningKeys
from auth.vault import Vault
from storage.database import connect

KEY_ENCRYPTION = b64encode(b"tests" * 6 + b"go").decode()
"""The key-encryption key of the databases that fixtures fill."""


def new_vault() -> Vault:
    return Vault(Sealer(from_text(KEY_ENCRYPTION, "tests")))


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
