"""Blocks: up to 16,384 rows of one gallery, with their codes, in the order in which they were added."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lookalike.index.codes import Bytes, Codec, Fit, Floats

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FULL = 16_384
SMALLEST = 16
GROWN = 4_096  # a block is made larger up to this many rows; after that, another block is begun
NEVER = np.iinfo(np.int64).max
MOST_RUNS = 8  # more visible runs than this in a block, and the scan asks row by row
WORN = 1.5  # new rows may raise the block's residual by this factor before its steps are chosen anew


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring rows of a block that a search looks at.

    Attributes:
        start: The first row.
        rows: How many rows the piece spans.
        visible: How many of them the search may see.
        bits: One bit a row, lowest first, set where the row is visible; ``None`` where all are.
    """

    block: "Block"
    start: int
    rows: int
    visible: int
    bits: Bytes | None = field(default=None, repr=False)

    @property
    def vectors(self) -> Floats:
        """The rows' templates, visible or not."""
        return self.block.vectors[self.start : self.start + self.rows]

    @property
    def codes(self) -> Bytes:
        """The rows' codes, visible or not."""
        return self.block.codes[self.start : self.start + self.rows]

    @property
    def faces(self) -> Numbers:
        """The rows' face ids, visible or not."""
        return self.block.faces[self.start : self.start + self.rows]

    def seen(self) -> Numbers:
        """Return the numbers of the visible rows, counted from the piece's start."""
        if self.bits is None:
            return np.arange(self.rows)
        return np.flatnonzero(np.unpackbits(self.bits, count=self.rows, bitorder="little"))


class Block:
    """Rows of one gallery.

    Rows are written beyond :attr:`count` first and become visible when it is raised, so that a
    failure half-way leaves what was there. Whoever holds a block sees to it that changes are alone.

    Args:
        codec: Makes the codes.
        dimension: Numbers a template.
        capacity: Rows to make room for at first.
    """

    def __init__(self, codec: Codec, dimension: int, capacity: int) -> None:
        self._codec = codec
        self.count = 0
        self.vectors: Floats = np.zeros((capacity, dimension), np.float32)
        self.codes: Bytes = np.zeros((capacity, codec.row_bytes), np.uint8)
        self.faces: Numbers = np.zeros(capacity, np.int64)
        self.added: Numbers = np.zeros(capacity, np.int64)
        self.removed: Numbers | None = None
        self.fit = Fit(np.ones(dimension, np.float32))
        self.residual = 0.0
        self.code_norm = 0.0
        self._fitted_rows = 0
        self._fitted_residual = 0.0
        self._last_change = -1
        self._latest: tuple[Piece, ...] | None = None

    @property
    def capacity(self) -> int:
        """Rows there is room for."""
        return len(self.faces)

    @property
    def memory_bytes(self) -> int:
        """Bytes that the arrays take."""
        arrays = (self.vectors, self.codes, self.faces, self.added, self.removed)
        return sum(array.nbytes for array in arrays if array is not None)

    @property
    def room(self) -> int:
        """Rows that can still be written."""
        return max(self.capacity, GROWN) - self.count

    def write(self, vectors: Floats, faces: Numbers, added: Numbers) -> None:
        """Write rows beyond the last one, without showing them; no more than there is room for."""
        total = self.count + len(faces)
        if total > self.capacity:
            self._grow(max(total, min(2 * self.capacity, GROWN)))
        rows = slice(self.count, total)
        self.vectors[rows] = vectors
        self.faces[rows] = faces
        self.added[rows] = added
        if total > 2 * self._fitted_rows:
            self._encode_all(total)
            return
        encoded = self._codec.encode(self.vectors[rows], self.fit)
        if encoded.residual > WORN * self._fitted_residual:
            self._encode_all(total)
            return
        self.codes[rows] = encoded.codes
        self.residual = max(self.residual, encoded.residual)
        self.code_norm = max(self.code_norm, encoded.code_norm)

    def show(self, rows: int) -> None:
        """Make the *rows* rows written last visible."""
        self.count += rows
        self._changed()

    def forget_unshown(self) -> None:
        """Zero everything beyond the last visible row."""
        for array in (self.vectors, self.codes, self.faces, self.added):
            array[self.count :] = 0
        if self.removed is not None:
            self.removed[self.count :] = NEVER

    def remove(self, rows: Numbers, position: int) -> None:
        """Mark *rows* removed at log position *position*."""
        if self.removed is None:
            self.removed = np.full(self.capacity, NEVER, np.int64)
        self.removed[rows] = position
        self._changed()

    def erase(self, rows: Numbers) -> None:
        """Close up over *rows*, zero what becomes free, and choose the code steps without them."""
        kept = np.ones(self.count, np.bool_)
        kept[rows] = False
        self.count -= len(rows)
        for array in (self.vectors, self.faces, self.added, self.removed):
            if array is not None:
                moved = array[: len(kept)][kept]
                array[: self.count] = moved
                moved.fill(0)
        self.forget_unshown()
        if self.count:
            self._encode_all(self.count)
        self._changed()

    def pieces(self, as_of: int | None) -> tuple[Piece, ...]:
        """Return what is visible at log position *as_of*; ``None`` for the latest."""
        if as_of is None or as_of >= self._last_change:
            if self._latest is None:
                live = None if self.removed is None else self.removed[: self.count] == NEVER
                self._latest = self._cut(live)
            return self._latest
        seen = self.added[: self.count] <= as_of
        if self.removed is not None:
            seen &= self.removed[: self.count] > as_of
        return self._cut(seen)

    def _cut(self, seen: Flags | None) -> tuple[Piece, ...]:
        if seen is None or bool(seen.all()):
            return (Piece(self, 0, self.count, self.count),) if self.count else ()
        edges = np.flatnonzero(np.diff(seen, prepend=False, append=False))
        starts, stops = edges[::2].tolist(), edges[1::2].tolist()
        if len(starts) <= MOST_RUNS:
            return tuple(
                Piece(self, start, stop - start, stop - start) for start, stop in zip(starts, stops, strict=True)
            )
        span = seen[starts[0] : stops[-1]]
        bits = np.packbits(span, bitorder="little")
        return (Piece(self, starts[0], len(span), int(np.count_nonzero(span)), bits),)

    def _changed(self) -> None:
        self._latest = None
        self._last_change = int(self.added[: self.count].max(initial=-1))
        if self.removed is not None:
            marked = self.removed[: self.count]
            self._last_change = max(self._last_change, int(marked[marked != NEVER].max(initial=-1)))

    def _grow(self, capacity: int) -> None:
        self._latest = None
        grown = []
        for array in (self.vectors, self.codes, self.faces, self.added):
            wider = np.zeros((capacity, *array.shape[1:]), array.dtype)
            wider[: self.count] = array[: self.count]
            grown.append(wider)
        removed = None
        if self.removed is not None:
            removed = np.full(capacity, NEVER, np.int64)
            removed[: self.count] = self.removed[: self.count]
        old_vectors, old_codes = self.vectors, self.codes
        self.vectors, self.codes, self.faces, self.added = grown
        self.removed = removed
        old_vectors.fill(0)  # freed memory must not keep what may later be erased here
        old_codes.fill(0)

    def _encode_all(self, rows: int) -> None:
        fit = self._codec.fit(self.vectors[:rows])
        encoded = self._codec.encode(self.vectors[:rows], fit)
        self.codes[:rows] = encoded.codes
        self.fit = fit
        self.residual = self._fitted_residual = encoded.residual
        self.code_norm = encoded.code_norm
        self._fitted_rows = rows
        encoded.codes.fill(0)
