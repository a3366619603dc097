from __future__ import annotations

from typing import Any

import pytest

from sync.clm.path import NOTHING_THERE, Here, NotAPath, Path

CONTENT: dict[str, Any] = {
    "a": {"b c": [1, {"kind": "x", "n": 5}, {"kind": "y", "n": 6}, {"kind": "y", "n": 7}], "empty": None},
    "7": "seven",
    "ключ": "value",
}


def first(text: str, here: Any = CONTENT) -> Any:
    return Path.parse(text).first(Here(CONTENT, here))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('a."b c"[0]', 1),
        ('a."b c"[kind=y].n', 6),
        ('a."b c"[n=7].kind', "y"),
        ("a.empty", None),
        ('"7"', "seven"),
        ("ключ", "value"),
        ("$.ключ", "value"),
        ("a.*[0]", 1),
        ("missing", NOTHING_THERE),
        ("a[0]", NOTHING_THERE),
        ('a."b c"[99]', NOTHING_THERE),
        ('a."b c".n', NOTHING_THERE),
        ("a.empty.more", NOTHING_THERE),
        ("a[*]", NOTHING_THERE),
    ],
)
def test_a_path_leads_to_one_value_or_nowhere_and_null_is_not_nowhere(text: str, value: Any) -> None:
    assert first(text) == value


def test_a_path_leads_to_every_item_with_its_place_and_key() -> None:
    found = list(Path.parse('a."b c"[kind=y]').all(Here(CONTENT, CONTENT)))
    assert [(each.place, each.key) for each in found] == [('a."..."[2]', "2"), ('a."..."[3]', "3")]
    members = list(Path.parse("a.*").all(Here(CONTENT, CONTENT)))
    assert [each.key for each in members] == ["b c", "empty"]


def test_the_top_what_stands_here_and_its_key_have_signs_of_their_own() -> None:
    here = Here(CONTENT, 5, "somewhere", "n")
    assert Path.parse("$").first(here) is CONTENT
    assert Path.parse("@").first(here) == 5
    assert Path.parse("@key").first(here) == "n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        ".a",
        "a.",
        "a..b",
        "a b",
        "a[",
        "a[]",
        "a[-1]",
        "a.[0]",
        "$a",
        "a[b]",
        "a[b=]",
        "a[1:2]",
        "a$",
        "@x",
        "a()",
    ],
)
def test_whatever_else_is_no_path(text: str) -> None:
    with pytest.raises(NotAPath):
        Path.parse(text)
