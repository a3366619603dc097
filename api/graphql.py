"""POST /graphql from request to response, by the GraphQL-over-HTTP specification."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import asyncpg

from api.admission import Admissions
from api.allowances import REFUSED, Allowances
from api.asked import Admit, Answer, Asked, refusal
from api.audit_writer import AuditWriter
from api.errors import (
    AccessDenied,
    AnswerTooLarge,
    ApiError,
    BadRequest,
    InsufficientScope,
    InternalError,
    NotWholly,
    Unavailable,
    where,
)
from api.graphql_request import read_request
from api.limit_settings import USUAL, Limits
from api.limits import too_large
from api.mutations.command import Sender
from api.mutations.once import Mutations
from api.planner.parameters import Environment
from api.planner.plan import BLIND, REVIEW
from api.planner.record_ids import take_ids
from api.planner.run import Plan, Planner
from api.reading import Reading
from api.recording import Recording
from api.request_tally import OWN, RequestTally
from api.review.desk import ReviewDesk
from api.sealed_answers import SealedAnswers, with_shredded
from api.shadow import Shadow
from api.sharing import SharingDesk
from api.trusted import trusted_documents
from auth.audit import Refusal
from auth.principal import Principal
from auth.scopes import DOCUMENTS, READ
from auth.vault import Vault
from auth.view import View, Views
from storage.database import BEHIND, BUSY, Database, DatabaseUnavailable
from sync.salesforce.sharing import Sharing

log = logging.getLogger("contract_graph.graphql")

COMING = "this needs tables that come with the release under way; try again in a moment"
"""What a caller is told whose request the tables cannot answer that a new release has yet to bring on."""

WANTS_STREAM = "a subscription is answered by a stream of events: send Accept: text/event-stream"

LARGE = 16 * 1024
"""Bytes of a request whose variables take milliseconds to read."""

OWN_DOCUMENT = (
    f"the token does not have the scope {DOCUMENTS}, which a document of one's own needs:"
    f" send the documentId of a trusted document, or get a token with that scope beside {READ}"
)


def _now() -> datetime:
    return datetime.now(UTC)


class Endpoint:
    """Answers GraphQL requests of principals whose tokens were verified, and only once that is on record."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that an answer needs
        self,
        database: Database,
        views: Views,
        today: Callable[[], date],
        vault: Vault,
        audit: AuditWriter | None = None,
        clock: Callable[[], datetime] = _now,
        sharing: Sharing | None = None,
        limits: Limits = USUAL,
        allowances: Allowances | None = None,
        reading: Reading | None = None,
    ) -> None:
        self._reading = reading or Reading(database)
        self._sealed = SealedAnswers(database, vault)
        self._today = today
        self.planner = Planner()
        # A large document takes tens of milliseconds to plan: whoever sends none does not wait for it.
        self.planning = ThreadPoolExecutor(1, "planning")
        self.tally = RequestTally()
        self._limits = limits
        self._allowances = allowances or Allowances(database, limits)
        self._admissions = Admissions(limits)
        self._desk = ReviewDesk(database, clock)
        self.sharing = SharingDesk(sharing, clock)
        self._mutations = Mutations(database, lambda: frozenset(self.views.policy.roles), clock)
        self.views = views
        self.shadow: Shadow | None = None
        self.recording = Recording(audit or AuditWriter(database))

    async def answer(  # noqa: PLR0913 - all that a request says beside its body
        self,
        principal: Principal,
        body: bytes,
        request_id: str = "",
        *,
        strict: bool = False,
        admit: Admit | None = None,
        after: bytes | None = None,
    ) -> Answer:
        """Answer one request; every fault becomes an answer too.

        A `strict` caller prefers an error where something would be null or masked. One that takes a stream of
        events has who can `admit` it: a subscription is let in, with nothing in the answer. No answer is of a
        state before `after`, which an earlier answer told.
        """
        digest = self.views.policy.digest
        asked = Asked(principal, request_id, time.perf_counter_ns(), digest, strict, admit, after)
        return await self._answered(asked, body)

    async def _answered(self, asked: Asked, body: bytes) -> Answer:
        try:
            with self._admissions.admit(asked.principal):
                data = await self._execute(asked, body)
            answer = Answer(HTTPStatus.OK, data)
        except ApiError as error:
            answer = self._refused(asked, error)
        except Exception as error:  # noqa: BLE001 - as follows
            # The boundary: whatever it is, the caller gets JSON, and the log no message: it may hold values.
            log.error("unexpected %s at %s, request %s", type(error).__name__, where(error), asked.id)  # noqa: TRY400 - as above
            answer = self._refused(
                asked, InternalError("the request could not be answered; the operator's log says why")
            )
        return await self._counted(asked, answer)

    async def turn_away(self, principal: Principal, refused: ApiError, request_id: str = "") -> Answer:
        """Record that a caller whose token is good was refused before the request was read."""
        digest, why = self.views.policy.digest, Refusal(refused.code)
        asked = Asked(principal, request_id, time.perf_counter_ns(), digest, refusal=why)
        return await self._counted(asked, refusal(refused, request_id))

    async def _counted(self, asked: Asked, answer: Answer) -> Answer:
        if not asked.is_recorded:
            is_write = asked.source is not None and self.planner.is_mutation(asked.source, asked.operation)
            answer = await self.recording.answered(asked, answer, "write" if is_write else "read")
        seconds = (time.perf_counter_ns() - asked.began) / 1e9
        self.tally.note(asked.counted_as, answer.status, answer.code, seconds)
        return answer

    def _refused(self, asked: Asked, error: ApiError) -> Answer:
        about = error.extensions if isinstance(error, AccessDenied) else {}
        asked.refusal = Refusal(error.code, about.get("rule"), about.get("field"))
        asked.records = ()
        return refusal(error, asked.id)

    async def _recorded(self, asked: Asked, connection: asyncpg.Connection, data: bytes) -> bytes:
        """Have the log tell of a change in its own transaction; returns the answer without its ids."""
        self._check_size(data)  # while nothing is committed
        data, asked.records = take_ids(data)
        await self.recording.changed(asked, connection)
        return data

    async def _execute(self, asked: Asked, body: bytes) -> bytes:
        request = asked.request = read_request(body)
        principal = asked.principal
        asked.source, asked.operation = request["query"], request.get("operationName")
        named = request.get("documentId")
        asked.counted_as = OWN if named is None else trusted_documents()[named].name
        if named is None and DOCUMENTS not in principal.scopes:
            raise InsufficientScope(OWN_DOCUMENT, scope=DOCUMENTS)
        after = self._reading.after(principal, asked.after)
        views = self.views
        view = views.of(principal.roles)
        asked.policy = view.digest
        plan, cost = await self._afforded(asked, request, view, is_large=len(body) > LARGE)
        if plan.feed is not None and asked.admit is None:
            raise BadRequest(WANTS_STREAM)
        if asked.strict and plan.withheld:
            raise NotWholly(plan.withheld)
        try:
            environment, extensions = await self.prepared(asked, plan)
            if plan.feed is not None and asked.admit is not None:
                await asked.admit(asked, plan, environment)
                return b""
            if plan.reviews:
                environment[REVIEW] = await self._desk.answers(
                    plan.reviews, views.policy, principal.org_id, environment
                )
            data: bytes
            if plan.change is None:
                found = await self._reading.read(plan, environment, principal, after)
                self._check_size(found)
                data, asked.records = take_ids(found)
            else:
                record = partial(self._recorded, asked)
                sender = Sender(principal, view, asked.id)
                change = self._mutations.answer(plan.change, plan, sender, environment, record)
                data, position = await self._reading.changed(principal, change)
                asked.is_recorded = True
                extensions = extensions[:-2] + position + extensions[-2:]
            if plan.opens:
                data, shredded = await self._sealed.opened(principal.org_id, data)
                extensions = with_shredded(extensions, shredded)
        except (DatabaseUnavailable, *BUSY, *BEHIND) as error:
            raise _unanswered(error, asked.id) from error
        told = b',"cost":{"requested":%d,"maximum":%d}}}' % (cost, self._limits.query_cost)
        return b'{"data":' + data + extensions[:-2] + told

    async def _afforded(
        self, asked: Asked, request: dict[str, Any], view: View, *, is_large: bool
    ) -> tuple[Plan, int]:
        """Return the plan of a request and its points, once its caller has paid these."""
        most, points = self._limits.query_cost, REFUSED
        try:
            plan, variables = await self._plan(request, view, is_large=is_large)
            asked.plan, asked.variables = plan, variables
            # How far a trusted document may go was weighed when it was written.
            cost = plan.cost.of(variables) if request.get("documentId") is None else plan.weight
            if cost > most:
                raise too_large("cost", most, requested=cost)
            points = cost
        finally:
            # What is refused was read all the same.
            await self._take(asked.principal, points)
        return plan, cost

    async def _take(self, principal: Principal, points: int) -> None:
        try:
            await self._allowances.take(principal, points)
        except (DatabaseUnavailable, *BUSY) as error:
            raise Unavailable("the database cannot be reached; try again in a moment") from error

    def _check_size(self, data: bytes) -> None:
        most = self._limits.answer_bytes
        if len(data) > most:
            raise AnswerTooLarge(f"an answer holds at most {most} bytes; ask for less at once", max=most)

    async def prepared(self, asked: Asked, plan: Plan) -> tuple[Environment, bytes]:
        """Return what the statement of a request depends on, and the extensions of its answer.

        Raises ApiError, and as Database does. A stream is not to pass over what Salesforce does not tell now.
        """
        principal = asked.principal
        environment = asked.variables | {
            "$org": principal.org_id,
            "$today": self._today(),
            "$subject": principal.subject,
            "$scopes": principal.scopes,
        }
        strict = asked.strict or plan.feed is not None
        extensions = await self.sharing.prepare(plan, principal, environment, strict=strict)
        if plan.blinds:
            environment[BLIND] = await self._sealed.blind(principal.org_id)
        return environment, extensions

    def planned_anew(self, asked: Asked) -> Plan:
        """Return the plan of a request under the policy that is in force now. Raises ApiError."""
        request, view = asked.request, self.views.of(asked.principal.roles)
        asked.policy = view.digest
        given = request.get("variables") or {}
        plan, asked.variables = self.planner.plan(request["query"], asked.operation, given, view)
        return plan

    async def _plan(
        self, request: dict[str, Any], view: View, *, is_large: bool
    ) -> tuple[Plan, dict[str, Any]]:
        """Return the plan of a request, and its variables; what is new or large is read beside the loop."""
        asked = request["query"], request.get("operationName"), request.get("variables") or {}, view
        told: Plan | AccessDenied | None = None
        try:
            found = None if is_large else self.planner.planned(*asked)
            if found is None:
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self.planning, self.planner.plan, *asked)
            told = found[0]
        except AccessDenied as denied:
            told = denied
            raise
        finally:
            if told is not None and self.shadow is not None:
                self.shadow.note(self.planner, told, request, view)
        return found


def _unanswered(error: Exception, request_id: str) -> Unavailable:
    """Return what a caller is told whom the database did not answer."""
    if isinstance(error, DatabaseUnavailable):
        return Unavailable("the database cannot be reached; try again in a moment")
    if isinstance(error, BEHIND):
        log.error("tables are older than this release: `contract-graph db upgrade`; request %s", request_id)
        return Unavailable(COMING)
    return Unavailable("the database did not answer in time; ask for less at once, or again")
