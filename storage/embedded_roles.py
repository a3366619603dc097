"""The roles and the database that every embedded cluster has."""

from __future__ import annotations

OWNER = "contract_graph_owner"
READ_WRITE = "contract_graph_rw"
DATABASE = "contract_graph"

VARIABLES = ("-v", f"owner={OWNER}", "-v", f"rw={READ_WRITE}", "-v", f"database={DATABASE}")

# For psql with VARIABLES, connected as the bootstrap superuser. Every step first looks, so that a warm start
# writes nothing; a role that somebody has raised to superuser or BYPASSRLS is put right again.
PROVISION = r"""
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE %I', wanted) FROM unnest(ARRAY[:'owner', :'rw']) AS wanted
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)
\gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', rolname)
  FROM pg_roles WHERE rolname IN (:'owner', :'rw')
   AND (NOT rolcanlogin OR rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)
\gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database')
 WHERE has_database_privilege('public', :'database', 'CONNECT')
\gexec
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', :'database', :'rw')
 WHERE NOT (has_database_privilege(:'rw', :'database', 'CONNECT')
            AND has_database_privilege(:'rw', :'database', 'TEMPORARY'))
\gexec
\connect :database
SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC' WHERE has_schema_privilege('public', 'public', 'CREATE')
\gexec
"""
