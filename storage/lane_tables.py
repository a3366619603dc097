"""Ordered work: lanes, the messages that wait in them, and those that were put aside."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables import metadata

_LANE = ("org_id", "lane_id"), ("lane.org_id", "lane.id")

lane = sa.Table(
    "lane",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of queue and key."),
    sa.Column("queue", sa.Text(), nullable=False, comment="Whose work it is: inbox, outbox."),
    sa.Column("key", sa.Text(), nullable=False, comment="What is kept in order, as a record's id."),
    sa.Column("last_seq", sa.BigInteger(), nullable=False, comment="Of the latest message that came."),
    sa.Column("pending", sa.Integer(), nullable=False, comment="Messages that wait or are worked on."),
    sa.Column(
        "next_at",
        sa.DateTime(timezone=True),
        nullable=False,
        comment="When it is due, or its lease ends; infinity while nothing waits.",
    ),
    sa.Column("attempts", sa.Integer(), nullable=False, comment="How often its first message was begun."),
    sa.Column("alone", sa.Integer(), nullable=False, comment="Messages to take singly: a worker was lost."),
    sa.Column("lease", sa.Uuid(), comment="Who works on it may finish; anybody else is fenced off."),
    sa.Column("taken", sa.BigInteger(), nullable=False, comment="Up to which message the lease goes."),
    sa.Column("tail", sa.Text(), comment="Name under which a later message may replace the last one."),
    sa.Column("reason", sa.Text(), comment="Why its first message was not done the last time."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("queue ~ '^[a-z]{1,20}$'", name="queue"),
    sa.CheckConstraint("pending >= 0 AND (pending = 0) = (next_at = 'infinity')", name="pending"),
    # What is due is looked for in every org at once, in one place; lanes at rest are not in it.
    sa.Index("ix_lane_due", "queue", "next_at", postgresql_where=sa.text("next_at < 'infinity'")),
    # A claim and a finish each write the row anew: with room beside it they stay on its page.
    postgresql_with={"fillfactor": 70},
    comment="Work that is done in order: the messages of one key in one queue.",
)

lane_message = sa.Table(
    "lane_message",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("lane_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.BigInteger(), nullable=False, comment="Its place in the lane."),
    sa.Column("payload", sa.Text(), nullable=False, comment="What its queue's handler reads."),
    sa.Column("correlation", sa.Text(), nullable=False, comment="What it is known by in every log."),
    sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(*_LANE),
    sa.UniqueConstraint("org_id", "lane_id", "seq"),
    comment="Something to be done, once what came before it in its lane is done.",
)

quarantined_message = sa.Table(
    "quarantined_message",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="As it was in its lane."),
    sa.Column("lane_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("payload", sa.Text(), nullable=False),
    sa.Column("correlation", sa.Text(), nullable=False),
    sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False, comment="How often it was begun."),
    sa.Column("error", sa.Text(), nullable=False, comment="What kind of error it was."),
    sa.Column("message", sa.Text(), nullable=False, comment="What the error said."),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("decided_by", sa.Text()),
    sa.Column("decided_at", sa.DateTime(timezone=True)),
    sa.Column("decided_because", sa.Text()),
    sa.Column("replayed_as", sa.Uuid(), comment="The message that it went back into its lane as."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(*_LANE),
    sa.CheckConstraint("state IN ('HELD', 'REPLAYED', 'DISCARDED')", name="state"),
    sa.CheckConstraint(
        "num_nonnulls(decided_by, decided_at, decided_because)"
        " = CASE state WHEN 'HELD' THEN 0 ELSE 3 END AND (replayed_as IS NOT NULL) = (state = 'REPLAYED')",
        name="decided",
    ),
    sa.Index(None, "org_id", "state", "id"),
    comment="A message that could not be done, with the reason; kept also when that was decided upon.",
)
