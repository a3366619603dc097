"""What an org is like beside its objects: its edition, what our user may, its limits, what has events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sync.salesforce.changes.resync import ENTITIES
from sync.salesforce.client import SalesforceClient
from sync.salesforce.failures import Permanent
from sync.salesforce.readiness import Fine, Lacking

EVENTS: Final = ENTITIES[:5]
"""Whose change events are wanted, first things first: an org has five selections unless it bought more."""

_CHANNEL: Final = "ChangeEvents"
_LIMITS: Final[Mapping[str, str]] = {
    "DailyApiRequests": "calls of the API",
    "DailyBulkV2QueryJobs": "bulk queries",
    "DailyDeliveredPlatformEvents": "deliveries of events",
}
_LEAST_LEFT: Final = 0.25
"""Below this share there is something to do; at a tenth we send nothing (`Connection.kept_back`)."""

_PERMISSIONS: Final = "Setup > Permission Sets > that of our user > System Permissions"
_RIGHTS: Final[Mapping[str, tuple[str, str]]] = {
    "PermissionsApiEnabled": ("API Enabled", "no call is answered without it"),
    "PermissionsViewAllData": ("View All Data", "change events of records that are not shared with it"),
}
_EDITIONS_WITHOUT_API: Final = frozenset({"Professional Edition", "Group Edition", "Personal Edition"})


async def surroundings(client: SalesforceClient) -> Sequence[Fine | Lacking]:
    """Look at an org; what cannot be looked at is told as such. Raises SalesforceFailure.

    The names are those of the documented API; no real org was asked yet.
    """
    return [await _edition(client), *await _rights(client), *await _limits(client), *await _events(client)]


async def _edition(client: SalesforceClient) -> Fine | Lacking:
    where = "Setup > Company Information"
    rows = await _rows(client, "SELECT OrganizationType, IsSandbox FROM Organization")
    if not rows:
        return Lacking("the edition could not be looked at", "see that it has the API", where=where)
    edition = str(rows[0]["OrganizationType"])
    kind = f"{edition}{', a sandbox' if rows[0].get('IsSandbox') else ''}"
    if edition in _EDITIONS_WITHOUT_API:
        todo = "it answers today: see that its contract with Salesforce has the API for good"
        return Lacking(f"the org is a {kind}, which has the API at extra cost", todo, where=where)
    return Fine(f"the API answers: the org is a {kind}")


async def _rights(client: SalesforceClient) -> Sequence[Fine | Lacking]:
    rows = await _rows(client, f"SELECT {', '.join(_RIGHTS)} FROM UserPermissionAccess")  # noqa: S608 - names of ours
    if not rows:
        named = " and ".join(label for label, _ in _RIGHTS.values())
        return [Lacking("the rights of our user could not be looked at", f"see {named}", where=_PERMISSIONS)]
    return [
        Fine(f"our user has {label}")
        if rows[0].get(name)
        else Lacking(f"our user has no {label}", f"give it: {why}", where=_PERMISSIONS)
        for name, (label, why) in _RIGHTS.items()
    ]


async def _limits(client: SalesforceClient) -> Sequence[Fine | Lacking]:
    said = await client.limits()
    found: list[Fine | Lacking] = []
    for name, label in _LIMITS.items():
        most, left = (_number(said, name, key) for key in ("Max", "Remaining"))
        if most is None or left is None or most <= 0:
            continue
        what = f"{left:,} of {most:,} {label} are left today"
        if left >= most * _LEAST_LEFT:
            found.append(Fine(what))
        else:
            todo = "wait for a new day, find out what uses them up, or buy more"
            found.append(Lacking(what, todo, where="Setup > System Overview > API Usage"))
    return found


async def _events(client: SalesforceClient) -> Sequence[Fine | Lacking]:
    where = "Setup > Integrations > Change Data Capture"
    asked = f"SELECT SelectedEntity FROM PlatformEventChannelMember WHERE EventChannel = '{_CHANNEL}'"  # noqa: S608 - a name of ours
    try:
        rows = [row async for row in client.query(asked, resource="tooling/query")]
    except Permanent:
        todo = f"see that these are selected: {', '.join(EVENTS)}"
        return [Lacking("what has change events could not be looked at", todo, where=where)]
    selected = {str(row["SelectedEntity"]).removesuffix("ChangeEvent") for row in rows}
    return [
        Fine(f"{name} has change events")
        if name in selected
        else Lacking(f"{name} has no change events", f"select {name}", where=where)
        for name in EVENTS
    ]


async def _rows(client: SalesforceClient, soql: str) -> Sequence[Mapping[str, Any]]:
    try:
        return [row async for row in client.query(soql)]
    except Permanent:
        return []


def _number(said: Mapping[str, Any], name: str, key: str) -> int | None:
    try:
        return int(said[name][key])
    except (LookupError, TypeError, ValueError):
        return None
