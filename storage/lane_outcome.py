"""What became of a message that was worked on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from domain.alert import AlertKind

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong: a kind for programs, as `UNABLE_TO_LOCK_ROW`, and a sentence for people.

    Others may have written both: what PostgreSQL could not store is replaced, and what is too long cut off.
    """

    kind: str
    message: str

    def __post_init__(self) -> None:
        for name in ("kind", "message"):
            text = getattr(self, name).encode(errors="replace").decode().replace("\0", "?")
            object.__setattr__(self, name, text[:_LONGEST])


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, and leaves its lane."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It is not done yet, nor is what comes after it.

    Without a time its lane backs off, for `least` or longer, and too many attempts quarantine it. With a
    time, as the one when a limit is lifted, it waits for that, which counts as no attempt: the fault is not
    the message's. With a kind of `alert`, operators are told of it in the transaction that puts it off.
    `routine` says that nothing failed: it is done for now, and due again.
    """

    reason: Fault
    after: datetime | None = None
    least: timedelta = timedelta()
    alert: AlertKind | None = None
    routine: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Poison:
    """It never can be done as it is: it goes to quarantine, and its lane goes on."""

    reason: Fault


Outcome = Done | Retry | Poison


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a message is tried, and how long its lane rests in between: twice as long each time."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=5)

    def rest(self, attempts: int, chance: Random) -> timedelta:
        """Return between half and the whole of the rest after so many attempts, by chance.

        Lanes that failed together would otherwise come back together.
        """
        whole: timedelta = min(self.first * 2 ** min(attempts - 1, 30), self.longest)
        return whole * (0.5 + chance.random() / 2)
