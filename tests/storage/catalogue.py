"""What PostgreSQL's catalogue says of a database: everything that alembic check does and does not look at."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

BOOKKEEPING = "alembic_version"

QUERIES = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid),
               col_description(c.oid, a.attnum), a.attstorage::text
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
           AND NOT a.attisdropped""",
    "constraints": """
        SELECT c.relname, o.conname, o.contype::text, pg_get_constraintdef(o.oid), o.convalidated,
               o.condeferrable, o.confdeltype::text, o.confupdtype::text
          FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
         WHERE o.connamespace = 'public'::regnamespace AND o.contype <> 'n'""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'""",
    "tables": """
        SELECT relname, relkind::text, relrowsecurity, relforcerowsecurity, relpersistence::text,
               pg_get_userbyid(relowner), obj_description(oid, 'pg_class'), reloptions
          FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I')""",
    "policies": """
        SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check
          FROM pg_policies WHERE schemaname = 'public'""",
    "grants": """
        SELECT c.relname, a.grantee::regrole::text, a.privilege_type, a.is_grantable
          FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i', 'I')""",
    "column grants": """
        SELECT c.relname, a.attname, x.grantee::regrole::text, x.privilege_type
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
         WHERE c.relnamespace = 'public'::regnamespace""",
    "triggers": """
        SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid)
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal""",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "enums": """
        SELECT typname, typtype::text FROM pg_type
         WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'""",
}

Catalogue = Mapping[str, frozenset[tuple[object, ...]]]


async def catalogue(url: str) -> Catalogue:
    """Read it, without Alembic's own table, which only a migrated database has."""
    connection = await asyncpg.connect(url)
    try:
        found = {name: await connection.fetch(query) for name, query in QUERIES.items()}
    finally:
        await connection.close()
    return {
        name: frozenset(
            tuple(tuple(value) if isinstance(value, list) else value for value in row)
            for row in rows
            if row[0] != BOOKKEEPING
        )
        for name, rows in found.items()
    }


def difference(one: Catalogue, other: Catalogue) -> list[str]:
    """Say what only one of the two databases has, a line each."""
    return [
        f"{side} {name}: {row}"
        for name in QUERIES
        for side, rows in (("-", one[name] - other[name]), ("+", other[name] - one[name]))
        for row in sorted(rows, key=str)
    ]
