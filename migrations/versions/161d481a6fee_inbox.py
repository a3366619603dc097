"""inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '161d481a6fee'
down_revision = '7978b62bbbf2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('clm_connection',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False, comment='What history and provenance call it.'),
    sa.Column('vendor', sa.Text(), nullable=False, comment='Which contract system is at the other end.'),
    sa.Column('settings', sa.Text(), nullable=False, comment='JSON: what its vendor asks to be set.'),
    sa.Column('mapping', sa.Text(), nullable=True, comment="Mapping file, where it is not the vendor's own."),
    sa.Column('base_address', sa.Text(), nullable=True, comment='Where what webhooks only name is fetched from.'),
    sa.Column('credentials', sa.Text(), nullable=True, comment='Headers to fetch with, encrypted.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was set up.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when nothing that comes by it is believed.'),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_clm_connection_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_clm_connection')),
    sa.UniqueConstraint('org_id', 'name', name=op.f('uq_clm_connection_org_id_name')),
    comment='A contract system that sends us events.'
    )
    op.create_table('clm_key',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('connection_id', sa.Uuid(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False, comment='What deliveries are verified with, encrypted.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was added.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when it verifies nothing.'),
    sa.ForeignKeyConstraint(['org_id', 'connection_id'], ['clm_connection.org_id', 'clm_connection.id'], name=op.f('fk_clm_key_org_id_connection_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_clm_key_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_clm_key')),
    comment="A key that a connection's source signs with."
    )
    op.create_index(op.f('ix_clm_key_org_id_connection_id'), 'clm_key', ['org_id', 'connection_id'], unique=False)
    op.create_table('inbox_event',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='First 128 bits of SHA-256 of connection and event.'),
    sa.Column('connection_id', sa.Uuid(), nullable=False),
    sa.Column('event', sa.Text(), nullable=False, comment="The source's own id of it."),
    sa.Column('headers', sa.Text(), nullable=False, comment='JSON: the headers that it came with.'),
    sa.Column('query', sa.Text(), nullable=False, comment='JSON: the parameters of its address.'),
    sa.Column('body', sa.LargeBinary(), nullable=False, comment='As it came.'),
    sa.Column('fetched', sa.Text(), nullable=True, comment='JSON: what the source told when it was asked.'),
    sa.Column('correlation', sa.Text(), nullable=False, comment='What it is known by in every log.'),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False, comment='When it was first sent.'),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True, comment='When its claims had been judged.'),
    sa.ForeignKeyConstraint(['org_id', 'connection_id'], ['clm_connection.org_id', 'clm_connection.id'], name=op.f('fk_inbox_event_org_id_connection_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_inbox_event_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_inbox_event')),
    comment='Something that a contract system said happened, once however often it says so.'
    )
    op.create_index(op.f('ix_inbox_event_org_id_connection_id_received_at'), 'inbox_event', ['org_id', 'connection_id', 'received_at'], unique=False)
    op.execute('ALTER TABLE "clm_connection" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "clm_connection" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "clm_connection" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "clm_connection" TO contract_graph_rw')
    op.execute('ALTER TABLE "clm_key" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "clm_key" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "clm_key" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "clm_key" TO contract_graph_rw')
    op.execute('ALTER TABLE "inbox_event" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "inbox_event" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "inbox_event" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "inbox_event" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_inbox_event_org_id_connection_id_received_at'), table_name='inbox_event')
    op.drop_table('inbox_event')
    op.drop_index(op.f('ix_clm_key_org_id_connection_id'), table_name='clm_key')
    op.drop_table('clm_key')
    op.drop_table('clm_connection')
