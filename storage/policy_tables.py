"""Versions of the policy: of the installation, and of no org. What is written here is never changed."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables import metadata

policy_version = sa.Table(
    "policy_version",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("digest", sa.Text(), nullable=False, unique=True, comment="SHA-256 of its text."),
    sa.Column("text", sa.Text(), nullable=False, comment="The file as it was read."),
    sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    comment="A policy that was proposed once.",
)

policy_event = sa.Table(
    "policy_event",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("digest", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("by", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('PROPOSED', 'APPROVED', 'REJECTED', 'ROLLED_BACK')", name="kind"),
    comment="What was decided about a version of the policy.",
)

policy_difference = sa.Table(
    "policy_difference",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("digest", sa.Text(), nullable=False, comment="The candidate."),
    sa.Column("against", sa.Text(), nullable=False, comment="The policy that answered."),
    sa.Column("roles", sa.Text(), nullable=False),
    sa.Column("subject", sa.Text(), nullable=False, comment="A field, or the records of an entity."),
    sa.Column("was", sa.Text(), nullable=False),
    sa.Column("would_be", sa.Text(), nullable=False),
    sa.Column("requests", sa.Integer(), nullable=False, comment="How many, since the last such row."),
    sa.Column("example", sa.Text(), nullable=False, comment="Name and hash of one operation."),
    sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index(None, "digest", "against"),
    comment="Where a candidate would have decided otherwise, counted by one worker for a while.",
)
