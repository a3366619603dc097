"""`contract-graph demo`: everything on this machine, with sample data and people to try it as."""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from api.app import Application, today
from api.commands.demo_events import TELLINGS, DemoEvents
from api.commands.demo_people import demo_people, let_in, sample_records, stand_in_users
from api.commands.demo_salesforce import DemoSalesforce
from api.commands.serve import listen, serve
from api.commands.token import LOOPBACK, local_caller, local_token
from api.installation import Installation, migrated, open_installation, open_vault, signing_keys
from api.landing import DemoPerson, render_events, render_graphiql, render_landing
from api.preview_page import BUILT, HERE, Records, is_built, render_preview
from api.settings import Settings, SettingsError
from api.stand_in import StandInProvider
from auth.oauth.metadata import CALLBACK_PATH
from domain.contract import Contract
from domain.counted import counted
from domain.crm import Opportunity
from domain.field import Entity
from storage.database import connect
from storage.embedded import Cluster
from storage.ingest import Ingest
from storage.orgs import save_org
from sync.feeds.sample import SampleOrg, sample_orgs
from sync.feeds.sample.org import DemoPerson as SamplePerson
from sync.salesforce.stand_in.process import Started, started

QUESTION = (
    "{ contracts(first: 2) { totalCount nodes { number title status liabilityCap { amount currency } } } }"
)
EVENTS_ABOUT = "agr-900341328aef"
"""The contract that the page of events is about: a draft, NL-1022."""
EVENTS_CURRENCY = "EUR"
PRINTED = ("sales_rep", "legal", "security_reviewer")
TOKEN_LIFETIME = timedelta(hours=12)
_HERE = Path(__file__).resolve().parent.parent

_NOTHING_ELSE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = f"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; {_NOTHING_ELSE}"
EVENTS_POLICY = f"{PAGE_POLICY}; connect-src 'self'"
GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src data:; img-src 'self' data:;"
    f" connect-src 'self'; {_NOTHING_ELSE}"
)
# Salesforce's components write their styles into the page; a phone is a frame of the page in itself.
PREVIEW_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `demo`."""
    parser = subparsers.add_parser("demo", help="try everything on this machine, with sample data")
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace, settings: Settings) -> int:
    if settings.host not in LOOPBACK:
        raise SettingsError("the demo shows tokens to whoever opens it: it listens on loopback only")
    with listen(settings) as door, started("--events") as stand_in_org:
        return _demo(settings, door, stand_in_org)


def _demo(settings: Settings, door: socket.socket, stand_in_org: Started) -> int:
    cluster = None if settings.database_url else Cluster(settings.home, settings.pg_bindir)
    found_running = cluster is not None and cluster.status().running
    _say("starting the database" if not found_running else "the database is running")
    installation = open_installation(settings)
    try:
        orgs = sample_orgs(today())
        asyncio.run(_prepare(installation, settings, orgs))
        origin = f"http://{settings.host}:{settings.port}"
        stand_in = StandInProvider(settings.issuer, settings.issuer + CALLBACK_PATH, stand_in_users(orgs))
        printed = asyncio.run(printed_tokens(installation, settings, orgs[0]))
        salesforce = DemoSalesforce(stand_in_org, orgs[0].org, EVENTS_CURRENCY)
        asyncio.run(salesforce.prepare(installation, settings, orgs[0].records))
        about = orgs[0].org, EVENTS_ABOUT, _deal_of(orgs[0].records, EVENTS_ABOUT)
        events = DemoEvents(origin, *about, _token_of("legal", printed), installation, salesforce)
        asyncio.run(events.prepare(settings))
        demo = Demo(origin, settings.issuer, printed, sample_records(orgs))
        for sample in orgs:
            client_id = asyncio.run(let_in(installation, stand_in, sample, origin))
            demo.people += demo_people(sample, client_id)
        pages = [*demo.pages(), *events.routes(), *stand_in.routes()]
        working = replace(settings, embedded_worker=True)
        serve(Application(working, installation.url, pages), door, started=demo.introduce)
    finally:
        if cluster is not None and not found_running:
            cluster.stop()
            _say("stopped; the data stay for the next start")
    return 0


def _token_of(role: str, printed: Sequence[tuple[SamplePerson, str]]) -> str:
    return next(token for person, token in printed if person.role == role)


def _deal_of(records: Sequence[Entity], reference: str) -> str:
    """Return the Salesforce id of a contract's opportunity."""
    contracts = (each for each in records if isinstance(each, Contract))
    deal = next(each.opportunity_id for each in contracts if each.external_reference == reference)
    deals = (each for each in records if isinstance(each, Opportunity))
    return str(next(each.salesforce_id for each in deals if each.id == deal))


async def _prepare(installation: Installation, settings: Settings, orgs: Sequence[SampleOrg]) -> None:
    if revisions := await migrated(installation, settings):
        _say(f"brought the database to revision {revisions[-1]} (migrations run: {len(revisions)})")
    loaded = settings.home / "sample-loaded-on"
    if loaded.is_file() and loaded.read_text(encoding="ascii") == today().isoformat():
        return
    owner, application = await connect(installation.owner_url), await connect(installation.url)
    try:
        vault = await open_vault(application, settings)
        for sample in orgs:
            await save_org(owner, sample.org)
            saved = await Ingest(application, sample.org.id, _now, vault).save(sample.records)
            added, moved = saved.inserted.total(), saved.updated.total()
            new = counted(added, "record")
            _say(f"sample data of {sample.org.name}: {new} added, {moved} moved to today")
    finally:
        await owner.close()
        await application.close()
    settings.home.mkdir(parents=True, exist_ok=True)
    loaded.write_text(today().isoformat(), encoding="ascii")


async def printed_tokens(
    installation: Installation, settings: Settings, sample: SampleOrg
) -> list[tuple[SamplePerson, str]]:
    """Sign a token for a person of each role that is printed, to be pasted into a shell."""
    connection = await connect(installation.url)
    try:
        keys = await signing_keys(connection, settings)
    finally:
        await connection.close()

    def token(person: SamplePerson) -> str:
        caller = local_caller(sample.org, person.salesforce_id, [person.role])
        return local_token(settings, keys, caller, TOKEN_LIFETIME)

    return [(person, token(person)) for person in sample.people if person.role in PRINTED]


@dataclass(slots=True)
class Demo:
    """The pages of the demo, and what it prints once it answers."""

    origin: str
    issuer: str
    printed: list[tuple[SamplePerson, str]]
    records: Records
    people: list[DemoPerson] = field(default_factory=list)
    answer: str = ""

    @property
    def curl(self) -> str:
        """The question as a command to paste."""
        body = json.dumps({"query": QUESTION})
        return (
            f"TOKEN={self.printed[0][1]}\n"
            f"curl -s {self.origin}/graphql -H 'Content-Type: application/json' \\\n"
            f"  -H \"Authorization: Bearer $TOKEN\" \\\n  -d '{body}'"
        )

    def pages(self) -> list[BaseRoute]:
        """Return the routes of the pages."""
        return [
            Route("/", self._landing, methods=["GET"]),
            Route("/events", self._events, methods=["GET"]),
            Route("/graphiql", self._graphiql, methods=["GET"]),
            Mount("/graphiql", StaticFiles(directory=_HERE / "graphiql")),
            Route("/preview", self._preview, methods=["GET"]),
            Mount("/preview/lwc", StaticFiles(directory=BUILT, check_dir=False)),
            Mount("/preview", StaticFiles(directory=HERE)),
            Mount("/pages", StaticFiles(directory=_HERE / "pages")),
        ]

    def introduce(self) -> None:
        """Ask the question as the first of the people, and print how anyone else can."""
        self.answer = self._ask()
        for person, token in self.printed:
            print(f"\n{person.name}, {person.role} at {person.org}:\n{token}")
        print(f"\nAsk as {self.printed[0][0].name}:\n\n{self.curl}\n\n{self.answer}\n")
        if not is_built():
            _say("The contract panel's preview is not built: that needs Node.js. All else is there.")
        pages = f"{len(self.people)} people, GraphiQL{' and the contract panel' * is_built()}"
        _say(f"Open {self.origin}/ in a browser: {pages}. Ctrl-C stops.")

    def _ask(self) -> str:
        request = urllib.request.Request(  # noqa: S310 - our own address, http
            f"{self.origin}/graphql", json.dumps({"query": QUESTION}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.printed[0][1]}"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
            return json.dumps(json.load(response), indent=2, ensure_ascii=False)

    async def _landing(self, _: Request) -> Response:
        return _page(render_landing(self.people, self.curl, self.answer), PAGE_POLICY)

    async def _events(self, _: Request) -> Response:
        told = {name: telling.label for name, telling in TELLINGS.items()}
        return _page(render_events(told), EVENTS_POLICY)

    async def _graphiql(self, _: Request) -> Response:
        return _page(render_graphiql(self.people, self.issuer), GRAPHIQL_POLICY)

    async def _preview(self, _: Request) -> Response:
        return _page(render_preview(self.people, self.issuer, self.records), PREVIEW_POLICY)


def _page(html: str, policy: str) -> Response:
    headers = {
        "Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return HTMLResponse(html, headers=headers)


def _now() -> datetime:
    return datetime.now(UTC)


def _say(text: str) -> None:
    print(text, flush=True)
