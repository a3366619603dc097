"""What became of a scenario, in the words of its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.contract import Contract
from domain.field import Kind, fields_of
from domain.history import FieldChange
from domain.provenance import Provenance
from domain.written import written
from storage.contracts import load

_LISTS: Final[Mapping[str, Sequence[str]]] = {
    "parties": ("legal_name", "role"),
    "documents": ("title", "type", "version"),
    "amendments": ("number", "kind"),
    "milestones": ("name",),
}
"""What is told of each part."""


async def told_of(
    connection: asyncpg.Connection, org_id: UUID, names: Mapping[UUID, str], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Tell how things stand in an org, of the graph so much as is asked for; `names` are other records'."""
    rows = await connection.fetch("SELECT id, external_reference AS name FROM contract ORDER BY 2")
    found = {row["name"]: await load(connection, org_id, row["id"]) for row in rows}
    known = {**names, **{row["id"]: row["name"] for row in rows}}
    contracts = {name: contract for name, contract in found.items() if contract is not None}
    return {
        "graph": {
            name: {each: _value(contract, each, known) for each in asked.get(name, ("status",))}
            for name, contract in contracts.items()
        },
        "history": {
            name: [_line(each, known) for each in _in_order(contract)]
            for name, contract in contracts.items()
            if contract.changes
        },
        "provenance": {
            name: dict(sorted(_source(each) for each in contract.provenance))
            for name, contract in contracts.items()
            if contract.provenance
        },
        "quarantine": [
            f"{row['queue']} {row['error']}: {row['message']}"
            for row in await connection.fetch(
                "SELECT l.queue, q.error, q.message FROM quarantined_message q JOIN lane l"
                " ON (l.org_id, l.id) = (q.org_id, q.lane_id) WHERE q.state = 'HELD'"
                " ORDER BY q.enqueued_at, q.id"
            )
        ],
        "waiting": [
            f"{row['queue']} {row['pending']}" + (f": {row['reason']}" if row["reason"] else "")
            for row in await connection.fetch(
                "SELECT queue, pending, reason FROM lane WHERE pending > 0 AND queue <> 'outbox'"
                " ORDER BY queue, key"
            )
        ],
    }


def _value(contract: Contract, name: str, known: Mapping[UUID, str]) -> Any:
    declared = next((each for each in fields_of(Contract) if each.graph_name == name), None)
    if declared is None:
        return "no field of a contract"
    value = getattr(contract, declared.name)
    if declared.kind is Kind.LIST:
        return sorted(
            " ".join(written(getattr(each, part)) or "-" for part in _LISTS[declared.name]) for each in value
        )
    return known.get(value, "unknown") if isinstance(value, UUID) else written(value) or "nothing"


def _in_order(contract: Contract) -> list[FieldChange]:
    return sorted(contract.changes, key=lambda each: (each.recorded_at, each.id))


def _line(line: FieldChange, known: Mapping[UUID, str]) -> str:
    after = line.after
    if after is not None and len(after) == 36 and after.count("-") == 4:
        after = known.get(UUID(after), "unknown")
    what = f"part {line.part.partition('#')[2]}" if line.part else after or "nothing"
    return f"{line.field} {line.decision}: {what}, by {line.source} {line.event}: {line.reason}"


def _source(known: Provenance) -> tuple[str, str]:
    name = f"{known.field} {known.part.partition('#')[2]}" if known.part else known.field
    told = f"{known.source} {known.event}" if known.source else "no claim"
    refused = f", refused {known.refused_system}" if known.refused_system else ""
    return name, f"{known.owner} owns, {told}{refused}"
