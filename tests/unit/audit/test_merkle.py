"""RFC 6962 hashing: published vectors, and agreement with the recursive definition."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.audit import (
    EMPTY_HEAD,
    appended,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from lookalike.domain.errors import InvalidInput
from lookalike.domain.log import LogHead

# The inputs and roots of Certificate Transparency's reference implementation (merkle_tree_test).
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
leaves = st.lists(st.binary(max_size=8).map(leaf_hash), max_size=70)


def head_of(some: Sequence[bytes]) -> LogHead:
    head = EMPTY_HEAD
    for leaf in some:
        head = appended(head, leaf)
    return head


def naive_root(some: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not some:
        return sha256(b"").digest()
    if len(some) == 1:
        return some[0]
    k = 1
    while k * 2 < len(some):
        k *= 2
    return node_hash(naive_root(some[:k]), naive_root(some[k:]))


def naive_path(some: Sequence[bytes], index: int) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(some) == 1:
        return []
    k = 1
    while k * 2 < len(some):
        k *= 2
    if index < k:
        return [*naive_path(some[:k], index), naive_root(some[k:])]
    return [*naive_path(some[k:], index - k), naive_root(some[:k])]


def naive_subproof(some: Sequence[bytes], m: int, is_whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    if m == len(some):
        return [] if is_whole else [naive_root(some)]
    k = 1
    while k * 2 < len(some):
        k *= 2
    if m <= k:
        return [*naive_subproof(some[:k], m, is_whole), naive_root(some[k:])]
    return [*naive_subproof(some[k:], m - k, False), naive_root(some[:k])]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert root(head_of([leaf_hash(data) for data in INPUTS[:size]])).hex() == ROOTS[size]


def test_the_published_proofs_are_made() -> None:
    """Vectors of the same suite: leaf 0 of 8, and the prefix of 6 in 8."""
    all_eight = [leaf_hash(data) for data in INPUTS]
    assert [node.hex()[:16] for node in inclusion_proof(all_eight, 0)] == [
        "96a296d224f285c6",
        "5f083f0a1a33ca07",
        "6b47aaf29ee3c2af",
    ]
    assert [node.hex()[:16] for node in consistency_proof(all_eight, 6)] == [
        "0ebc5d3437fbe2db",
        "ca854ea128ed050b",
        "d37ee418976dd957",
    ]


@given(leaves)
def test_a_root_grown_by_appending_is_the_recursive_one(some: list[bytes]) -> None:
    head = head_of(some)
    assert root(head) == naive_root(some)
    assert len(head.peaks) == len(some).bit_count()


@given(leaves.filter(bool), st.data())
def test_an_inclusion_proof_is_the_recursive_one_and_holds_only_as_made(some: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(some) - 1))
    proof = inclusion_proof(some, index)
    assert list(proof) == naive_path(some, index)
    tree_root = root(head_of(some))
    assert verify_inclusion(some[index], index, len(some), proof, tree_root)
    other = data.draw(st.integers(0, len(some) - 1))
    if some[other] != some[index]:
        assert not verify_inclusion(some[other], index, len(some), proof, tree_root)
    assert not verify_inclusion(some[index], index, len(some), (*proof, b"\0" * 32), tree_root)
    assert not verify_inclusion(some[index], index, len(some), proof, b"\0" * 32)
    if proof:
        assert not verify_inclusion(some[index], index, len(some), proof[:-1], tree_root)


@given(leaves.filter(bool), st.data())
def test_a_consistency_proof_is_the_recursive_one_and_holds_only_as_made(
    some: list[bytes], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(some)))
    old_root, new_root = root(head_of(some[:size])), root(head_of(some))
    proof = consistency_proof(some, size)
    assert list(proof) == naive_subproof(some, size, True)
    assert verify_consistency(size, old_root, len(some), new_root, proof)
    assert not verify_consistency(size, b"\0" * 32, len(some), new_root, proof)
    assert not verify_consistency(size, old_root, len(some), b"\0" * 32, proof)
    assert not verify_consistency(size, old_root, len(some), new_root, (*proof, b"\0" * 32))
    if proof:
        assert not verify_consistency(size, old_root, len(some), new_root, proof[1:])
        assert not verify_consistency(size, old_root, len(some), new_root, proof[:-1])


def test_every_log_continues_the_empty_one() -> None:
    empty = root(EMPTY_HEAD)
    assert verify_consistency(0, empty, 5, b"\1" * 32, ())
    assert not verify_consistency(0, b"\1" * 32, 5, b"\1" * 32, ())
    assert not verify_consistency(6, empty, 5, empty, ())


@pytest.mark.parametrize("index", [-1, 3])
def test_a_proof_of_no_leaf_is_refused(index: int) -> None:
    with pytest.raises(InvalidInput):
        inclusion_proof([b"\0" * 32] * 3, index)


@pytest.mark.parametrize("head", [LogHead(3, (b"\0" * 32,)), LogHead(1, (b"\0" * 31,)), LogHead(-1, (b"\0" * 32,))])
def test_a_head_of_another_shape_has_no_root(head: LogHead) -> None:
    with pytest.raises(InvalidInput):
        root(head)


def test_only_hashes_are_appended() -> None:
    with pytest.raises(InvalidInput):
        appended(EMPTY_HEAD, b"an entry, not its hash")
