"""What the authorization server keeps: rows of an org like any other, but no part of the contract graph."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata

oauth_client = sa.Table(
    "oauth_client",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Text(), nullable=False, comment="Client id, which begins with the org's."),
    sa.Column("name", sa.Text(), nullable=False, comment="What people call it."),
    sa.Column("secret_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of a secret of 256 bits."),
    sa.Column("roles", ARRAY(sa.Text()), nullable=False, comment="What it may see, as the policy says."),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rotated_at", sa.DateTime(timezone=True), comment="When its secret last changed."),
    sa.Column("disabled_at", sa.DateTime(timezone=True), comment="Since when it gets no token."),
    sa.Column("last_used_at", sa.DateTime(timezone=True), comment="When it last got a token."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="A program that may ask for tokens.",
)
