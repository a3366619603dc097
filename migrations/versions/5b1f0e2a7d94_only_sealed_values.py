"""only sealed values: what is no ciphertext is refused from here on, and what is in clear stops the upgrade."""

from __future__ import annotations

from alembic import op

revision = '5b1f0e2a7d94'
down_revision = 'ba24cb6359dc'
branch_labels = None
depends_on = None

TAKES_SEALED_VALUES_ONLY = True  # storage/migrate.py stops before it, so that what is in clear is encrypted


def upgrade() -> None:
    op.create_check_constraint(op.f('ck_user_email'), 'user', "num_nulls(email, email_index, email_clear) IN (0, 3) AND email ~ '^v1[.][0-9a-f]{32}[.][A-Za-z0-9_-]{16}[.][A-Za-z0-9_-]{22,}$'")
    op.create_check_constraint(op.f('ck_contact_phone'), 'contact', "num_nulls(phone, phone_index, phone_clear) IN (0, 3) AND phone ~ '^v1[.][0-9a-f]{32}[.][A-Za-z0-9_-]{16}[.][A-Za-z0-9_-]{22,}$'")
    op.create_check_constraint(op.f('ck_contact_email'), 'contact', "num_nulls(email, email_index, email_clear) IN (0, 3) AND email ~ '^v1[.][0-9a-f]{32}[.][A-Za-z0-9_-]{16}[.][A-Za-z0-9_-]{22,}$'")


def downgrade() -> None:
    op.drop_constraint(op.f('ck_user_email'), 'user', type_='check')
    op.drop_constraint(op.f('ck_contact_phone'), 'contact', type_='check')
    op.drop_constraint(op.f('ck_contact_email'), 'contact', type_='check')
