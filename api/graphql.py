"""POST /graphql from request to response, by the GraphQL-over-HTTP specification."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from api.errors import AccessDenied, ApiError, BadRequest, InternalError, Unavailable
from api.limits import MAX_JSON_DEPTH
from api.mutations.once import Mutations
from api.planner.plan import BLIND
from api.planner.run import Plan, Planner
from api.sealed_answers import SealedAnswers, with_shredded
from api.shadow import Shadow
from auth.principal import Principal
from auth.vault import Vault
from auth.view import View, Views
from storage.database import BUSY, Database, DatabaseUnavailable

log = logging.getLogger("contract_graph.graphql")

MEMBERS = {"query": str, "operationName": str, "variables": dict, "extensions": dict}


class Answer(NamedTuple):
    """A response: its status and its JSON."""

    status: int
    body: bytes
    code: str | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class Endpoint:
    """Answers GraphQL requests of principals whose tokens were verified."""

    def __init__(
        self,
        database: Database,
        views: Views,
        today: Callable[[], date],
        vault: Vault,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._database = database
        self._sealed = SealedAnswers(database, vault)
        self._today = today
        self._planner = Planner()
        self._mutations = Mutations(database, frozenset(views.policy.roles), clock)
        self.views = views
        self.shadow: Shadow | None = None

    async def answer(self, principal: Principal, body: bytes) -> Answer:
        """Answer one request; every fault becomes an answer too."""
        try:
            return Answer(HTTPStatus.OK, await self._execute(principal, body))
        except ApiError as error:
            return refusal(error)
        except Exception as error:  # noqa: BLE001 - as follows
            # The boundary: whatever it is, the caller gets JSON, and the log no message: it may hold values.
            log.error("unexpected %s at %s", type(error).__name__, _where(error))  # noqa: TRY400 - as above
            return refusal(InternalError("the request could not be answered; the operator's log says why"))

    async def _execute(self, principal: Principal, body: bytes) -> bytes:
        request = read_request(body)
        plan, variables = self._plan(request, self.views.of(principal.roles))
        environment = variables | {
            "$org": principal.org_id,
            "$today": self._today(),
            "$subject": principal.subject,
            "$scopes": principal.scopes,
        }
        extensions = plan.extensions
        try:
            if plan.blinds:
                environment[BLIND] = await self._sealed.blind(principal.org_id)
            data: bytes
            if plan.change is None:
                data = await self._database.read(plan.statement, plan.arguments(environment))
            else:
                data = await self._mutations.answer(plan.change, plan, principal, environment)
            if plan.opens:
                data, shredded = await self._sealed.opened(principal.org_id, data)
                extensions = with_shredded(extensions, shredded)
        except DatabaseUnavailable as error:
            raise Unavailable("the database cannot be reached; try again in a moment") from error
        except BUSY as error:
            raise Unavailable(
                "the database did not answer in time; ask for less at once, or again"
            ) from error
        return b'{"data":' + data + extensions

    def _plan(self, request: dict[str, Any], view: View) -> tuple[Plan, dict[str, Any]]:
        asked = request["query"], request.get("operationName"), request.get("variables") or {}
        if self.shadow is None:
            return self._planner.plan(*asked, view)
        try:
            plan, variables = self._planner.plan(*asked, view)
        except AccessDenied as denied:
            self.shadow.note(self._planner, denied, request, view)
            raise
        self.shadow.note(self._planner, plan, request, view)
        return plan, variables


def read_request(body: bytes) -> dict[str, Any]:
    """Read the JSON of a request. Raises BadRequest."""
    if body.count(b"[") + body.count(b"{") > MAX_JSON_DEPTH and _too_deep(body):
        raise BadRequest(f"the request's JSON is nested more than {MAX_JSON_DEPTH} deep")
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("the request is not JSON in UTF-8") from None
    if not isinstance(request, dict):
        raise BadRequest("the request is not a JSON object")
    for name, type_ in MEMBERS.items():
        if request.get(name) is not None and not isinstance(request[name], type_):
            raise BadRequest(f"{name} must be {'an object' if type_ is dict else 'a string'}")
    if not request.get("query"):
        raise BadRequest("the request has no query")
    return request


def refusal(error: ApiError) -> Answer:
    """Return the answer that tells an error."""
    return Answer(error.status, orjson.dumps({"errors": error.as_json_list()}), error.code)


def _too_deep(body: bytes) -> bool:
    depth, in_text, escaped = 0, False, False
    for byte in body:
        if in_text:
            escaped, in_text = byte == ord("\\") and not escaped, byte != ord('"') or escaped
        elif byte == ord('"'):
            in_text = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def _where(error: BaseException) -> str:
    """Return the innermost places of our own code and its libraries, from the outside in."""
    places = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in reversed(places))
