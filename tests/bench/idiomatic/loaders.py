"""DataLoaders: one statement for all parents that a level of the answer asks about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from strawberry.dataloader import DataLoader

from tests.bench.idiomatic.models import AmendmentRow, ContractRow, DocumentRow, ObligationRow, PartyRow

Sessions = async_sessionmaker[AsyncSession]


def loaders(sessions: Sessions, org: UUID) -> dict[str, DataLoader[UUID, list[Any]]]:
    """Make the loaders of one request."""
    lists: dict[str, tuple[Any, Any, tuple[Any, ...]]] = {
        "contracts": (ContractRow, ContractRow.opportunity_id, (ContractRow.expiration_date, ContractRow.id)),
        "parties": (PartyRow, PartyRow.contract_id, (PartyRow.id,)),
        "amendments": (
            AmendmentRow,
            AmendmentRow.contract_id,
            (AmendmentRow.signed_date.desc().nulls_last(), AmendmentRow.id),
        ),
        "documents": (DocumentRow, DocumentRow.contract_id, (DocumentRow.id,)),
        "obligations": (ObligationRow, ObligationRow.contract_id, (ObligationRow.due_date, ObligationRow.id)),
    }
    return {name: DataLoader(_grouped(sessions, org, *each)) for name, each in lists.items()}


def _grouped(
    sessions: Sessions, org: UUID, row: Any, key: Any, order: tuple[Any, ...]
) -> Callable[[list[UUID]], Awaitable[list[list[Any]]]]:
    async def load(keys: list[UUID]) -> list[list[Any]]:
        async with sessions() as session:
            rows = await session.scalars(select(row).where(row.org_id == org, key.in_(keys)).order_by(*order))
        groups: dict[UUID, list[Any]] = defaultdict(list)
        for each in rows:
            groups[getattr(each, key.key)].append(each)
        return [groups[each] for each in keys]

    return load
