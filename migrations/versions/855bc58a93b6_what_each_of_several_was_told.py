"""What became of each of several things that a key stands for is kept beside the key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '855bc58a93b6'
down_revision = '008d41ae5453'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('idempotency_key', sa.Column('told', sa.Text(), nullable=True, comment='JSON: what became of each of several things that were asked for at once.'))


def downgrade() -> None:
    op.drop_column('idempotency_key', 'told')
