"""The Merkle tree of RFC 6962, section 2.1: roots, inclusion proofs and consistency proofs.

A *leaf* below is a leaf hash of 32 bytes, as `leaf_hash` makes it, never the entry's own bytes.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from lookalike.domain.errors import InvalidInput
from lookalike.domain.log import LogHead

EMPTY_HEAD = LogHead(0, ())
"""The tree before the first entry."""


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of an entry: SHA-256 over a zero byte and *data*.

    Example:
        >>> leaf_hash(b"").hex()[:16]
        '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256 over a one byte and both children."""
    return sha256(b"\x01" + left + right).digest()


def appended(head: LogHead, leaf: bytes) -> LogHead:
    """Return the head after one more *leaf*; at most log2(n) hashes.

    Example:
        >>> head = appended(appended(EMPTY_HEAD, leaf_hash(b"a")), leaf_hash(b"b"))
        >>> head.size, root(head) == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
        (2, True)
    """
    _check_hashes((leaf,))
    peaks = list(head.peaks)
    node, size = leaf, head.size
    while size & 1:
        node = node_hash(peaks.pop(), node)
        size >>= 1
    return LogHead(head.size + 1, (*peaks, node))


def root(head: LogHead) -> bytes:
    """Return the root (Merkle tree hash) of 32 bytes; SHA-256 of nothing for the empty tree.

    Raises:
        InvalidInput: The head does not have one peak for each 1-bit of its size.
    """
    if head.size < 0 or len(head.peaks) != head.size.bit_count():
        raise InvalidInput(f"A log head of {head.size} entries needs one peak for each 1-bit of that number.")
    _check_hashes(head.peaks)
    if not head.peaks:
        return sha256(b"").digest()
    *larger, node = head.peaks
    for peak in reversed(larger):
        node = node_hash(peak, node)
    return node


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of leaf *index* in the tree of *leaves*, lowest sibling first (RFC 6962, 2.1.1).

    It hashes every leaf: n hashes, not log2(n).

    Raises:
        InvalidInput: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise InvalidInput(f"There is no leaf {index} among {len(leaves)}.")
    _check_hashes(leaves)
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_subtree(leaves, middle, high))
            high = middle
        else:
            path.append(_subtree(leaves, low, middle))
            low = middle
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes) -> bool:
    """Say whether *proof* shows *leaf* at *index* of the tree of *size* leaves with *tree_root*.

    Source: RFC 9162, section 2.1.3.2, which spells out RFC 6962's verification.
    """
    if not 0 <= index < size or any(len(node) != 32 for node in (leaf, tree_root, *proof)):
        return False
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == tree_root


def consistency_proof(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of the first *size* leaves is a prefix of the tree of *leaves* (RFC 6962, 2.1.2).

    Empty for ``size == len(leaves)`` and for ``size == 0``, which every tree continues.

    Raises:
        InvalidInput: *size* is not between 0 and the number of leaves.
    """
    if not 0 <= size <= len(leaves):
        raise InvalidInput(f"A tree of {len(leaves)} leaves has no prefix of {size}.")
    _check_hashes(leaves)
    if size in {0, len(leaves)}:
        return ()
    path: list[bytes] = []
    low, high = 0, len(leaves)
    is_known = True  # whether the prefix's own subtree at [low, size) is one the verifier holds as the old root
    while size != high:
        middle = low + _split(high - low)
        if size <= middle:
            path.append(_subtree(leaves, middle, high))
            high = middle
        else:
            path.append(_subtree(leaves, low, middle))
            low, is_known = middle, False
    if not is_known:
        path.append(_subtree(leaves, low, high))
    return tuple(reversed(path))


def verify_consistency(old_size: int, old_root: bytes, size: int, tree_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether *proof* shows that the tree of *size* leaves continues the tree of *old_size* leaves.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 <= old_size <= size or any(len(node) != 32 for node in (old_root, tree_root, *proof)):
        return False
    if old_size == 0:
        return not proof and old_root == sha256(b"").digest()
    if old_size == size:
        return not proof and old_root == tree_root
    nodes: Iterator[bytes] = iter(proof if old_size & (old_size - 1) else (old_root, *proof))
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = next(nodes, b"")
    for node in nodes:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    return last == 0 and old == old_root and new == tree_root


def _split(count: int) -> int:
    """The largest power of two below *count*, which is 2 or more."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(leaves: Sequence[bytes], low: int, high: int) -> bytes:
    head = EMPTY_HEAD
    for at in range(low, high):
        head = appended(head, leaves[at])
    return root(head)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(node) != 32 for node in hashes):
        raise InvalidInput("A hash of the log's tree has 32 bytes.")
