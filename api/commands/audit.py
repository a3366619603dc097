"""`contract-graph audit`: who read and wrote what, and whether anybody changed the record of it."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from api.commands import audit_seal
from api.commands.org_work import as_owner, chosen_orgs, in_org
from api.settings import Settings, SettingsError
from auth.audit_findings import Wrong
from auth.audit_head import ExportedHead, SealKey, SealKeys, read_exports
from auth.audit_proof import prove
from auth.audit_verify import Report, verify
from auth.key_file import is_there
from domain.counted import counted
from domain.org import Org
from storage.audit_search import Wanted, find_accesses, search
from storage.tenancy import bind_org

FOUND = 3
"""The exit code when a log is not in order."""
_MOST_LATE = 3
"""So many of the events that wait to be sealed are named."""
_MOST = 10_000
"""Events that a search shows."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `audit search|verify|prove|key`, and what `audit_seal` adds."""
    actions = subparsers.add_parser(
        "audit", help="the record of reads and writes, and proofs of it"
    ).add_subparsers(dest="action", required=True)
    _add_search(actions)
    verifying = actions.add_parser("verify", help="find what was changed in the record; exit code 3 if any")
    verifying.add_argument("--org", help="name or id of one org; all unless said")
    verifying.add_argument("--key", type=Path, metavar="PEM", help="public keys of those who sealed")
    verifying.add_argument("--head", type=Path, metavar="FILE", help="compare with heads exported there")
    verifying.set_defaults(run=_verify)
    proving = actions.add_parser("prove", help="print the proof that an event is in the sealed record")
    proving.add_argument("event", type=UUID, help="id of the event")
    proving.add_argument("--org", required=True, help="name or id of the org")
    proving.set_defaults(run=_prove)
    audit_seal.add_parsers(actions)
    actions.add_parser("key", help="print the public key that checks signed heads").set_defaults(run=_key)


def _add_search(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("search", help="show events, the latest first")
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.add_argument("--since", type=_moment, help="from this moment on, 2026-11-27 or 2026-11-27T08:30")
    parser.add_argument("--until", type=_moment, help="before this moment")
    parser.add_argument(
        "--after", type=UUID, metavar="EVENT", help="those that come after this one: older ones"
    )
    parser.add_argument("--subject", help="who asked")
    parser.add_argument("--client", help="the client that asked for them")
    parser.add_argument("--record", type=UUID, help="id of a record that was given out")
    parser.add_argument("--operation", help="name of the operation")
    parser.add_argument("--request", help="id of the request, as x-request-id told it")
    parser.add_argument("--decision", choices=("allowed", "refused"))
    parser.add_argument(
        "--most", type=int, default=20, help="how many to show, 20 unless said, 10,000 at most"
    )
    parser.add_argument("--json", action="store_true", help="each event as it is stored, a line each")
    parser.set_defaults(run=_search)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment, such as 2026-11-21T09:30:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _search(arguments: argparse.Namespace, settings: Settings) -> int:
    wanted = Wanted(**{name: getattr(arguments, name) for name in Wanted.__dataclass_fields__})

    most = max(1, min(arguments.most, _MOST))

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        found = await search(connection, org.id, wanted, most + 1)
        for _, body in found[:most]:
            print(body if arguments.json else await _told(connection, org.id, orjson.loads(body)))
        if not found and not arguments.json:
            print(f"no such event in the log of {org.name}")
        if len(found) > most:
            # Beside the events: who reads them by a program is told as well.
            print(f"there are older ones: the same with --after {found[most - 1][0]}", file=sys.stderr)

    in_org(settings, arguments.org, work)
    return 0


async def _told(connection: asyncpg.Connection, org_id: UUID, event: dict[str, Any]) -> str:
    """Tell one event to a reader."""
    records, refusal, operation = event["records"], event["refusal"], event["operation"]
    outcome = counted(records["count"], "record") if refusal is None else f"REFUSED {refusal['code']}"
    roles, client = ", ".join(event["roles"]) or "no role", event["client"] or "no client"
    took = f"{event['latency_us'] / 1000:.1f} ms"
    lines = [
        f"{event['at']}  {event['kind']}  {operation['name'] or 'unnamed'}  {outcome}  {took}",
        f"    event    {event['id']}, request {event['request']}",
        f"    by       {event['subject']} ({roles}) through {client}",
        f"    asked    document {operation['sha256'] or 'none'}",
        f"    policy   {event['policy']}",
    ]
    if refusal is not None and refusal["rule"]:
        lines.append(f"    refused  {refusal['field']} by {refusal['rule']}")
    if event["access"]:
        body = (await find_accesses(connection, org_id, [event["access"]])).get(event["access"])
        lines += (
            _access_told(orjson.loads(body), refusal) if body else ["    fields   GONE: run `audit verify`"]
        )
    ids = records.get("ids") or ([f"SHA-256 of their ids {records['sha256']}"] if "sha256" in records else [])
    lines += [f"    {'records ' if number == 0 else '        '} {each}" for number, each in enumerate(ids)]
    return "\n".join(lines)


def _access_told(access: dict[str, Any], refusal: object) -> list[str]:
    # Of what was refused nothing was given out: it tells what an answer would have shown.
    what = "shown " if refusal is None else "sought"
    lines = [f"    {what}   {', '.join(access['shown']) or 'no field'}"]
    for decision in ("masked", "denied"):
        lines += [f"    {decision}   {each['field']} by {each['rule']}" for each in access[decision]]
    return lines


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    keys = _public_keys(arguments.key, settings)
    exported = read_exports(arguments.head) if arguments.head else ()
    wrong: list[int] = []

    async def work(connection: asyncpg.Connection) -> None:
        for org in await chosen_orgs(connection, arguments.org):
            async with connection.transaction(isolation="repeatable_read"):
                await bind_org(connection, org.id)
                report = await verify(connection, org.id, keys, exported, datetime.now(UTC))
            _print_report(org, report, [each for each in exported if each.head.org_id == org.id])
            wrong.append(len(report.findings))

    as_owner(settings, work)
    return FOUND if any(wrong) else 0


def _public_keys(given: Path | None, settings: Settings) -> SealKeys:
    if given is not None:
        return SealKeys.load(given)
    if not is_there(settings.audit_key):
        raise SettingsError(f"there is no key at {settings.audit_key}: say the public keys with --key")
    return SealKeys([SealKey.load(settings.audit_key).public])


def _print_report(org: Org, report: Report, exported: list[ExportedHead]) -> None:
    judged = "NOT sealed in time" if report.only_waits else "NOT in order" if report.findings else "in order"
    print(f"{org.name}: {judged}")
    events, heads = counted(report.events, "event"), counted(report.heads, "head")
    sealed = f", the last signed {report.sealed_at:%Y-%m-%d %H:%M:%S} UTC" if report.sealed_at else ""
    lines = [f"{events} under {heads}{sealed}"]
    if report.unsealed:
        lines.append(f"{counted(report.unsealed, 'event')} not sealed yet")
    if report.dropped:
        lines.append(f"{report.dropped:,} of them, before {report.dropped_before}, dropped by retention:")
        lines.append("their leaves are in the tree; a copy of such an event can still be proved")
    if exported:
        largest = counted(max(each.head.size for each in exported), "event")
        lines.append(f"compared with {counted(len(exported), 'exported head')}, the largest of {largest}")
    elif report.heads:
        lines.append("not compared with exported heads: --head finds what a thief of the key could change")
    late = [each for each in report.findings if each.wrong is Wrong.UNSEALED]
    others = [each for each in report.findings if each.wrong is not Wrong.UNSEALED]
    for line in (*lines, *others, *late[:_MOST_LATE]):
        print(f"    {line}")
    if late:
        if len(late) > _MOST_LATE:
            print(f"    and {len(late) - _MOST_LATE:,} more that wait")
        print("    either `contract-graph audit seal` did not run since, or the end of the tree was cut off:")
        print("    if it did not, run it; if it did, exported heads (--head) tell what was sealed")


def _prove(arguments: argparse.Namespace, settings: Settings) -> int:
    in_org(settings, arguments.org, partial(_print_proof, event=arguments.event))
    return 0


async def _print_proof(connection: asyncpg.Connection, org: Org, *, event: UUID) -> None:
    print((await prove(connection, org.id, event)).decode(), end="")


def _key(_: argparse.Namespace, settings: Settings) -> int:
    if not is_there(settings.audit_key):
        # One made here would have signed nothing, and whoever kept it would find every head badly signed.
        raise SettingsError(
            f"there is no key at {settings.audit_key}: run this where the sealer runs, as its user;"
            " `contract-graph audit seal` makes it when it first runs"
        )
    print(SealKey.load(settings.audit_key).public_pem(), end="")
    return 0
