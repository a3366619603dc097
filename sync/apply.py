"""A report of a source, applied: judged, saved, kept in history, in the transaction of its caller."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from domain.claim import Claim, NoSuchClaim, Report, Unreadable, claims_of
from domain.contract import Contract, ContractType, Side
from domain.field import CLM, Kind, System
from domain.history import Decision
from domain.ledger import Outcome, Stored, contract_id_for, judge, turn_away
from domain.lifecycle import ContractStatus
from domain.reconcile import Verdict
from storage.claims import ClaimStore, Locked
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


Unapplied = UnknownContract | NameOfAnother | AtNoVersion | FromTheFuture | NoSuchClaim
"""Why a report is not applied; nothing was written of it."""


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
    asked = _Asked(report, version, contract_id)
    (applied,) = await _apply(ClaimStore(connection, org_id, now, vault), org_id, [asked], now)
    if isinstance(applied, Applied):
        return applied
    raise applied


async def apply_reports(
    connection: asyncpg.Connection,
    org_id: UUID,
    reports: Sequence[Report],
    *,
    now: datetime,
    vault: Vault = NO_KEYS,
) -> Sequence[Applied | Unapplied]:
    """Apply reports as `apply_report` does, each about another contract, with a few statements for them all.

    What is wrong with one of them is returned in its place, and is no matter to the others.
    """
    asked = [_Asked(each) for each in reports]
    return await _apply(ClaimStore(connection, org_id, now, vault), org_id, asked, now)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A report to be applied, at a version or to a contract that is known by its id."""

    report: Report
    version: int | None = None
    contract_id: UUID | None = None

    def claims(self, now: datetime) -> Sequence[Claim]:
        if self.report.claimed_at > now + CLOCKS_APART:
            raise FromTheFuture(self.report.claimed_at)
        return list(claims_of(self.report))

    def unknown(self) -> Unapplied:
        if self.version is not None:
            return AtNoVersion(self.report.contract)
        return UnknownContract(self.report.system, self.report.contract)

    def other_maker(self, contract: Contract) -> str | None:
        """Return who made the contract, where it may be another contract system than the one that speaks."""
        other = (contract.source_key or "").removesuffix(f":{self.report.contract}")
        return other if self.report.system is CLM and other != self.report.source else None


async def _apply(
    store: ClaimStore, org_id: UUID, asked: Sequence[_Asked], now: datetime
) -> Sequence[Applied | Unapplied]:
    """Judge and write what can be; each step is of all of them."""
    results: dict[int, Applied | Unapplied] = {}
    claims: dict[int, Sequence[Claim]] = {}
    for place, each in enumerate(asked):
        try:
            claims[place] = each.claims(now)
        except (FromTheFuture, NoSuchClaim) as error:
            results[place] = error
    locked = await _locked(store, org_id, {place: asked[place] for place in claims})
    makers = {place: asked[place].other_maker(each.contract) for place, each in locked.items()}
    others = await store.connections({other for other in makers.values() if other is not None})
    for place in claims:
        if place not in locked:
            results[place] = asked[place].unknown()
        elif (other := makers[place]) in others and other is not None:
            results[place] = NameOfAnother(asked[place].report.contract, other)
    left = [place for place in claims if place not in results]
    named = await _named(store, [claim for place in left for claim in claims[place]])
    outcomes: list[tuple[Locked, Outcome]] = []
    for place, stored in zip(left, await store.stored([locked[place] for place in left]), strict=True):
        own = locked[place].contract.id
        resolved = [_resolved(each, named, own) for each in claims[place]]
        outcome = _judged(asked[place], locked[place], stored, resolved)
        outcomes.append((locked[place], outcome))
        results[place] = Applied(contract=locked[place].contract, outcome=outcome)
    await store.write(outcomes)
    return [results[place] for place in range(len(asked))]


async def _locked(store: ClaimStore, org_id: UUID, asked: Mapping[int, _Asked]) -> Mapping[int, Locked]:
    """Lock the contracts that are spoken of, those made that a contract system speaks of first."""
    locked: dict[int, Locked] = {}
    for place, each in asked.items():
        if each.contract_id is not None and (known := await store.lock_known(each.contract_id)) is not None:
            locked[place] = known
    places = {each.report.contract: place for place, each in asked.items() if each.contract_id is None}
    found = await store.lock(
        {
            reference: _first_heard_of(org_id, asked[place].report)
            if asked[place].report.system is CLM and asked[place].version is None
            else None
            for reference, place in places.items()
        }
    )
    return locked | {places[reference]: each for reference, each in found.items()}


def _judged(asked: _Asked, locked: Locked, stored: Stored, claims: Sequence[Claim]) -> Outcome:
    if asked.version is None or asked.version == locked.contract.version:
        return judge(stored, claims, locked.at)
    return turn_away(stored, claims, locked.at, asked.version)


async def _named(store: ClaimStore, claims: Sequence[Claim]) -> Mapping[tuple[str, str], UUID]:
    """Return the records that references name, by what they are and their names."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for each in claims:
        if each.field.kind is Kind.REFERENCE and isinstance(each.value, str):
            names[each.field.target].add(each.value)
    return {
        (target, name): id_
        for target, some in names.items()
        for name, id_ in (await store.referred(target, some)).items()
    }


def _resolved(claim: Claim, named: Mapping[tuple[str, str], UUID], own: UUID) -> Claim:
    """The claim about the contract `own`, with the record that a reference names in the place of its name."""
    name = claim.value
    if claim.field.kind is not Kind.REFERENCE or not isinstance(name, str):
        return claim
    found = named.get((claim.field.target, name))
    if found is None:
        return replace(claim, value=Unreadable(name, f"no {claim.field.target} is known by it"))
    if found == own:
        return replace(claim, value=Unreadable(name, "it is the contract itself"))
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
