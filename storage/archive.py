"""Where the backups of a cluster go: whole copies, and the WAL that leads from one to any moment after it.

Below the folder that the operator names, each cluster has a folder of its own, named by its system
identifier: two clusters never write to the same place. All of it is as secret as the database, and as closed.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from storage.embedded_errors import NoArchiveError, NoCopyError, TornArchiveError, UnusableArchiveError
from storage.segment import Segment, is_segment
from storage.service_user import ServiceUser

LINK = "backups"
"""In the home, the link to the operator's folder: whoever starts the cluster archives to the same place."""

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_FORBIDDEN = "\"'$`\\\n"  # PostgreSQL hands the path to a shell

# Whatever comes twice must be the same; a name appears only when the file is whole and on the disk.
_KEEP = (
    'f="{wal}/%f.gz"; d="{wal}/.%f.new";'
    ' if test -e "$f"; then gzip -dc "$f" | cmp -s - "%p";'
    ' else gzip -1 -c "%p" > "$d" && sync "$d" && mv "$d" "$f" && sync "{wal}"; fi'
)
# PostgreSQL takes an exit code above 125 for a failure, and any other for the end of the archive: a damaged
# file must not look like that.
_FETCH = 'test -e "{wal}/%f.gz" || exit 1; gzip -dc "{wal}/%f.gz" > "%p" || exit 200'


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A whole copy: `ended` is the first moment that can be reached from it, `rows` are counts by table."""

    path: Path
    ended: datetime
    rows: Mapping[str, int]

    @property
    def first(self) -> Segment:
        """The WAL segment that it needs first."""
        label = (self.path / "backup_label").read_text(encoding="ascii")
        return Segment.named(label.partition("(file ")[2].partition(")")[0])


@dataclass(frozen=True, slots=True)
class Archive:
    """The folder of one cluster's backups."""

    folder: Path

    @classmethod
    def of(cls, home: Path) -> Self | None:
        """Give the archive of the cluster in `home`, or None where it has none."""
        link = home / LINK
        return cls(link.readlink() / _system(home / "pg")) if link.is_symlink() else None

    @classmethod
    def attach(cls, home: Path, folder: Path) -> Self:
        """Have the cluster in `home` archive below `folder` from its next start on, or reload."""
        folder = folder.expanduser().absolute()
        if found := sorted(set(_FORBIDDEN) & set(str(folder))):
            raise UnusableArchiveError(folder=folder, why=f"its path holds one of {' '.join(found)}")
        if folder.is_relative_to(home / "pg"):
            raise UnusableArchiveError(folder=folder, why="it lies in what is to be backed up")
        made = cls(folder / _system(home / "pg"))
        user = ServiceUser.of(home / "pg")
        before = os.umask(0o066 if user.is_other else 0o077)
        try:
            made.copies.mkdir(parents=True, exist_ok=True)
        finally:
            os.umask(before)
        made.copies.chmod(0o700)
        user.require_passage(made.folder)
        user.make_private(made.wal)
        draft = home / f"{LINK}.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(folder)
        draft.replace(home / LINK)
        return made

    @classmethod
    def below(cls, folder: Path) -> Self:
        """Give the archive below an operator's folder, the one with the newest copy. Raises NoCopyError."""
        folder = folder.expanduser().absolute()
        found = [
            (copies[-1].ended, each) for each in map(cls, folder.glob("*")) if (copies := each.finished())
        ]
        if not found:
            raise NoCopyError(folder=folder, before="")
        return max(found, key=lambda each: each[0])[1]

    @property
    def wal(self) -> Path:
        """Where the server puts its WAL."""
        return self.folder / "wal"

    @property
    def copies(self) -> Path:
        """Where whole copies lie."""
        return self.folder / "copies"

    @property
    def keeping(self) -> str:
        """The archive command."""
        return _KEEP.format(wal=str(self.wal).replace("%", "%%"))

    @property
    def fetching(self) -> str:
        """The restore command."""
        return _FETCH.format(wal=str(self.wal).replace("%", "%%"))

    def holds(self, name: str) -> bool:
        """Say whether a WAL segment is here."""
        return (self.wal / f"{name}.gz").exists()

    def finished(self) -> list[Copy]:
        """Give the finished copies, the newest last."""
        found = []
        for note in sorted(self.copies.glob("*.json")):
            ended = datetime.strptime(note.stem, _STAMP).replace(tzinfo=UTC)
            rows = json.loads(note.read_text(encoding="utf-8"))["rows"]
            found.append(Copy(path=note.with_suffix(""), ended=ended, rows=rows))
        return found

    def newest(self, before: datetime | None = None) -> Copy:
        """Give the newest copy, or the newest from which a moment can be reached. Raises NoCopyError."""
        found = [each for each in self.finished() if before is None or each.ended <= before]
        if not found:
            raise NoCopyError(folder=self.folder, before=f" from before {before}" if before else "")
        return found[-1]

    def finish(self, draft: Path, ended: datetime, rows: Mapping[str, int]) -> Copy:
        """Take in a whole copy; only now it counts as one."""
        # The name has a dot of its own, which with_suffix would take for the beginning of a suffix.
        path = draft.rename(self.copies / ended.astimezone(UTC).strftime(_STAMP))
        note = self.copies / f"{path.name}.json"
        with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"rows": dict(rows)}, file)
        return Copy(path=path, ended=ended, rows=rows)

    def segments(self, since: Segment) -> Iterator[Segment]:
        """Give the WAL from a segment on, in order. Raises TornArchiveError where one is missing."""
        wanted = since.number
        names = (path.name.removesuffix(".gz") for path in self.wal.glob("*.gz"))
        found = sorted((each for each in map(Segment.named, filter(is_segment, names))), key=Segment.place)
        for each in found:
            if each.number < since.number:
                continue
            if each.number > wanted:
                raise TornArchiveError(folder=self.wal, segment=Segment(each.timeline, wanted))
            wanted = each.number + 1
            yield each

    def forget(self, days: int, now: datetime) -> tuple[int, int]:
        """Remove what no moment of the last `days` needs, and say how many copies and WAL files that were."""
        copies = self.finished()
        if not copies:
            raise NoArchiveError
        cut = now - timedelta(days=days)
        kept = max((place for place, each in enumerate(copies) if each.ended <= cut), default=0)
        for each in copies[:kept]:
            (self.copies / f"{each.path.name}.json").unlink()  # from now on it is none
            shutil.rmtree(each.path)
        least, removed = copies[kept].first.number, 0
        for path in self.wal.glob("*.gz"):
            name = path.name.partition(".")[0]  # of a label and of half a segment, the segment's
            if is_segment(name) and Segment.named(name).number < least:
                path.unlink()
                removed += 1
        return kept, removed


def _system(data: Path) -> str:
    # The first field of pg_control, in the byte order of the machine that made it.
    with (data / "global" / "pg_control").open("rb") as file:
        return str(struct.unpack("=Q", file.read(8))[0])
