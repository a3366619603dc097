"""Figures of a process as Prometheus reads them: the text exposition format, version 0.0.4."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, Literal

from domain.histogram import Histogram

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "contract_graph_"
_BEGAN: Final = time.time()
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")

Labels = Mapping[str, str]
Value = float | Histogram


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name without the prefix, and its value for each set of labels.

    Labels are words of ours: operations that ship with us, codes, queues, objects, ids of orgs. Never a
    value, a name of anybody or anything, or a text that a caller chose.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    samples: Sequence[tuple[Labels, Value]]


def process() -> Iterable[Family]:
    """Tell what this process uses."""
    yield Family("process_cpu_seconds_total", "counter", "CPU used.", [({}, time.process_time())])
    yield Family("process_start_time_seconds", "gauge", "When it began.", [({}, _BEGAN)])
    if _STATM.exists():  # Linux only
        resident = int(_STATM.read_text(encoding="ascii").split()[1]) * _PAGE
        yield Family("process_resident_memory_bytes", "gauge", "Memory in use.", [({}, resident)])


def exposition(families: Iterable[Family]) -> str:
    """Write metrics; each sample says of which process it is, for several may be asked at one address."""
    lines: list[str] = []
    pid = {"process": str(os.getpid())}
    for family in families:
        name = PREFIX + family.name
        lines += (f"# HELP {name} {family.meaning}", f"# TYPE {name} {family.kind}")
        for labels, value in family.samples:
            if isinstance(value, Histogram):
                lines += _histogram(name, {**pid, **labels}, value)
            else:
                lines.append(f"{name}{_written({**pid, **labels})} {_number(value)}")
    return "\n".join(lines) + "\n"


def _histogram(name: str, labels: Labels, told: Histogram) -> Iterable[str]:
    reached = list(accumulate(told.counts))
    for bound, count in zip((*map(_number, told.bounds), "+Inf"), reached, strict=True):
        yield f"{name}_bucket{_written({**labels, 'le': bound})} {count}"
    yield f"{name}_sum{_written(labels)} {_number(told.total)}"
    yield f"{name}_count{_written(labels)} {reached[-1]}"


def _written(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(value) if isinstance(value, int) else f"{value:.10g}"
