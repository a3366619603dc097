"""An alert as people read it: a headline, and facts by name, the same in every chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.alerts.alert import Alert, Group

_LONGEST_NAME: Final = 80
"""Of an org's name in a headline: a chat refuses a body whose title is too long."""


def headline(alert: Alert) -> str:
    """Say in a line what happened, how often and where."""
    name = plain(alert.org.name)
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return f"{alert.about.title}: {alert.count:,} ({name})"


def facts(alert: Alert) -> Sequence[tuple[str, str]]:
    """Return what is known, each with its name."""
    found = [("Since", f"{alert.since:%Y-%m-%d %H:%M:%S} UTC")]
    if alert.about.standing is not None and not alert.about.passes:
        found.append((alert.about.standing, f"{alert.standing or 0:,}"))
    found += [(_where(alert, each), _which(each)) for each in alert.groups]
    if alert.other_groups:
        found.append(("Others", f"{alert.other_groups:,} more queues and kinds of error"))
    return found


def plain(text: str) -> str:
    """Keep a name on its line."""
    return "".join(each if each.isprintable() else " " for each in text)


def _where(alert: Alert, group: Group) -> str:
    times = "" if alert.about.passes else f" x {group.count:,}"
    return f"{group.queue} {group.error}".strip() + times


def _which(group: Group) -> str:
    parts = [str(group.example)] if group.example is not None else []
    if group.correlation:
        parts.append(f"correlation {plain(group.correlation)}")
    return ", ".join(parts) or "no example"
