"""Rows that a scan found, and where they lie."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.index.blocks import Numbers
from lookalike.index.codes import Floats

PLACE_BITS = 32  # a label is the piece's number above, the row in the piece below


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that a scan returns for a probe.

    Attributes:
        values: float32, shape (n,), falling.
        pieces: int64, shape (n,): the piece of each row.
        rows: int64, shape (n,): the row in its piece.
    """

    values: Floats
    pieces: Numbers
    rows: Numbers


def found_among(values: Floats, labels: Numbers, rows: int) -> Found:
    """Return the *rows* labelled rows with the greatest values."""
    order: npt.NDArray[np.intp] = np.argsort(-values, kind="stable")[:rows]
    labels = labels[order]
    return Found(values[order], labels >> PLACE_BITS, labels & (2**PLACE_BITS - 1))
