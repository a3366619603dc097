"""What was encrypted for one place opens there, unchanged, and nowhere else."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from auth.org_keys import NOTHING, OrgKeys, TextWithNul
from domain.crm import Contact, User
from domain.field import DeclaredField, field_named
from storage.sealing import DamagedValue

KID, OTHER_KID, USERS_KID = "a" * 32, "b" * 32, "c" * 32
KEYS = OrgKeys(
    org_id=UUID(int=1),
    opening={KID: b"k" * 32, OTHER_KID: b"o" * 32, USERS_KID: b"u" * 32},
    sealing={"contact": KID, "user": USERS_KID},
    index_key=b"i" * 32,
)
EMAIL, PHONE = field_named(Contact.__name__, "email"), field_named(Contact.__name__, "phone")
USER_EMAIL = field_named(User.__name__, "email")
ROWS = [UUID(int=number) for number in range(10, 16)]
TEXTS = ["ada@example.com", "+49 431 123456", "", "ü" * 200, '\x01 " \\ \t\n', "v1.a.b.c"]

Sealed = dict[tuple[DeclaredField, UUID], str]


@pytest.fixture(scope="module")
def sealed() -> Sealed:
    return {
        (declared, row): KEYS.seal(declared, row, text).ciphertext
        for declared in (EMAIL, PHONE, USER_EMAIL)
        for row, text in zip(ROWS, TEXTS, strict=True)
    }


def test_what_was_sealed_is_opened(sealed: Sealed) -> None:
    for (declared, row), ciphertext in sealed.items():
        assert KEYS.open(declared, row, ciphertext) == TEXTS[ROWS.index(row)]


def test_equal_values_never_look_the_same_and_show_nothing() -> None:
    made = [KEYS.seal(EMAIL, ROWS[0], "ada@example.com") for _ in range(50)]
    assert len({each.ciphertext for each in made}) == 50
    assert {(each.blind_index, each.clear_part) for each in made} == {(made[0].blind_index, "…@example.com")}
    # Shorter texts than these come up in base64 by chance.
    shown = "".join(each.ciphertext + each.blind_index for each in made)
    assert "ada@example" not in shown
    assert urlsafe_b64encode(b"ada@example.com").decode() not in shown


def test_more_than_a_thousand_moved_swapped_and_flipped_ciphertexts_are_refused(sealed: Sealed) -> None:
    refused: Counter[str] = Counter()
    for kind, keys, declared, row, ciphertext in tampered(sealed):
        with pytest.raises(DamagedValue) as told:
            keys.open(declared, row, ciphertext)
        assert (told.value.coordinate, told.value.row) == (declared.coordinate, str(row))
        assert ciphertext not in str(told.value)
        refused[kind] += 1
    assert refused.total() >= 1_000
    assert min(refused.values()) >= 15, refused
    assert len(refused) == 8


def tampered(sealed: Sealed) -> Iterator[tuple[str, OrgKeys, DeclaredField, UUID, str]]:
    """Every ciphertext in every other place, with parts of others, with each bit of it flipped."""
    other_org = replace(KEYS, org_id=UUID(int=2))
    for (declared, row), text in sealed.items():
        version, kid, nonce, content = text.split(".")
        yield "other org", other_org, declared, row, text
        yield "other key", KEYS, declared, row, f"{version}.{OTHER_KID}.{nonce}.{content}"
        yield "lost key", KEYS, declared, row, ".".join((version, "d" * 32, nonce, content))
        for column, there in sealed:
            if (column, there) != (declared, row):
                yield "moved", KEYS, column, there, text
        for (column, there), other in sealed.items():
            if (column, there) != (declared, row):
                _, _, nonce_there, content_there = other.split(".")
                yield "swapped nonce", KEYS, declared, row, f"{version}.{kid}.{nonce_there}.{content}"
                yield "swapped content", KEYS, declared, row, f"{version}.{kid}.{nonce}.{content_there}"
        for place in range(len(text)):
            yield "flipped character", KEYS, declared, row, _with(text, place)
        for name, part in (("nonce", nonce), ("content", content)):
            raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
            for bit in range(0, len(raw) * 8, 3):
                flipped = bytearray(raw)
                flipped[bit // 8] ^= 1 << bit % 8
                made = urlsafe_b64encode(bytes(flipped)).rstrip(b"=").decode()
                parts = (version, kid, made, content) if name == "nonce" else (version, kid, nonce, made)
                yield "flipped bit", KEYS, declared, row, ".".join(parts)


def _with(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


@pytest.mark.parametrize(
    "text",
    ["", "ada@example.com", "v1", "v2.a.b.c", "v1...", f"v1.{KID}..", f"v1.{KID}.é.é", "." * 100, "\0",
     f"v1.{KID}.AAAAAAAAAAAAAAAA.", f"v1.{KID}.AAAA AAAA.AAAA"],
)  # fmt: skip
def test_what_was_never_sealed_is_refused_plainly(text: str) -> None:
    with pytest.raises(DamagedValue):
        KEYS.open(EMAIL, ROWS[0], text)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    sealed = KEYS.seal(EMAIL, ROWS[0], "ada@example.com").ciphertext
    for changed in (sealed + "=", sealed + "\n", sealed.replace(".", "\n.", 1), f" {sealed}"):
        with pytest.raises(DamagedValue):
            KEYS.open(EMAIL, ROWS[0], changed)


def test_a_destroyed_key_gives_nothing_and_says_no_error() -> None:
    sealed = KEYS.seal(EMAIL, ROWS[0], "ada@example.com").ciphertext
    shredded = replace(KEYS, opening={KID: None})
    assert shredded.open(EMAIL, ROWS[0], sealed) is None


def test_an_index_is_equal_within_one_column_of_one_org_only() -> None:
    found = KEYS.blind(EMAIL, "ada@example.com")
    assert KEYS.blind(EMAIL, " Ada@EXAMPLE.com ") == found
    elsewhere = [
        KEYS.blind(EMAIL, "ada@example.org"),
        KEYS.blind(PHONE, "ada@example.com"),
        KEYS.blind(USER_EMAIL, "ada@example.com"),
        replace(KEYS, org_id=UUID(int=2), _column_keys={}).blind(EMAIL, "ada@example.com"),
        replace(KEYS, index_key=b"j" * 32, _column_keys={}).blind(EMAIL, "ada@example.com"),
    ]
    assert len({found, *elsewhere}) == 6
    assert all(len(each) == 22 for each in elsewhere)


def test_without_a_key_of_indexes_nothing_is_found() -> None:
    assert replace(KEYS, index_key=None).blind(EMAIL, "ada@example.com") == NOTHING
    assert NOTHING not in {KEYS.blind(EMAIL, text) for text in TEXTS}


def test_a_text_that_no_column_could_hold_is_refused() -> None:
    for text in ("a\0b", "\ud800"):
        with pytest.raises(UnicodeError):
            KEYS.seal(EMAIL, ROWS[0], text)
    with pytest.raises(TextWithNul):
        KEYS.seal(EMAIL, ROWS[0], "\0")


def test_keys_are_not_shown() -> None:
    assert "kkk" not in repr(KEYS)
    assert "iii" not in repr(KEYS)
