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
    sa.Column("public_keys", ARRAY(sa.Text()), comment="PEM; who holds the key of one is the client."),
    sa.Column("redirect_uris", ARRAY(sa.Text()), comment="Where it may have people sent back to."),
    sa.Column(
        "scopes", ARRAY(sa.Text()), comment="What it may ask for; as is usual for its kind where absent."
    ),
    sa.Column("roles", ARRAY(sa.Text()), nullable=False, comment="What it may see, as the policy says."),
    sa.Column(
        "exchanges", sa.Boolean(), nullable=False, comment="Whether it may exchange tokens of Salesforce."
    ),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rotated_at", sa.DateTime(timezone=True), comment="When its secret last changed."),
    sa.Column("disabled_at", sa.DateTime(timezone=True), comment="Since when it gets no token."),
    sa.Column("last_used_at", sa.DateTime(timezone=True), comment="When it last got a token."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint(
        "num_nonnulls(secret_hash, public_keys, certificates, redirect_uris) = 1", name="one_proof"
    ),
    sa.CheckConstraint("(algorithms IS NULL) = (num_nonnulls(certificates, public_keys) = 0)", name="signs"),
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

sign_in_provider = sa.Table(
    "sign_in_provider",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="The org's own: it has one."),
    sa.Column("issuer", sa.Text(), nullable=False, comment="Where its OpenID configuration lies."),
    sa.Column("client_id", sa.Text(), nullable=False, comment="What we are called there."),
    sa.Column("client_secret", sa.Text(), comment="Encrypted by auth/crypto.py; needed for introspection."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="Where the people of an org sign in: its own Salesforce.",
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of its state."),
    sa.Column("browser", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie of who began it."),
    sa.Column("request", sa.Text(), nullable=False, comment="What the client asked for, as a query."),
    sa.Column("nonce", sa.Text(), nullable=False),
    sa.Column("code_verifier", sa.Text(), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.Index(None, "org_id", "expires_at"),
    comment="Somebody who was sent to sign in, and has not come back.",
)

authorization_code = sa.Table(
    "authorization_code",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of the code."),
    sa.Column("client_id", sa.Uuid(), nullable=False),
    sa.Column("salesforce_user_id", sa.Text(), nullable=False),
    sa.Column("redirect_uri", sa.Text(), nullable=False),
    sa.Column("scope", sa.Text(), nullable=False),
    sa.Column("code_challenge", sa.Text(), nullable=False, comment="Of method S256."),
    sa.Column("session_id", sa.Uuid(), nullable=False, comment="Of the tokens that it leads to."),
    sa.Column("dpop_jkt", sa.Text(), comment="Thumbprint of the key that the client said it would prove."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(("org_id", "client_id"), ("oauth_client.org_id", "oauth_client.id")),
    sa.Index(None, "org_id", "expires_at"),
    comment="A code that a signed-in person's client exchanges for tokens.",
)

refresh_token = sa.Table(
    "refresh_token",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of the token."),
    sa.Column("client_id", sa.Uuid(), nullable=False),
    sa.Column("salesforce_user_id", sa.Text(), nullable=False),
    sa.Column("scope", sa.Text(), nullable=False),
    sa.Column("session_id", sa.Uuid(), nullable=False, comment="Of the family that ends as a whole."),
    sa.Column("session_ends_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("dpop_jkt", sa.Text(), comment="Thumbprint of the key that it is bound to."),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="Unless it is used before."),
    sa.Column("used_at", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.ForeignKeyConstraint(("org_id", "client_id"), ("oauth_client.org_id", "oauth_client.id")),
    sa.Index(None, "org_id", "session_id"),
    sa.Index(None, "org_id", "expires_at"),
    comment="What a client gets the next access token with, once.",
)

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("kid", sa.Text(), nullable=False, unique=True, comment="RFC 7638 thumbprint."),
    sa.Column("private_key", sa.Text(), nullable=False, comment="Encrypted by auth/crypto.py."),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("signs_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ends_at", sa.DateTime(timezone=True), comment="Until when it verifies."),
    comment="A key that signs access tokens, of the installation and of no org.",
)

signing_key_event = sa.Table(
    "signing_key_event",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("kid", sa.Text(), nullable=False),
    sa.Column("event", sa.Text(), nullable=False),
    sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("by", sa.Text(), nullable=False),
    comment="What became of a signing key.",
)
