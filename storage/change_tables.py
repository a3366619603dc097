"""Changes of contracts in the order of their commits, for live updates; and parts that are in conflict."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata

contract_change = sa.Table(
    "contract_change",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv7: after a while it is let go."),
    sa.Column("contract_id", sa.Uuid(), nullable=False),
    sa.Column("fields", ARRAY(sa.Text()), nullable=False, comment="Names of what is otherwise, no values."),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="When it was recorded."),
    sa.Column("xid", sa.BigInteger(), nullable=False, comment="Transaction that made it: readers go by it."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.Index(None, "org_id", "xid", "id"),
    comment="That a contract changed, and in which of its fields.",
)

contested_part = sa.Table(
    "contested_part",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="That of the line of history."),
    sa.Column("said", sa.Text(), nullable=False, comment="JSON: the part as it was claimed."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(("org_id", "id"), ("field_change.org_id", "field_change.id")),
    comment="What a claim in conflict said of a part of a contract.",
)
