"""Who made a delivery: one of the connection's keys, or none that we know."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest, new
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """An active key of a connection: its id is shown, its secret (or a public key as PEM) never."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """The delivery was made by whoever has this key.

    A `hint` proves only that: the signature does not cover the body, so what the body says is to be fetched
    from the source before anything of it is believed.
    """

    key: str
    hint: bool = False

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class NotVerified:
    """The delivery is not believed; the reason may be told to whoever sent it."""

    reason: str

    def __bool__(self) -> bool:
        return False


Verdict = Verified | NotVerified

NO_KEY: Final = NotVerified("the connection has no active key: add the one that the source signs with")
NO_MATCH: Final = NotVerified(
    "no active key of the connection made this signature: compare the keys at both ends,"
    " and let nothing on the way change the body"
)

ENCODINGS: Final[Mapping[str, Callable[[bytes], str]]] = MappingProxyType(
    {
        "hex": lambda digest: digest.hex(),
        "HEX": lambda digest: digest.hex().upper(),
        "base64": lambda digest: b64encode(digest).decode(),
    }
)
"""How a signature is written, by name."""


def missing(what: str, help_: str) -> NotVerified:
    """Return the refusal of a delivery without a signature where there must be one."""
    return NotVerified(f"{what} is missing: {help_}")


def verify_any(
    keys: Sequence[Key], given: Iterable[str], sign: Callable[[bytes], str], *, hint: bool = False
) -> Verdict:
    """Compare every signature with that of every key, so that the time tells nothing of which matches."""
    if not keys:
        return NO_KEY
    presented = [text.encode(errors="surrogatepass") for text in given]
    made_by: Key | None = None
    for key in keys:
        expected = sign(key.secret).encode()
        for text in presented:
            if compare_digest(expected, text):
                made_by = made_by or key
    return NO_MATCH if made_by is None else Verified(made_by.id, hint=hint)


def hmac_sha256(message: bytes, encoding: str) -> Callable[[bytes], str]:
    """Return what signs the message with a secret."""
    return lambda secret: ENCODINGS[encoding](new(secret, message, sha256).digest())
