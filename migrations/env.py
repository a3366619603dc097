"""Alembic's environment: run by storage/migrate.py, which hands over an open connection."""

from __future__ import annotations

from alembic import context

import storage.alert_tables
import storage.allowances
import storage.audit_tables
import storage.change_tables
import storage.data_keys
import storage.hook_tables
import storage.idempotency_keys
import storage.inbox_tables
import storage.lane_tables
import storage.oauth_tables
import storage.policy_tables
import storage.salesforce_tables
import storage.sync_tables  # noqa: F401 - all declare tables in the metadata
from migrations.autogenerate import complete
from storage.audit_months import is_month
from storage.tables import metadata


def is_declared(name: str | None, kind: str, _: object) -> bool:
    """Pass over the partitions of months, which come and go."""
    return not (kind == "table" and is_month(name or ""))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_server_default=True,
    include_name=is_declared,
    process_revision_directives=complete,
)
with context.begin_transaction():
    context.run_migrations()
