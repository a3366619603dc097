"""What a system says of a contract: a claim for each field, until the rules have decided about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_
from datetime import datetime
from typing import Any

from domain.error import DomainError
from domain.field import DeclaredField, Entity, Kind, System, fields_of

CONTRACT = "Contract"


class NoSuchClaim(DomainError):
    """{what} is nothing that can be claimed of a contract: {hint}."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that its source gave in a form that the field cannot hold: refused, and shown as it came."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one event of a source says of one contract.

    `contract` is the name that the source has for the contract: its external reference. `source` is the
    connection it came by, `event` the source's own id of the event, `claimed_at` when the source says that
    it was so. `fields` are claims about the contract by Python name, `None` for "it has none"; a value that
    could not be read is `Unreadable`. `parts` are whole records that hang on it, each with its source key;
    of those that could not be read the first is `Unreadable` in `fields`, by the name of their list.
    """

    contract: str
    system: System
    source: str
    event: str
    claimed_at: datetime
    fields: Mapping[str, Any]
    parts: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one system says of one field of a contract.

    Of a list it says one part: `part` is that record's source key, and `value` the record as a whole.
    One with `decided_by` is what that person decided between claims in conflict, and `because` their word
    why.
    """

    field: DeclaredField
    value: Any
    system: System
    source: str
    event: str
    claimed_at: datetime
    part: str | None = None
    decided_by: str | None = None
    because: str | None = field_(default=None, compare=False)

    @property
    def about(self) -> tuple[str, str | None]:
        """What it is about: the name of the field, and of a list the part."""
        return self.field.name, self.part

    @property
    def order(self) -> tuple[datetime, bool, str, str, str, str]:
        """Where it stands among all claims about a contract, however they arrive.

        Of the claims of one moment that of the status comes first: it says who owns the terms.
        """
        name, part = self.about
        return self.claimed_at, name != "status", self.source, self.event, name, part or ""


def claims_of(report: Report) -> Iterator[Claim]:
    """Take a report apart into a claim for each field and each part. Raises NoSuchClaim."""
    declared = {each.name: each for each in fields_of(_contract())}
    for name, value in report.fields.items():
        field = declared.get(name)
        if field is None or (field.kind is Kind.LIST and not isinstance(value, Unreadable)):
            raise NoSuchClaim(what=f"{CONTRACT}.{name}", hint="docs/fields.md lists its fields")
        yield _claim(report, field, value)
    lists = {each.target: each for each in declared.values() if each.kind is Kind.LIST}
    for part in report.parts:
        field = lists.get(type(part).__name__)
        if field is None or part.source_key is None:
            raise NoSuchClaim(
                what=f"a {type(part).__name__}", hint="a part is one of a contract's lists, by its source key"
            )
        yield _claim(report, field, part, part.source_key)


def _claim(report: Report, field: DeclaredField, value: Any, part: str | None = None) -> Claim:  # noqa: ANN401
    return Claim(
        field=field,
        value=value,
        system=report.system,
        source=report.source,
        event=report.event,
        claimed_at=report.claimed_at,
        part=part,
    )


def _contract() -> type[Entity]:
    from domain.contract import Contract  # noqa: PLC0415 - a contract holds its history, which holds claims

    return Contract
