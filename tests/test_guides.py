"""What is written for people can be read: tables are tables, and links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")))
DELIMITER = re.compile(r"\|(\s*:?-+:?\s*\|)+")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")


@cache
def prose(guide: Path) -> list[str]:
    """The lines of a guide; those of code are empty."""
    lines, in_code = [], False
    for line in guide.read_text(encoding="utf-8").splitlines():
        fence = line.lstrip().startswith("```")
        in_code ^= fence
        lines.append("" if in_code or fence else line)
    return lines


def named(guide: Path) -> str:
    return str(guide.relative_to(ROOT))


@pytest.mark.parametrize("guide", GUIDES, ids=named)
def test_every_table_is_one(guide: Path) -> None:
    """A row after text, or text after a row, and GitHub shows bars or takes the text for a row."""
    assert list(_torn(["", *prose(guide), ""])) == []


def _torn(lines: list[str]) -> Iterator[str]:
    for before, line, after in zip(lines, lines[1:], [*lines[2:], ""], strict=False):
        if not line.startswith("|"):
            continue
        begins = not before.startswith("|")
        if begins and (before.strip() and not before.startswith("<!--")):
            yield f"text before {line!r}"
        if begins and not DELIMITER.fullmatch(after.strip()):
            yield f"no line under the heads {line!r}"
        if after.strip() and not after.startswith(("|", "<!--")):
            yield f"text after {line!r}"


@pytest.mark.parametrize("guide", GUIDES, ids=named)
def test_every_link_leads_to_a_file_and_a_heading_that_there_are(guide: Path) -> None:
    lost = []
    for name, heading in LINK.findall("\n".join(prose(guide))):
        target = (guide.parent / name).resolve() if name else guide
        if not target.exists() or (heading and heading not in headings(target)):
            lost.append(f"{name}#{heading}")
    assert lost == []


@cache
def headings(guide: Path) -> set[str]:
    """The anchors that GitHub gives to a guide's headings."""
    titles = [line.lstrip("#").strip() for line in prose(guide) if line.startswith("#")]
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title) for title in titles]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in plain}
