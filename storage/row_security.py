"""Row-level security: the net below the `org_id` predicate of every statement."""

from __future__ import annotations

from storage.embedded_roles import READ_WRITE

ORG_TABLE = "org"

INSTALLATION_TABLES = {
    "signing_key": "SELECT, INSERT",
    "signing_key_event": "SELECT, INSERT",
    # The application obeys the policy and cannot change it: whoever owns the tables does.
    "policy_version": "SELECT",
    "policy_event": "SELECT",
    "policy_difference": "SELECT, INSERT",
}
"""What belongs to no org, and what the application may do with it; it changes nothing."""

KEPT_TABLES = ("data_key",)
"""What of its org the application reads and adds to: only the owner of the tables changes or ends it."""

LOG_TABLES = {
    "audit_event": "SELECT, INSERT",
    "audit_event_rest": None,
    "audit_access": "SELECT, INSERT",
    "audit_leaf": "SELECT",
    "audit_head": "SELECT",
}
"""Logs of orgs, with what the application may do to them: it adds events, and whoever seals adds the rest.

A partition is reached through its table; by itself it gives nobody anything.
"""

QUEUE_TABLES = ("lane",)
"""What a worker finds and takes in every org: it says whose queue it is, never what is to be done."""

# The sub-select keeps the setting from being read when the statement is planned, while it is still unset:
# a plan for an empty table would be kept. NULLIF, because a pooled connection's setting reverts to ''.
BOUND_ORG = "(SELECT nullif(current_setting('app.org', true), '')::uuid)"

# Events of several orgs are written in one transaction, which names them: see storage/audit_log.py.
NAMED_ORGS = (
    "(SELECT string_to_array(nullif(current_setting('app.log_orgs', true), ''), ',')::uuid[])::uuid[]"
)

# A worker looks for what is due in one queue, which its transaction names: see storage/lanes.py.
NAMED_QUEUE = "(SELECT nullif(current_setting('app.queue', true), ''))"


def security_ddl(table: str) -> list[str]:
    """Return the statements that keep a table's rows to the bound org, for its owner too."""
    if table in INSTALLATION_TABLES:
        return [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY installation ON "{table}" USING (true) WITH CHECK (true)',
            f'GRANT {INSTALLATION_TABLES[table]} ON "{table}" TO {READ_WRITE}',
        ]
    if table in LOG_TABLES:
        return _log_ddl(table, LOG_TABLES[table])
    own = f"{'id' if table == ORG_TABLE else 'org_id'} = {BOUND_ORG}"
    # Orgs are made and named by the owner; the application reads its own.
    rights = {ORG_TABLE: "SELECT"} | dict.fromkeys(KEPT_TABLES, "SELECT, INSERT")
    ddl = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant ON "{table}" USING ({own}) WITH CHECK ({own})',
        f'GRANT {rights.get(table, "SELECT, INSERT, UPDATE, DELETE")} ON "{table}" TO {READ_WRITE}',
    ]
    if table in QUEUE_TABLES:
        # Lanes are made and ended by their org alone, and their messages are read by it alone.
        named = f"queue = {NAMED_QUEUE}"
        ddl += [
            f'CREATE POLICY work_seen ON "{table}" FOR SELECT USING ({named})',
            f'CREATE POLICY work_taken ON "{table}" FOR UPDATE USING ({named}) WITH CHECK ({named})',
        ]
    if table == ORG_TABLE:
        # Whoever migrates makes and names the orgs; of their contents it sees none unbound.
        ddl.append(
            f'CREATE POLICY administration ON "{table}" TO CURRENT_USER USING (true) WITH CHECK (true)'
        )
    return ddl


def _log_ddl(table: str, rights: str | None) -> list[str]:
    own = f"org_id = {BOUND_ORG}"
    ddl = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant ON "{table}" USING ({own}) WITH CHECK ({own})',
    ]
    if rights is not None:
        ddl.append(f'GRANT {rights} ON "{table}" TO {READ_WRITE}')
        if "INSERT" in rights:
            named = f"org_id = ANY ({NAMED_ORGS})"
            ddl.append(f'CREATE POLICY batch ON "{table}" FOR INSERT WITH CHECK ({named})')
    return ddl
