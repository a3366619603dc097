"""What storage needs in order to keep personal values encrypted; the keys are in the charge of auth/."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, NoReturn, Protocol
from uuid import UUID

import asyncpg

from domain.field import DeclaredField, Entity, sealed_fields


class SealedText(NamedTuple):
    """A value as it is stored: in the order of the columns of its field."""

    ciphertext: str
    blind_index: str
    clear_part: str


class DamagedValue(Exception):
    """{coordinate} of {row} does not open: its ciphertext was changed or moved, or its key is not here."""

    def __init__(self, coordinate: str, row: str) -> None:
        super().__init__((type(self).__doc__ or "").format(coordinate=coordinate, row=row))
        self.coordinate, self.row = coordinate, row


class NoKeysGiven(TypeError):
    """a personal value of {coordinate} is stored encrypted: give a vault to who reads or writes it."""

    def __init__(self, coordinate: str) -> None:
        super().__init__((type(self).__doc__ or "").format(coordinate=coordinate))


class Seals(Protocol):
    """Encrypts and decrypts the values of one org, for one transaction."""

    def seal(self, declared: DeclaredField, row: UUID, text: str) -> SealedText:
        """Encrypt the value of a field of a row, for that place only."""
        ...

    def open(self, declared: DeclaredField, row: UUID, ciphertext: str) -> str | None:
        """Decrypt one, or return None where its key was destroyed. Raises DamagedValue."""
        ...


class Vault(Protocol):
    """Has the keys of every org."""

    async def seals(
        self, connection: asyncpg.Connection, org_id: UUID, entities: Collection[type[Entity]]
    ) -> Seals:
        """Give the keys for these entities, within a transaction that is bound to the org."""
        ...


class NoVault:
    """A vault without keys: whoever stores no personal value needs no more."""

    async def seals(
        self, _connection: asyncpg.Connection, _org_id: UUID, _entities: Collection[type[Entity]]
    ) -> NoVault:
        """Give what refuses every value."""
        return self

    def seal(self, declared: DeclaredField, row: UUID, text: str) -> NoReturn:  # noqa: ARG002 - as Seals
        """Raise NoKeysGiven."""
        raise NoKeysGiven(declared.coordinate)

    def open(self, declared: DeclaredField, row: UUID, ciphertext: str) -> NoReturn:  # noqa: ARG002 - as Seals
        """Raise NoKeysGiven."""
        raise NoKeysGiven(declared.coordinate)


NO_KEYS = NoVault()


async def seals_for(
    vault: Vault, connection: asyncpg.Connection, org_id: UUID, entities: Iterable[type[Entity]]
) -> Seals:
    """Give the keys for what of these entities is encrypted; where nothing is, no key is asked for."""
    sealed = {entity for entity in entities if sealed_fields(entity)}
    return await vault.seals(connection, org_id, sealed) if sealed else NO_KEYS
