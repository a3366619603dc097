"""What Salesforce lets a user read is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '6f78b6906ffd'
down_revision = '58ac09f45f95'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('salesforce_access',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from user and record.'),
    sa.Column('user_id', sa.Text(), nullable=False, comment='Salesforce id of who asks, 18 characters.'),
    sa.Column('record_id', sa.Text(), nullable=False, comment='Salesforce id, 18 characters.'),
    sa.Column('may_read', sa.Boolean(), nullable=True, comment='What Salesforce said; absent since it was forgotten.'),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False, comment='When it was asked, or forgotten: no earlier answer counts.'),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_access_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_access')),
    sa.UniqueConstraint('org_id', 'user_id', 'record_id', name=op.f('uq_salesforce_access_org_id_user_id_record_id')),
    comment='Which records Salesforce lets a user read, as it said a few minutes ago.'
    )
    op.create_index(op.f('ix_salesforce_access_org_id_asked_at'), 'salesforce_access', ['org_id', 'asked_at'], unique=False)
    op.create_index(op.f('ix_salesforce_access_org_id_record_id'), 'salesforce_access', ['org_id', 'record_id'], unique=False)
    op.create_table('salesforce_reader',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from the user.'),
    sa.Column('user_id', sa.Text(), nullable=False, comment='Salesforce id, 18 characters.'),
    sa.Column('whole', sa.Boolean(), nullable=True, comment='Whether that was all; absent since it was forgotten.'),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False, comment='When it was begun to ask about all that contracts hang on, or that was forgotten.'),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_reader_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_reader')),
    sa.UniqueConstraint('org_id', 'user_id', name=op.f('uq_salesforce_reader_org_id_user_id')),
    comment='For whom Salesforce was asked about every record that contracts hang on.'
    )
    op.add_column('salesforce_connection', sa.Column('last_known_minutes', sa.Integer(), nullable=True, comment='How much longer its last answer about sharing counts while it cannot be asked.'))
    op.create_check_constraint(op.f('ck_salesforce_connection_last_known_minutes'), 'salesforce_connection', 'last_known_minutes BETWEEN 1 AND 1440')
    op.execute('ALTER TABLE "salesforce_access" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_access" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_access" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_access" TO contract_graph_rw')
    op.execute('ALTER TABLE "salesforce_reader" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_reader" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_reader" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_reader" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_constraint(op.f('ck_salesforce_connection_last_known_minutes'), 'salesforce_connection', type_='check')
    op.drop_column('salesforce_connection', 'last_known_minutes')
    op.drop_table('salesforce_reader')
    op.drop_index(op.f('ix_salesforce_access_org_id_record_id'), table_name='salesforce_access')
    op.drop_index(op.f('ix_salesforce_access_org_id_asked_at'), table_name='salesforce_access')
    op.drop_table('salesforce_access')
