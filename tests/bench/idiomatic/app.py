"""IDIOMATIC: Strawberry, SQLAlchemy's ORM and DataLoaders, as a good user writes them by hand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.exceptions import HTTPException
from starlette.requests import Request
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from api.settings import Settings
from auth.policy_file import load_policy
from auth.token_refused import TokenRefused
from auth.tokens import TokenVerifier
from auth.view import Views
from tests.bench.idiomatic.loaders import loaders
from tests.bench.idiomatic.models import ContractRow, OpportunityRow, PartyRow
from tests.bench.idiomatic.types import (
    ContractConnection,
    ContractFilter,
    ContractOrder,
    Opportunity,
    PageInfo,
)
from tests.keys import stored_keys

POOL = 8


def cursor_of(digest: str, row: ContractRow) -> str:
    """Write the cursor of a row in the format of ours, so that the answers are comparable."""
    day = None if row.expiration_date is None else row.expiration_date.isoformat()
    text = json.dumps([digest, day, str(row.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def after_cursor(cursor: str) -> Any:
    """Keep to the rows after a cursor; those without a date come last."""
    _, day, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    column, beyond = ContractRow.expiration_date, ContractRow.id > UUID(identity)
    if day is None:
        return and_(column.is_(None), beyond)
    last = date.fromisoformat(day)
    return or_(column > last, and_(column == last, beyond), column.is_(None))


def with_text(text: str) -> Any:
    """Keep to the rows that have a text in one of their names or of their parties', in any case."""
    of_contract = PartyRow.org_id == ContractRow.org_id, PartyRow.contract_id == ContractRow.id
    named = select(PartyRow.id).where(*of_contract, PartyRow.legal_name.icontains(text, autoescape=True))
    return or_(
        ContractRow.number.icontains(text, autoescape=True),
        ContractRow.title.icontains(text, autoescape=True),
        named.exists(),
    )


@strawberry.type
class Query:
    @strawberry.field
    async def opportunity(self, info: strawberry.Info, salesforce_id: str) -> Opportunity | None:
        wanted = select(OpportunityRow).where(
            OpportunityRow.org_id == info.context["org"], OpportunityRow.salesforce_id == salesforce_id
        )
        async with info.context["sessions"]() as session:
            return await session.scalar(wanted)

    @strawberry.field
    async def contracts(
        self,
        info: strawberry.Info,
        first: int = 50,
        after: str | None = None,
        filter: ContractFilter | None = None,  # noqa: A002 - the schema's name
        order_by: list[ContractOrder] | None = None,  # noqa: ARG002 - one order is known
    ) -> ContractConnection:
        wanted = select(ContractRow).where(ContractRow.org_id == info.context["org"])
        if filter and filter.status:
            wanted = wanted.where(ContractRow.status == filter.status)
        if filter and filter.text:
            wanted = wanted.where(with_text(filter.text))
        if after:
            wanted = wanted.where(after_cursor(after))
        wanted = wanted.order_by(ContractRow.expiration_date, ContractRow.id).limit(first + 1)
        async with info.context["sessions"]() as session:
            rows = list(await session.scalars(wanted))
        page = rows[:first]
        end = cursor_of(info.context["digest"], page[-1]) if page else None
        return ContractConnection(
            nodes=page, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end)
        )


def application(home: Path, url: str, digest: str) -> Idiomatic:
    """Make the server."""
    settings = Settings(home=home)
    verifier = TokenVerifier(stored_keys(url, home), issuer=settings.issuer, audience=settings.audience)
    return Idiomatic(url, digest, verifier)


class Idiomatic(GraphQL[Any, Any]):
    """Strawberry's own ASGI application with our verifier in front."""

    def __init__(self, url: str, digest: str, verifier: TokenVerifier) -> None:
        super().__init__(
            strawberry.Schema(Query, extensions=[ParserCache(), ValidationCache()]), graphql_ide=None
        )
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=POOL, max_overflow=0
        )
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._digest = digest
        self._verifier = verifier
        self._views = Views(load_policy())

    async def get_context(self, request: Any, response: Any) -> Any:  # noqa: ARG002 - as Strawberry calls it
        assert isinstance(request, Request)
        try:
            principal = self._verifier.verify(request.headers.get("authorization", "").encode())
        except TokenRefused as refused:
            raise HTTPException(401, str(refused)) from refused
        return {
            "org": principal.org_id,
            "view": self._views.of(principal.roles),
            "today": datetime.now(UTC).date(),
            "sessions": self._sessions,
            "digest": self._digest,
            **loaders(self._sessions, principal.org_id),
        }
