"""The teams of opportunities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '5a47d5125a2f'
down_revision = '6f78b6906ffd'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('opportunity_team_member',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Identity in the contract graph, the same in every system.'),
    sa.Column('source_key', sa.Text(), nullable=True, comment='Name of the record in the system that it was read from.'),
    sa.Column('opportunity_id', sa.Uuid(), nullable=False, comment='Deal that is worked on.'),
    sa.Column('salesforce_id', sa.Text(), nullable=True, comment='Salesforce id, 18 characters.'),
    sa.Column('user_id', sa.Uuid(), nullable=True, comment='Who works on it.'),
    sa.Column('role', sa.Text(), nullable=True, comment='What the user does there.'),
    sa.ForeignKeyConstraint(['org_id', 'opportunity_id'], ['opportunity.org_id', 'opportunity.id'], name=op.f('fk_opportunity_team_member_org_id_opportunity_id')),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['user.org_id', 'user.id'], name=op.f('fk_opportunity_team_member_org_id_user_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_opportunity_team_member_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_opportunity_team_member')),
    sa.UniqueConstraint('org_id', 'salesforce_id', name=op.f('uq_opportunity_team_member_org_id_salesforce_id')),
    sa.UniqueConstraint('org_id', 'source_key', name=op.f('uq_opportunity_team_member_org_id_source_key')),
    comment='A user who works on a deal beside its owner.'
    )
    op.create_index(op.f('ix_opportunity_team_member_org_id_opportunity_id_id'), 'opportunity_team_member', ['org_id', 'opportunity_id', 'id'], unique=False)
    op.create_index(op.f('ix_opportunity_team_member_org_id_user_id_id'), 'opportunity_team_member', ['org_id', 'user_id', 'id'], unique=False)
    op.execute('ALTER TABLE "opportunity_team_member" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "opportunity_team_member" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "opportunity_team_member" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "opportunity_team_member" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_opportunity_team_member_org_id_user_id_id'), table_name='opportunity_team_member')
    op.drop_index(op.f('ix_opportunity_team_member_org_id_opportunity_id_id'), table_name='opportunity_team_member')
    op.drop_table('opportunity_team_member')
