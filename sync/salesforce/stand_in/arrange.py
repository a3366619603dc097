"""What the stand-in is told by whoever runs it: settings, people, apps, records, sharing, trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sync.salesforce.stand_in.catalogue import objects
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.rights import Rights
from sync.salesforce.stand_in.sessions import Sessions
from sync.salesforce.stand_in.writing import Writing

_KNOWN = ("settings", "users", "apps", "records", "sharing", "faults", "now", "calls", "undeleted")


def arrange(org: Org, sessions: Sessions, said: Mapping[str, Any]) -> dict[str, list[str]]:
    """Arrange what a document says; return the ids of the records that it made, by object.

    `undeleted` records, by object, are taken out of the recycle bin by the last user. `now` stops the clock,
    null lets it run; `calls` is how many of today's calls are used up.
    Raises ValueError, TypeError, LookupError or Refused.
    """
    if unknown := said.keys() - set(_KNOWN):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; {', '.join(_KNOWN)} can be arranged")
    org.settings = replace(org.settings, **said.get("settings", {}))
    if "now" in said:
        org.clock.stopped_at = datetime.fromisoformat(said["now"]) if said["now"] else None
    org.calls = int(said.get("calls", org.calls))
    made: dict[str, list[str]] = {}
    for user in said.get("users", ()):
        made.setdefault("User", []).append(_user(org, dict(user)))
    for app in said.get("apps", ()):
        sessions.register(app)
    for name, records in said.get("records", {}).items():
        made.setdefault(name, []).extend(org.seed(name, record) for record in records)
    org.sharing.arrange(said.get("sharing", {}))
    for name, ids in said.get("undeleted", {}).items():
        *_, user = (each["Id"] for each in org.store.all("User"))
        with org.transaction():
            for each in ids:
                Writing(org, Caller(user, org.rights[user]), "ui").undelete(objects()[name], each)
    for fault in said.get("faults", ()):
        org.faults.add(fault)
    return made


def _user(org: Org, said: dict[str, Any]) -> str:
    """Add a user, or change the one who has the username, and the rights; a change is told of."""
    rights = Rights.read(said.pop("rights", {}))
    known = (each["Id"] for each in org.store.all("User") if each["Username"] == said["Username"])
    user_id = next(known, None)
    if user_id is None:
        user_id = org.seed("User", {"IsActive": True, "LastName": said["Username"]} | said)
    elif changes := said.keys() - {"Username"}:
        before = org.store.get("User", user_id) or {}
        after = before | {name: said[name] for name in changes} | org.stamps(before)
        with org.transaction():
            org.store.put(objects()["User"], after)
            # As an administrator does in Setup, which is told of as a change of whom it is about.
            org.bus.note("User", "UPDATE", before, after, Caller(user_id, rights), "setup")
    org.rights[user_id] = rights
    return user_id
