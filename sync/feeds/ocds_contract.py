"""One OCDS contract as the graph knows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.amendments import Replayed, Terms, field_by_field
from domain.contract import Contract, ContractType, Side
from domain.crm import Account
from domain.document import Document, DocumentType
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.line import ContractLine
from domain.milestone import Milestone, MilestoneStatus
from domain.money import Money
from domain.party import ContractParty, PartyRole
from storage.vanished import SEPARATOR
from sync.feeds.graph import Graph
from sync.feeds.reject import Place
from sync.feeds.values import Values

Row = Mapping[str, Any]

STATUS: Final = {
    "pending": ContractStatus.PENDING_SIGNATURE,
    "active": ContractStatus.ACTIVE,
    "terminated": ContractStatus.TERMINATED,
    "cancelled": ContractStatus.TERMINATED,
}
MILESTONES: Final = {
    "scheduled": MilestoneStatus.SCHEDULED,
    "met": MilestoneStatus.MET,
    "notmet": MilestoneStatus.NOT_MET,
    "partiallymet": MilestoneStatus.PARTIALLY_MET,
}
DOCUMENTS: Final = {
    "contractSigned": DocumentType.AGREEMENT,
    "contractAnnexe": DocumentType.EXHIBIT,
    "contractSchedule": DocumentType.EXHIBIT,
    "contractNotice": DocumentType.NOTICE,
    "completionCertificate": DocumentType.CERTIFICATE,
}
ROLES: Final = {"buyer": PartyRole.CUSTOMER, "supplier": PartyRole.VENDOR}
"""Tenderers, payers and payees are not bound by the contract."""

# OCDS makes a contract's id unique within its process only; these are what publishers count by.
_LOCAL_ID: Final = re.compile(r"(?:contract-?)?[0-9]{1,3}", re.IGNORECASE)


def graph_of(place: Place, row: Row) -> Graph:
    """Return the contract that a row tells of; raises RecordRefusedError where it has no identity."""
    values = Values(place, None)
    ocid = values.required("ocid", row.get("ocid"))
    own = values.required("contract_number", row.get("contract_number"))
    key = values.record = f"ocds:{ocid}:{own}"
    total = _money(values, "total_value", row.get("total_value"))
    number = f"{ocid}-{own}" if _LOCAL_ID.fullmatch(own) else own
    title = values.text("title", row.get("title")) or values.text("description", row.get("description"))
    contract = Contract(
        id=uuid7(),
        source_key=key,
        number=number,
        external_reference=f"{ocid}/{own}",
        title=title or f"Contract {number}",
        type=ContractType.OTHER,
        side=Side.VENDOR,
        status=values.member("status", row.get("status"), STATUS) or ContractStatus.DRAFT,
        signed_date=values.day("signed_date", row.get("signed_date")),
        effective_date=values.day("effective_date", row.get("effective_date")),
        expiration_date=values.day("expiration_date", row.get("expiration_date")),
        base_value=_money(values, "original_value", row.get("original_value")),
    )
    amendments = _amendments(values, contract, row, total)
    contract = replace(
        contract,
        total_value=amendments[-1].value_after if amendments else total,
        status=_status(contract.status, amendments),
        amendments=amendments,
        lines=tuple(_lines(values, contract, row)),
        milestones=tuple(_milestones(values, contract, row)),
        documents=tuple(_documents(values, contract, row)),
    )
    parties = tuple(_parties(values, contract, row))
    links = tuple(account for _, account in parties if account is not None)
    vendor = next((party for party, _ in parties if party.role is PartyRole.VENDOR), None)
    contract = replace(
        contract,
        account_id=vendor.account_id if vendor else None,
        parties=tuple(party for party, _ in parties),
    )
    return Graph(place=place, record=contract, links=links, rejects=tuple(values.rejects))


def _money(values: Values, field: str, raw: Any) -> Money | None:  # noqa: ANN401 - any JSON
    return values.money(field, raw.get("amount"), raw.get("currency")) if isinstance(raw, Mapping) else None


def _amendments(values: Values, contract: Contract, row: Row, total: Money | None) -> tuple[Amendment, ...]:
    """The amendments in their order, each with what it changed; OCDS states values, not changes."""
    currency = total.currency if total else None
    stated: list[Amendment] = []
    for change in _objects(row, "amendments"):
        number = values.text("amendments.number", change.get("number"))
        if number is None:
            values.leave_out(
                "amendments.number", None, "an amendment has no number: its publisher must add it"
            )
            continue
        after = values.money(
            "amendments.value_after", change.get("value_after"), change.get("currency") or currency
        )
        expiration = values.day("amendments.expiration_date_after", change.get("expiration_date_after"))
        stated.append(
            Amendment(
                id=uuid7(),
                source_key=f"{contract.source_key}{SEPARATOR}amendment:{number}",
                contract_id=contract.id,
                number=number,
                kind=AmendmentKind.ADMINISTRATIVE,
                signed_date=values.day("amendments.signed_date", change.get("signed_date")),
                recorded_at=values.moment("amendments.recorded_at", change.get("recorded_at")),
                rationale=values.text("amendments.description", change.get("description")),
                value_after=after,
                expiration_after=expiration,
            )
        )
    base = Terms(total_value=contract.base_value)
    return tuple(_replayed(each) for each in field_by_field(base, stated))


def _replayed(replayed: Replayed) -> Amendment:
    amendment, before, after = replayed.amendment, replayed.before.total_value, replayed.after.total_value
    if not isinstance(amendment, Amendment):
        raise TypeError(amendment)
    known = before is not None and after is not None and before.currency == after.currency
    change = after - before if known and before is not None and after is not None else None
    fields = {delta.field for delta in replayed.changed}
    kind = amendment.kind
    if change is not None and change.amount:
        kind = AmendmentKind.VALUE
    elif "expiration_date" in fields and replayed.before.expiration_date is not None:
        kind = AmendmentKind.TERM
    changes = tuple(
        AmendmentChange(
            id=uuid7(),
            source_key=f"{amendment.source_key}{SEPARATOR}{delta.field}",
            amendment_id=amendment.id,
            field=delta.field,
            before=delta.before,
            after=delta.after,
        )
        for delta in replayed.changed
    )
    return replace(amendment, kind=kind, value_change=change, value_after=after, changes=changes)


def _status(told: ContractStatus, amendments: tuple[Amendment, ...]) -> ContractStatus:
    changed = any(amendment.changes for amendment in amendments)
    return ContractStatus.AMENDED if changed and told is ContractStatus.ACTIVE else told


def _lines(values: Values, contract: Contract, row: Row) -> Iterator[ContractLine]:
    for turn, item in enumerate(_objects(row, "items"), start=1):
        scheme, classified = item.get("scheme"), item.get("classification")
        if isinstance(classified, Mapping):
            scheme, classified = classified.get("scheme"), classified.get("id")
        category = " ".join(str(each) for each in (scheme, classified) if each)
        yield ContractLine(
            id=uuid7(),
            source_key=f"{contract.source_key}{SEPARATOR}item:{turn}",
            contract_id=contract.id,
            description=values.text("items.description", item.get("description")) or category or None,
            quantity=values.number("items.quantity", item.get("quantity")),
        )


def _milestones(values: Values, contract: Contract, row: Row) -> Iterator[Milestone]:
    for turn, told in enumerate(_objects(row, "milestones"), start=1):
        status = values.member("milestones.status", told.get("status"), MILESTONES)
        yield Milestone(
            id=uuid7(),
            source_key=f"{contract.source_key}{SEPARATOR}milestone:{turn}",
            contract_id=contract.id,
            name=values.text("milestones.title", told.get("title")) or f"Milestone {turn}",
            status=status or MilestoneStatus.SCHEDULED,
            target_date=values.day("milestones.dueDate", told.get("due_date") or told.get("dueDate")),
            actual_date=values.day("milestones.dateMet", told.get("date_met") or told.get("dateMet")),
        )


def _documents(values: Values, contract: Contract, row: Row) -> Iterator[Document]:
    for turn, told in enumerate(_objects(row, "documents"), start=1):
        yield Document(
            id=uuid7(),
            source_key=f"{contract.source_key}{SEPARATOR}document:{turn}",
            contract_id=contract.id,
            type=DOCUMENTS.get(str(told.get("documentType")), DocumentType.OTHER),
            title=values.text("documents.title", told.get("title")) or f"Document {turn}",
            link=values.text("documents.url", told.get("url")),
        )


def _parties(values: Values, contract: Contract, row: Row) -> Iterator[tuple[ContractParty, Account | None]]:
    """Those bound by the contract, each once; an account only where an official register names the party."""
    seen: set[tuple[PartyRole, str]] = set()
    for told in _objects(row, "parties"):
        role, name = ROLES.get(str(told.get("role"))), values.text("parties.name", told.get("name"))
        if role is None or name is None or (role, name.casefold()) in seen:
            continue
        seen.add((role, name.casefold()))
        scheme, identifier = values.text("parties.scheme", told.get("id_scheme")), told.get("id")
        account = None
        if role is PartyRole.VENDOR and scheme and identifier:
            account = Account(id=uuid7(), source_key=f"{scheme}:{identifier}", name=name)
        party = ContractParty(
            id=uuid7(),
            source_key=f"{contract.source_key}{SEPARATOR}party:{role}:{name.casefold()}",
            contract_id=contract.id,
            legal_name=name,
            role=role,
            account_id=account.id if account else None,
            country=values.text("parties.country", told.get("country")),
        )
        yield party, account


def _objects(row: Row, name: str) -> list[Row]:
    told = row.get(name)
    return [each for each in told if isinstance(each, Mapping)] if isinstance(told, list) else []
