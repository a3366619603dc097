"""drift."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'ecc9f463157a'
down_revision = '5a47d5125a2f'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('drift_finding',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='Identity in the contract graph, the same in every system.'),
    sa.Column('source_key', sa.Text(), nullable=True, comment='Name of the record in the system that it was read from.'),
    sa.Column('contract_id', sa.Uuid(), nullable=False, comment='Contract it is about.'),
    sa.Column('object', sa.Text(), nullable=False, comment='Object of Salesforce, such as Contract.'),
    sa.Column('salesforce_id', sa.Text(), nullable=True, comment='Salesforce id of the record there, 18 characters.'),
    sa.Column('field', sa.Text(), nullable=False, comment='Name of the field.'),
    sa.Column('name', sa.Text(), nullable=False, comment='What Salesforce calls it.'),
    sa.Column('owner', sa.Text(), nullable=False, comment='System whose value counts.'),
    sa.Column('state', sa.Text(), nullable=False, comment='Whether a write of it waits, it drifted, is being repaired, was repaired, or was accepted.'),
    sa.Column('changed_by', sa.Text(), nullable=True, comment='Salesforce id of whoever changed the record there last.'),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True, comment='When the record was last changed there.'),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False, comment='When it was first found to differ.'),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False, comment='When it was last looked at.'),
    sa.Column('decided_by', sa.Text(), nullable=True, comment='The rule, or the person, that repaired or accepted it.'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When that was decided.'),
    sa.Column('reason', sa.Text(), nullable=True, comment='Why it was accepted, or why no rule repairs it.'),
    sa.CheckConstraint("owner IN ('CLM', 'SALESFORCE', 'HERE', 'DERIVED')", name=op.f('ck_drift_finding_owner')),
    sa.CheckConstraint("state IN ('PENDING', 'DRIFTED', 'REPAIRING', 'REPAIRED', 'ACCEPTED')", name=op.f('ck_drift_finding_state')),
    sa.ForeignKeyConstraint(['org_id', 'contract_id'], ['contract.org_id', 'contract.id'], name=op.f('fk_drift_finding_org_id_contract_id')),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_drift_finding_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_drift_finding')),
    sa.UniqueConstraint('org_id', 'source_key', name=op.f('uq_drift_finding_org_id_source_key')),
    comment='A field whose value in Salesforce is not the one that is known here; no value.'
    )
    op.create_index(op.f('ix_drift_finding_org_id_contract_id_id'), 'drift_finding', ['org_id', 'contract_id', 'id'], unique=False)
    op.execute('ALTER TABLE "drift_finding" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "drift_finding" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "drift_finding" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "drift_finding" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_drift_finding_org_id_contract_id_id'), table_name='drift_finding')
    op.drop_table('drift_finding')
