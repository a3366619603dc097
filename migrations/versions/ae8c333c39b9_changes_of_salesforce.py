"""changes of salesforce."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'ae8c333c39b9'
down_revision = '5d66c613930e'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('salesforce_stamp',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='First 128 bits of SHA-256 of object and record.'),
    sa.Column('object', sa.Text(), nullable=False),
    sa.Column('salesforce_id', sa.Text(), nullable=False, comment='18 characters.'),
    sa.Column('stamps', sa.Text(), nullable=False, comment='JSON: of each field, of when its value is; no value.'),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True, comment='When it was deleted there.'),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_stamp_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_stamp')),
    comment='Of when the values are that the graph holds of a record of Salesforce.'
    )
    op.create_table('salesforce_stream',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from the topic.'),
    sa.Column('topic', sa.Text(), nullable=False, comment='What is subscribed to, as Salesforce calls it.'),
    sa.Column('address', sa.Text(), nullable=False, comment='Host and port of the Pub/Sub API.'),
    sa.Column('replay_id', sa.LargeBinary(), nullable=True, comment='Up to where it is read; absent: from the earliest.'),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True, comment='When it was last heard of.'),
    sa.Column('restarted_at', sa.DateTime(timezone=True), nullable=True, comment='When its replay id was last of no use.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was set up.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when it is not read any more.'),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_stream_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_stream')),
    sa.UniqueConstraint('org_id', 'topic', name=op.f('uq_salesforce_stream_org_id_topic')),
    comment='A stream of changes that the Salesforce of an org tells of.'
    )
    op.execute('ALTER TABLE "salesforce_stamp" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_stamp" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_stamp" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_stamp" TO contract_graph_rw')
    op.execute('ALTER TABLE "salesforce_stream" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_stream" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_stream" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_stream" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_table('salesforce_stream')
    op.drop_table('salesforce_stamp')
