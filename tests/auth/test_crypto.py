from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from auth.crypto import Place, Sealer
from auth.key_encryption import (
    BrokenKey,
    KeyEncryptionError,
    LocalKeys,
    NotDecrypted,
    UnknownKeyEncryption,
    from_text,
)

PLACE = Place(org="o", table="t", row="r", column="c")
OLD, NEW = b"o" * 32, b"n" * 32
SEALER = Sealer(LocalKeys([OLD]))


@pytest.mark.parametrize("value", [b"", b"x", b"secret" * 1000, bytes(range(256))])
def test_what_was_sealed_is_opened(value: bytes) -> None:
    assert SEALER.open(SEALER.seal(value, PLACE), PLACE) == value


def test_the_same_value_never_looks_the_same_and_shows_nothing() -> None:
    sealed = {SEALER.seal(b"hunter2 hunter2", PLACE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any("hunter2" in text for text in sealed)
    assert all(text.startswith(f"v1.{SEALER.kid}.") for text in sealed)


@pytest.mark.parametrize("part", ["org", "table", "row", "column"])
def test_what_is_moved_is_not_opened(part: str) -> None:
    sealed = SEALER.seal(b"secret", PLACE)
    with pytest.raises(NotDecrypted):
        SEALER.open(sealed, replace(PLACE, **{part: "elsewhere"}))


def test_what_is_changed_anywhere_is_not_opened() -> None:
    sealed = SEALER.seal(b"secret", PLACE)
    for place in range(len(sealed)):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        try:
            opened = SEALER.open(changed, PLACE)
        except KeyEncryptionError:
            continue
        assert opened == b"secret"  # the last bits of a part of base64 may say nothing


@pytest.mark.parametrize("text", ["", "v1", "v2.a.b.c.d", "v1....", "é.é.é.é.é", "v1.a.b.c.d.e", "." * 100])
def test_what_was_never_sealed_is_refused_plainly(text: str) -> None:
    with pytest.raises(KeyEncryptionError):
        SEALER.open(text, PLACE)


def test_an_old_key_still_opens_and_a_lost_one_is_named() -> None:
    sealed = SEALER.seal(b"secret", PLACE)
    both = Sealer(LocalKeys([NEW, OLD]))
    assert both.open(sealed, PLACE) == b"secret"
    assert both.kid != SEALER.kid
    with pytest.raises(UnknownKeyEncryption, match=SEALER.kid):
        Sealer(LocalKeys([NEW])).open(sealed, PLACE)


def test_keys_are_read_from_text_and_broken_text_is_not_quoted() -> None:
    told = ",".join(b64encode(key).decode() for key in (NEW, OLD))
    assert Sealer(from_text(told, "X")).open(SEALER.seal(b"s", PLACE), PLACE) == b"s"
    for broken in ("", " ", "hunter2", b64encode(b"x" * 16).decode(), told + ",hunter2", "\N{SNOWMAN}"):
        with pytest.raises(BrokenKey, match="X holds no key") as refused:
            from_text(broken, "X")
        assert "hunter2" not in str(refused.value)
