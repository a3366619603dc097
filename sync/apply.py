"""A report of a source, applied: judged, saved, kept in history, in the transaction of its caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from domain.claim import Claim, Report, Unreadable, claims_of
from domain.contract import Contract, ContractType, Side
from domain.field import CLM, Kind, System
from domain.history import Decision
from domain.ledger import Outcome, contract_id_for, judge, turn_away
from domain.lifecycle import ContractStatus
from domain.reconcile import Verdict
from storage.claims import ClaimStore
from storage.sealing import NO_KEYS, Vault

CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours."""


class UnknownContract(Exception):
    """{system} speaks of the contract {reference!r}, which is not known: only a contract system makes one."""

    def __init__(self, system: System, reference: str) -> None:
        super().__init__((type(self).__doc__ or "").format(system=system, reference=reference))


class NameOfAnother(Exception):
    """{reference!r} is the name of a contract that the connection {other} made: two systems count alike."""

    def __init__(self, reference: str, other: str) -> None:
        super().__init__((type(self).__doc__ or "").format(reference=reference, other=other))


class AtNoVersion(Exception):
    """The contract {reference!r} is not known, so it is at no version: leave that out to have it made."""

    def __init__(self, reference: str) -> None:
        super().__init__((type(self).__doc__ or "").format(reference=reference))


class FromTheFuture(Exception):
    """It is claimed for {claimed_at}, which is yet to come: it would outweigh all that is said until then."""

    def __init__(self, claimed_at: datetime) -> None:
        super().__init__((type(self).__doc__ or "").format(claimed_at=claimed_at.isoformat()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a report: the contract as it was before, what changed, a verdict for each claim."""

    contract: Contract
    outcome: Outcome

    @property
    def verdicts(self) -> Mapping[Claim, Verdict]:
        """What became of each claim."""
        return self.outcome.verdicts

    @property
    def changed(self) -> bool:
        """Whether anything of the contract is now otherwise."""
        return bool(self.outcome.values or self.outcome.parts)

    @property
    def counts(self) -> Counter[Decision]:
        """How many claims were accepted, refused, and in conflict."""
        return Counter(each.decision for each in self.verdicts.values())


async def apply_report(  # noqa: PLR0913 - what is applied where, each by name
    connection: asyncpg.Connection,
    org_id: UUID,
    report: Report,
    *,
    now: datetime,
    vault: Vault = NO_KEYS,
    version: int | None = None,
    contract_id: UUID | None = None,
) -> Applied:
    """Apply a report in a transaction that is bound to the org.

    With a `contract_id` it is about that contract, whatever its source calls it. With the `version` that its
    sender has seen, nothing is changed where the contract is at another one. Raises UnknownContract,
    AtNoVersion, NameOfAnother, FromTheFuture, and NoSuchClaim for what nobody can claim.
    """
    if report.claimed_at > now + CLOCKS_APART:
        raise FromTheFuture(report.claimed_at)
    claims = list(claims_of(report))
    new = _first_heard_of(org_id, report) if report.system is CLM and version is None else None
    store = ClaimStore(connection, org_id, now, vault)
    if contract_id is None:
        contract = await store.lock(report.contract, new)
    else:
        contract = await store.lock_known(contract_id)
    if contract is None and version is not None:
        raise AtNoVersion(report.contract)
    if contract is None:
        raise UnknownContract(report.system, report.contract)
    other = (contract.source_key or "").removesuffix(f":{report.contract}")
    if report.system is CLM and other != report.source and await store.is_connection(other):
        raise NameOfAnother(report.contract, other)
    resolved = [await _resolved(store, each) for each in claims]
    stored = await store.stored(contract)
    if version is None or version == contract.version:
        outcome = judge(stored, resolved, store.now)
    else:
        outcome = turn_away(stored, resolved, store.now, version)
    await store.write(contract, outcome)
    return Applied(contract=contract, outcome=outcome)


async def _resolved(store: ClaimStore, claim: Claim) -> Claim:
    """The claim, with the record that a reference names in the place of its name."""
    name = claim.value
    if claim.field.kind is not Kind.REFERENCE or not isinstance(name, str):
        return claim
    found = await store.referred(claim.field, name)
    if found is None:
        value = Unreadable(name, f"no {claim.field.target} is known by it")
        return replace(claim, value=value)
    return replace(claim, value=found)


def _first_heard_of(org_id: UUID, report: Report) -> Contract:
    """A contract of which nothing but its name is known."""
    return Contract(
        id=contract_id_for(org_id, report.contract),
        source_key=f"{report.source}:{report.contract}",
        external_reference=report.contract,
        title=report.contract,
        type=ContractType.OTHER,
        side=Side.CUSTOMER,
        status=ContractStatus.DRAFT,
    )
