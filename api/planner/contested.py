"""What is asked of `contestedPart`: for whom may decide about a conflict, and is shown all of any part."""

from __future__ import annotations

from typing import Final

from graphql import FieldNode

from api.planner.from_graphql import NULL, SelectionReader
from api.planner.plan import Literally, Review
from api.planner.review import member_of
from auth.decision import Deny
from auth.policy import Command
from domain.contested import claimed_of
from domain.field import ENTITIES, DeclaredField, field_named
from storage.memo import memoized
from sync.clm.mapping_file import part_lists

_ENTITY: Final = "FieldChange"
_TELLS: Final = ("contract_id", "field", "part", "claimed_by", "claimed_at", "reason")


def read_contested(reader: SelectionReader, nodes: list[FieldNode], key: str) -> Review | Literally:
    """Read what was claimed of a part, which is null to whom anything is hidden that a part may have.

    Which part it is, and so what it has, is known when it is looked up: it takes to be shown all of any.
    """
    right = reader.view.command(Command.SETTLE_CONFLICT)
    denied = right if isinstance(right, Deny) else reader.view.withholds(_fields())
    if denied is not None:
        reader.note(key, field_named(_ENTITY, "part"), denied, "all")
        return NULL
    return Review(key, ((key, member_of(reader, nodes, "Query")),), tuple(_fields()), bare=True)


@memoized
def _fields() -> list[DeclaredField]:
    lists = list(dict.fromkeys(part_lists().values()))
    own = [field_named(_ENTITY, name) for name in _TELLS]
    return list(
        dict.fromkeys(
            [*own, *lists, *(field for each in lists for field in claimed_of(ENTITIES[each.target]))]
        )
    )
