"""Trouble on order: what goes wrong, for which calls or records, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from random import Random
from typing import Any

from sync.salesforce.stand_in.refusal import Refused

CALL_KINDS = frozenset({"limit", "concurrent", "unavailable", "slow", "cut", "cut_after", "expired"})
"""Trouble with a whole call. `cut` loses the call, `cut_after` the answer to one that took effect."""

EVENT_KINDS = frozenset({"gap", "twice", "break"})
"""Trouble with a change event: told without values, published twice, the stream lost before it."""

JOB_KINDS = frozenset({"job_failed", "job_aborted", "job_lost"})
"""Trouble with a bulk job that is asked how it is: it ends without a result, or is known to nobody."""

ROW_KINDS: Mapping[str, Callable[[Fault, str], Refused]] = {
    "lock": lambda _, record: Refused(
        "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {record}", []
    ),
    "duplicate": lambda fault, record: Refused(
        "DUPLICATE_VALUE",
        f"duplicate value found: {fault.field} duplicates value on record with id: {record}",
        [],
    ),
    "duplicates_detected": lambda _, record: Refused(
        "DUPLICATES_DETECTED",
        "Use one of these records?",
        more={"duplicateResult": {"allowSave": True, "matchResults": [{"matchRecords": [{"Id": record}]}]}},
    ),
    "error": lambda fault, _: Refused(fault.code, fault.message, list(fault.fields), fault.status),
}
"""Trouble with one record."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One order of trouble.

    It passes over the first `after` calls or records that it fits, then strikes `times` of them (None: all),
    each with the probability `share`. `object` and `record` narrow what it fits: an object's name, and a text
    that the id, the external id or the address of what is asked for must hold.
    """

    kind: str
    times: int | None = 1
    after: int = 0
    share: float = 1.0
    object: str | None = None
    record: str | None = None
    seconds: float = 0.0
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    message: str = "The validation rule of an admin refuses this"
    fields: tuple[str, ...] = ()
    status: int = int(HTTPStatus.BAD_REQUEST)
    field: str = "Name"
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in CALL_KINDS | EVENT_KINDS | JOB_KINDS | ROW_KINDS.keys():
            raise ValueError(f"no kind of trouble: {self.kind}")

    def fits(self, object_name: str | None, text: str) -> bool:
        """Return whether what is asked for is what this is about."""
        about = self.object in (None, object_name) or (object_name is None and str(self.object) in text)
        return about and (self.record is None or self.record in text)


@dataclass(slots=True)
class Faults:
    """The orders in force; the same seed strikes the same calls."""

    orders: list[Fault] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - trouble is no secret

    def add(self, said: Mapping[str, Any]) -> None:
        """Put in an order as JSON says it. Raises ValueError for one that cannot be."""
        known = {each.name for each in fields(Fault)} - {"struck"}
        if unknown := said.keys() - known:
            raise ValueError(f"unknown in an order of trouble: {', '.join(sorted(unknown))}")
        self.orders.append(Fault(**dict(said) | {"fields": tuple(said.get("fields", ()))}))

    def for_call(self, text: str) -> Fault | None:
        """Return the trouble that a call has, if any; `text` is its address and body."""
        return self._strike(lambda each: each.kind in CALL_KINDS and each.fits(None, text))

    def for_event(self, object_name: str, text: str, *kinds: str) -> str | None:
        """Return the trouble of these kinds that an event has, if any; `text` is the records it is of."""
        wanted = kinds or ("gap", "twice")
        fault = self._strike(lambda each: each.kind in wanted and each.fits(object_name, text))
        return fault.kind if fault else None

    def for_job(self, object_name: str, job: str) -> str | None:
        """Return the trouble that a bulk job has, if any."""
        fault = self._strike(lambda each: each.kind in JOB_KINDS and each.fits(object_name, job))
        return fault.kind if fault else None

    def for_row(self, object_name: str, text: str, record: str) -> Refused | None:
        """Return why a record cannot be written just now, if so; `text` is all that names it."""
        fault = self._strike(lambda each: each.kind in ROW_KINDS and each.fits(object_name, text))
        return ROW_KINDS[fault.kind](fault, record) if fault else None

    def _strike(self, fits: Callable[[Fault], bool]) -> Fault | None:
        for fault in self.orders:
            if (fault.times is not None and fault.struck >= fault.times) or not fits(fault):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif self.random.random() < fault.share:
                fault.struck += 1
                return fault
        return None
