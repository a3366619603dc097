"""Files as people have them: plain or gzipped, in folders, in the encodings that offices write."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import json
import zlib
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sync.feeds.reject import Place, Reject

if TYPE_CHECKING:
    from typing_extensions import Buffer

DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
"""What reading a damaged gzip file raises."""

_BLOCK = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


READ: dict[str, int] = {}
"""How far each file has been read, in bytes as they lie on disk: what a progress bar is drawn from."""


class _Watched(io.FileIO):
    """A file whose reading can be followed in READ."""

    def readinto(self, buffer: Buffer, /) -> int | None:
        count = super().readinto(buffer)
        READ[str(self.name)] = self.tell()
        return count


class _Unpacked(gzip.GzipFile):
    """A gzip file that closes what it unpacks, which GzipFile leaves open."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        super().__init__(fileobj=packed)

    def close(self) -> None:
        super().close()
        self._packed.close()


class UnreadablePathError(Exception):
    """{path} cannot be read: {reason}."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__((type(self).__doc__ or "").format(path=path, reason=reason))


def files_of(paths: Iterable[Path], suffixes: Collection[str]) -> list[Path]:
    """Return the files that the paths name, a folder standing for all in it with one of the suffixes.

    In order of name, so that pages follow each other. `.gz` after a suffix does not matter. Raises
    UnreadablePathError for a path that is not there, cannot be opened, or is a folder without such a file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            files = (file for file in path.rglob("*") if file.is_file())
            inside = sorted(file for file in files if suffix_of(file) in suffixes)
            if not inside:
                raise UnreadablePathError(path, f"no file in it ends in {' or '.join(sorted(suffixes))}")
            found += inside
        else:
            found.append(path)
    for path in found:
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise UnreadablePathError(path, error.strerror or type(error).__name__) from error
    return found


def suffix_of(path: Path) -> str:
    """Return the ending that tells the format, such as `.xml` of `page.xml.gz`."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked if it is gzipped, whatever it is called."""
    raw = io.BufferedReader(_Watched(path))
    packed = raw.peek(2)[:2] == b"\x1f\x8b"
    return cast("BinaryIO", _Unpacked(cast("BinaryIO", raw)) if packed else raw)


def first_letter(path: Path) -> str:
    """Return the first visible character of a file, by which its format is told; empty for none."""
    try:
        with open_bytes(path) as file:
            head = file.read(_BLOCK)
    except DAMAGED:
        return ""
    for bom, _ in _BOMS:
        head = head.removeprefix(bom)
    return head.replace(b"\0", b"").decode("latin-1").lstrip()[:1]


def encoding_of(path: Path) -> str:
    """Tell a file's encoding: by its byte order mark, or UTF-8 if all of it is, or else Windows or Latin.

    Reads the file once, a block at a time; where it is damaged, what is readable decides.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, undefined = True, False
    with open_bytes(path) as file:
        for turn, block in enumerate(_blocks(file)):
            if turn == 0 and (named := _named_by_mark(block)):
                return named
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
            # Five bytes mean nothing in Windows-1252; a file that has them is Latin-1.
            undefined = undefined or any(byte in block for byte in b"\x81\x8d\x8f\x90\x9d")
    if is_utf8:
        return "utf-8"
    return "iso-8859-1" if undefined else "cp1252"


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """What can be read of a file; who reads it next meets the damage, and tells of it."""
    with contextlib.suppress(*DAMAGED):
        while block := file.read(_BLOCK):
            yield block


def _named_by_mark(block: bytes) -> str | None:
    return next((name for mark, name in _BOMS if block.startswith(mark)), None)


def open_text(path: Path) -> io.TextIOWrapper:
    """Open a file as text, its line ends kept as they are."""
    encoding = encoding_of(path)
    # A mark may lie: bytes that are none of its characters become half characters, which no value may hold.
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return io.TextIOWrapper(open_bytes(path), encoding=encoding, errors=errors, newline="")


def json_lines(path: Path) -> Iterator[tuple[Place, dict[str, Any]] | Reject]:
    """Give each line's object with its place, numbers as Decimal; a bad line is a reject."""
    number = 0
    with open_text(path) as file:
        while True:
            number += 1
            place = Place(path=str(path), line=number)
            try:
                line = file.readline()
            except DAMAGED as error:
                yield Reject(
                    place=place, reason=f"the file is damaged from here on ({error}): fetch it again"
                )
                return
            if not line:
                return
            if not line.strip():
                continue
            try:
                row = read_json(line)
            except ValueError as error:
                yield Reject(place=place, reason=f"the line is no JSON ({error}): export it again")
                continue
            if isinstance(row, dict):
                yield place, row
            else:
                yield Reject(place=place, reason="the line is no JSON object: one per line is expected")


def read_json(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Read JSON with exact numbers; raises ValueError, also for NaN, Infinity and too deep a nesting."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
