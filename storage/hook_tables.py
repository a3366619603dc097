"""Who is told of changes of contracts by webhook, as whom, and how far."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


hook = sa.Table(
    "hook",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("address", sa.Text(), comment="Where it is told, encrypted; gone once it has ended."),
    sa.Column("subject", sa.Text(), nullable=False, comment="Whose rows it is told of."),
    sa.Column("roles", ARRAY(sa.Text()), nullable=False, comment="Of the policy: what it is told."),
    sa.Column("filter", sa.Text(), nullable=False, comment="JSON of a ContractFilter."),
    sa.Column("read_xid", sa.BigInteger(), nullable=False, comment="Up to which change messages were made."),
    sa.Column("read_id", sa.Uuid(), nullable=False, comment="Of its transaction, that one."),
    _moment("made_at", "When it was set up.", nullable=False),
    _moment("ended_at", "From when it is told of nothing."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("(address IS NULL) = (ended_at IS NOT NULL)", name="address"),
    sa.Index("uq_hook_living", "org_id", "name", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    comment="A webhook that is told which contracts changed in what.",
)

hook_key = sa.Table(
    "hook_key",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("hook_id", sa.Uuid(), nullable=False),
    sa.Column("secret", sa.Text(), nullable=False, comment="What its messages are signed with, encrypted."),
    _moment("made_at", "When it was made.", nullable=False),
    _moment("ends_at", "Until when messages are signed with it, too, after another took its place."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(("org_id", "hook_id"), ("hook.org_id", "hook.id")),
    sa.Index(None, "org_id", "hook_id"),
    comment="A key that the messages of a webhook are signed with.",
)
