"""polls of salesforce."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '58ac09f45f95'
down_revision = 'ae8c333c39b9'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('salesforce_poll',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from the object.'),
    sa.Column('object', sa.Text(), nullable=False, comment='Whose records are asked for.'),
    sa.Column('minutes', sa.Integer(), nullable=False, comment='How long between two questions.'),
    sa.Column('polled_to', sa.DateTime(timezone=True), nullable=True, comment='Latest SystemModstamp that was seen.'),
    sa.Column('recent', sa.Text(), nullable=False, comment='JSON: SystemModstamp of records seen of late.'),
    sa.Column('whole_at', sa.DateTime(timezone=True), nullable=True, comment='When every record was last asked for.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when it is not asked any more.'),
    sa.CheckConstraint('minutes BETWEEN 1 AND 1440', name=op.f('ck_salesforce_poll_minutes')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_poll_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_poll')),
    sa.UniqueConstraint('org_id', 'object', name=op.f('uq_salesforce_poll_org_id_object')),
    comment='An object of Salesforce whose records are asked for now and then.'
    )
    op.execute('ALTER TABLE "salesforce_poll" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_poll" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_poll" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_poll" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_table('salesforce_poll')
