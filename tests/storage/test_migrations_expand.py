"""Old code on new tables, new code on old ones: migrations add, and say so where they take away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from storage.migrate import MIGRATIONS

SINCE = "ecc9f463157a"
"""Revisions up to this one are older than the rule."""

REASON = "TAKES_AWAY"
"""A migration that takes something away says in a constant of this name since when nobody uses it."""

_TAKES = {"drop_column", "drop_table", "rename_table"}
_SQL = re.compile(
    r"\b(DROP (TABLE|COLUMN)|RENAME|SET NOT NULL|ALTER COLUMN \S+ TYPE|REVOKE)\b", re.IGNORECASE
)


def takes_away(source: str) -> list[str]:
    """What a migration does that a program of the release before, or after, would stumble over."""
    tree = ast.parse(source)
    if any(isinstance(each, ast.Assign) and REASON in ast.unparse(each.targets[0]) for each in tree.body):
        return []
    (upgrade,) = (each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "upgrade")
    made = {
        ast.literal_eval(call.args[0]) for call in _calls(upgrade, "create_table") if call.args
    }  # a table of its own may be as strict as it likes
    found = [call for name in sorted(_TAKES) for call in _calls(upgrade, name)]
    found += [
        call for call in _calls(upgrade, "alter_column")
        if {each.arg for each in call.keywords} & {"new_column_name", "type_"}
        or _is_false(call, "nullable")
    ]  # fmt: skip
    found += [
        call for call in _calls(upgrade, "add_column")
        if ast.literal_eval(call.args[0]) not in made and isinstance(call.args[1], ast.Call)
        and _is_false(call.args[1], "nullable")
    ]  # fmt: skip
    found += [call for call in _calls(upgrade, "execute") if _SQL.search(ast.unparse(call))]
    return [ast.unparse(call) for call in found]


def _calls(inside: ast.AST, name: str) -> Iterator[ast.Call]:
    for each in ast.walk(inside):
        if isinstance(each, ast.Call) and ast.unparse(each.func) == f"op.{name}":
            yield each


def _is_false(call: ast.Call, name: str) -> bool:
    return any(each.arg == name and ast.unparse(each.value) == "False" for each in call.keywords)


def test_migrations_since_the_rule_only_add_or_say_since_when_nobody_uses_what_goes() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    newer = [each for each in scripts.iterate_revisions("head", SINCE) if each.revision != SINCE]
    wrong = {each.revision: takes_away(Path(each.path).read_text(encoding="utf-8")) for each in newer}
    assert {revision: found for revision, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "op.drop_column('contract', 'title')",
        "op.drop_table('contract')",
        "op.rename_table('contract', 'agreement')",
        "op.alter_column('contract', 'title', new_column_name='name')",
        "op.alter_column('contract', 'title', type_=sa.Integer())",
        "op.alter_column('contract', 'title', existing_type=sa.Text(), nullable=False)",
        "op.add_column('contract', sa.Column('color', sa.Text(), nullable=False))",
        "op.execute('ALTER TABLE contract DROP COLUMN title')",
        "op.execute('ALTER TABLE contract ALTER COLUMN title SET NOT NULL')",
        "op.execute('REVOKE UPDATE ON contract FROM contract_graph_rw')",
    ],
)
def test_what_another_release_stumbles_over_is_found_unless_it_is_said_why(statement: str) -> None:
    source = f"def upgrade():\n    {statement}\n"
    assert len(takes_away(source)) == 1
    assert takes_away(f'{REASON} = "unused since 1.4"\n{source}') == []


@pytest.mark.parametrize(
    "statement",
    [
        "op.create_table('color', sa.Column('name', sa.Text(), nullable=False))",
        "op.add_column('contract', sa.Column('color', sa.Text(), nullable=True))",
        "op.create_index('ix', 'contract', ['org_id', 'color'])",
        "op.alter_column('contract', 'title', existing_nullable=False, comment='Its name.')",
        "op.alter_column('contract', 'title', nullable=True)",
        "op.execute('GRANT SELECT ON color TO contract_graph_rw')",
    ],
)
def test_what_only_adds_is_let_through(statement: str) -> None:
    assert takes_away(f"def upgrade():\n    {statement}\n") == []
    assert takes_away(f"def upgrade():\n    pass\n\n\ndef downgrade():\n    {statement}\n") == []
