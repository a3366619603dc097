"""The GraphQL types of how the sync goes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from api import inputs
from api.inputs import listed
from api.object_types import lazy, object_type, optional
from domain.passage import SyncDirection
from storage.sync_health import MOST_KINDS, MOST_LANES

DEFAULT_MINUTES: Final = 60
MOST_MINUTES: Final = 1440

object_type("SyncPassages", "What went one way about one kind of object.", {
    "direction": (inputs.enum_type(SyncDirection), "From which side to which."),
    "object": (str, "What it was about: an object of Salesforce; Contract for what contract systems send."),
    "done": (int, "What went across."),
    "per_minute": (float, "The same, a minute."),
    "latency_p50_ms": (optional(int), "Half of it took no longer: from first heard of until written."),
    "latency_p99_ms": (optional(int), "99 of 100 took no longer. Both as exact as steps of 1, 2, 5, 10."),
    "put_off": (int, "Attempts that failed and are made again."),
    "held": (int, "What was put into quarantine."),
    "failure_rate": (float, "Attempts that were put off or held, of all."),
    "accepted": (int, "Values that hold; counted of what comes in."),
    "refused": (int, "Values that do not, by a rule, or that Salesforce does not take."),
    "conflicts": (int, "Values that wait for a person."),
    "conflict_rate": (float, "Values that wait for a person, of all that came in."),
})  # fmt: skip
object_type("SyncBacklog", "What waits in a queue.", {
    "queue": (str, "The queue: fetch, inbox, outbox."),
    "waiting": (int, "Messages that wait or are worked on."),
    "lanes": (int, f"Of how many keys; at {MOST_LANES:,} in all queues there may be more."),
    "oldest": (optional(datetime), "When the oldest of them came."),
})  # fmt: skip
object_type("SyncHeld", "What is in quarantine with one error.", {
    "queue": (str, "The queue that it comes from."),
    "error": (str, "What kind of error it was."),
    "count": (int, "How many messages."),
    "since": (datetime, "Since when the first of them."),
})  # fmt: skip
object_type("SyncSalesforce", "How the Salesforce of the org stood when it was last written to.", {
    "at": (datetime, "When that was."),
    "limit_left": (optional(int), "Calls of the day that are ours yet; absent where it has not said."),
    "limit_allowed": (optional(int), "Calls of the day that it allows everybody together."),
    "breaker_open": (bool, "Whether it failed so often that it is left alone for a while."),
})  # fmt: skip
object_type("SyncReplay", "How far the events of an object were read.", {
    "object": (str, "The object, or the channel."),
    "position": (optional(str), "The replay id, as Salesforce names it."),
    "at": (datetime, "When that was."),
})  # fmt: skip
object_type("SyncDrift", "How many values of an object differ between both sides.", {
    "object": (str, "The object."),
    "count": (int, "How many."),
    "at": (datetime, "When they were compared."),
})  # fmt: skip
object_type("SyncHealth", "How the sync between the graph, contract systems and Salesforce goes.", {
    "at": (datetime, "Now."),
    "minutes": (int, "Of how many minutes until now `passages` tells."),
    "passages": (listed(lazy("SyncPassages")), "What went across, by direction and object."),
    "backlog": (listed(lazy("SyncBacklog")), "What waits, by queue; a queue where nothing does is absent."),
    "oldest": (optional(datetime), "When the oldest of what waits came."),
    "held": (int, "How many messages are in quarantine."),
    "quarantine": (listed(lazy("SyncHeld")), f"The same by queue and error, the {MOST_KINDS} most frequent."),
    "salesforce": (optional(lazy("SyncSalesforce")), "Its Salesforce; absent where it was never written to."),
    "replays": (listed(lazy("SyncReplay")), "How far events of Salesforce were read; empty without any."),
    "drift": (listed(lazy("SyncDrift")), "What differs; empty where nothing ever was found to."),
})  # fmt: skip
