"""Many probes at once: one pass over the templates themselves, as a product of matrices.

Reading a template once for many probes costs less than scanning its code once for each. The products
are float32 in whatever order the matrix library likes; the proof allows for that.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lookalike.index.blocks import Numbers, Piece
from lookalike.index.codes import Floats
from lookalike.index.found import PLACE_BITS, Found, found_among

ROWS_AT_A_TIME = 2048
GATHERED = 4  # multiples of what is wanted, gathered before only the best are kept


def best_of_many(pieces: Sequence[Piece], probes: Floats, rows: int) -> list[Found]:
    """Return, for each probe, the *rows* visible rows with the greatest float32 inner products.

    All of them if there are fewer. The products are computed on as many threads as numpy's matrix
    library is set to.

    Args:
        pieces: What is searched.
        probes: float32, shape (probes, d), unit vectors.
        rows: Rows wanted for each probe.
    """
    best = Best(len(probes), rows)
    products = np.empty((len(probes), ROWS_AT_A_TIME), np.float32)
    for number, piece in enumerate(pieces):
        vectors, seen = piece.vectors, piece.seen
        for start in range(0, piece.rows, ROWS_AT_A_TIME):
            part = vectors[start : start + ROWS_AT_A_TIME]
            values = np.matmul(probes, part.T, out=products[:, : len(part)])
            if seen is not None:
                values[:, ~seen[start : start + len(part)]] = -np.inf
            best.offer(values, (number << PLACE_BITS) | start)
    return best.found()


class Best:
    """The best rows so far of each of several probes."""

    def __init__(self, probes: int, rows: int) -> None:
        self._rows = rows
        self._floor = np.full(probes, -np.inf, np.float32)  # what a row must exceed to be among the best
        self._probes: list[npt.NDArray[np.intp]] = []
        self._values: list[Floats] = []
        self._labels: list[Numbers] = []
        self._gathered = 0

    def offer(self, values: Floats, label: int) -> None:
        """Take in *values*, shape (probes, n), of the rows labelled *label*, *label* + 1 and so on."""
        probes, rows = np.nonzero(values > self._floor[:, np.newaxis])
        if not len(probes):
            return
        self._probes.append(probes)
        self._values.append(values[probes, rows])
        self._labels.append(rows + label)
        self._gathered += len(probes)
        if self._gathered > GATHERED * self._rows * len(self._floor):
            self._keep_best()

    def found(self) -> list[Found]:
        """Return the best rows of each probe."""
        if self._gathered:
            self._keep_best()
        probes = np.concatenate([np.empty(0, np.intp), *self._probes])
        values = np.concatenate([np.empty(0, np.float32), *self._values])
        labels = np.concatenate([np.empty(0, np.int64), *self._labels])
        edges = np.searchsorted(probes, np.arange(len(self._floor) + 1)).tolist()
        return [found_among(values[start:stop], labels[start:stop], self._rows) for start, stop in pairwise(edges)]

    def _keep_best(self) -> None:
        probes = np.concatenate(self._probes)
        values = np.concatenate(self._values)
        labels = np.concatenate(self._labels)
        order = np.lexsort((-values, probes))
        probes, values, labels = probes[order], values[order], labels[order]
        rank = np.arange(len(probes)) - np.searchsorted(probes, probes)
        last = rank == self._rows - 1
        self._floor[probes[last]] = values[last]
        kept = rank < self._rows
        self._probes, self._values, self._labels = [probes[kept]], [values[kept]], [labels[kept]]
        self._gathered = int(np.count_nonzero(kept))
