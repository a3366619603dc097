"""`contract-graph crm`: the Salesforce that an org's contracts are written to."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from api.commands.crm_drift import add_options, run_drift
from api.commands.crm_events import add_events
from api.commands.crm_load import add_load
from api.commands.crm_poll import add_poll
from api.commands.org_work import in_org, salesforce_of
from api.installation import sealer
from api.settings import Settings, SettingsError
from auth.address import is_secure
from domain.counted import counted
from domain.currency import MINOR_UNITS
from domain.field import Entity
from domain.identity import uuid7
from domain.org import Org
from storage.lanes import Queue, enqueue
from storage.salesforce import StoredSalesforce, end_salesforce, find_salesforce, set_salesforce
from storage.salesforce_records import unwritten
from storage.teams import TEAMS, Member, keep_team
from sync.drift import schedule
from sync.outbox import write_of
from sync.salesforce.client import SalesforceClient
from sync.salesforce.connection import LOGIN
from sync.salesforce.failures import Permanent, SalesforceFailure
from sync.salesforce.metadata import SOURCES, custom_fields, project
from sync.salesforce.orgs import opened_connection, sealed_secret
from sync.salesforce.readiness import Fine, Lacking, lacking
from sync.salesforce.surroundings import surroundings
from sync.salesforce.teams import read_team

_AT_ONCE = 1000
_LONGEST_LAST_KNOWN = 1440


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `crm set|show|check|fields|send|load|events|poll|teams|drift|end`."""
    actions = subparsers.add_parser(
        "crm", help="the Salesforce that contracts are written to"
    ).add_subparsers(dest="action", required=True)
    setting = _action(
        actions, "set", "say how an org's Salesforce is reached, in place of what was said", _set
    )
    setting.add_argument("--url", required=True, help="My Domain: https://DOMAIN.my.salesforce.com")
    setting.add_argument("--consumer-key", required=True, help="of the External Client App there")
    proof = setting.add_mutually_exclusive_group(required=True)
    proof.add_argument(
        "--key-file", type=Path, help="its private key as PEM: we sign in by JWT, as --username"
    )
    proof.add_argument("--secret-file", type=Path, help="its secret: we sign in as whom the app runs as")
    setting.add_argument("--username", help="of the user who writes, with --key-file")
    setting.add_argument(
        "--audience", default=LOGIN, help="with --key-file; https://test.salesforce.com for a sandbox"
    )
    setting.add_argument("--currency", help="that of the org, if it has only one, such as EUR")
    setting.add_argument(
        "--last-known", type=int, metavar="MINUTES",
        help="how much longer its last word on who may read what counts while it cannot be asked",
    )  # fmt: skip
    _action(actions, "show", "say how it is reached", _show)
    _action(actions, "check", "sign in there, and say what is missing and what to do about it", _check)
    fields = actions.add_parser("fields", help="print the fields that an org must have, as metadata")
    fields.add_argument("--to", type=Path, metavar="DIR", help="write a project there instead")
    fields.set_defaults(run=_fields)
    sending = _action(
        actions, "send", "have contracts written that wait, were refused or were never told", _send
    )
    sending.add_argument("--all", action="store_true", help="every contract, with every value")
    add_load(partial(_action, actions))
    add_events(partial(_action, actions))
    add_poll(partial(_action, actions))
    _action(
        actions,
        "teams",
        "bring the teams of accounts and deals from there, which account_team goes by",
        _teams,
    )
    add_options(
        _action(actions, "drift", "tell where Salesforce holds other values, and put it right", run_drift)
    )
    _action(actions, "end", "write nothing there any more; what it was told stays", _end)


def _action(actions: Any, name: str, help_: str, work: Any) -> argparse.ArgumentParser:  # noqa: ANN401
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name of the org")
    parser.set_defaults(run=work)
    return parser


def _set(arguments: argparse.Namespace, settings: Settings) -> int:
    url = arguments.url.strip().rstrip("/")
    if not is_secure(url):
        raise SettingsError("--url must be https: the token of a user goes there")
    if not arguments.consumer_key.isprintable() or not arguments.consumer_key.strip():
        raise SettingsError("--consumer-key takes a line of text")
    if (arguments.key_file is None) != (arguments.username is None):
        raise SettingsError(
            "--username goes with --key-file: with a secret the app runs as a user of its own"
        )
    if arguments.currency is not None and arguments.currency not in MINOR_UNITS:
        raise SettingsError("--currency takes a code of ISO 4217, such as EUR")
    if arguments.last_known is not None and not 1 <= arguments.last_known <= _LONGEST_LAST_KNOWN:
        raise SettingsError(f"--last-known takes minutes, from 1 to {_LONGEST_LAST_KNOWN}")
    secret = _content(arguments.key_file or arguments.secret_file)
    if arguments.key_file is not None and not _is_private_key(secret):
        raise SettingsError(f"{arguments.key_file} holds no private key as PEM")
    by_jwt = arguments.key_file is not None

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        made = StoredSalesforce(
            org_id=org.id, url=url, consumer_key=arguments.consumer_key.strip(),
            secret=sealed_secret(sealer(settings), org.id, secret),
            username=arguments.username if by_jwt else None, audience=arguments.audience if by_jwt else None,
            currency=arguments.currency, last_known_minutes=arguments.last_known, made_at=datetime.now(UTC),
        )  # fmt: skip
        await set_salesforce(connection, made)
        await schedule(connection, org.id, made.made_at)
        print(f"contracts of {org.name} are written to {url} as they change")
        print(
            "`contract-graph crm check` says what it lacks; `contract-graph crm send` writes those there are"
        )

    in_org(settings, arguments.org, work)
    return 0


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(connection: asyncpg.Connection, org: Org) -> None:
        found = await find_salesforce(connection, org.id)
        if found is None:
            print(f"{org.name} has no Salesforce: `contract-graph crm set` says how it is reached")
            return
        ended = "" if found.ended_at is None else f", ended {found.ended_at:%Y-%m-%d %H:%M} UTC"
        print(f"{found.url}  (since {found.made_at:%Y-%m-%d}{ended})")
        print(f"  app       {found.consumer_key}")
        print(f"  user      {found.username or 'whom the app runs as'}")
        print(f"  currency  {found.currency or 'as each record says'}")
        if found.last_known_minutes is not None:
            print(f"  sharing   its last word counts {found.last_known_minutes} min while it cannot be asked")

    in_org(settings, arguments.org, work)
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    stored = _stored(arguments, settings)
    try:
        found = asyncio.run(_looked_at(stored, settings))
    except SalesforceFailure as failure:
        raise SettingsError(str(failure)) from None
    for each in found:
        if isinstance(each, Fine):
            print(f"ok       {each.what}")
            continue
        print(f"{'MISSING' if each.needed else 'missing'}  {each.what}")
        print(f"         {each.todo}")
        if each.where:
            print(f"         {each.where}")
    absent = [each for each in found if isinstance(each, Lacking)]
    if not absent:
        print(f"{stored.url} lets us in, and lacks nothing")
    elif not any(each.needed for each in absent):
        print("the rest is written; what is missing above is left out, and shown as refused")
    else:
        print("nothing is written until what is MISSING is there", file=sys.stderr)
    return int(bool(absent))


async def _looked_at(stored: StoredSalesforce, settings: Settings) -> Sequence[Fine | Lacking]:
    async with SalesforceClient(opened_connection(stored, sealer(settings))) as client:
        return [*await surroundings(client), *await lacking(client, stored.currency)]


def _fields(arguments: argparse.Namespace, _settings: Settings) -> int:
    if arguments.to is None:
        for path, text in custom_fields().items():
            print(f"<!-- {path} -->\n{text}")
        return 0
    try:
        for path, text in project().items():
            file = arguments.to / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{arguments.to} cannot be written to: {error.strerror}") from None
    print(f"{len(custom_fields())} fields are in {arguments.to}: deploy them from there with")
    print(f"  sf project deploy start --source-dir {SOURCES} --target-org ALIAS")
    return 0


def _send(arguments: argparse.Namespace, settings: Settings) -> int:
    _stored(arguments, settings)

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        ids = await unwritten(connection, org.id, anew=arguments.all)
        correlation = str(uuid7())
        for start in range(0, len(ids), _AT_ONCE):
            messages = [write_of(each, correlation) for each in ids[start : start + _AT_ONCE]]
            await enqueue(connection, org.id, Queue.OUTBOX, messages, datetime.now(UTC))
        due = counted(len(ids), "contract is", "contracts are")
        print(f"{due} to be written, known as {correlation} in every log")

    in_org(settings, arguments.org, work)
    return 0


def _teams(arguments: argparse.Namespace, settings: Settings) -> int:
    teams = asyncio.run(_read_teams(_stored(arguments, settings), settings))

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        for team, found in teams.items():
            if isinstance(found, SalesforceFailure):
                print(f"{team.__name__}: {found}: are these teams turned on, and may our user see them?")
                continue
            kept = await keep_team(connection, org.id, team, found, datetime.now(UTC))
            told = f"{len(found):,} there; {kept.new:,} new, {kept.changed:,} changed, {kept.gone:,} gone"
            unknown = f"; {kept.unknown:,} left out: their record or user is not here" if kept.unknown else ""
            print(f"{team.__name__}: {told}{unknown}")

    in_org(settings, arguments.org, work)
    return int(any(isinstance(found, SalesforceFailure) for found in teams.values()))


async def _read_teams(
    stored: StoredSalesforce, settings: Settings
) -> Mapping[type[Entity], Sequence[Member] | SalesforceFailure]:
    """Return the members of each kind of team; an org need not have both. Raises SettingsError."""
    found: dict[type[Entity], Sequence[Member] | SalesforceFailure] = {}
    async with SalesforceClient(opened_connection(stored, sealer(settings))) as client:
        for team in TEAMS:
            try:
                found[team] = await read_team(client, team)
            except Permanent as failure:
                found[team] = failure
            except SalesforceFailure as failure:
                raise SettingsError(str(failure)) from None
    return found


def _end(arguments: argparse.Namespace, settings: Settings) -> int:
    stored = _stored(arguments, settings)

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        await end_salesforce(connection, org.id, datetime.now(UTC))
        print(f"ended {stored.url}: nothing of {org.name} is written there in a few seconds")

    in_org(settings, arguments.org, work)
    return 0


def _stored(arguments: argparse.Namespace, settings: Settings) -> StoredSalesforce:
    """Return how the org's Salesforce is reached. Raises SettingsError where it has none."""
    found: list[StoredSalesforce] = []

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        found.append(await salesforce_of(connection, org))

    in_org(settings, arguments.org, partial(work))
    return found[0]


def _is_private_key(text: str) -> bool:
    try:
        return RSAKey.import_key(text).is_private
    except (JoseError, ValueError):
        return False


def _content(file: Path) -> str:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise SettingsError(f"{file} holds no secret")
    return text
