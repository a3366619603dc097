"""Who is told when something goes wrong, and how much of what happened each was told."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata

_TARGET = ("org_id", "target_id"), ("alert_target.org_id", "alert_target.id")


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


alert_target = sa.Table(
    "alert_target",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column(
        "shape", sa.Text(), nullable=False, comment="What form its bodies have: slack, teams, generic."
    ),
    sa.Column("address", sa.Text(), comment="Where it is told, encrypted; gone once it has ended."),
    sa.Column("signing_key", sa.Text(), comment="What bodies are signed with, encrypted."),
    sa.Column("kinds", ARRAY(sa.Text()), comment="Of what it is told; of everything where there are none."),
    _moment("made_at", "When it was set up.", nullable=False),
    _moment("ended_at", "From when it is told of nothing."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("shape IN ('slack', 'teams', 'generic')", name="shape"),
    sa.CheckConstraint(
        "(address IS NULL) = (ended_at IS NOT NULL)"
        " AND (signing_key IS NOT NULL) = (shape = 'generic' AND ended_at IS NULL)",
        name="secrets",
    ),
    # A name is free again once its target has ended: an address that leaked is replaced under the same one.
    sa.Index(
        "uq_alert_target_living", "org_id", "name", unique=True, postgresql_where=sa.text("ended_at IS NULL")
    ),
    comment="A webhook that is told when something goes wrong.",
)

alert_tally = sa.Table(
    "alert_tally",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Of SHA-256 of target, kind, queue and error."),
    sa.Column("target_id", sa.Uuid(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("queue", sa.Text(), nullable=False),
    sa.Column("error", sa.Text(), nullable=False, comment="What kind of error it was; empty where none was."),
    sa.Column("raised", sa.BigInteger(), nullable=False, comment="How often it ever happened."),
    sa.Column("told", sa.BigInteger(), nullable=False, comment="Of how many the target was told."),
    _moment("since", "When the first happened of which it was not told.", nullable=False),
    sa.Column("example", sa.Uuid(), comment="The latest: a message or lane."),
    sa.Column("correlation", sa.Text(), nullable=False, comment="What the latest is known by in every log."),
    _moment("answered_at", "When the target last took or refused it."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(*_TARGET),
    sa.CheckConstraint("kind ~ '^[A-Z_]{1,40}$'", name="kind"),
    sa.CheckConstraint("told BETWEEN 0 AND raised", name="told"),
    sa.Index(None, "org_id", "target_id", "kind"),
    comment="How often something happened, and how much of that a target was told.",
)
