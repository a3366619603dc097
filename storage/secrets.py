"""What is secret of an org's connections, as it is stored: encrypted, each for its own place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg

SECRETS: Final = (
    ("alert_target", "address"),
    ("alert_target", "signing_key"),
    ("clm_connection", "credentials"),
    ("clm_key", "secret"),
    ("hook", "address"),
    ("hook_key", "secret"),
    ("salesforce_connection", "secret"),
    ("sign_in_provider", "client_secret"),
)
"""Every table and column that holds a secret of an org beside the keys of its personal values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One secret: where it is stored, and its ciphertext."""

    table: str
    column: str
    id: UUID
    text: str = field(repr=False)


async def load_secrets(connection: asyncpg.Connection, org_id: UUID) -> Sequence[Secret]:
    """Return the secrets of the org that the transaction is bound to; nobody changes them until it ends."""
    return [
        Secret(table=table, column=column, id=row["id"], text=row["text"])
        for table, column in SECRETS
        for row in await connection.fetch(
            f"SELECT id, {column} AS text FROM {table} WHERE org_id = $1 AND {column} IS NOT NULL"  # noqa: S608 - own names
            " ORDER BY id FOR UPDATE",
            org_id,
        )
    ]


async def replace_secret(connection: asyncpg.Connection, org_id: UUID, known: Secret, text: str) -> None:
    """Store another ciphertext of the same secret."""
    await connection.execute(
        f"UPDATE {known.table} SET {known.column} = $3 WHERE org_id = $1 AND id = $2",  # noqa: S608 - own names
        org_id, known.id, text,
    )  # fmt: skip
