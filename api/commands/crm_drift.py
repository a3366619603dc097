"""`contract-graph crm drift`: where Salesforce holds other values of contracts, and what is done about it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from api.commands.org_work import in_org, salesforce_of
from api.settings import Settings, SettingsError
from domain.counted import counted
from domain.drift import OPEN, DriftFinding, DriftState
from domain.org import Org
from storage.drift import chosen, report
from sync.drift import accept, compare_now, repair, schedule

_AGREE, _DIFFER = 0, 3


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `crm drift`; exit code 3 says that something differs."""
    work = parser.add_mutually_exclusive_group()
    work.add_argument("--now", action="store_true", help="have all compared as soon as a worker is free")
    work.add_argument("--nightly", action="store_true", help="have all compared every night")
    work.add_argument("--list", action="store_true", help="tell each field that differs, with its id")
    work.add_argument(
        "--repair", nargs="+", metavar="ID", help="write these out again; `all` for all that differ"
    )
    work.add_argument("--accept", nargs="+", type=UUID, metavar="ID", help="leave these, with --why")
    parser.add_argument("--why", help="with --accept")
    parser.add_argument("--by", help="who decides, with --repair and --accept")


def run_drift(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do what `crm drift` was asked for. Raises SettingsError."""
    if (arguments.repair or arguments.accept) and not arguments.by:
        raise SettingsError("--by names who decides: it is kept with the finding")
    if arguments.accept and not arguments.why:
        raise SettingsError("--why says why it may stay as it is: it is kept with the finding")
    code: list[int] = []

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        code.append(await _done(connection, org, arguments, datetime.now(UTC)))

    in_org(settings, arguments.org, work)
    return code[0]


async def _done(
    connection: asyncpg.Connection, org: Org, arguments: argparse.Namespace, now: datetime
) -> int:
    if arguments.now or arguments.nightly:
        await salesforce_of(connection, org)
    if arguments.now:
        await compare_now(connection, org.id, now)
        print(f"{org.name} is compared with its Salesforce as soon as a worker is free")
    elif arguments.nightly:
        at = await schedule(connection, org.id, now)
        print(f"{org.name} is compared every night, first at {at:%Y-%m-%d %H:%M} UTC")
    elif arguments.repair:
        count = await repair(connection, org.id, _ids(arguments.repair), arguments.by, now)
        print(f"{counted(count, 'field is', 'fields are')} to be written out again")
    elif arguments.accept:
        said = {"by": arguments.by, "why": arguments.why, "now": now}
        count = await accept(connection, org.id, arguments.accept, **said)
        print(f"{counted(count, 'field stays as it is', 'fields stay as they are')} until both sides agree")
    elif arguments.list:
        return _listed(await chosen(connection, org.id, (*OPEN, DriftState.ACCEPTED)))
    else:
        return await _report(connection, org)
    return _AGREE


def _ids(said: Sequence[str]) -> Sequence[UUID] | None:
    if list(said) == ["all"]:
        return None
    try:
        return [UUID(each) for each in said]
    except ValueError:
        raise SettingsError("--repair takes ids, as --list tells them, or `all`") from None


def _listed(findings: Sequence[DriftFinding]) -> int:
    if not findings:
        print("nothing differs that waits for anybody")
    for each in findings:
        at = "" if each.changed_at is None else f" at {each.changed_at:%Y-%m-%d %H:%M:%S} UTC"
        print(f"{each.id}  {each.state:9}  {each.object}.{each.name} of {each.salesforce_id}")
        print(f"  contract {each.contract_id}; it is {each.owner}'s")
        print(f"  the record was changed last by {each.changed_by or 'nobody known'}{at}")
        if each.reason:
            print(f"  {each.reason}")
    return _DIFFER if any(each.state in OPEN for each in findings) else _AGREE


async def _report(connection: asyncpg.Connection, org: Org) -> int:
    counted = await report(connection, org.id)
    if not counted:
        print(f"nothing of {org.name} is known to differ, or ever did")
        return _AGREE
    print(f"{'field':40}" + "".join(f"{state.lower():>11}" for state in DriftState))
    total: Counter[DriftState] = Counter()
    for (name, field), states in counted.items():
        total += states
        print(f"{f'{name}.{field}':40}" + "".join(f"{states[state]:>11,}" for state in DriftState))
    return _DIFFER if any(total[state] for state in OPEN) else _AGREE
