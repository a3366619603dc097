"""how the sync goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '5d66c613930e'
down_revision = '855bc58a93b6'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sync_figure',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from name and object.'),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('object', sa.Text(), nullable=False, comment='What it is about; empty for the whole org.'),
    sa.Column('count', sa.BigInteger(), nullable=True),
    sa.Column('position', sa.Text(), nullable=True, comment='Of a replay, as the other side names it.'),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False, comment='When it was seen to be so.'),
    sa.CheckConstraint("name IN ('LIMIT_LEFT', 'LIMIT_ALLOWED', 'BREAKER_OPEN', 'REPLAY_POSITION', 'DRIFTED')", name=op.f('ck_sync_figure_name')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_sync_figure_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_sync_figure')),
    comment='How the other side of an org last stood.'
    )
    op.create_table('sync_minute',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from worker, minute, direction and object.'),
    sa.Column('minute', sa.DateTime(timezone=True), nullable=False, comment='When it began.'),
    sa.Column('direction', sa.Text(), nullable=False),
    sa.Column('object', sa.Text(), nullable=False, comment='What it was about, such as Contract.'),
    sa.Column('done', sa.Integer(), nullable=False, comment='What went across.'),
    sa.Column('put_off', sa.Integer(), nullable=False, comment='Attempts that are to be made again.'),
    sa.Column('held', sa.Integer(), nullable=False, comment='What was put into quarantine.'),
    sa.Column('accepted', sa.Integer(), nullable=False, comment='Values that hold.'),
    sa.Column('refused', sa.Integer(), nullable=False, comment='Values that do not, by a rule.'),
    sa.Column('conflicts', sa.Integer(), nullable=False, comment='Values that wait for a person.'),
    sa.Column('latencies', postgresql.ARRAY(sa.Integer()), nullable=False, comment='Of what went across: PASSING, counted.'),
    sa.CheckConstraint("direction IN ('FROM_CLM', 'TO_SALESFORCE', 'FROM_SALESFORCE')", name=op.f('ck_sync_minute_direction')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_sync_minute_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_sync_minute')),
    comment='What one worker brought across in one minute, in one direction, about one kind of object.'
    )
    op.create_index(op.f('ix_sync_minute_org_id_minute'), 'sync_minute', ['org_id', 'minute'], unique=False)
    op.execute('ALTER TABLE "sync_figure" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "sync_figure" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "sync_figure" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "sync_figure" TO contract_graph_rw')
    op.execute('ALTER TABLE "sync_minute" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "sync_minute" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "sync_minute" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "sync_minute" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_sync_minute_org_id_minute'), table_name='sync_minute')
    op.drop_table('sync_minute')
    op.drop_table('sync_figure')
