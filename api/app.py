"""The application: wires everything, decides nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.api_metrics import of_audit, of_oauth, of_planner, of_requests
from api.audit_writer import AuditWriter
from api.door import Door
from api.embedded_worker import working
from api.graphql import Endpoint
from api.installation import sealer
from api.live.live import Live
from api.metrics import Family, process
from api.metrics_page import MetricsPage, metrics_told
from api.pool_metrics import of_pools, of_replicas
from api.reading import Reading
from api.schema import sdl
from api.settings import Settings
from api.shadow import Shadow
from api.sync_metrics import of_worker
from api.tracing import opened_trace
from api.transport import HANDLERS, Transport, guards
from api.webhooks import Webhooks
from auth.key_encryption import KeyEncryptionError
from auth.keys import ASK_AGAIN, KeyRing, first_keys
from auth.oauth.issuing import Issuing
from auth.oauth.metadata import GRAPHQL_PATH, RESOURCE_PATH
from auth.oauth.routes import OAuthPages
from auth.oauth.throttle import Throttle
from auth.policy import PolicyError
from auth.policy_file import check_coverage, load_policy
from auth.policy_watch import ASK_AGAIN as POLICY_ASK_AGAIN
from auth.policy_watch import PolicyWatch
from auth.proofs import Proofs
from auth.read_after import ReadAfter
from auth.revocation import Revocations
from auth.tokens import TokenVerifier
from auth.vault import Vault
from auth.view import Views
from storage.database import BUSY, Database, DatabaseUnavailable
from storage.lane_bell import Bell
from storage.policy_versions import add_differences
from storage.replicas import Replicas
from sync.connections import Connections
from sync.registry import now
from sync.salesforce.orgs import SalesforceOrgs
from sync.salesforce.sharing import KEPT_BACK, Sharing
from sync.worker import Worker

log = logging.getLogger("contract_graph.app")

KEEP_DIFFERENCES = 10.0
"""Seconds for which a worker counts what a candidate would decide otherwise before it stores that."""


def today() -> date:
    """Return the day on which requests are answered: UTC's, the same on every worker."""
    return datetime.now(UTC).date()


YOUNG = 20_000
"""Objects made before a collection: an answer makes hundreds, and next to none of them in circles."""


class Application:
    """An ASGI application: `/graphql` goes straight to its door, the rest through Starlette."""

    def __init__(self, settings: Settings, database_url: str, pages: Sequence[BaseRoute] = ()) -> None:
        self.settings = settings
        self._database_url = database_url
        policy = load_policy()
        check_coverage(policy)
        self._policies = PolicyWatch(policy)
        self._sealer = sealer(settings)
        self.keys = KeyRing(self._sealer)
        verifier = TokenVerifier(self.keys, issuer=settings.issuer, audience=settings.audience)
        about = f'resource_metadata="{settings.issuer}{RESOURCE_PATH}"'
        self._trace = opened_trace(settings, "api")
        self._door = Door(
            verifier,
            self._renew_keys,
            settings.issuer + GRAPHQL_PATH,
            challenge=f'Bearer realm="{settings.audience}", {about}',
            guards=guards(settings),
        )
        issuing = Issuing(
            self.keys,
            verifier,
            settings.issuer,
            settings.audience,
            settings.issuer + GRAPHQL_PATH,
            self._sealer,
        )
        throttle = Throttle(settings.token_rate, settings.token_failures)
        self._oauth = OAuthPages(issuing, throttle, lambda: self.database)
        metrics = MetricsPage(self.metrics, settings.metrics_token)
        self._rest = Starlette(
            routes=[
                Route("/health", _health, methods=["GET"]),
                Route("/health/live", _health, methods=["GET"]),
                Route("/health/ready", self._ready, methods=["GET"]),
                Route("/ready", self._ready, methods=["GET"]),
                Route("/schema.graphql", _schema, methods=["GET"]),
                *self._oauth.routes(),
                self._webhooks().route(),
                *([] if settings.metrics_token is None else [metrics.route()]),
                *pages,
            ],
            lifespan=self._lifespan,
            exception_handlers=HANDLERS,
        )
        self._transport = Transport(self._answered, settings)
        self.database: Database | None = None
        self.replicas: Replicas | None = None
        self._audit: AuditWriter | None = None
        self._pools: dict[str, Database] = {}
        self._worker: Worker | None = None
        self._bell: Bell | None = None

    def _webhooks(self) -> Webhooks:
        connections = Connections(self._sealer)
        return Webhooks(connections, lambda: self.database, lambda: self._bell, now, self._trace)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request."""
        await self._transport(scope, receive, send)

    async def _answered(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as above
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self._door(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.database = await Database.open(self._database_url, self.settings.pool_size)
        # A connection of its own: a group of events must not wait its turn among the reads that wait for it.
        audit = await Database.open(self._database_url, 1)
        await self._policies.refresh(self.database)
        views = Views(self._policies.in_force)
        self._audit = AuditWriter(audit)
        self._pools = {"requests": self.database, "audit": audit}
        self.replicas = await self._opened_replicas(self.database)
        reading = Reading(self.database, self.replicas, ReadAfter(self.keys))
        sharing = Sharing(self.database, SalesforceOrgs(self._sealer, kept_back=KEPT_BACK), now)
        endpoint = Endpoint(
            self.database,
            views,
            today,
            Vault(self._sealer),
            self._audit,
            sharing=sharing,
            limits=self.settings.limits,
            reading=reading,
        )
        self._bell = Bell(self.database)
        self._door.endpoint = endpoint
        self._obey(endpoint)
        self._door.revocations = Revocations(self.database)
        self._door.proofs = Proofs(self.database)
        self._door.live = Live(endpoint, self.database, self._door.revocations)
        async with self.database.transaction(UUID(int=0)) as connection:
            self.keys.take(await first_keys(connection, self._sealer, "contract-graph serve"))
        watching = [
            asyncio.create_task(self._watch_keys(self.database)),
            asyncio.create_task(self._watch_policy(self.database, endpoint)),
        ]
        beside = (
            working(self._database_url, self._sealer, self._trace, self.settings.hook_networks)
            if self.settings.embedded_worker
            else nullcontext()
        )
        # What is made at the start lives as long as the process: let collections pass it over.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG)
        try:
            async with metrics_told(self.settings, self.metrics), beside as self._worker:
                yield
        finally:
            for each in watching:
                each.cancel()
            await self._door.live.close()
            await sharing.close()
            await self._bell.close()
            with suppress(DatabaseUnavailable, *BUSY):
                await _keep_differences(self.database, endpoint)
            if self.replicas is not None:
                await self.replicas.close()
                await self._pools["replicas"].close()
            await self.database.close()
            await audit.close()
            if self._trace is not None:
                await self._trace.close()

    async def _opened_replicas(self, database: Database) -> Replicas | None:
        settings = self.settings
        if not settings.replicas:
            return None
        watched, size, lag = Database(self._database_url, 1), settings.pool_size, settings.replica_lag
        found = await Replicas.open(database, watched, settings.replicas, size, lag)
        self._pools |= {"replicas": watched, **{f"replica {each.name}": each.pool for each in found.all}}
        return found

    def leave(self) -> None:
        """End what would go on for ever, for the process is about to end."""
        if self._door.live is not None:
            self._door.live.end()

    async def _watch_keys(self, database: Database) -> None:
        while True:
            await asyncio.sleep(ASK_AGAIN)
            with suppress(DatabaseUnavailable, KeyEncryptionError, *BUSY):
                await self.keys.refresh(database)

    async def _watch_policy(self, database: Database, endpoint: Endpoint) -> None:
        kept_at = time.monotonic()
        while True:
            await asyncio.sleep(POLICY_ASK_AGAIN)
            try:
                # First of all what was decided: what was counted of a candidate then goes with it.
                if await self._policies.refresh(database):
                    self._obey(endpoint)
                if time.monotonic() - kept_at > KEEP_DIFFERENCES:
                    kept_at = time.monotonic()
                    await _keep_differences(database, endpoint)
            except (DatabaseUnavailable, *BUSY):
                continue
            except PolicyError as error:
                log.error("the policy in force cannot be read, the one before stays: %s", error)  # noqa: TRY400 - no trace is needed
            except Exception:
                # Whatever it is, the next look must come: else an old policy would be obeyed for ever.
                log.exception("the policy in force could not be looked for")

    def _obey(self, endpoint: Endpoint) -> None:
        """Let the policy in force decide, and the candidate be tried beside it."""
        in_force, candidate = self._policies.in_force, self._policies.candidate
        if endpoint.views.policy != in_force:
            endpoint.views = Views(in_force)
        endpoint.shadow = None if candidate is None else Shadow(candidate, in_force.digest)

    async def metrics(self) -> Iterable[Family]:
        """Tell the figures of this process."""
        found = [*process(), *of_oauth(self._oauth), *of_pools(self._pools)]
        if self._door.endpoint is not None and self._audit is not None:
            endpoint = self._door.endpoint
            found += [*of_requests(endpoint.tally, self._door), *of_planner(endpoint.planner)]
            found += of_audit(self._audit)
        if self.replicas is not None:
            found += of_replicas(self.replicas)
        if self._worker is not None:
            found += await of_worker(self._worker)
        return found

    async def _renew_keys(self) -> None:
        """Look for a key that a token names and we do not know, at most once a second."""
        if self.database is not None:
            await self.keys.refresh(self.database, unless_younger=1)

    async def _ready(self, _: Request) -> Response:
        try:
            if self.database is not None and await self.database.read("SELECT 1", ()) == 1:
                return JSONResponse({"status": "ready"} | self._replicas_told())
        except DatabaseUnavailable:
            pass
        return JSONResponse({"status": "the database cannot be reached"}, status_code=503)

    def _replicas_told(self) -> dict[str, Any]:
        """Say which replicas are asked; without one the database answers, so that none makes us unready."""
        if self.replicas is None:
            return {}
        return {"replicas": {each.name: self.replicas.state(each) for each in self.replicas.all}}


async def _keep_differences(database: Database, endpoint: Endpoint) -> None:
    """Store what the candidate would have decided otherwise."""
    shadow = endpoint.shadow
    counted = [] if shadow is None else shadow.take()
    if shadow is not None and counted:
        async with database.transaction(UUID(int=0)) as connection:
            await add_differences(connection, shadow.candidate.digest, shadow.against, counted)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _schema(_: Request) -> Response:
    return PlainTextResponse(sdl())
