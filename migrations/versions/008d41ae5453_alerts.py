"""alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '008d41ae5453'
down_revision = 'cff8e0261eee'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alert_target',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('shape', sa.Text(), nullable=False, comment='What form its bodies have: slack, teams, generic.'),
    sa.Column('address', sa.Text(), nullable=True, comment='Where it is told, encrypted; gone once it has ended.'),
    sa.Column('signing_key', sa.Text(), nullable=True, comment='What bodies are signed with, encrypted.'),
    sa.Column('kinds', postgresql.ARRAY(sa.Text()), nullable=True, comment='Of what it is told; of everything where there are none.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was set up.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when it is told of nothing.'),
    sa.CheckConstraint("(address IS NULL) = (ended_at IS NOT NULL) AND (signing_key IS NOT NULL) = (shape = 'generic' AND ended_at IS NULL)", name=op.f('ck_alert_target_secrets')),
    sa.CheckConstraint("shape IN ('slack', 'teams', 'generic')", name=op.f('ck_alert_target_shape')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_alert_target_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_alert_target')),
    comment='A webhook that is told when something goes wrong.'
    )
    op.create_index('uq_alert_target_living', 'alert_target', ['org_id', 'name'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('alert_tally',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Of SHA-256 of target, kind, queue and error.'),
    sa.Column('target_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('queue', sa.Text(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False, comment='What kind of error it was; empty where none was.'),
    sa.Column('raised', sa.BigInteger(), nullable=False, comment='How often it ever happened.'),
    sa.Column('told', sa.BigInteger(), nullable=False, comment='Of how many the target was told.'),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False, comment='When the first happened of which it was not told.'),
    sa.Column('example', sa.Uuid(), nullable=True, comment='The latest: a message or lane.'),
    sa.Column('correlation', sa.Text(), nullable=False, comment='What the latest is known by in every log.'),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True, comment='When the target last took or refused it.'),
    sa.CheckConstraint("kind ~ '^[A-Z_]{1,40}$'", name=op.f('ck_alert_tally_kind')),
    sa.CheckConstraint('told BETWEEN 0 AND raised', name=op.f('ck_alert_tally_told')),
    sa.ForeignKeyConstraint(['org_id', 'target_id'], ['alert_target.org_id', 'alert_target.id'], name=op.f('fk_alert_tally_org_id_target_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_alert_tally_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_alert_tally')),
    comment='How often something happened, and how much of that a target was told.'
    )
    op.create_index(op.f('ix_alert_tally_org_id_target_id_kind'), 'alert_tally', ['org_id', 'target_id', 'kind'], unique=False)
    op.execute('ALTER TABLE "alert_target" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "alert_target" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "alert_target" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "alert_target" TO contract_graph_rw')
    op.execute('ALTER TABLE "alert_tally" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "alert_tally" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "alert_tally" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "alert_tally" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_alert_tally_org_id_target_id_kind'), table_name='alert_tally')
    op.drop_table('alert_tally')
    op.drop_index('uq_alert_target_living', table_name='alert_target', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_table('alert_target')
