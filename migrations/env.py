"""Alembic's environment: run by storage/migrate.py, which hands over an open connection."""

from __future__ import annotations

from alembic import context

import storage.data_keys
import storage.idempotency_keys
import storage.oauth_tables
import storage.policy_tables  # noqa: F401 - all declare tables in the metadata
from migrations.autogenerate import complete
from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_server_default=True,
    process_revision_directives=complete,
)
with context.begin_transaction():
    context.run_migrations()
