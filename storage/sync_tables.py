"""How the sync goes: what went across in each minute, and how the other side last stood."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, comment=comment)


sync_minute = sa.Table(
    "sync_minute",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from worker, minute, direction and object."),
    sa.Column("minute", sa.DateTime(timezone=True), nullable=False, comment="When it began."),
    sa.Column("direction", sa.Text(), nullable=False),
    sa.Column("object", sa.Text(), nullable=False, comment="What it was about, such as Contract."),
    _count("done", "What went across."),
    _count("put_off", "Attempts that are to be made again."),
    _count("held", "What was put into quarantine."),
    _count("accepted", "Values that hold."),
    _count("refused", "Values that do not, by a rule."),
    _count("conflicts", "Values that wait for a person."),
    sa.Column(
        "latencies", ARRAY(sa.Integer()), nullable=False, comment="Of what went across: PASSING, counted."
    ),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("direction IN ('FROM_CLM', 'TO_SALESFORCE', 'FROM_SALESFORCE')", name="direction"),
    sa.Index(None, "org_id", "minute"),
    comment="What one worker brought across in one minute, in one direction, about one kind of object.",
)

sync_figure = sa.Table(
    "sync_figure",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from name and object."),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("object", sa.Text(), nullable=False, comment="What it is about; empty for the whole org."),
    sa.Column("count", sa.BigInteger()),
    sa.Column("position", sa.Text(), comment="Of a replay, as the other side names it."),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="When it was seen to be so."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint(
        "name IN ('LIMIT_LEFT', 'LIMIT_ALLOWED', 'BREAKER_OPEN', 'REPLAY_POSITION', 'DRIFTED')", name="name"
    ),
    comment="How the other side of an org last stood.",
)
