"""`contract-graph roles review`: who holds which role, and whether they still use it."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg

from api.commands.org_work import in_org
from api.settings import Settings, SettingsError
from auth.review.access import UNUSED_AFTER, AccessReview, HeldRole, Standing, review_access
from auth.review.access_csv import access_csv
from domain.counted import counted
from domain.org import Org

STANDINGS = {Standing.INACTIVE: "is not active", Standing.UNKNOWN: "was not imported yet"}


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `roles review`."""
    parser = actions.add_parser("review", help="show who holds which role, since when, and its last use")
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it for a spreadsheet")
    parser.set_defaults(run=_review)


def _review(arguments: argparse.Namespace, settings: Settings) -> int:
    in_org(settings, arguments.org, partial(_of_org, file=arguments.csv))
    return 0


async def _of_org(connection: asyncpg.Connection, org: Org, *, file: Path | None) -> None:
    review = await review_access(connection, org.id, datetime.now(UTC))
    if file is None:
        for held in review.held:
            print(_line(held, review.made_at))
    else:
        try:
            await asyncio.to_thread(file.write_text, access_csv(review), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{file} cannot be written: {error.strerror}") from None
    print(_summary(org, review))


def _line(held: HeldRole, now: datetime) -> str:
    who = held.subject or "nobody"
    named = f" ({held.name})" if held.name else ""
    used = f"last used {held.last_used_at:%Y-%m-%d}" if held.last_used_at else "no use known"
    mark = "  UNUSED" if held.is_unused(now) else ""
    told = f"{held.role}  {who}{named}  since {held.since:%Y-%m-%d}, {used}{mark}"
    if held.subject is not None and held.standing in STANDINGS:
        told += f"\n    the user {STANDINGS[held.standing]}"
    if held.grant_id is not None:
        kind = held.holder_kind.lower().replace("_", " ")
        told += f"\n    by {kind} {held.holder_id}, granted by {held.granted_by}: {held.reason}"
    return told


def _summary(org: Org, review: AccessReview) -> str:
    held, unused = counted(len(review.held), "role"), len(review.unused)
    since = f"reaches back to {review.log_since:%Y-%m-%d}" if review.log_since else "has no event"
    return (
        f"{org.name}: {held} held, {unused:,} of them unused for {UNUSED_AFTER.days} days;"
        f" the audit log {since}"
    )
