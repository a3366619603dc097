from __future__ import annotations

from domain.contract import Side
from domain.party import ContractParty, PartyRole
from sync.feeds.sample.crm import contact_key
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.rows import ContractRow


def parties(desk: Desk, row: ContractRow) -> tuple[ContractParty, ...]:
    """Who is bound: the org itself first, the counterparty second, then whom the table names beside them."""
    selling = row.side is Side.CUSTOMER
    ours, theirs = (
        (PartyRole.VENDOR, PartyRole.CUSTOMER) if selling else (PartyRole.CUSTOMER, PartyRole.VENDOR)
    )
    us = ContractParty(
        id=desk.keys.id_of("party", f"{row.name}:1"),
        source_key=desk.keys.source_key("party", f"{row.name}:1"),
        contract_id=desk.keys.id_of("contract", row.name),
        legal_name=desk.rows.legal_name,
        role=ours,
        country=desk.rows.country,
    )
    counterparty = [(theirs, row.account)] if row.account else []
    others = [*counterparty, *((party.role, party.account) for party in row.parties)]
    return us, *(
        _of_account(desk, row, place, role, account) for place, (role, account) in enumerate(others, start=2)
    )


def _of_account(desk: Desk, row: ContractRow, place: int, role: PartyRole, account_key: str) -> ContractParty:
    account = desk.accounts[account_key]
    number = desk.rows.accounts.index(account) + 1
    key = f"{row.name}:{place}"
    return ContractParty(
        id=desk.keys.id_of("party", key),
        source_key=desk.keys.source_key("party", key),
        contract_id=desk.keys.id_of("contract", row.name),
        legal_name=account.name,
        role=role,
        account_id=desk.keys.id_of("account", account_key),
        duns=f"{number:09}",
        uei=f"EXAMPLE{number:05}",
        country=account.country,
        primary_contact_id=desk.keys.id_of("contact", contact_key(account)) if account.contacts else None,
    )
