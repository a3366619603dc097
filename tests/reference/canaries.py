"""Random rows whose texts and amounts are canaries: unique, so that one seen tells whence it came."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from dataclasses import replace as with_values
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

import domain.graph  # noqa: F401 - registers every entity
from domain.field import ENTITIES, DeclaredField, Entity, Kind, fields_of
from domain.history import Decision
from domain.identity import salesforce_id
from domain.money import Money
from domain.org import Org
from domain.term import Period
from domain.written import written
from tests.reference.rows import Rows

CURRENCIES = {"USD": 2, "EUR": 2, "JPY": 0, "BHD": 3}
PERIODS = ("P12M", "P1Y", "P30D", "P0D", "P1M", "P2W", "P1Y6M", "P3M", "P999Y")
CORNERS = [date(2024, 2, 29), date(2028, 2, 29), date(2026, 1, 31), date(2025, 12, 31), date(1999, 3, 31)]
TEXTS = (
    "{}", "Rahmen {}", "É{} ßtraße", "50%_off {}", 'a "quoted" {}', "back\\slash {}", "two\nlines {}",
    "日本 {}", "ZULU {}", "zulu {}", "\U0001f600 {}", "<b>&'{}'", "ünïcode Ünïcode {}", " {} ",
)  # fmt: skip
CANARY = re.compile(r"canary-\d{7}|canary-org-\w+|8[12]1\d{10}")
OPTIONAL_NULL = 0.3

PREFIXES = {
    "User": "005", "Account": "001", "AccountTeamMember": "01M", "Contact": "003", "Product": "01t",
    "OpportunityTeamMember": "00q", "OpportunityContactRole": "00K",
}  # fmt: skip
LAYOUT = {
    "Contract": {"ContractParty": 3, "Document": 2, "Amendment": 2, "ContractLine": 3, "Milestone": 2,
                 "ServiceLevel": 1, "Obligation": 2, "RiskAssessment": 1, "FieldChange": 5,
                 "Provenance": 3, "SalesforceWrite": 2, "DriftFinding": 2},
    "Amendment": {"AmendmentChange": 3}, "ServiceLevel": {"Measurement": 3},
    "RiskAssessment": {"RiskFactor": 3},
    "Opportunity": {"OpportunityLine": 3, "OpportunityTeamMember": 2, "OpportunityContactRole": 2},
    "SalesforceWrite": {"SalesforceRefusal": 3},
    "User": {"PermissionSetAssignment": 2},
    "Account": {"AccountTeamMember": 2},
}  # fmt: skip
"""How many parts of each kind a whole has at most."""


@dataclass
class Maker:
    """Makes the random records of one org; `mark` tells the canaries of two orgs apart."""

    random: Random
    today: date
    mark: int
    canaries: dict[str, set[str]] = field(default_factory=dict)
    made: dict[str, list[Entity]] = field(default_factory=lambda: {name: [] for name in ENTITIES})
    keys: dict[str, int] = field(default_factory=dict)
    spoken_of: str = ""
    _count: int = 0

    def rows(self, org: Org, sizes: dict[str, int]) -> Rows:
        for entity in ("User", "Account", "Contact", "Product", "Opportunity", "Contract", "RoleGrant"):
            for place in range(sizes[entity]):
                record = self.whole(entity, {}, crowded=entity == "Contract" and place == 0)
                self.made[entity].append(record)
        return Rows(org, [r for records in self.made.values() for r in records], self.today)

    def whole(self, entity: str, owner: dict[str, UUID], *, crowded: bool = False) -> Entity:
        """Make a record with its parts; the parts are kept, the record is returned."""
        values: dict[str, Any] = {"id": UUID(int=self.random.getrandbits(128), version=4), **owner}
        lists: dict[str, tuple[Entity, ...]] = {}
        for declared in fields_of(ENTITIES[entity]):
            if declared.kind is Kind.LIST and declared.target in LAYOUT.get(entity, {}):
                by = next(f.name for f in fields_of(ENTITIES[declared.target]) if f.field.part)
                most = LAYOUT[entity][declared.target]
                many = 115 if crowded and declared.target == "Milestone" else self.random.randint(0, most)
                parts = [self.whole(declared.target, {by: values["id"]}) for _ in range(many)]
                self.made[declared.target] += parts
                lists[declared.name] = tuple(parts)
            elif declared.kind is not Kind.LIST and declared.name not in values and not declared.field.rule:
                values[declared.name] = self.of_line(declared, values)
                if declared.field.named_by and CANARY.search(str(values[declared.name])):
                    self.require(values[declared.name], values[declared.field.named_by])
        return with_values(ENTITIES[entity](**values), **lists)  # type: ignore[arg-type]

    def of_line(self, declared: DeclaredField, values: dict[str, Any]) -> Any:
        """Make a value; of a line of history mostly such as a ledger writes, so that it tells the past."""
        if declared.entity != "FieldChange" or self.random.random() < 0.3:
            return self.value(declared)
        if declared.name in ("part", "decision"):
            return {"part": None, "decision": Decision.ACCEPTED}[declared.name]
        if declared.name == "field":
            # Often the same twice, so that one line comes after another.
            if self.random.random() < 0.5:
                self.spoken_of = self.value(declared)
            return self.spoken_of or self.value(declared)
        found = [f for f in fields_of(ENTITIES["Contract"]) if values.get("field") in (f.name, f.graph_name)]
        by_chance = not found or found[0].kind is Kind.LIST or found[0].field.rule or found[0].field.key
        if declared.name not in ("before", "after") or by_chance:
            return self.value(declared)
        text = written(self.value(found[0]))
        for token in CANARY.findall(text or ""):
            self.canaries[token] |= {declared.coordinate}
        return text

    def require(self, text: str, named: str) -> None:
        """Note that a canary is the value of the field of the contract which is named beside it."""
        found = [f.coordinate for f in fields_of(ENTITIES["Contract"]) if named in (f.name, f.graph_name)]
        [token] = CANARY.findall(text)
        self.canaries[token] |= set(found or ["no field"])

    def value(self, declared: DeclaredField) -> Any:
        if declared.name in ("number", "external_reference", "salesforce_id") and declared.field.key:
            return self.key(declared)
        often_null = declared.optional and declared.name != "source_key"
        if often_null and self.random.random() < OPTIONAL_NULL:
            return None
        if declared.kind is Kind.REFERENCE:
            there = self.made[declared.target]
            crowd = there[:1] if self.random.random() < 0.7 else there
            return self.random.choice(crowd).id if there else None
        if declared.kind is Kind.MONEY:
            currency = self.random.choice(list(CURRENCIES))
            return Money(self.amount(declared, CURRENCIES[currency]), currency)
        return self.scalar(declared)

    def key(self, declared: DeclaredField) -> str | None:
        """Make a key that the other org has, too."""
        self.keys[declared.coordinate] = number = self.keys.get(declared.coordinate, 0) + 1
        if number % 7 == 0:
            return None
        if declared.name == "salesforce_id":
            return salesforce_id(f"{PREFIXES.get(declared.entity, '006')}Hs00000{number:05d}"[:15])
        return f"{declared.name[0].upper()}-{number:05d}"

    def scalar(self, declared: DeclaredField) -> Any:
        pick, type_ = self.random, declared.type
        if issubclass(type_, StrEnum):
            return pick.choice(list(type_))
        if declared.name == "field" and pick.random() < 0.8:
            named = pick.choice(fields_of(ENTITIES["Contract"]))
            return pick.choice((named.name, named.graph_name))
        if type_ is str:
            return pick.choice(TEXTS).format(self.canary(declared))
        if type_ is Decimal:
            return self.amount(declared, pick.choice((0, 1, 2, 6)))
        if type_ is date:
            return self.day()
        if type_ is datetime:
            fraction = pick.choice((0, 500000, 120000, 123456, 1))
            month, day, hour = pick.randint(1, 12), pick.randint(1, 28), pick.randint(0, 23)
            return datetime(2026, month, day, hour, 41, 7, fraction, UTC)
        if type_ is bool:
            return pick.random() < 0.5
        if type_ is Period:
            return Period.parse(pick.choice(PERIODS))
        return pick.choice((-5, 0, 1, 2, 3, 30, 100))

    def day(self) -> date:
        if self.random.random() < 0.3:
            return self.random.choice(CORNERS)
        return self.today + timedelta(days=self.random.choice((-400, -30, -1, 0, 0, 1, 29, 30, 90, 365)))

    def canary(self, declared: DeclaredField) -> str:
        self._count += 1
        token = f"canary-{self.mark}{self._count:06d}"
        self.canaries[token] = {declared.coordinate}
        return token

    def amount(self, declared: DeclaredField, scale: int) -> Decimal:
        """Make an amount of 13 digits before the point: no id, date or count holds such a run of digits.

        Ten of them are random, so that hardly any sum of amounts is another one.
        """
        whole = f"8{self.mark}1{self.random.randrange(10**10):010d}"
        assert whole not in self.canaries
        self.canaries[whole] = {declared.coordinate}
        digits = self.random.choice(("0" * scale, "5" + "0" * (scale - 1), "9" * scale))
        fraction = f".{digits}" if scale else ""
        return Decimal(self.random.choice(("", "", "", "-")) + whole + fraction)


@dataclass(frozen=True)
class World:
    """Two orgs with the same keys, and which fields must be shown for each canary to be seen.

    `readable` has what Salesforce lets each user of ours read.
    """

    ours: Rows
    theirs: Rows
    canaries: dict[str, set[str]]
    foreign: dict[str, set[str]]
    readable: dict[str, frozenset[str]]

    def salesforce_ids(self, *entities: str) -> list[str]:
        records: list[Any] = [record for name in entities for record in self.ours.by_entity[name]]
        return [record.salesforce_id for record in records if record.salesforce_id]


def world(seed: int, today: date) -> World:
    """Make two orgs: ours with lists longer than a page, theirs smaller."""
    pick = Random(seed)
    ours, theirs = Maker(pick, today, 1), Maker(pick, today, 2)
    sizes = {
        "User": 6, "Account": 8, "Contact": 12, "Product": 6, "Opportunity": 9, "Contract": 140,
        "RoleGrant": 9,
    }  # fmt: skip
    small = {name: max(3, size // 5) for name, size in sizes.items()}
    orgs = [
        Org(id=UUID(int=pick.getrandbits(128), version=4), name=name, salesforce_org_id=salesforce)
        for name, salesforce in (("canary-org-ours", "00D000000000001AAA"), ("canary-org-theirs", None))
    ]
    rows = ours.rows(orgs[0], sizes), theirs.rows(orgs[1], small)
    made = World(*rows, ours.canaries, theirs.canaries, {})
    chance = Random(f"{seed} sharing")
    for user in made.salesforce_ids("User"):
        made.readable[user] = frozenset(
            each for each in made.salesforce_ids("Account", "Opportunity") if chance.random() < 0.5
        )
    return made
