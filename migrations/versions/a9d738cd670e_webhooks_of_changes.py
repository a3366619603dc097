"""webhooks of changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = 'a9d738cd670e'
down_revision = 'cc6d1b449881'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hook',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=True, comment='Where it is told, encrypted; gone once it has ended.'),
    sa.Column('subject', sa.Text(), nullable=False, comment='Whose rows it is told of.'),
    sa.Column('roles', postgresql.ARRAY(sa.Text()), nullable=False, comment='Of the policy: what it is told.'),
    sa.Column('filter', sa.Text(), nullable=False, comment='JSON of a ContractFilter.'),
    sa.Column('read_xid', sa.BigInteger(), nullable=False, comment='Up to which change messages were made.'),
    sa.Column('read_id', sa.Uuid(), nullable=False, comment='Of its transaction, that one.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was set up.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when it is told of nothing.'),
    sa.CheckConstraint('(address IS NULL) = (ended_at IS NOT NULL)', name=op.f('ck_hook_address')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_hook_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_hook')),
    comment='A webhook that is told which contracts changed in what.'
    )
    op.create_index('uq_hook_living', 'hook', ['org_id', 'name'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('hook_key',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('hook_id', sa.Uuid(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False, comment='What its messages are signed with, encrypted.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was made.'),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True, comment='Until when messages are signed with it, too, after another took its place.'),
    sa.ForeignKeyConstraint(['org_id', 'hook_id'], ['hook.org_id', 'hook.id'], name=op.f('fk_hook_key_org_id_hook_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_hook_key_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_hook_key')),
    comment='A key that the messages of a webhook are signed with.'
    )
    op.create_index(op.f('ix_hook_key_org_id_hook_id'), 'hook_key', ['org_id', 'hook_id'], unique=False)
    op.execute('ALTER TABLE "hook" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "hook" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "hook" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "hook" TO contract_graph_rw')
    op.execute('ALTER TABLE "hook_key" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "hook_key" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "hook_key" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "hook_key" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_hook_key_org_id_hook_id'), table_name='hook_key')
    op.drop_table('hook_key')
    op.drop_index('uq_hook_living', table_name='hook')
    op.drop_table('hook')
