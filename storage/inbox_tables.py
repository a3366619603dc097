"""What contract systems send: the connections it comes by, with their keys, and each event as it came."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables import metadata

_CONNECTION = ("org_id", "connection_id"), ("clm_connection.org_id", "clm_connection.id")


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


clm_connection = sa.Table(
    "clm_connection",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False, comment="What history and provenance call it."),
    sa.Column("vendor", sa.Text(), nullable=False, comment="Which contract system is at the other end."),
    sa.Column("settings", sa.Text(), nullable=False, comment="JSON: what its vendor asks to be set."),
    sa.Column("mapping", sa.Text(), comment="Mapping file, where it is not the vendor's own."),
    sa.Column("base_address", sa.Text(), comment="Where what webhooks only name is fetched from."),
    sa.Column("credentials", sa.Text(), comment="Headers to fetch with, encrypted."),
    _moment("made_at", "When it was set up.", nullable=False),
    _moment("ended_at", "From when nothing that comes by it is believed."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "name"),
    comment="A contract system that sends us events.",
)

clm_key = sa.Table(
    "clm_key",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("connection_id", sa.Uuid(), nullable=False),
    sa.Column("secret", sa.Text(), nullable=False, comment="What deliveries are verified with, encrypted."),
    _moment("made_at", "When it was added.", nullable=False),
    _moment("ended_at", "From when it verifies nothing."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(*_CONNECTION),
    sa.Index(None, "org_id", "connection_id"),
    comment="A key that a connection's source signs with.",
)

inbox_event = sa.Table(
    "inbox_event",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of connection and event."),
    sa.Column("connection_id", sa.Uuid(), nullable=False),
    sa.Column("event", sa.Text(), nullable=False, comment="The source's own id of it."),
    sa.Column("headers", sa.Text(), nullable=False, comment="JSON: the headers that it came with."),
    sa.Column("query", sa.Text(), nullable=False, comment="JSON: the parameters of its address."),
    sa.Column("body", sa.LargeBinary(), nullable=False, comment="As it came."),
    sa.Column("fetched", sa.Text(), comment="JSON: what the source told when it was asked."),
    sa.Column("correlation", sa.Text(), nullable=False, comment="What it is known by in every log."),
    _moment("received_at", "When it was first sent.", nullable=False),
    _moment("applied_at", "When its claims had been judged."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(*_CONNECTION),
    sa.Index(None, "org_id", "connection_id", "received_at"),
    comment="Something that a contract system said happened, once however often it says so.",
)
