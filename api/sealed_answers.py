"""Encrypted values of an answer, opened after the statement; and the indexes that filters find them by."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

import orjson

from api.errors import SealedValueDamaged, Unavailable
from api.planner.sealed_sql import SEALED
from auth.key_encryption import KeyEncryptionError, KeyServiceFailed
from auth.org_keys import OrgKeys
from auth.vault import Vault
from domain.field import DeclaredField, field_named
from storage.database import Database
from storage.sealing import DamagedValue

log = logging.getLogger("contract_graph.graphql")

SHREDDED = "its key was destroyed, so that nobody can read it again"

Blind = Callable[[DeclaredField, str], str]


class SealedAnswers:
    """Opens what plans with encrypted values are answered with; other plans never come here."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def blind(self, org_id: UUID) -> Blind:
        """Return what gives the index of a value within an org. Raises ApiError and as Database does."""
        with _told():
            return (await self._vault.keys(self._database, org_id, index=True)).blind

    async def opened(self, org_id: UUID, data: bytes) -> tuple[bytes, Collection[str]]:
        """Return the answer with its values in clear, and the fields of those whose keys were destroyed.

        One value that does not open refuses the whole answer. Raises ApiError, and as Database does.
        """
        found = SEALED.findall(data)
        if not found:
            return data, ()
        kids = {_kid(each) for each in found}
        with _told():
            keys = await self._vault.keys(self._database, org_id, kids)
            shredded: dict[str, None] = {}
            return SEALED.sub(lambda match: _opened(match, keys, shredded), data), shredded


def with_shredded(extensions: bytes, fields: Collection[str]) -> bytes:
    """Say beside the denied fields which ones are null because their keys were destroyed."""
    if not fields:
        return extensions
    told = orjson.dumps([{"field": field, "reason": SHREDDED} for field in fields])
    return extensions[:-2] + b',"shredded":' + told + extensions[-2:]


def _opened(match: re.Match[bytes], keys: OrgKeys, shredded: dict[str, None]) -> bytes:
    named, row, ciphertext = match[1].decode().split(":", 2)
    declared = field_named(*named.split("."))
    text = keys.open(declared, UUID(row), ciphertext)
    if text is None:
        shredded[declared.coordinate] = None
    return orjson.dumps(text)


def _kid(token: bytes) -> str:
    """Return the name of the key in `Contact.email:ROW:v1.KID.NONCE.CIPHERTEXT`."""
    return token.partition(b":")[2].partition(b".")[2].partition(b".")[0].decode()


@contextmanager
def _told() -> Iterator[None]:
    """Tell why a value or its key is not to be had, in the answer and in the log; never the value."""
    try:
        yield
    except DamagedValue as damaged:
        log.error("%s", damaged)  # noqa: TRY400 - its message names the place, and no value; no trace
        raise SealedValueDamaged(
            f"{damaged.coordinate} of {damaged.row} was changed or moved where it is stored, or its key is"
            " not there: nothing of the answer is told; ask the operator",
            field=damaged.coordinate,
            id=damaged.row,
        ) from None
    except KeyServiceFailed as error:
        raise Unavailable("the service that keeps the keys did not answer; try again in a moment") from error
    except KeyEncryptionError as error:
        log.error("a data key does not open: %s", type(error).__name__)  # noqa: TRY400 - no message, no trace
        raise SealedValueDamaged(
            "the key of encrypted values does not open: nothing of the answer is told; ask the operator"
        ) from None
