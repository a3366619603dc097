"""POST /webhooks/{connection}: what contract systems send, on disk before it is answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.errors import Unavailable
from api.refusals import (
    DeliveryNotVerified,
    DeliveryTooLarge,
    MalformedDelivery,
    Misconfigured,
    UnknownConnection,
)
from api.transport import told
from auth.key_encryption import KeyEncryptionError
from auth.public_id import read_public_id
from domain.error import DomainError
from storage.database import BUSY, Database, DatabaseUnavailable
from storage.lane_bell import Bell
from storage.lanes import Queue
from sync.clm.delivery import Delivery
from sync.clm.malformed import Malformed
from sync.clm.mapping_reader import MappingFileError
from sync.clm.signature import NotVerified
from sync.connections import Connections
from sync.door import Door, Received, verified
from sync.trace import Trace, received

log = logging.getLogger("contract_graph.webhooks")

PATH: Final = "/webhooks/{connection}"
LARGEST_DELIVERY: Final = 4 * 1024 * 1024
"""Bytes of a body: contracts come without their papers."""

_LATER: Final = {"Retry-After": "5"}


class Webhooks:
    """Answers deliveries; the database and the connections are there once the application has started."""

    def __init__(
        self,
        connections: Connections,
        database: Callable[[], Database | None],
        bell: Callable[[], Bell | None],
        clock: Callable[[], datetime],
        trace: Trace | None = None,
    ) -> None:
        self._connections = connections
        self._database = database
        self._bell = bell
        self._clock = clock
        self._trace = trace
        self._door = Door()

    def route(self) -> Route:
        """Return the route."""
        return Route(PATH, self.receive, methods=["POST"])

    async def receive(self, request: Request) -> Response:
        """Answer one delivery: 200 once it is stored, however often it is sent."""
        database = self._database()
        if database is None:
            return told(Unavailable("it is starting; send it again"), _LATER)
        named = read_public_id(request.path_params["connection"])
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        if body is None:
            largest = f"a delivery holds at most {LARGEST_DELIVERY:,} bytes: leave documents out of it"
            return told(DeliveryTooLarge(largest))
        if named is None:
            return told(UnknownConnection())
        delivery = Delivery.of(request.headers.items(), request.query_params.multi_items(), body)
        try:
            return await self._stored(database, *named, delivery)
        except (DatabaseUnavailable, KeyEncryptionError, *BUSY):
            return told(Unavailable("it cannot be stored now; send it again"), _LATER)

    async def _stored(
        self, database: Database, org_id: UUID, connection_id: UUID, delivery: Delivery
    ) -> Response:
        began = self._clock()
        try:
            sender = await self._connections.opened(database, org_id, connection_id)
            if sender is None:
                return told(UnknownConnection())
            found = verified(sender, delivery, self._clock())
        except Malformed as error:
            # It is verified: its sender may know what is wrong with it, and will send it again.
            log.warning("malformed: a delivery by connection %s: %s", connection_id, error.where)
            return told(MalformedDelivery(str(error)))
        except (DomainError, MappingFileError) as error:
            log.error("connection %s cannot be used: %s", connection_id, type(error).__name__)  # noqa: TRY400
            return told(Misconfigured(), _LATER)
        if isinstance(found, NotVerified):
            log.warning("not verified: a delivery by connection %s", connection_id)
            return told(DeliveryNotVerified(found.reason))
        stored = await self._door.store(database, org_id, found)
        if self._trace is not None:
            step = received(stored.correlation, org_id, delivery.headers, stored.new, stored.known)
            self._trace.tell([step], began, self._clock())
        return self._answered(stored)

    def _answered(self, found: Received) -> Response:
        bell = self._bell()
        if found.new and bell is not None:
            bell.ring((Queue.FETCH, Queue.INBOX))
        answer = {"accepted": found.new, "known": found.known, "correlation": found.correlation}
        return JSONResponse(answer)


async def _body(request: Request) -> bytes | None:
    """Read the body as it comes, and no more of it than is taken."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_DELIVERY:
            return None
        parts.append(part)
    return b"".join(parts)
