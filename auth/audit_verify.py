"""An org's audit log checked against its tree, its signed heads and the heads that lie in a second place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from auth.audit import RETENTION, event_hash, moment_of, told
from auth.audit_findings import Finding, Wrong
from auth.audit_head import ExportedHead, SealKeys
from auth.audit_order import out_of_order
from auth.audit_seal import head_of
from auth.merkle import Frontier
from storage.audit_months import Month
from storage.audit_tree import Leaf, StoredHead, find_unsealed, list_heads, read_accesses, read_leaves

SKEW: Final = timedelta(minutes=1)
"""How far the clocks of those who write and those who seal may lie apart."""

PROMPT: Final = timedelta(minutes=5)
"""Within what time an event comes into the log, and is sealed."""

_MOST_UNSEALED: Final = 1000
_OF_THE_TREE: Final = (Wrong.DELETED, Wrong.REORDERED, Wrong.REWRITTEN)


@dataclass(slots=True, kw_only=True)
class Report:
    """What a log was found to be."""

    events: int = 0
    heads: int = 0
    sealed_at: datetime | None = None
    dropped: int = 0
    dropped_before: Month | None = None
    unsealed: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def only_waits(self) -> bool:
        """Whether nothing is wrong but that events wait to be sealed for longer than they should."""
        return bool(self.findings) and all(each.wrong is Wrong.UNSEALED for each in self.findings)


async def verify(
    connection: asyncpg.Connection,
    org_id: UUID,
    keys: SealKeys,
    exported: Sequence[ExportedHead],
    now: datetime,
) -> Report:
    """Check the log of an org, in a transaction that is bound to it and sees the database at one moment."""
    heads = await list_heads(connection, org_id)
    accesses = {event: hashlib.sha256(body.encode()).hexdigest()
                for event, body in await read_accesses(connection, org_id)}  # fmt: skip
    work = _Verification(org_id, keys, heads, [each for each in exported if each.head.org_id == org_id])
    work.check_heads(now)
    work.check_exports()
    async for leaf in read_leaves(connection, org_id):
        work.take(leaf, accesses)
    work.finish()
    unsealed = await find_unsealed(connection, org_id, UUID(int=0), _MOST_UNSEALED)
    work.check_unsealed([event for event, _ in unsealed], now)
    return work.report


class _Verification:
    def __init__(
        self, org_id: UUID, keys: SealKeys, heads: Sequence[StoredHead], exported: Sequence[ExportedHead]
    ) -> None:
        self.report = Report(heads=len(heads), sealed_at=heads[-1].sealed_at if heads else None)
        self._org_id, self._keys, self._heads = org_id, keys, heads
        self._exported = [each for each in exported if self._is_signed(each)]
        self._known = {
            each.first + place: leaf for each in self._exported for place, leaf in enumerate(each.leaves)
        }
        self._signed = {head.size for head in heads if keys.signed(head_of(head))}
        self._end = max(self._signed | {each.head.size for each in self._exported}, default=0)
        self._beyond: list[Leaf] = []
        self._tree = Frontier()
        self._next_head = 0
        self._batch: list[Leaf] = []
        self._gone: list[Leaf] = []
        self._seen: dict[UUID, int] = {}
        self._moved: list[tuple[int, UUID, UUID]] = []
        self._accesses: set[str] = set()

    def _found(
        self, wrong: Wrong, told_: str, position: int | None = None, event: UUID | None = None
    ) -> None:
        self.report.findings.append(Finding(wrong, told_, position, event))

    def _is_signed(self, each: ExportedHead) -> bool:
        if not self._keys.signed(each.head):
            self._found(Wrong.UNSIGNED, f"the exported head of {each.head.size} events has a wrong signature")
            return False
        return True

    # Heads

    def check_heads(self, now: datetime) -> None:
        """Check the signature and the clock of every head."""
        before: StoredHead | None = None
        for head in self._heads:
            at = head.size - 1
            if not self._keys.signed(head_of(head)):
                why = "its signature is wrong" if self._keys.knows(head.kid) else f"key {head.kid} is unknown"
                self._found(Wrong.UNSIGNED, f"the head of {head.size} events: {why}", at)
            if before is not None and head.size == before.size:
                self._found(Wrong.FORKED, f"there are two heads of {head.size} events", at)
            if before is not None and head.sealed_at < before.sealed_at:
                self._found(Wrong.CLOCK, f"the head of {head.size} events is older than the one before", at)
            if head.sealed_at > now + SKEW:
                self._found(Wrong.CLOCK, f"the head of {head.size} events is of {told(head.sealed_at)}", at)
            before = head

    def check_exports(self) -> None:
        """Check that every exported head is still there, and that the leaves beside it are its own."""
        ours = {(head.size, head.root) for head in self._heads}
        sizes = {head.size for head in self._heads}
        largest = max(sizes, default=0)
        tree = Frontier()
        for each in self._exported:
            size = each.head.size
            if each.first == tree.size:
                for _, hash_ in each.leaves:
                    tree.append(hash_)
                if tree.root() != each.head.root:
                    self._found(Wrong.UNSIGNED, f"the exported head of {size} events has other leaves")
            if size in sizes and (size, each.head.root) not in ours:
                self._found(Wrong.FORKED, f"the exported head of {size} events has another root", size - 1)
            elif size not in sizes and size < largest:
                self._found(Wrong.FORKED, f"the exported head of {size} events is not in the log", size - 1)

    # Leaves

    def take(self, leaf: Leaf, accesses: dict[UUID, str]) -> None:
        """Check the next leaf and its event."""
        if leaf.position >= self._end:
            self._beyond.append(leaf)
            return
        if leaf.position < self._tree.size:
            self._found(Wrong.FORKED, "another leaf has its position", leaf.position, leaf.id)
            return
        while self._tree.size < leaf.position:
            self._missing()
        self._compare(leaf)
        if leaf.body is None:
            self._gone.append(leaf)
        else:
            self._check_event(leaf, leaf.body, accesses)
        self._seen[leaf.id] = leaf.position
        self._grow(leaf)

    def _missing(self) -> None:
        """A position that no leaf has: go on with what was exported, if it was."""
        position = self._tree.size
        event, hash_ = self._known.get(position, (None, bytes(32)))
        self._found(Wrong.DELETED, "its leaf is gone", position, event)
        self._grow(Leaf(position, event or UUID(int=0), hash_))

    def _compare(self, leaf: Leaf) -> None:
        known = self._known.get(leaf.position)
        if known is None or known == (leaf.id, leaf.hash):
            return
        if known[0] == leaf.id:
            self._found(Wrong.REWRITTEN, "it is not what was exported", leaf.position, leaf.id)
        else:
            self._moved.append((leaf.position, known[0], leaf.id))

    def _check_event(self, leaf: Leaf, body: str, accesses: dict[UUID, str]) -> None:
        if event_hash(body.encode()) != leaf.hash:
            self._found(Wrong.EDITED, "it is not what was sealed", leaf.position, leaf.id)
            return
        try:
            self._check_facts(leaf, orjson.loads(body), accesses)
        except (ValueError, KeyError, TypeError):
            self._found(Wrong.EDITED, "it was no event when it was sealed", leaf.position, leaf.id)

    def _check_facts(self, leaf: Leaf, said: dict[str, Any], accesses: dict[UUID, str]) -> None:
        if (said["id"], said["org"]) != (str(leaf.id), str(self._org_id)):
            self._found(Wrong.EDITED, "it tells of another event or org", leaf.position, leaf.id)
        if said["at"] != told(moment_of(leaf.id)):
            text = f"it says {said['at']}, and its id {told(moment_of(leaf.id))}"
            self._found(Wrong.CLOCK, text, leaf.position, leaf.id)
        if said["kind"] == RETENTION:
            month = Month.read(said["operation"]["name"])
            self.report.dropped_before = max(month, self.report.dropped_before or month)
        digest = said["access"]
        if digest is None or digest in self._accesses:
            return
        self._accesses.add(digest)
        found = accesses.get(UUID(digest[:32]))
        if found is None:
            self._found(Wrong.DELETED, f"its access {digest[:12]} is gone", leaf.position, leaf.id)
        elif found != digest:
            self._found(Wrong.EDITED, f"its access {digest[:12]} was changed", leaf.position, leaf.id)

    def _grow(self, leaf: Leaf) -> None:
        self._tree.append(leaf.hash)
        self._batch.append(leaf)
        while self._next_head < len(self._heads) and self._heads[self._next_head].size <= self._tree.size:
            self._close_batch(self._heads[self._next_head])
            self._next_head += 1

    def _close_batch(self, head: StoredHead) -> None:
        """Check what one head sealed: its order, its clocks and its root."""
        batch, self._batch = self._batch, []
        self._check_order(batch, head)
        if head.size not in self._signed or self._tree.root() == head.root:
            return
        self._check_root(batch, head)
        with suppress(ValueError):
            frontier = Frontier.from_bytes(head.size, head.frontier)
            if frontier.root() == head.root and head.size == self._tree.size:
                self._tree = frontier  # what comes after is checked from what was signed

    def _check_order(self, batch: Sequence[Leaf], head: StoredHead) -> None:
        before = self._heads[self._next_head - 1].sealed_at if self._next_head else None
        batch = [leaf for leaf in batch if leaf.id.int]
        for leaf in out_of_order(batch):
            if leaf.position not in self._known:
                self._found(Wrong.REORDERED, "it does not stand in its place", leaf.position, leaf.id)
        for leaf in batch:
            moment = moment_of(leaf.id)
            if moment > head.sealed_at + SKEW:
                text = f"it says {told(moment)} and was sealed at {told(head.sealed_at)}"
                self._found(Wrong.CLOCK, text, leaf.position, leaf.id)
            elif before is not None and moment < before - PROMPT:
                text = f"it says {told(moment)} and came after what was sealed at {told(before)}"
                self._found(Wrong.CLOCK, text, leaf.position, leaf.id)

    def _check_root(self, batch: Sequence[Leaf], head: StoredHead) -> None:
        positions = {leaf.position for leaf in batch}
        told_by = {each.position for each in self.report.findings if each.wrong in _OF_THE_TREE}
        named = told_by | {place for place, *_ in self._moved}
        if positions & named or not batch:
            return
        text = (
            f"of the {len(batch)} events up to {batch[-1].id} at least one is not what was sealed at"
            f" {told(head.sealed_at)}"
        )
        self._found(Wrong.REWRITTEN, text, batch[0].position, batch[0].id)

    # In the end

    def finish(self) -> None:
        """Check what the whole log must be."""
        self.report.events = self._tree.size + len(self._beyond)
        self._tell_moved()
        self._tell_gone()
        size = self._tree.size
        if self._beyond:
            text = f"no head was signed for the {len(self._beyond)} leaves from here on"
            self._found(Wrong.UNSIGNED, text, self._beyond[0].position, self._beyond[0].id)
        due = max(self._signed, default=0)
        if due > size:
            self._found(Wrong.TRUNCATED, f"the log ends here, and was sealed up to {due} events", size)
        for each in self._exported:
            if each.head.size > max(size, due):
                event, _ = self._known.get(size, (None, b""))
                text = f"the log ends before it; {each.head.size} events were sealed by {_when(each)}"
                self._found(Wrong.TRUNCATED, text, size, event)
                break

    def _tell_moved(self) -> None:
        taken_out = 0
        for position, due, found in self._moved:
            stands = self._seen.get(due)
            if stands is None:
                self._found(Wrong.DELETED, f"event {found} stands in its place", position, due)
                taken_out += 1
            elif stands != position - taken_out:
                self._found(Wrong.REORDERED, f"it stands at position {stands} now", position, due)

    def _tell_gone(self) -> None:
        bound = self.report.dropped_before
        for leaf in self._gone:
            if bound is not None and leaf.id < bound.floor:
                self.report.dropped += 1
            else:
                self._found(Wrong.DELETED, "it is gone", leaf.position, leaf.id)

    def check_unsealed(self, events: Sequence[UUID], now: datetime) -> None:
        """Tell of events that should have been sealed long since."""
        self.report.unsealed = len(events)
        for event in events:
            if moment_of(event) < now - PROMPT:
                self._found(Wrong.UNSEALED, "it is in no tree: was it sealed before?", None, event)


def _when(each: ExportedHead) -> str:
    return told(each.head.sealed_at)
