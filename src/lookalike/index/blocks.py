"""Blocks: some thousands of rows with their codes, roughly in log order; full ones sorted by gallery."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lookalike.index.codes import Bytes, Codec, Fit, Floats

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SMALLEST = 16
NEVER = np.iinfo(np.int64).max
MOST_RUNS = 8
NEARLY_ALL = 7 / 8
WORN = 1.5  # new rows may raise the block's residual by this factor before its steps are chosen anew


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows to be written, a column each.

    Attributes:
        vectors: float32, shape (n, d): unit vectors.
        faces: Their ids.
        galleries: The gallery of each.
        added: The log position of each row's enrolment.
    """

    vectors: Floats
    faces: Numbers
    galleries: Numbers
    added: Numbers


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring rows of a block that a search looks at.

    Attributes:
        start: The first row.
        rows: How many rows the piece spans.
        visible: How many of them the search may see.
        seen: Which of them; ``None`` where it is all.
        bits: *seen* at one bit a row, lowest first, where the scan itself must leave rows out. Where nearly
            all rows are visible that would cost more than to scan all and drop the others afterwards.
    """

    block: "Block"
    start: int
    rows: int
    visible: int
    seen: Flags | None = field(default=None, repr=False)
    bits: Bytes | None = field(default=None, repr=False)

    @property
    def scanned(self) -> int:
        """How many rows a scan returns values for."""
        return self.rows if self.bits is None else self.visible

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

    def visible_rows(self) -> Numbers:
        """Return the numbers of the visible rows, counted from the piece's start."""
        return np.arange(self.rows) if self.seen is None else np.flatnonzero(self.seen)


class Block:
    """Rows of any galleries.

    Rows are written beyond :attr:`count` first and become visible when it is raised, so that a
    failure half-way leaves what was there. Whoever holds a block sees to it that changes are alone.

    Args:
        codec: Makes the codes.
        dimension: Numbers a template.
        full: Rows that the block can hold.
        grows: Whether to make room for a few rows at first, and for more as they come.
    """

    def __init__(self, codec: Codec, dimension: int, full: int, *, grows: bool) -> None:
        capacity = min(SMALLEST, full) if grows else full
        self._codec = codec
        self._full = full
        self.count = 0
        self.vectors: Floats = np.zeros((capacity, dimension), np.float32)
        self.codes: Bytes = np.zeros((capacity, codec.row_bytes), np.uint8)
        self.faces: Numbers = np.zeros(capacity, np.int64)
        self.galleries: Numbers = np.zeros(capacity, np.int64)
        self.added: Numbers = np.zeros(capacity, np.int64)
        self.removed: Numbers = np.zeros(capacity, np.int64)
        self.fit = Fit(np.ones(dimension, np.float32))
        self.residual = 0.0
        self.code_norm = 0.0
        self._written = 0
        self._fitted_rows = 0
        self._fitted_residual = 0.0
        self._all_galleries: frozenset[int] = frozenset()
        self._first_added = NEVER
        self._last_change = -1
        self._any_removed = False

    @property
    def room(self) -> int:
        """Rows that can still be written."""
        return self._full - self.count

    @property
    def memory_bytes(self) -> int:
        """Bytes that the arrays take, room for growth included."""
        return sum(array.nbytes for array in self._arrays())

    def write(self, rows: Columns) -> None:
        """Write rows beyond the last one, without showing them; no more than there is room for."""
        total = self.count + len(rows.faces)
        if total > len(self.faces):
            self._grow(min(max(total, 2 * len(self.faces)), self._full))
        place = slice(self.count, total)
        self.vectors[place] = rows.vectors
        self.faces[place] = rows.faces
        self.galleries[place] = rows.galleries
        self.added[place] = rows.added
        self.removed[place] = NEVER
        self._written = total
        if total > 2 * self._fitted_rows:
            self._encode_all(total)
            return
        encoded = self._codec.encode(self.vectors[place], self.fit)
        if encoded.residual > WORN * self._fitted_residual:
            self._encode_all(total)
            return
        self.codes[place] = encoded.codes
        self.residual = max(self.residual, encoded.residual)
        self.code_norm = max(self.code_norm, encoded.code_norm)

    def show(self, rows: int) -> None:
        """Make the *rows* rows written last visible."""
        shown = slice(self.count, self.count + rows)
        self.count += rows
        self._first_added = min(self._first_added, int(self.added[shown].min(initial=NEVER)))
        self._last_change = max(self._last_change, int(self.added[shown].max(initial=-1)))
        self._all_galleries |= frozenset(np.unique(self.galleries[shown]).tolist())

    def forget_unshown(self) -> None:
        """Zero what was written beyond the last visible row."""
        for array in self._arrays():
            array[self.count : self._written] = 0
        self._written = self.count

    def sort(self) -> None:
        """Bring the rows of each gallery together, so that a search of few galleries reads few places."""
        galleries = self.galleries[: self.count]
        if bool((np.diff(galleries) >= 0).all()):
            return
        order = np.argsort(galleries, kind="stable")
        sorted_arrays = [array[order] for array in self._arrays()]
        for array, in_order in zip(self._arrays(), sorted_arrays, strict=True):
            array[: self.count] = in_order
            in_order.fill(0)

    def remove(self, rows: Numbers, position: int) -> None:
        """Mark *rows* removed at log position *position*."""
        self.removed[rows] = position
        self._any_removed = True
        self._last_change = max(self._last_change, position)

    def erase(self, rows: Numbers) -> None:
        """Close up over *rows*, zero what becomes free, and choose the code steps without them."""
        kept = np.ones(self.count, np.bool_)
        kept[rows] = False
        self.count -= len(rows)
        for array in self._arrays():
            moved = array[: len(kept)][kept]
            array[: self.count] = moved
            moved.fill(0)
        self.forget_unshown()
        if self.count:
            self._encode_all(self.count)
        self._look_again()

    def pieces(self, galleries: frozenset[int], as_of: int | None) -> tuple[Piece, ...]:
        """Return what is visible of *galleries* at log position *as_of*; ``None`` for the latest."""
        if self._all_galleries.isdisjoint(galleries) or (as_of is not None and as_of < self._first_added):
            return ()
        seen: Flags | None = None
        if not self._all_galleries <= galleries:
            seen = np.isin(self.galleries[: self.count], sorted(galleries))
        removed = self.removed[: self.count]
        if as_of is not None and as_of < self._last_change:
            past = (self.added[: self.count] <= as_of) & (removed > as_of)
            seen = past if seen is None else seen & past
        elif self._any_removed:
            live = removed == NEVER
            seen = live if seen is None else seen & live
        return (Piece(self, 0, self.count, self.count),) if seen is None else self._cut(seen)

    def _cut(self, seen: Flags) -> tuple[Piece, ...]:
        edges = np.flatnonzero(np.diff(seen, prepend=False, append=False))
        if not len(edges):
            return ()
        start, stop = int(edges[0]), int(edges[-1])
        span = seen[start:stop]
        visible = int(np.count_nonzero(span))
        if visible == len(span):
            return (Piece(self, start, visible, visible),)
        if visible >= NEARLY_ALL * len(span):
            return (Piece(self, start, len(span), visible, span),)
        if len(edges) <= 2 * MOST_RUNS:
            runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
            return tuple(Piece(self, first, end - first, end - first) for first, end in runs)
        return (Piece(self, start, len(span), visible, span, np.packbits(span, bitorder="little")),)

    def _look_again(self) -> None:
        """Find anew what is known of the block as a whole."""
        removed = self.removed[: self.count]
        removed = removed[removed != NEVER]
        added = self.added[: self.count]
        self._any_removed = len(removed) > 0
        self._first_added = int(added.min(initial=NEVER))
        self._last_change = max(int(added.max(initial=-1)), int(removed.max(initial=-1)))
        self._all_galleries = frozenset(np.unique(self.galleries[: self.count]).tolist())

    def _arrays(self) -> tuple[npt.NDArray[np.generic], ...]:
        return (self.vectors, self.codes, self.faces, self.galleries, self.added, self.removed)

    def _grow(self, capacity: int) -> None:
        grown = []
        for array in self._arrays():
            wider = np.zeros((capacity, *array.shape[1:]), array.dtype)
            wider[: self.count] = array[: self.count]
            grown.append(wider)
        old = self._arrays()
        self.vectors, self.codes, self.faces, self.galleries, self.added, self.removed = grown
        for array in old:
            array.fill(0)  # freed memory must not keep what may later be erased here

    def _encode_all(self, rows: int) -> None:
        fit = self._codec.fit(self.vectors[:rows])
        encoded = self._codec.encode(self.vectors[:rows], fit)
        self.codes[:rows] = encoded.codes
        self.fit = fit
        self.residual = self._fitted_residual = encoded.residual
        self.code_norm = encoded.code_norm
        self._fitted_rows = rows
        encoded.codes.fill(0)
