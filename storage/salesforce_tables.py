"""How the Salesforce of an org is reached, what was told and heard of its records, and who may read them."""

from __future__ import annotations

import sqlalchemy as sa

from storage.tables import metadata

salesforce_connection = sa.Table(
    "salesforce_connection",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="That of the org: it has one."),
    sa.Column("url", sa.Text(), nullable=False, comment="My Domain of the org."),
    sa.Column("consumer_key", sa.Text(), nullable=False, comment="Of the app that we sign in by."),
    sa.Column("secret", sa.Text(), nullable=False, comment="Private key or secret of the app, encrypted."),
    sa.Column("username", sa.Text(), comment="User we sign in as by JWT; absent with client credentials."),
    sa.Column("audience", sa.Text(), comment="Who is to believe the JWT."),
    sa.Column("currency", sa.Text(), comment="Currency of an org that has only one."),
    sa.Column(
        "last_known_minutes",
        sa.Integer(),
        comment="How much longer its last answer about sharing counts while it cannot be asked.",
    ),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="When it was set as it is."),
    sa.Column("ended_at", sa.DateTime(timezone=True), comment="From when nothing is written by it."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("id = org_id", name="one"),
    sa.CheckConstraint("(username IS NULL) = (audience IS NULL)", name="credentials"),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    sa.CheckConstraint("last_known_minutes BETWEEN 1 AND 1440", name="last_known_minutes"),
    comment="Salesforce of an org, and how we sign in there.",
)

salesforce_record = sa.Table(
    "salesforce_record",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from contract and object."),
    sa.Column("contract_id", sa.Uuid(), nullable=False, comment="Whose values it was told."),
    sa.Column("object", sa.Text(), nullable=False),
    sa.Column("salesforce_id", sa.Text(), nullable=False, comment="18 characters."),
    sa.Column(
        "told", sa.Text(), nullable=False, comment="JSON: the values last written, by their names there."
    ),
    sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, comment="When they were written."),
    sa.Column(
        "in_doubt", sa.Boolean(), nullable=False, comment="Something was begun since, and not settled."
    ),
    sa.Column("correlation", sa.Text(), nullable=False, comment="What the write is known by in every log."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(("org_id", "contract_id"), ("contract.org_id", "contract.id")),
    sa.UniqueConstraint("org_id", "contract_id", "object"),
    sa.Index(None, "org_id", "salesforce_id"),
    comment="What a record of Salesforce was last told of a contract.",
)

salesforce_stream = sa.Table(
    "salesforce_stream",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from the topic."),
    sa.Column("topic", sa.Text(), nullable=False, comment="What is subscribed to, as Salesforce calls it."),
    sa.Column("address", sa.Text(), nullable=False, comment="Host and port of the Pub/Sub API."),
    sa.Column("replay_id", sa.LargeBinary(), comment="Up to where it is read; absent: from the earliest."),
    sa.Column("read_at", sa.DateTime(timezone=True), comment="When it was last heard of."),
    sa.Column("restarted_at", sa.DateTime(timezone=True), comment="When its replay id was last of no use."),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="When it was set up."),
    sa.Column("ended_at", sa.DateTime(timezone=True), comment="From when it is not read any more."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "topic"),
    comment="A stream of changes that the Salesforce of an org tells of.",
)

salesforce_stamp = sa.Table(
    "salesforce_stamp",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of object and record."),
    sa.Column("object", sa.Text(), nullable=False),
    sa.Column("salesforce_id", sa.Text(), nullable=False, comment="18 characters."),
    sa.Column(
        "stamps", sa.Text(), nullable=False, comment="JSON: of each field, of when its value is; no value."
    ),
    sa.Column("gone_at", sa.DateTime(timezone=True), comment="When it was deleted there."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="Of when the values are that the graph holds of a record of Salesforce.",
)

salesforce_poll = sa.Table(
    "salesforce_poll",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from the object."),
    sa.Column("object", sa.Text(), nullable=False, comment="Whose records are asked for."),
    sa.Column("minutes", sa.Integer(), nullable=False, comment="How long between two questions."),
    sa.Column("polled_to", sa.DateTime(timezone=True), comment="Latest SystemModstamp that was seen."),
    sa.Column("recent", sa.Text(), nullable=False, comment="JSON: SystemModstamp of records seen of late."),
    sa.Column("whole_at", sa.DateTime(timezone=True), comment="When every record was last asked for."),
    sa.Column("ended_at", sa.DateTime(timezone=True), comment="From when it is not asked any more."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "object"),
    sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes"),
    comment="An object of Salesforce whose records are asked for now and then.",
)

salesforce_load = sa.Table(
    "salesforce_load",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from the object."),
    sa.Column("object", sa.Text(), nullable=False, comment="Whose records are all brought here."),
    sa.Column("state", sa.Text(), nullable=False, comment="Where it stands."),
    sa.Column("job", sa.Text(), nullable=False, comment="Salesforce's id of its bulk job."),
    sa.Column("locator", sa.Text(), comment="Of the page that is applied; absent: of the first."),
    sa.Column("in_page", sa.Integer(), nullable=False, comment="Records of that page that are applied."),
    sa.Column("rows", sa.Integer(), nullable=False, comment="Records that are applied in all."),
    sa.Column("total", sa.Integer(), comment="Records that there are, once Salesforce has gathered them."),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="When its job was begun."),
    sa.Column("ended_at", sa.DateTime(timezone=True), comment="When all was applied."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "object"),
    sa.CheckConstraint("state IN ('GATHERED', 'APPLIED', 'LINKED', 'DONE')", name="state"),
    sa.CheckConstraint("(state = 'DONE') = (ended_at IS NOT NULL)", name="ended"),
    comment="A load of all records of an object of Salesforce, and up to where it was applied.",
)

salesforce_bulk_job = sa.Table(
    "salesforce_bulk_job",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("object", sa.Text(), nullable=False, comment="Whose records it writes."),
    sa.Column("key_field", sa.Text(), nullable=False, comment="By which: Id, or an external id."),
    sa.Column("state", sa.Text(), nullable=False, comment="How far it is."),
    sa.Column("job", sa.Text(), comment="Salesforce's id of it, once it was made there."),
    sa.Column("tries", sa.Integer(), nullable=False, comment="Jobs there that never took the rows."),
    sa.Column("rows", sa.Integer(), nullable=False, comment="Records that it writes."),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="When it was gathered."),
    sa.Column("closed_at", sa.DateTime(timezone=True), comment="From when Salesforce has all of it."),
    sa.Column("ended_at", sa.DateTime(timezone=True), comment="When what came of it was kept."),
    sa.Column("ended_as", sa.Text(), comment="JobComplete, or why it came to nothing."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint("state IN ('GATHERED', 'MADE', 'CLOSED', 'ENDED')", name="state"),
    sa.CheckConstraint(
        "(state = 'ENDED') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_as IS NULL)",
        name="ended",
    ),
    comment="A bulk job by which records of Salesforce are told of contracts.",
)

salesforce_bulk_row = sa.Table(
    "salesforce_bulk_row",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="That of the contract: it is in one job at a time."),
    sa.Column("job_id", sa.Uuid(), nullable=False),
    sa.Column("key", sa.Text(), nullable=False, comment="Which record it is, by the job's key_field."),
    sa.Column("sent", sa.Text(), nullable=False, comment="JSON: the values, by their names there."),
    sa.Column("told", sa.Text(), nullable=False, comment="JSON: all the record has been told after it."),
    sa.Column("correlation", sa.Text(), nullable=False, comment="What the write is known by in every log."),
    sa.Column("doubted", sa.Boolean(), nullable=False, comment="All is to be written again after it."),
    sa.Column("written", sa.Boolean(), nullable=False, comment="It is there."),
    sa.Column("refusal", sa.Text(), comment="Why it is not, as Salesforce said."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(("org_id", "id"), ("contract.org_id", "contract.id")),
    sa.ForeignKeyConstraint(("org_id", "job_id"), ("salesforce_bulk_job.org_id", "salesforce_bulk_job.id")),
    sa.CheckConstraint("NOT (written AND refusal IS NOT NULL)", name="answer"),
    sa.Index(None, "org_id", "job_id"),
    comment="What a bulk job tells the record of a contract, and what came of it.",
)

salesforce_access = sa.Table(
    "salesforce_access",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from user and record."),
    sa.Column("user_id", sa.Text(), nullable=False, comment="Salesforce id of who asks, 18 characters."),
    sa.Column("record_id", sa.Text(), nullable=False, comment="Salesforce id, 18 characters."),
    sa.Column("may_read", sa.Boolean(), comment="What Salesforce said; absent since it was forgotten."),
    sa.Column(
        "asked_at",
        sa.DateTime(timezone=True),
        nullable=False,
        comment="When it was asked, or forgotten: no earlier answer counts.",
    ),
    sa.PrimaryKeyConstraint("org_id", "id"),
    # Whoever reads comes by both, and whoever forgets a record by the other.
    sa.UniqueConstraint("org_id", "user_id", "record_id"),
    sa.Index(None, "org_id", "record_id"),
    sa.Index(None, "org_id", "asked_at"),
    comment="Which records Salesforce lets a user read, as it said a few minutes ago.",
)

salesforce_reader = sa.Table(
    "salesforce_reader",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="Follows from the user."),
    sa.Column("user_id", sa.Text(), nullable=False, comment="Salesforce id, 18 characters."),
    sa.Column("whole", sa.Boolean(), comment="Whether that was all; absent since it was forgotten."),
    sa.Column(
        "asked_at",
        sa.DateTime(timezone=True),
        nullable=False,
        comment="When it was begun to ask about all that contracts hang on, or that was forgotten.",
    ),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.UniqueConstraint("org_id", "user_id"),
    comment="For whom Salesforce was asked about every record that contracts hang on.",
)
