"""changes of contracts, in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = 'cc6d1b449881'
down_revision = '88aee5edc126'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('contract_change',
    sa.Column('org_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False, comment='UUIDv7: after a while it is let go.'),
    sa.Column('contract_id', sa.Uuid(), nullable=False),
    sa.Column('fields', postgresql.ARRAY(sa.Text()), nullable=False, comment='Names of what is otherwise, no values.'),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False, comment='When it was recorded.'),
    sa.Column('xid', sa.BigInteger(), nullable=False, comment='Transaction that made it: readers go by it.'),
    sa.ForeignKeyConstraint(['org_id'], ['org.id'], name=op.f('fk_contract_change_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_contract_change')),
    comment='That a contract changed, and in which of its fields.'
    )
    op.create_index(op.f('ix_contract_change_org_id_xid_id'), 'contract_change', ['org_id', 'xid', 'id'], unique=False)
    op.execute('ALTER TABLE "contract_change" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "contract_change" FORCE ROW LEVEL SECURITY')
    op.execute('CREATE POLICY tenant ON "contract_change" USING (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid)) WITH CHECK (org_id = (SELECT nullif(current_setting(\'app.org\', true), \'\')::uuid))')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "contract_change" TO contract_graph_rw')


def downgrade() -> None:
    op.drop_index(op.f('ix_contract_change_org_id_xid_id'), table_name='contract_change')
    op.drop_table('contract_change')
