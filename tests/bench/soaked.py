"""What became, in the end, of all that the soak has sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import asyncpg

from tests.bench.site import ORG, Site
from tests.bench.steadiness import Finding

RECORDED: Final = "SELECT count(*) FROM audit_event"
_COUNTS: Final = (
    "SELECT (SELECT count(DISTINCT event) FROM field_change WHERE source = 'bench') AS judged,"
    " (SELECT count(*) FROM value_flag) AS flags, (SELECT count(*) FROM quarantined_message) AS held"
)
_CONTRACTS: Final = "SELECT external_reference AS name, title, id::text AS id FROM contract WHERE org_id = $1"


def recorded(kinds: Mapping[str, Any], events: int) -> Finding:
    """See that every answer of /graphql is on record; subscriptions have events too."""
    asked = sum(each["requests"] for name, each in kinds.items() if name not in {"token", "webhook"})
    return Finding(
        what="answers on record", good=events >= asked, told=f"{asked:,} answers, {events:,} events"
    )


def weighed(site: Site, sent: Mapping[str, int]) -> list[Finding]:
    """Look for every event, flag and claim, here and in Salesforce, once nothing waits any more."""

    async def look(connection: asyncpg.Connection) -> tuple[Any, Sequence[Any]]:
        return await connection.fetchrow(_COUNTS), await connection.fetch(_CONTRACTS, ORG.id)

    counts, contracts = site.ask(look)
    there = {row["name"]: row for row in contracts}
    told = {each["Contract_Graph_Id__c"]: each["Name"] for each in site.salesforce.records("Contract")}
    expected = dict(_titles(sent, site.contracts // 2))
    wrong = [name for name, title in expected.items() if there[name]["title"] != title]
    untold = [name for name, title in expected.items() if told.get(there[name]["id"]) != title]
    return [
        Finding(
            what="events", good=counts["judged"] == sent["webhook"] and not counts["held"],
            told=f"{sent['webhook']:,} delivered, {counts['judged']:,} judged, {counts['held']} quarantined",
        ),
        Finding(
            what="flags", good=counts["flags"] == sent["flag"],
            told=f"{sent['flag']:,} made, {counts['flags']:,} there",
        ),
        Finding(
            what="contracts changed", good=not wrong and not untold,
            told=f"{len(expected):,}; not titled as was said last: {wrong[:5] or 0};"
            f" not so in Salesforce: {untold[:5] or 0}",
        ),
    ]  # fmt: skip


def _titles(sent: Mapping[str, int], half: int) -> Iterator[tuple[str, str]]:
    """Give what each contract was called last: those of events, then those of claims, have their turns."""
    for kind, letter, begin in (("webhook", "T", 0), ("claim", "U", half)):
        for number in range(max(sent[kind] - half, 0), sent[kind]):
            yield f"C{begin + number % half}", f"{letter}{number}"
