"""What became of each thing that a mutation asked for, as rows that the statement reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from api.planner.json_sql import Expression
from api.planner.plan import TOLD, Literally, Member, Results, Variable
from api.planner.reach_sql import Parameters
from api.planner.review import picked

ABOUT = "about"
"""The id of the record that a thing is about, among what is told of it; absent where there is none."""

Told = Sequence[Mapping[str, Any]]


def results_source(parameters: Parameters, results: Results) -> sa.TableValuedAlias:
    """Return a row for each thing: its `place` in their order, its `record`, and what is `told` of it."""
    wanted = tuple((key, part) for key, part in results.parts if isinstance(part, Member | Literally))
    ids = parameters.bind(Variable(TOLD), _records, ARRAY(sa.Uuid()))
    told = parameters.bind(Variable(TOLD), partial(_told, Member("", parts=wanted)), ARRAY(sa.Text()))
    columns = sa.column("record", sa.Uuid()), sa.column("told", sa.Text())
    rows = sa.func.unnest(ids, told).table_valued(*columns, with_ordinality="place")
    return rows.render_derived(name="made")


def told_of(made: sa.TableValuedAlias, key: str) -> Expression:
    """Return what is told of a thing under a response key."""
    return sa.cast(made.c.told, JSON).op("->", return_type=JSON())(sa.literal_column(f"'{key}'", sa.Text))


def _records(told: Told) -> list[UUID | None]:
    return [None if each[ABOUT] is None else UUID(each[ABOUT]) for each in told]


def _told(wanted: Member, told: Told) -> list[str]:
    return [orjson.dumps(picked(each, wanted)).decode() for each in told]
