"""Terms of a policy: conditions on the contract's own fields, read strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from auth.policy import PolicyError
from auth.policy_lines import Where, instead
from auth.rows import SUBJECT_OF_TERMS, Terms
from domain.field import ENTITIES, DeclaredField, Kind, fields_of
from domain.reach import root_of

Complain = Callable[[Where, str | None, str, str], PolicyError]


class TermsReader:
    """Reads `when = { status = ["EXECUTED"] }`; `complain` makes the error to be raised."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._fields = {
            f.graph_name: f
            for f in fields_of(ENTITIES[SUBJECT_OF_TERMS])
            if f.kind is Kind.SCALAR and not f.live and (f.type is bool or issubclass(f.type, StrEnum))
        }

    def read(self, where: Where, said: object) -> Terms:
        """Read the terms of a table. Raises PolicyError."""
        if not isinstance(said, dict) or not said:
            raise self._complain(
                where, "when", "when is no table of fields", 'write when = { status = ["EXECUTED"] }'
            )
        return Terms(
            tuple(sorted((name, self._values(where, name, values)) for name, values in said.items()))
        )

    def check_subject(self, where: Where, coordinates: Iterable[str]) -> None:
        """Refuse terms for fields of records that are no part of a contract: they could never apply."""
        for coordinate in coordinates:
            if not is_subject(coordinate):
                problem = f"{coordinate} belongs to no contract, so `when` never applies to it"
                raise self._complain(where, "when", problem, "leave `when` out, or the field")

    def _values(self, where: Where, name: str, said: object) -> tuple[str | bool, ...]:
        field = self._fields.get(name)
        if field is None:
            problem = f"when asks for {name}, which is no field of the contract with fixed values"
            raise self._complain(where, "when", problem, instead(name, self._fields))
        values = said if isinstance(said, list) else [said]
        if not values:
            raise self._complain(where, "when", f"when gives {name} no value", "name one, or leave it out")
        known = _known(field)
        for value in values:
            if (
                not isinstance(value, str | bool)
                or value not in known
                or isinstance(value, bool) != (field.type is bool)
            ):
                problem = f"when asks for {name} = {value!r}"
                raise self._complain(where, "when", problem, instead(str(value), map(str, known)))
        if len(set(values)) == len(known):
            problem = f"when names every value of {name}, so it says nothing"
            raise self._complain(where, "when", problem, "leave it out")
        return tuple(sorted(set(values)))


def _known(field: DeclaredField) -> list[str | bool]:
    return list(field.type) if issubclass(field.type, StrEnum) else [True, False]


def is_subject(coordinate: str) -> bool:
    """Whether terms may decide over a field: one of the contract or of its parts."""
    return root_of(coordinate.partition(".")[0]) == SUBJECT_OF_TERMS
