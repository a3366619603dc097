"""Carries a feed into the graph, a batch at a time, and never stops for one bad record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import asyncpg

from storage.ingest import Ingest, Reference
from storage.records import with_parts
from sync.feeds.graph import Graph, Item, Note
from sync.feeds.reject import Place, Reject, RejectsFile, What
from sync.feeds.summary import Summary

ROWS_PER_BATCH = 4_000
"""So many rows are held in memory and written in one transaction; a larger contract makes one of its own."""

_REFUSALS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, OverflowError, UnicodeError)
"""What the database, or the driver on its behalf, raises for a value that it cannot hold."""


@dataclass(slots=True, kw_only=True)
class Import:
    """One import of one feed into one org; `progress` is called after every batch."""

    ingest: Ingest
    rejects: RejectsFile
    progress: Callable[[Summary], None]
    match_names: bool = False
    rows_per_batch: int = ROWS_PER_BATCH
    summary: Summary = field(default_factory=Summary)
    _waiting: list[tuple[Reference, Place]] = field(default_factory=list)

    async def run(self, items: Iterable[Item]) -> Summary:
        """Store every graph of the feed; references that lead nowhere yet are tried again at the end."""
        batch: list[Graph] = []
        rows = 0
        for item in items:
            if isinstance(item, Note):
                self.summary.notes[item.text] += 1
                continue
            if isinstance(item, Reject):
                self._reject(item)
                continue
            batch.append(item)
            rows += sum(1 for _ in with_parts(item.record))
            if rows >= self.rows_per_batch:
                await self._save(batch)
                batch, rows = [], 0
        await self._save(batch)
        await self._link()
        self.summary.finish()
        return self.summary

    async def _save(self, graphs: list[Graph]) -> None:
        """Store the graphs; where the database refuses one, find it by halves and store the others."""
        if not graphs:
            return
        try:
            await self._save_together(graphs)
        except _REFUSALS as error:
            if len(graphs) > 1:
                middle = len(graphs) // 2
                await self._save(graphs[:middle])
                await self._save(graphs[middle:])
                return
            key = graphs[0].record.source_key
            self._reject(Reject(place=graphs[0].place, record=key, reason=_refusal(error)))

    async def _save_together(self, graphs: list[Graph]) -> None:
        saved = await self.ingest.save(
            [graph.record for graph in graphs],
            [link for graph in graphs for link in graph.links],
            [reference for graph in graphs for reference in graph.references],
            match_names=self.match_names,
        )
        places = {graph.record.source_key: graph.place for graph in graphs}
        places |= {part.source_key: graph.place for graph in graphs for part in with_parts(graph.record)}
        self.summary.count_saved(saved)
        for graph in graphs:
            self.summary.count_graph(graph)
            for reject in graph.rejects:
                self._reject(reject)
        for clash in saved.clashes:
            self._reject(
                Reject(
                    place=places.get(clash.source_key, graphs[0].place),
                    what=What.FIELD,
                    record=clash.source_key,
                    field=clash.field,
                    value=clash.value,
                    reason="another record has it already: stored without it, make one of the two differ",
                )
            )
        self._waiting += [(reference, places[reference.source_key]) for reference in saved.unresolved]
        self.progress(self.summary)

    async def _link(self) -> None:
        places = {id(reference): place for reference, place in self._waiting}
        for reference in await self.ingest.link(reference for reference, _ in self._waiting):
            self._reject(
                Reject(
                    place=places[id(reference)],
                    what=What.UNLINKED,
                    record=reference.source_key,
                    field=reference.field,
                    value=reference.value,
                    reason=f"no {reference.target.__name__} has this {reference.by}: stored without the link,"
                    f" import the {reference.target.__name__} and then this again",
                )
            )

    def _reject(self, reject: Reject) -> None:
        self.rejects.write(reject)
        self.summary.count_reject(reject)


def _refusal(error: Exception) -> str:
    """The reason without the value, which a message of the database may hold."""
    constraint = getattr(error, "constraint_name", None) or getattr(error, "column_name", None)
    return f"the database refuses it ({constraint or type(error).__name__}): correct the record"
