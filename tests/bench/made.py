"""Contracts as a feed hands them on, each with parties, amendments, documents and obligations."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.contract import Contract, ContractType, Side
from domain.document import Document, DocumentType
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.obligation import Obligation, ObligationKind, ObligationStatus
from domain.party import ContractParty, PartyRole
from domain.renewal import RenewalType
from domain.term import Period
from sync.feeds.graph import Graph
from sync.feeds.reject import Place

DAY = date(2026, 1, 1)
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)


def graphs(contracts: int, seed: int) -> Iterator[Graph]:
    """Make so many contracts that no other seed makes, each of 19 rows."""
    dice = random.Random(seed)
    for number in range(contracts):
        key = f"bench:{seed}:{number}"
        yield Graph(place=Place(path="bench", line=number + 1), record=_contract(dice, key))


def _contract(dice: random.Random, key: str) -> Contract:
    id_, day = uuid7(), DAY + timedelta(days=dice.randrange(1800))
    return Contract(
        id=id_, source_key=key, number=f"N-{key}", external_reference=f"clm-{key}",
        title=f"Master services agreement {key}", type=ContractType.MSA, side=Side.CUSTOMER,
        status=ContractStatus.ACTIVE, signed_date=day - timedelta(days=400),
        effective_date=day - timedelta(days=395), expiration_date=day,
        renewal_type=RenewalType.AUTO_RENEW, renewal_term=Period.parse("P12M"),
        notice_period=Period.parse("P60D"), governing_law="England and Wales", base_value=_money(dice),
        parties=tuple(
            ContractParty(
                id=uuid7(), source_key=f"{key}:p{role}", contract_id=id_, role=role,
                legal_name=f"Counterparty {key} GmbH & Co. KG", country="DE",
            )
            for role in (PartyRole.VENDOR, PartyRole.CUSTOMER)
        ),
        amendments=tuple(_amendment(dice, id_, f"{key}:a{each}", each) for each in range(1, 6)),
        documents=tuple(
            Document(
                id=uuid7(), source_key=f"{key}:d{each}", contract_id=id_, type=DocumentType.AGREEMENT,
                title=f"Signed agreement {key}", link=f"https://clm.example.com/documents/{key}/{each}",
                sha256=f"{dice.getrandbits(256):064x}", executed=True,
            )
            for each in range(2)
        ),
        obligations=tuple(
            Obligation(
                id=uuid7(), source_key=f"{key}:o{each}", contract_id=id_, kind=ObligationKind.REPORTING,
                status=ObligationStatus.OPEN, deliverable=f"Quarterly report {each} on the services",
                due_date=day + timedelta(days=each),
            )
            for each in range(4)
        ),
    )  # fmt: skip


def _amendment(dice: random.Random, contract: UUID, key: str, number: int) -> Amendment:
    id_, change = uuid7(), _money(dice)
    return Amendment(
        id=id_, source_key=key, contract_id=contract, number=f"A{number}", kind=AmendmentKind.VALUE,
        signed_date=DAY - timedelta(days=number), effective_date=DAY, recorded_at=RECORDED,
        rationale="Extends the services to further sites and adjusts the fees", value_change=change,
        changes=(
            AmendmentChange(
                id=uuid7(), source_key=f"{key}:c", amendment_id=id_, field="totalValue", before="0",
                after=str(change.amount),
            ),
        ),
    )  # fmt: skip


def _money(dice: random.Random) -> Money:
    return Money(Decimal(dice.randrange(1_000_000, 900_000_000)) / 100, "EUR")
