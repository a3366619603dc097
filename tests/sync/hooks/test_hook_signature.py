"""Signatures of webhooks: as Standard Webhooks computes them, and void when a byte is another."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.hooks.signature import NotASecret, key_of, new_secret, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
GUIDE = Path(__file__).parents[3] / "docs" / "integrators.md"


@pytest.fixture(scope="module")
def is_ours() -> Callable[[str, Mapping[str, str], bytes], bool]:
    """What the guide tells integrators to verify with."""
    (code,) = re.findall(r"```python\n(import base64.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    made: dict[str, Any] = {}
    exec(code, made)  # noqa: S102 - our own guide
    found: Callable[[str, Mapping[str, str], bytes], bool] = made["is_ours"]
    return found


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def test_the_vector_of_the_specification_comes_out() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    assert signed([key_of(SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_guide_verifies_what_is_sent_with_each_key_while_they_change(
    is_ours: Callable[[str, Mapping[str, str], bytes], bool],
) -> None:
    old, new = new_secret(), new_secret()
    headers = signed([key_of(new), key_of(old)], "one", now(), BODY)
    assert is_ours(old, headers, BODY)
    assert is_ours(new, headers, BODY)
    assert not is_ours(new_secret(), headers, BODY)


def test_one_flipped_bit_anywhere_is_no_message_of_ours(
    is_ours: Callable[[str, Mapping[str, str], bytes], bool],
) -> None:
    headers = dict(signed([key_of(SECRET)], "one", now(), BODY))
    for place in range(len(BODY)):
        assert not is_ours(SECRET, headers, BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :])
    later = str(int(headers["webhook-timestamp"]) + 1)
    mark = headers["webhook-signature"]
    flipped = mark[:10] + ("A" if mark[10] != "A" else "B") + mark[11:]
    for changed in (
        {"webhook-id": "two"}, {"webhook-timestamp": later}, {"webhook-signature": flipped},
        {"webhook-signature": mark.replace("v1,", "v2,")}, {"webhook-signature": ""},
    ):  # fmt: skip
        assert not is_ours(SECRET, headers | changed, BODY)
    assert not is_ours(SECRET, signed([key_of(SECRET)], "one", datetime(2026, 1, 1, tzinfo=UTC), BODY), BODY)


@pytest.mark.parametrize(
    "bad",
    ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_é", "whsec_" + "A" * 92],
)
def test_what_could_be_guessed_or_read_in_two_ways_is_no_secret(bad: str) -> None:
    with pytest.raises(NotASecret):
        key_of(bad)
