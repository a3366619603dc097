"""The Merkle tree of RFC 9162, section 2.1: what a log's single hash says of every entry in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry; its prefix keeps a node from being taken for one."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two others."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """A tree as far as appending needs it: the roots of its perfect subtrees, the largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> Self:
        """Grow a tree out of leaf hashes."""
        frontier = cls()
        for leaf in leaves:
            frontier.append(leaf)
        return frontier

    @classmethod
    def from_bytes(cls, size: int, text: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises ValueError."""
        hashes = [text[at : at + HASH_BYTES] for at in range(0, len(text), HASH_BYTES)]
        if len(text) != HASH_BYTES * size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees")
        return cls(size, hashes)

    def to_bytes(self) -> bytes:
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        filled = self.size
        while filled & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            filled >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the hash of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *left, found = self.hashes
        for each in reversed(left):
            found = node_hash(each, found)
        return found


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes beside the way from a leaf to the root, the lowest first."""
    low, high, proof = 0, len(leaves), []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(_root(leaves, middle, high))
            high = middle
        else:
            proof.append(_root(leaves, low, middle))
            low = middle
    return proof[::-1]


def consistency_proof(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """Return the hashes that show the tree of the first `earlier` leaves to be the beginning of this one."""
    low, high, whole, proof = 0, len(leaves), True, []
    if not 0 < earlier < high:
        return []
    while earlier != high - low:
        middle = _split(high - low)
        if earlier <= middle:
            proof.append(_root(leaves, low + middle, high))
            high = low + middle
        else:
            proof.append(_root(leaves, low, low + middle))
            low, earlier, whole = low + middle, earlier - middle, False
    return ([] if whole else [_root(leaves, low, high)]) + proof[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows a leaf to be the one at `index` of a tree with this root."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(each, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, each)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(size: int, root: bytes, later: int, later_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows a tree to be the beginning of a later one."""
    if size > later or (size == later and (proof or root != later_root)):
        return False
    if size in (0, later):
        return not proof
    path = list(proof) if size & (size - 1) else [root, *proof]
    if not path:
        return False
    place, last = size - 1, later - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, each)
        place, last = place >> 1, last >> 1
    return last == 0 and first == root and second == later_root


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << ((size - 1).bit_length() - 1)


def _root(leaves: Sequence[bytes], low: int, high: int) -> bytes:
    return Frontier.of(leaves[low:high]).root()
