"""What the authorization server keeps: rows of an org like any other, but no part of the contract graph."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata

oauth_client = sa.Table(
    "oauth_client",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column(
        "id", sa.Uuid(), nullable=False, comment="What its client id ends with; it begins with the org's."
    ),
    sa.Column("name", sa.Text(), nullable=False, comment="What people call it."),
    sa.Column("secret_hash", sa.LargeBinary(), comment="SHA-256 of a secret of 256 bits."),
    sa.Column("certificates", ARRAY(sa.Text()), comment="PEM; who holds a key of theirs speaks for the org."),
    sa.Column("algorithms", ARRAY(sa.Text()), comment="What its assertions may be signed with."),
    sa.Column("roles", ARRAY(sa.Text()), nullable=False, comment="What it may see, as the policy says."),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rotated_at", sa.DateTime(timezone=True), comment="When its secret last changed."),
    sa.Column("disabled_at", sa.DateTime(timezone=True), comment="Since when it gets no token."),
    sa.Column("last_used_at", sa.DateTime(timezone=True), comment="When it last got a token."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("(secret_hash IS NULL) <> (certificates IS NULL)", name="one_proof"),
    sa.CheckConstraint("(algorithms IS NULL) = (certificates IS NULL)", name="algorithms"),
    comment="A program that may ask for tokens.",
)

redeemed_assertion = sa.Table(
    "redeemed_assertion",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of what it is known by."),
    sa.Column("uses", sa.Integer(), nullable=False, comment="How often it was redeemed."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="When it may be forgotten."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.Index(None, "org_id", "expires_at"),
    comment="An assertion that was exchanged for a token.",
)

revocation = sa.Table(
    "revocation",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of whose tokens end."),
    sa.Column("issued_until", sa.DateTime(timezone=True), nullable=False, comment="Which of them end."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="When it may be forgotten."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="Tokens that were taken back before their end.",
)

role_grant = sa.Table(
    "role_grant",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("role", sa.Text(), nullable=False, comment="A role of the policy."),
    sa.Column("salesforce_user_id", sa.Text(), nullable=False, comment="Who has it: 18 characters."),
    sa.Column("granted_by", sa.Text(), nullable=False),
    sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False, comment="Why it was granted."),
    sa.Column("ends_at", sa.DateTime(timezone=True), comment="When it ends by itself."),
    sa.Column("revoked_by", sa.Text()),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_because", sa.Text()),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.Index(None, "org_id", "salesforce_user_id"),
    comment="A role that an administrator gave to a Salesforce user; kept when it has ended.",
)
