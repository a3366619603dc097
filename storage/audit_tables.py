"""The audit log: events, the tree that seals them, and its signed heads. Rows are added, never changed."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables import metadata

# No foreign key to the org: each insert would lock its row, and the log outlasts what it tells of.


def _event_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv7: its month is its partition."),
        sa.Column("body", sa.Text(), nullable=False, comment="Canonical JSON; no value of a record."),
    ]


# PostgreSQL would compress a body of two kilobytes, which takes longer than all else about an insert.
IN_ONE_PIECE, SIZE_OF_A_PIECE = "toast_tuple_target", 8160
ATTACH_REST = (
    "ALTER TABLE audit_event ALTER body SET STORAGE EXTERNAL",
    "ALTER TABLE audit_event_rest ALTER body SET STORAGE EXTERNAL",
    "ALTER TABLE audit_event ATTACH PARTITION audit_event_rest DEFAULT",
)

audit_event = sa.Table(
    "audit_event",
    metadata,
    *_event_columns(),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="One operation of one caller: who asked for what, and what became of it.",
    postgresql_partition_by="RANGE (id)",
)

audit_event_rest = sa.Table(
    "audit_event_rest",
    metadata,
    *_event_columns(),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="Events of a month without a partition of its own: none is lost for want of one.",
    postgresql_with={IN_ONE_PIECE: SIZE_OF_A_PIECE},
)
audit_event_rest.add_is_dependent_on(audit_event)


@sa.event.listens_for(audit_event_rest, "after_create")
def _attach(_: sa.Table, connection: sa.Connection, **__: object) -> None:
    for ddl in ATTACH_REST:
        connection.execute(sa.text(ddl))


audit_access = sa.Table(
    "audit_access",
    metadata,
    sa.Column("org_id", sa.Uuid(), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of its body."),
    sa.Column("body", sa.Text(), nullable=False, comment="Fields shown, masked and denied, with rules."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="What an operation may see by one view; events name it by its digest.",
)

audit_leaf = sa.Table(
    "audit_leaf",
    metadata,
    sa.Column("org_id", sa.Uuid(), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Of the event; it stays when the event is dropped."),
    sa.Column("position", sa.BigInteger(), nullable=False, comment="In the tree of the org, from 0."),
    sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of 0x00 and the event's body."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "position"),
    comment="A sealed event's place in the RFC 9162 tree of its org.",
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("org_id", sa.Uuid(), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False, comment="Leaves under it."),
    sa.Column("root", sa.LargeBinary(), nullable=False),
    sa.Column("frontier", sa.LargeBinary(), nullable=False, comment="Roots of the perfect subtrees."),
    sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("kid", sa.Text(), nullable=False, comment="Which key signed it."),
    sa.Column("signature", sa.LargeBinary(), nullable=False, comment="Ed25519."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "size"),
    comment="A root of an org's tree, signed.",
)
