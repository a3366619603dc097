"""One FPDS contract as the graph knows it: amendments field by field, and the total reckoned anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.amendments import Replayed, Terms, field_by_field
from domain.contract import Contract, ContractType, Side
from domain.crm import Account
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.party import ContractParty, PartyRole
from storage.ingest import Reference
from storage.vanished import SEPARATOR
from sync.feeds.graph import Graph
from sync.feeds.reject import Place
from sync.feeds.values import Values

Row = Mapping[str, Any]

TYPES: Final = {"msa": ContractType.MSA, "sow": ContractType.SOW, "standalone": ContractType.OTHER}
ENDED: Final = frozenset({"expired", "closed", "terminated"})
"""States of FPDS in which nothing binds any more: a contract that ran out has ended for good."""

KINDS: Final = {
    "EXERCISE AN OPTION": AmendmentKind.RENEWAL,
    "NOVATION AGREEMENT": AmendmentKind.NOVATION,
    "REREPRESENTATION OF NON-NOVATED MERGER/ACQUISITION": AmendmentKind.NOVATION,
    "UNIQUE ENTITY ID OR LEGAL BUSINESS NAME CHANGE - NON-NOVATION": AmendmentKind.NOVATION,
    "LEGAL CONTRACT CANCELLATION": AmendmentKind.TERMINATION,
    "TERMINATE FOR CONVENIENCE (COMPLETE OR PARTIAL)": AmendmentKind.TERMINATION,
    "TERMINATE FOR DEFAULT (COMPLETE OR PARTIAL)": AmendmentKind.TERMINATION,
    "TERMINATE FOR CAUSE": AmendmentKind.TERMINATION,
    "ADDITIONAL WORK (NEW AGREEMENT, JUSTIFICATION REQUIRED)": AmendmentKind.SCOPE,
    "CHANGE ORDER": AmendmentKind.SCOPE,
    "SUPPLEMENTAL AGREEMENT FOR WORK WITHIN SCOPE": AmendmentKind.SCOPE,
}
"""What FPDS's reason for a modification says; where it says nothing of it, what changed decides."""


def graph_of(place: Place, row: Row) -> Graph:
    """Return the contract that a row tells of; raises RecordRefusedError where it has no identity.

    The value is base plus changes; `reported` is what the publisher says it is, for comparison.
    """
    values = Values(place, None)
    key = values.record = _key(values.required("id", row.get("id")), row)
    contract_id = uuid7()
    base_value = _money(values, "original_value", row.get("original_value"))
    signed = values.day("signed_date", row.get("signed_date"))
    effective = values.day("effective_date", row.get("effective_date"))
    contract = Contract(
        id=contract_id,
        source_key=key,
        number=_number(values, row),
        external_reference=key,
        title=_title(values, row),
        type=values.member("type", row.get("type"), TYPES) or ContractType.OTHER,
        side=Side.VENDOR,
        status=ContractStatus.ACTIVE,
        signed_date=signed,
        effective_date=effective,
        base_value=base_value,
    )
    amendments = tuple(
        amendment
        for change in row.get("amendments") or ()
        if (amendment := _amendment(values, contract, change)) is not None
    )
    replayed = field_by_field(Terms(total_value=base_value), amendments)
    rows = {change["number"] + (change.get("txn") or ""): change for change in row.get("amendments") or ()}
    supplier = _supplier(row)
    whole = tuple(_with_changes(each, rows, contract) for each in replayed)
    links = _accounts(values, supplier)
    contract = replace(
        contract,
        account_id=links[0].id if links else None,
        total_value=replayed[-1].after.total_value if replayed else base_value,
        expiration_date=values.day("expiration_date", row.get("expiration_date")),
        status=_status(row.get("status"), whole),
        amendments=whole,
        parties=_parties(values, contract, row, links),
    )
    return Graph(
        place=place,
        record=contract,
        links=links,
        references=_parent(key, row),
        rejects=tuple(values.rejects),
        reported=_money(values, "total_value", row.get("total_value")),
    )


def _money(values: Values, field: str, raw: Any) -> Money | None:  # noqa: ANN401 - any JSON
    return values.money(field, raw.get("amount"), raw.get("currency")) if isinstance(raw, Mapping) else None


def _key(identifier: str, row: Row) -> str:
    """The identifier with the parent, which some gathered lines lack: two orders would become one."""
    parent = str(row.get("parent_number") or "")
    return identifier if identifier.endswith(f"|{parent}") else f"{identifier}|{parent}"


def _number(values: Values, row: Row) -> str:
    """The PIID of a vehicle as it is; an award's with its parent or agency, without which it names no award.

    Orders reuse the PIID of their vehicle, and definitive contracts that of an older one.
    """
    piid = values.required("contract_number", row.get("contract_number"))
    kind, agency = [*str(row["id"]).split("|"), ""][:2]
    return piid if kind.endswith(":IDV") else f"{row.get('parent_number') or agency}/{piid}"


def _title(values: Values, row: Row) -> str:
    title = values.text("title", row.get("title"))
    return " ".join(title.split()) if title else f"Contract {row['contract_number']}"


def _parent(key: str, row: Row) -> tuple[Reference, ...]:
    """FPDS names the parent by its PIID alone, which is the number of a vehicle."""
    parent = row.get("parent_number")
    if not parent:
        return ()
    return (
        Reference(
            entity=Contract,
            source_key=key,
            field="parent_id",
            target=Contract,
            value=str(parent),
            by="number",
        ),
    )


def _amendment(values: Values, contract: Contract, change: Row) -> Amendment | None:
    """One modification; its effective date is left out where it only repeats the contract's."""
    number = values.text("amendments.number", change.get("number"))
    if number is None:
        values.leave_out("amendments.number", None, "an amendment has no number: fill it in")
        return None
    effective = values.day("amendments.effective_date", change.get("effective_date"))
    delta = values.money("amendments.ceiling_delta", change.get("ceiling_delta"), "USD")
    told = (change.get("reason"), change.get("description"))
    rationale = ": ".join(text for each in told if (text := values.text("amendments.rationale", each)))
    expiration = values.day("amendments.expiration_date_after", change.get("expiration_date_after"))
    return Amendment(
        id=uuid7(),
        source_key=f"{contract.source_key}{SEPARATOR}{number}{change.get('txn') or ''}",
        contract_id=contract.id,
        number=number,
        kind=_kind(change, delta, expiration),
        signed_date=values.day("amendments.signed_date", change.get("signed_date")),
        effective_date=None if effective == contract.effective_date else effective,
        recorded_at=values.moment("amendments.recorded_at", change.get("recorded_at")),
        rationale=rationale or None,
        value_change=delta,
        expiration_after=expiration,
    )


def _kind(change: Row, delta: Money | None, expiration: date | None) -> AmendmentKind:
    said = KINDS.get(str(change.get("reason") or "").upper())
    if said in {AmendmentKind.RENEWAL, AmendmentKind.NOVATION, AmendmentKind.TERMINATION}:
        return said
    if delta is not None and delta.amount:
        return AmendmentKind.VALUE
    if expiration is not None:
        return AmendmentKind.TERM
    if change.get("vendor_after") or change.get("uei_after"):
        return AmendmentKind.NOVATION
    return said or AmendmentKind.ADMINISTRATIVE


def _with_changes(replayed: Replayed, rows: Mapping[str, Row], contract: Contract) -> Amendment:
    """The amendment with what it changed, field by field, and the value after it where it changed that."""
    amendment = replayed.amendment
    if not isinstance(amendment, Amendment):
        raise TypeError(amendment)
    turn = str(amendment.source_key).removeprefix(f"{contract.source_key}{SEPARATOR}")
    deltas = [(delta.field, delta.before, delta.after) for delta in replayed.changed]
    for field, name in (("vendor", "vendor_after"), ("uei", "uei_after")):
        if after := rows[turn].get(name):
            deltas.append((field, None, str(after)))
    if not deltas:
        return amendment
    changes = tuple(
        AmendmentChange(
            id=uuid7(),
            source_key=f"{amendment.source_key}{SEPARATOR}{field}",
            amendment_id=amendment.id,
            field=field,
            before=before,
            after=after,
        )
        for field, before, after in deltas
    )
    valued = any(field == "total_value" for field, _, _ in deltas)
    return replace(amendment, changes=changes, value_after=replayed.after.total_value if valued else None)


def _status(reported: object, amendments: tuple[Amendment, ...]) -> ContractStatus:
    if str(reported) in ENDED:
        return ContractStatus.TERMINATED
    changed = any(amendment.changes for amendment in amendments)
    return ContractStatus.AMENDED if changed else ContractStatus.ACTIVE


def _supplier(row: Row) -> Row:
    return next((party for party in row.get("parties") or () if party.get("role") == "supplier"), {})


def _accounts(values: Values, supplier: Row) -> tuple[Account, ...]:
    """The supplier's account, found by its Unique Entity Identifier, and its parent's after it."""
    uei = values.text("supplier.id", supplier.get("id"))
    name = values.text("supplier.name", supplier.get("name"))
    if uei is None or name is None:
        return ()
    parent_uei = values.text("supplier.parent_id", supplier.get("parent_id"))
    parent_name = values.text("supplier.parent", supplier.get("parent"))
    parents: tuple[Account, ...] = ()
    if parent_uei and parent_name and parent_uei != uei:
        parents = (Account(id=uuid7(), source_key=f"uei:{parent_uei}", name=parent_name, uei=parent_uei),)
    account = Account(
        id=uuid7(),
        source_key=f"uei:{uei}",
        name=name,
        uei=uei,
        billing_city=values.text("supplier.city", supplier.get("city")),
        billing_state=values.text("supplier.region", supplier.get("region")),
        billing_country=values.text("supplier.country", supplier.get("country")),
        parent_id=parents[0].id if parents else None,
    )
    return (account, *parents)


def _parties(
    values: Values, contract: Contract, row: Row, links: tuple[Account, ...]
) -> tuple[ContractParty, ...]:
    """Those that FPDS names; 148 contracts have no vendor's name, and a party without a name is none."""
    parties: list[ContractParty] = []
    roles = {"buyer": PartyRole.CUSTOMER, "supplier": PartyRole.VENDOR}
    for party in row.get("parties") or ():
        role, name = (
            roles.get(party.get("role"), PartyRole.OTHER),
            values.text("party.name", party.get("name")),
        )
        if name is None:
            continue
        vendor = role is PartyRole.VENDOR
        parties.append(
            ContractParty(
                id=uuid7(),
                source_key=f"{contract.source_key}{SEPARATOR}{party.get('role')}",
                contract_id=contract.id,
                legal_name=name,
                role=role,
                account_id=links[0].id if vendor and links else None,
                uei=values.text("party.id", party.get("id")) if vendor else None,
                country=values.text("party.country", party.get("country")),
            )
        )
    return tuple(parties)
