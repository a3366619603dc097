"""docs/fields.md: every field of the graph, from its declaration."""

from __future__ import annotations

from enum import StrEnum

from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.graph import ENTITIES

HEAD = """\
# Fields

Written by `contract-graph docs` from the declarations in `domain/`; do not edit.
Owner: the system whose claims about the field are accepted. Audience: whom it is for, see `auth/policy.toml`.
"""
COLUMNS = "| field | type | meaning | owner | audience | Salesforce |\n|---|---|---|---|---|---|"


def field_reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join([HEAD, *(_section(entity) for entity in ENTITIES.values())])


def _section(entity: type[Entity]) -> str:
    rows = "\n".join(_row(declared) for declared in fields_of(entity))
    return f"## {entity.__name__}\n\n{(entity.__doc__ or '').strip()}\n\n{COLUMNS}\n{rows}\n"


def _row(declared: DeclaredField) -> str:
    field = declared.field
    meaning = f"{declared.meaning} Stored encrypted." if declared.sealed else declared.meaning
    cells = (
        f"`{declared.graph_name}`", _type(declared), meaning, str(field.owner), str(field.audience),
        f"`{field.salesforce}`" if field.salesforce else "",
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(declared: DeclaredField) -> str:
    match declared.kind:
        case Kind.LIST:
            return f"list of {declared.target}"
        case Kind.REFERENCE:
            return declared.target
    if issubclass(declared.type, StrEnum):
        return " ".join(f"`{member.value}`" for member in declared.type)
    return declared.type.__name__
