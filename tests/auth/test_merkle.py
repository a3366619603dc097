from __future__ import annotations

import hashlib
import random

import pytest

from auth.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
)

# The entries and roots that the Certificate Transparency project tests its own trees with.
ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SIZE = 70
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZE)]
ROOT_OF = [Frontier.of(LEAVES[:size]).root() for size in range(SIZE + 1)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 writes it, and nothing else."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_trees_have_the_known_roots(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES[:size]]
    assert Frontier.of(leaves).root().hex() == ROOTS[size - 1]


def test_a_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT


def test_what_is_grown_leaf_by_leaf_is_the_tree_of_the_definition() -> None:
    assert all(ROOT_OF[size] == by_definition(LEAVES[:size]) for size in range(1, SIZE + 1))


def test_a_frontier_goes_on_from_what_was_written_down() -> None:
    for size in range(SIZE):
        before = Frontier.of(LEAVES[:size])
        again = Frontier.from_bytes(size, before.to_bytes())
        again.append(LEAVES[size])
        assert again.root() == ROOT_OF[size + 1]
        assert len(again.hashes) == again.size.bit_count()


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="2 perfect subtrees"):
        Frontier.from_bytes(5, bytes(32))


def test_every_leaf_of_every_tree_is_proved_to_be_in_it() -> None:
    for size in range(1, SIZE + 1):
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            assert includes(LEAVES[index], index, size, proof, ROOT_OF[size])


def test_no_proof_shows_anything_but_what_it_was_made_for() -> None:
    dice = random.Random(1)
    for _ in range(3000):
        size = dice.randrange(1, SIZE + 1)
        index = dice.randrange(size)
        proof = inclusion_proof(LEAVES[:size], index)
        root, other = ROOT_OF[size], dice.randrange(SIZE)
        assert other == index or not includes(LEAVES[other], index, size, proof, root)
        assert other >= size or other == index or not includes(LEAVES[index], other, size, proof, root)
        assert not includes(LEAVES[index], index, size, [*proof, LEAVES[0]], root)
        assert not includes(LEAVES[index], size, size, proof, root)
        assert not includes(LEAVES[index], -1, size, proof, root)
        if proof:
            assert not includes(LEAVES[index], index, size, proof[:-1], root)
            broken = dice.randrange(len(proof))
            changed = [*proof[:broken], bytes(32), *proof[broken + 1 :]]
            assert not includes(LEAVES[index], index, size, changed, root)


def test_every_tree_is_proved_to_be_the_beginning_of_every_later_one() -> None:
    for later in range(1, SIZE + 1):
        for size in range(later + 1):
            proof = consistency_proof(LEAVES[:later], size)
            assert extends(size, ROOT_OF[size], later, ROOT_OF[later], proof), (size, later)


def test_no_tree_is_taken_for_the_beginning_of_another_that_it_is_not() -> None:
    dice = random.Random(2)
    for _ in range(3000):
        later = dice.randrange(2, SIZE + 1)
        size = dice.randrange(1, later)
        forked = list(LEAVES[:later])
        forked[dice.randrange(size)] = bytes(32)
        root = Frontier.of(forked).root()
        assert not extends(size, ROOT_OF[size], later, root, consistency_proof(forked, size))
        proof = consistency_proof(LEAVES[:later], size)
        assert not extends(size, bytes(32), later, ROOT_OF[later], proof)
        assert not extends(size, ROOT_OF[size], later, bytes(32), proof)
        assert not extends(later, ROOT_OF[later], size, ROOT_OF[size], proof)
        assert not extends(size, ROOT_OF[size], later, ROOT_OF[later], [*proof, bytes(32)])
        assert not extends(size, ROOT_OF[size], later, ROOT_OF[later], proof[:-1])


def test_of_two_trees_of_one_size_only_the_same_is_the_beginning() -> None:
    assert extends(5, ROOT_OF[5], 5, ROOT_OF[5], [])
    assert not extends(5, ROOT_OF[5], 5, ROOT_OF[6], [])
    assert not extends(5, ROOT_OF[5], 5, ROOT_OF[5], [bytes(32)])
    assert not extends(6, ROOT_OF[6], 5, ROOT_OF[5], [])


def test_a_node_is_not_taken_for_a_leaf() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])
