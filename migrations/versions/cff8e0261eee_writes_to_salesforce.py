"""writes to salesforce."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'cff8e0261eee'
down_revision = 'c7472d4ba87b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('salesforce_connection',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='That of the org: it has one.'),
    sa.Column('url', sa.Text(), nullable=False, comment='My Domain of the org.'),
    sa.Column('consumer_key', sa.Text(), nullable=False, comment='Of the app that we sign in by.'),
    sa.Column('secret', sa.Text(), nullable=False, comment='Private key or secret of the app, encrypted.'),
    sa.Column('username', sa.Text(), nullable=True, comment='User we sign in as by JWT; absent with client credentials.'),
    sa.Column('audience', sa.Text(), nullable=True, comment='Who is to believe the JWT.'),
    sa.Column('currency', sa.Text(), nullable=True, comment='Currency of an org that has only one.'),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False, comment='When it was set as it is.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='From when nothing is written by it.'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_salesforce_connection_currency')),
    sa.CheckConstraint('(username IS NULL) = (audience IS NULL)', name=op.f('ck_salesforce_connection_credentials')),
    sa.CheckConstraint('id = org_id', name=op.f('ck_salesforce_connection_one')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_connection_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_connection')),
    comment='Salesforce of an org, and how we sign in there.'
    )
    op.create_table('salesforce_record',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Follows from contract and object.'),
    sa.Column('contract_id', sa.Uuid(), nullable=False, comment='Whose values it was told.'),
    sa.Column('object', sa.Text(), nullable=False),
    sa.Column('salesforce_id', sa.Text(), nullable=False, comment='18 characters.'),
    sa.Column('told', sa.Text(), nullable=False, comment='JSON: the values last written, by their names there.'),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=False, comment='When they were written.'),
    sa.Column('in_doubt', sa.Boolean(), nullable=False, comment='Something was begun since, and not settled.'),
    sa.Column('correlation', sa.Text(), nullable=False, comment='What the write is known by in every log.'),
    sa.ForeignKeyConstraint(['org_id', 'contract_id'], ['contract.org_id', 'contract.id'], name=op.f('fk_salesforce_record_org_id_contract_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_record_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_record')),
    sa.UniqueConstraint('org_id', 'contract_id', 'object', name=op.f('uq_salesforce_record_org_id_contract_id_object')),
    comment='What a record of Salesforce was last told of a contract.'
    )
    op.create_index(op.f('ix_salesforce_record_org_id_salesforce_id'), 'salesforce_record', ['org_id', 'salesforce_id'], unique=False)
    op.create_table('salesforce_write',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Identity in the contract graph, the same in every system.'),
    sa.Column('source_key', sa.Text(), nullable=True, comment='Name of the record in the system that it was read from.'),
    sa.Column('contract_id', sa.Uuid(), nullable=False, comment='Contract it is about.'),
    sa.Column('object', sa.Text(), nullable=False, comment='Object of Salesforce, such as Contract.'),
    sa.Column('salesforce_id', sa.Text(), nullable=True, comment='Salesforce id of the record there, 18 characters.'),
    sa.Column('state', sa.Text(), nullable=False, comment='Whether all is written, waits, is refused in part, or is held in quarantine.'),
    sa.Column('reason', sa.Text(), nullable=True, comment='Why it waits or is held.'),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=True, comment='When it was last told all that it takes.'),
    sa.Column('contract_version', sa.Integer(), nullable=True, comment='Version of the contract that it was last told.'),
    sa.Column('correlation', sa.Text(), nullable=True, comment='What the last attempt is known by in every log.'),
    sa.CheckConstraint("state IN ('IN_SYNC', 'PENDING', 'REFUSED', 'HELD')", name=op.f('ck_salesforce_write_state')),
    sa.ForeignKeyConstraint(['org_id', 'contract_id'], ['contract.org_id', 'contract.id'], name=op.f('fk_salesforce_write_org_id_contract_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_write_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_write')),
    sa.UniqueConstraint('org_id', 'source_key', name=op.f('uq_salesforce_write_org_id_source_key')),
    comment='What Salesforce was last told of a contract, in one of the objects where its fields live; no value.'
    )
    op.create_index(op.f('ix_salesforce_write_org_id_contract_id_id'), 'salesforce_write', ['org_id', 'contract_id', 'id'], unique=False)
    op.create_table('salesforce_refusal',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Identity in the contract graph, the same in every system.'),
    sa.Column('source_key', sa.Text(), nullable=True, comment='Name of the record in the system that it was read from.'),
    sa.Column('write_id', sa.Uuid(), nullable=False, comment='Write that left it out.'),
    sa.Column('field', sa.Text(), nullable=False, comment='Name of the field.'),
    sa.Column('name', sa.Text(), nullable=False, comment='What Salesforce calls it.'),
    sa.Column('reason', sa.Text(), nullable=False, comment='Why it is not written.'),
    sa.ForeignKeyConstraint(['org_id', 'write_id'], ['salesforce_write.org_id', 'salesforce_write.id'], name=op.f('fk_salesforce_refusal_org_id_write_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_salesforce_refusal_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_salesforce_refusal')),
    sa.UniqueConstraint('org_id', 'source_key', name=op.f('uq_salesforce_refusal_org_id_source_key')),
    comment='A field that is not written to Salesforce, and why; no value.'
    )
    op.create_index(op.f('ix_salesforce_refusal_org_id_write_id_id'), 'salesforce_refusal', ['org_id', 'write_id', 'id'], unique=False)
    op.execute('ALTER TABLE "salesforce_connection" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_connection" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_connection" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_connection" TO contract_graph_rw')
    op.execute('ALTER TABLE "salesforce_record" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_record" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_record" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_record" TO contract_graph_rw')
    op.execute('ALTER TABLE "salesforce_write" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_write" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_write" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_write" TO contract_graph_rw')
    op.execute('ALTER TABLE "salesforce_refusal" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "salesforce_refusal" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "salesforce_refusal" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "salesforce_refusal" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_salesforce_refusal_org_id_write_id_id'), table_name='salesforce_refusal')
    op.drop_table('salesforce_refusal')
    op.drop_index(op.f('ix_salesforce_write_org_id_contract_id_id'), table_name='salesforce_write')
    op.drop_table('salesforce_write')
    op.drop_index(op.f('ix_salesforce_record_org_id_salesforce_id'), table_name='salesforce_record')
    op.drop_table('salesforce_record')
    op.drop_table('salesforce_connection')
