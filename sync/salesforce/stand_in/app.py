"""The stand-in over HTTP: the paths of Salesforce, and `/stand-in/` for whoever runs it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sync.salesforce.stand_in.arrange import arrange
from sync.salesforce.stand_in.exchange import LONGEST_ADDRESS, Answer, Call
from sync.salesforce.stand_in.faults import Fault
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import OAuthRefused, Refused
from sync.salesforce.stand_in.resources import LATEST, OLDEST, Resources
from sync.salesforce.stand_in.sessions import Sessions

_DOWN = "<html><head><title>Down</title></head><body><h1>Server Unavailable</h1></body></html>"
_CLIENT = re.compile(r"client=([^,;\s]+)")
_LIMITS = {"limit": "TotalRequests", "concurrent": "ConcurrentPerOrgLongTxn"}
_Answering = Callable[[Mapping[str, str]], Mapping[str, Any]]
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


class Cut(Response):
    """An answer that never comes: the server closes the connection after its head."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})


def _gone(_request: Request, _error: Exception) -> Response:
    """Answer a caller that went away before it had said all: nobody hears it."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


class StandIn:
    """One org under one address; `admin_key` opens `/stand-in/`."""

    def __init__(self, org: Org, origin: str, admin_key: str) -> None:
        self._origin, self._admin_key = origin, admin_key
        self.org = org
        self._begin(org)
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "stand-in"})

    def _begin(self, org: Org) -> None:
        # Who listens to the changes of the org that was finds out: his replay ids are of no use any more.
        for each in self.org.bus.waiting:
            each.set()
        self.org = org
        self.sessions = Sessions(org, self._origin)
        self._resources = Resources(org)

    def app(self) -> Starlette:
        """Return the application to serve."""
        own = {
            "/services/oauth2/token": (self._token, ["POST"]),
            "/services/oauth2/introspect": (self._introspect, ["POST"]),
            "/services/oauth2/userinfo": (self._userinfo, ["GET"]),
            "/id/keys": (self._keys, ["GET"]),
            "/.well-known/openid-configuration": (self._configuration, ["GET"]),
            "/services/data": (self._versions, ["GET"]),
            "/services/data/": (self._versions, ["GET"]),
            "/services/data/v{version:float}": (self._data, ["GET"]),
            "/services/data/v{version:float}/{path:path}": (self._data, _METHODS),
            "/stand-in/{what:path}": (self._admin, ["GET", "POST", "DELETE"]),
        }
        routes = [Route(path, of[0], methods=of[1]) for path, of in own.items()]
        return Starlette(routes=routes, exception_handlers={ClientDisconnect: _gone})

    async def _data(self, request: Request) -> Response:
        """Answer a call of the REST API, or give it the trouble that was ordered for it."""
        raw = await request.body()
        fault = self.org.faults.for_call(_text(request, raw)) if self.org.faults.orders else None
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        elif fault is not None and fault.kind == "cut":
            return Cut()
        elif fault is not None and fault.kind == "unavailable":
            return HTMLResponse(_DOWN, HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            answer = self._resources.answer(self._caller(request, fault), _call(request, raw))
        except Refused as refused:
            answer = Answer(refused.status, refused.body)
        if fault is not None and fault.kind == "cut_after":
            return Cut()
        usage = f"api-usage={self.org.calls}/{self.org.settings.daily_limit}"
        headers = {"Sforce-Limit-Info": usage, **answer.headers}
        return Response(answer.content, answer.status, headers, answer.media_type)

    def _caller(self, request: Request, fault: Fault | None) -> Caller:
        """Return who calls, and count the call. Raises Refused."""
        token = _bearer(request)
        if fault is not None and fault.kind == "expired":
            self.sessions.end(token)
        options = _CLIENT.search(request.headers.get("sforce-call-options", ""))
        caller = self.sessions.caller(token, options[1] if options else None)
        if len(str(request.url)) > LONGEST_ADDRESS:
            raise Refused("URI_TOO_LONG", "The address is too long", status=HTTPStatus.REQUEST_URI_TOO_LONG)
        used_up = self.org.calls >= self.org.settings.daily_limit
        kind = fault.kind if fault is not None else "limit" if used_up else ""
        if kind in _LIMITS:
            message = f"{_LIMITS[kind]} Limit exceeded."
            raise Refused("REQUEST_LIMIT_EXCEEDED", message, status=HTTPStatus.FORBIDDEN)
        self.org.calls += 1
        return caller

    async def _token(self, request: Request) -> Response:
        return await self._oauth(request, lambda form: self.sessions.issue(form, _authorization(request)))

    async def _introspect(self, request: Request) -> Response:
        return await self._oauth(request, self.sessions.introspect)

    async def _oauth(self, request: Request, answered: _Answering) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            return _json(answered(form))
        except OAuthRefused as refused:
            return _json(refused.body, HTTPStatus.BAD_REQUEST)

    async def _userinfo(self, request: Request) -> Response:
        try:
            user_id = self.sessions.caller(_bearer(request), None).user_id
        except Refused as refused:
            return _json(refused.body, refused.status)
        user, org_id = self.org.store.get("User", user_id) or {}, self.org.org_id
        return _json(
            {
                "sub": f"https://login.salesforce.com/id/{org_id}/{user_id}", "user_id": user_id,
                "organization_id": org_id, "preferred_username": user.get("Username"),
                "name": user.get("Name"), "email": user.get("Email"), "email_verified": True,
            }
        )  # fmt: skip

    async def _keys(self, _: Request) -> Response:
        return _json(KeySet([self._key]).as_dict(private=False))

    async def _configuration(self, _: Request) -> Response:
        own = self._origin + "/services/oauth2/"
        named = {f"{name}_endpoint": own + name for name in ("token", "userinfo")}
        about = {"issuer": self._origin, "jwks_uri": self._origin + "/id/keys"}
        return _json(about | named | {"introspection_endpoint": own + "introspect"})

    async def _versions(self, _: Request) -> Response:
        numbers = [f"{number}.0" for number in range(OLDEST, LATEST + 1)]
        return _json([{"label": n, "url": f"/services/data/v{n}", "version": n} for n in numbers])

    async def _admin(self, request: Request) -> Response:
        """Arrange, show or clear, for whoever started this server."""
        if not secrets.compare_digest(_bearer(request).encode(), self._admin_key.encode()):
            return _json({"error": "the admin key is not right"}, HTTPStatus.FORBIDDEN)
        match request.method, *request.path_params["what"].split("/"):
            case "POST", "arrange":
                try:
                    return _json(arrange(self.org, self.sessions, orjson.loads(await request.body())))
                except (ValueError, TypeError, LookupError, Refused) as error:
                    return _json({"error": f"{type(error).__name__}: {error}"}, HTTPStatus.BAD_REQUEST)
            case "GET", "journal":
                asked = dict(request.query_params)
                return _json(self.org.journal.shown(int(asked.pop("after", 0)), **asked))
            case "GET", "records", name if name in self.org.store.names:
                return _json(list(self.org.store.all(name)))
            case "GET", "stream":
                return _json({"latest": self.org.bus.latest().hex()})
            case "GET", "published":
                return _json(self.org.bus.published)
            case "GET", "calls":
                return _json({"used": self.org.calls})
            case "DELETE", what if clear := self._clearing().get(what):
                clear()
                return Response(status_code=HTTPStatus.NO_CONTENT)
        return _json({"error": "nothing is here"}, HTTPStatus.NOT_FOUND)

    def _clearing(self) -> Mapping[str, Callable[[], object]]:
        return {
            "everything": lambda: self._begin(Org(self.org.org_id)),
            "faults": self.org.faults.orders.clear,
            "stream": self.org.bus.reset,
            "journal": self.org.journal.entries.clear,
            "sessions": self.sessions.end_all,
        }


def _call(request: Request, raw: bytes) -> Call:
    path = request.scope["raw_path"].decode("ascii").split("/")[4:]
    steps = tuple(unquote(step) for step in path if step)
    version = f"{request.path_params['version']:.1f}"
    headers = {key.lower(): value for key, value in request.headers.items()}
    return Call(request.method, version, steps, dict(request.query_params), headers, raw)


def _text(request: Request, raw: bytes) -> str:
    return f"{request.method} {unquote(str(request.url))} {raw.decode('utf-8', 'replace')}"


def _bearer(request: Request) -> str:
    return (_authorization(request) or "").removeprefix("Bearer ")


def _authorization(request: Request) -> str | None:
    return request.headers.get("authorization")


def _json(body: Any, status: int = HTTPStatus.OK) -> Response:  # noqa: ANN401 - JSON
    return Response(orjson.dumps(body), status, media_type="application/json")
