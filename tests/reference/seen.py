"""The rows of an org as one caller sees them: those that they reach, with what is hidden left out."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain import mask
from domain.field import ENTITIES, DeclaredField, Entity, fields_of
from domain.mask import MaskKind, mask_of
from domain.money import Money
from tests.reference.policy import REACHES, Evaluator, Facts, field_at, is_nobodys
from tests.reference.rows import Rows


class Seen:
    """Rows for one caller; what is not shown as it is, is no value, for filters and orders too.

    `readable` are the Salesforce ids of the records that Salesforce lets the caller read.
    """

    def __init__(
        self, rows: Rows, evaluator: Evaluator, subject: str, readable: frozenset[str] = frozenset()
    ) -> None:
        self.all = rows
        self.org = rows.org
        self.evaluator = evaluator
        users: list[Any] = rows.by_entity["User"]
        self._me = next((user.id for user in users if user.salesforce_id == subject), None)
        self._readable = readable
        self._facts: dict[UUID, Facts] = {}
        self.by_entity = {
            name: [record for record in records if self.is_there(record)]
            for name, records in rows.by_entity.items()
        }
        self.by_id = {record.id: record for records in self.by_entity.values() for record in records}

    def is_there(self, record: Entity) -> bool:
        return self.evaluator.word(f"{type(record).__name__}.id", self.facts(record)) == "show"

    def word(self, record: Entity, declared: DeclaredField) -> str:
        return self.evaluator.word(declared.coordinate, self.facts(record))

    def find(self, entity: str, id_: UUID | None) -> Entity | None:
        found = self.by_id.get(id_) if id_ else None
        return found if type(found).__name__ == entity else None

    def children(self, parent: Entity, declared: DeclaredField) -> list[Entity]:
        if self.word(parent, declared) != "show":
            return []
        return [child for child in self.all.children(parent, declared) if child.id in self.by_id]

    def value(self, record: Entity, declared: DeclaredField) -> Any:
        """Return a value where it is shown as it is."""
        return self.all.value(record, declared) if self.word(record, declared) == "show" else None

    def coarse(self, record: Entity, declared: DeclaredField) -> Any:
        """Return what the mask leaves of a value."""
        value = self.all.value(record, declared)
        if value is None:
            return None
        if declared.sealed:
            # What is stored beside an encrypted text disregards the spaces around it, as its index does.
            value = value.strip()
        kind = mask_of(declared)
        if isinstance(value, Money):
            return Money(mask.one_digit(value.amount), value.currency)
        if kind is MaskKind.ONE_DIGIT:
            rounded = mask.one_digit(Decimal(value))
            return int(rounded) if isinstance(value, int) else rounded
        if kind is MaskKind.QUARTER:
            assert isinstance(value, date | datetime)
            return mask.quarter(value)
        return mask.mail_domain(value) if kind is MaskKind.MAIL_DOMAIN else mask.last_four(value)

    def facts(self, record: Entity) -> Facts:
        """Return what decides over a record, or over the whole that it is a part of."""
        if record.id not in self._facts:
            self._facts[record.id] = self._find_facts(record)
        return self._facts[record.id]

    def _find_facts(self, record: Entity) -> Facts:
        entity = type(record).__name__
        for declared in fields_of(ENTITIES[entity]):
            if declared.field.part:
                whole = self.all.find(declared.target, getattr(record, declared.name))
                assert whole is not None
                return self.facts(whole)
        contract = None
        if entity == "Contract":
            contract = tuple(
                (name, _plain(getattr(record, field_at(f"Contract.{name}").name)))
                for name in self.evaluator.terms
            )
        if is_nobodys(entity):
            return Facts(REACHES[-1], contract)
        scopes = {scope for scope in ("own", "account_team") if self._reaches(record, scope)}
        scopes |= {"salesforce"} if self._salesforce_shares(record) else set()
        return Facts(frozenset({"org", *scopes}), contract)

    def _salesforce_shares(self, record: Any) -> bool:
        """Whether Salesforce lets the caller read a record, or the deal or else the account it belongs to."""
        if type(record).__name__ in ("Account", "Opportunity"):
            return record.salesforce_id in self._readable
        for name, entity in (("opportunity_id", "Opportunity"), ("account_id", "Account")):
            if getattr(record, name, None) is not None:
                there = self.all.find(entity, getattr(record, name))
                return there is not None and self._salesforce_shares(there)
        return not hasattr(record, "account_id") and self._owns(record)

    def _reaches(self, record: Entity, scope: str) -> bool:
        return self._holds(record, scope) or any(
            self._owns(other)
            for name, others in self.all.by_entity.items()
            for f in fields_of(ENTITIES[name])
            if f.field.via and f.field.to == type(record).__name__
            for other in others
            if getattr(other, f.name) == record.id
        )

    def _owns(self, record: Entity) -> bool:
        owners = [getattr(record, f.name) for f in fields_of(ENTITIES[type(record).__name__]) if f.field.owns]
        return self._me is not None and self._me in owners

    def _holds(self, record: Entity, scope: str) -> bool:
        if self._owns(record) or (scope == "account_team" and self._is_on_team(record)):
            return True
        for declared in fields_of(ENTITIES[type(record).__name__]):
            if declared.field.via:
                there = self.all.find(declared.target, getattr(record, declared.name))
                if there is not None and self._holds(there, scope):
                    return True
        return False

    def _is_on_team(self, record: Entity) -> bool:
        members: list[Any] = [
            *((each.account_id, each.user_id) for each in self._all("AccountTeamMember")),
            *((each.opportunity_id, each.user_id) for each in self._all("OpportunityTeamMember")),
        ]
        return self._me is not None and (record.id, self._me) in members

    def _all(self, entity: str) -> list[Any]:
        return [*self.all.by_entity[entity]]


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
