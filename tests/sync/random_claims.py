"""Random claims of several systems about a contract, as deliveries in any order, some of them twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from domain.claim import Claim, Unreadable, claims_of
from domain.contract import Contract, ContractType, Side
from domain.field import Kind, fields_of
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.reconcile import Settled, settle
from sync.clm.delivery import Delivery
from tests.sync.plain_system import SYSTEMS, PlainSystem, plain_delivery

MORNING: Final = datetime(2026, 11, 27, 8, tzinfo=UTC)
STATUSES: Final = ("DRAFT", "IN_REVIEW", "EXECUTED", "ACTIVE", "AMENDED", "TERMINATED")
SOURCES: Final = ("clm", "clm", "clm", "salesforce", "salesforce", "people")


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery, and the connection that it is sent by."""

    source: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Told:
    """All that is said of one contract: deliveries in the order in which they are sent."""

    contract: str
    sent: Sequence[Sent]

    def settled(self, accounts: Mapping[str, UUID]) -> Settled:
        """Return what the rules make of all of it at once; `accounts` are known by their Salesforce ids."""
        claims = {
            _known(claim, accounts) for each in self.sent for claim in _claims(each.source, each.delivery)
        }
        blank = Contract(
            id=uuid7(), title=self.contract, type=ContractType.OTHER, side=Side.CUSTOMER,
            status=ContractStatus.DRAFT, external_reference=self.contract,
        )  # fmt: skip
        own = (each.name for each in fields_of(Contract) if each.kind is not Kind.LIST)
        return settle({(name, None): getattr(blank, name) for name in own}, claims)


def told_at_random(chance: Random, contract: str, account: str) -> Told:
    """Say something of a contract; the contract system is the first whose word arrives: it makes it."""
    first, *others = [
        _sent(chance, contract, f"e{number}", "clm" if number == 0 else chance.choice(SOURCES))
        for number in range(chance.randint(3, 7))
    ]
    said = {"account": account, "totalValue": f"{chance.randint(1, 9)}.00 USD"}
    others.append(Sent("salesforce", plain_delivery(contract, f"{contract} a", _moment(chance), said)))
    others += [each for each in [first, *others] if chance.random() < 0.3]
    chance.shuffle(others)
    return Told(contract, [first, *others])


def _sent(chance: Random, contract: str, event: str, source: str) -> Sent:
    name = f"{contract} {event}"
    possible: dict[str, Any] = {
        "title": f"Title {name}",
        "number": f"No. {name}",
        "status": chance.choice(STATUSES),
        "governingLaw": chance.choice(("Ohio", "Texas", None)),
        "totalValue": chance.choice(("5.00 USD", "6.00 USD", "7.00 USD", "a lot", None)),
        "discountPercent": chance.choice(("5", "7.5")),
        "noticeWindowDays": chance.choice(("30", "60")),
        "arr": "5.00 USD",
        "account": "nobody",
    }
    chosen = chance.sample(sorted(possible), chance.randint(1, 4))
    parts = [
        {"list": "documents", "key": str(number), "title": f"Paper {name}", "type": "AGREEMENT"}
        for number in range(2)
        if chance.random() < 0.2
    ]
    says = {each: possible[each] for each in chosen}
    return Sent(source, plain_delivery(contract, name, _moment(chance), says, parts))


def _moment(chance: Random) -> datetime:
    """Return one of few moments: some claims are of the same, and some within the hand-over."""
    return MORNING + timedelta(minutes=4 * chance.randint(0, 15))


def _claims(source: str, delivery: Delivery) -> Sequence[Claim]:
    system = PlainSystem(SYSTEMS[source])
    (event,) = system.events(delivery)
    (report,) = system.read(event, event.content, source)
    return list(claims_of(report))


def _known(claim: Claim, accounts: Mapping[str, UUID]) -> Claim:
    if claim.field.kind is not Kind.REFERENCE or not isinstance(claim.value, str):
        return claim
    found = accounts.get(claim.value, Unreadable(claim.value, "nobody is known by it"))
    return replace(claim, value=found)
