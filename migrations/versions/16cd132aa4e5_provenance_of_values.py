"""provenance of values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '16cd132aa4e5'
down_revision = 'ec6ed65300b4'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('provenance',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Identity in the contract graph, the same in every system.'),
    sa.Column('source_key', sa.Text(), nullable=True, comment='Name of the record in the system that it was read from.'),
    sa.Column('contract_id', sa.Uuid(), nullable=False, comment='Contract it is about.'),
    sa.Column('field', sa.Text(), nullable=False, comment='Name of the field.'),
    sa.Column('part', sa.Text(), nullable=True, comment='Source key of the part, where it is about one of a list.'),
    sa.Column('owner', sa.Text(), nullable=False, comment='System whose claims are accepted now.'),
    sa.Column('system', sa.Text(), nullable=True, comment='System whose claim the value is.'),
    sa.Column('source', sa.Text(), nullable=True, comment='Connection that the claim came by.'),
    sa.Column('event', sa.Text(), nullable=True, comment='Event of the source that brought it.'),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True, comment='When the source says that it was so.'),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=True, comment='When it arrived here.'),
    sa.Column('decided_by', sa.Text(), nullable=True, comment='The rule, or the person, that accepted it.'),
    sa.Column('refused_system', sa.Text(), nullable=True, comment='System whose later claim was refused or is in conflict.'),
    sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True, comment='When that was claimed.'),
    sa.Column('refused_because', sa.Text(), nullable=True, comment='Why it was not accepted.'),
    sa.CheckConstraint("owner IN ('CLM', 'SALESFORCE', 'HERE', 'DERIVED')", name=op.f('ck_provenance_owner')),
    sa.CheckConstraint("refused_system IN ('CLM', 'SALESFORCE', 'HERE', 'DERIVED')", name=op.f('ck_provenance_refused_system')),
    sa.CheckConstraint("system IN ('CLM', 'SALESFORCE', 'HERE', 'DERIVED')", name=op.f('ck_provenance_system')),
    sa.ForeignKeyConstraint(['org_id', 'contract_id'], ['contract.org_id', 'contract.id'], name=op.f('fk_provenance_org_id_contract_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_provenance_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_provenance')),
    sa.UniqueConstraint('org_id', 'source_key', name=op.f('uq_provenance_org_id_source_key')),
    comment='Who owns a field of a contract, whose claim its value is, and which later one was refused; no value.'
    )
    op.create_index(op.f('ix_provenance_org_id_contract_id_id'), 'provenance', ['org_id', 'contract_id', 'id'], unique=False)
    op.add_column('field_change', sa.Column('source', sa.Text(), nullable=True, comment='Connection that it came by.'))
    op.add_column('field_change', sa.Column('part', sa.Text(), nullable=True, comment='Source key of the part, where it is about one of a list.'))
    op.add_column('field_change', sa.Column('stale', sa.Boolean(), nullable=True, comment='Whether its sender had not seen the latest version: it is not judged again.'))
    op.execute('ALTER TABLE "provenance" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "provenance" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "provenance" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "provenance" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_column('field_change', 'stale')
    op.drop_column('field_change', 'part')
    op.drop_column('field_change', 'source')
    op.drop_index(op.f('ix_provenance_org_id_contract_id_id'), table_name='provenance')
    op.drop_table('provenance')
