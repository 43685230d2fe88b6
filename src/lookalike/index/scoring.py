"""The comparison score of a list: the same number for the same pair, always.

Two float32 numbers have a product that float64 holds exactly. Each product is rounded to a multiple
of 2**-51, and sums of such multiples below 2 are exact in float64 in whatever order they are added.
So a pair's score does not depend on batch, position, library version or instruction set, unlike an
ordinary dot product, and equal vectors get equal scores to the last bit.
"""

import numpy as np
import numpy.typing as npt

GRID = 2.0**51
ROWS_AT_A_TIME = 4096


def scores(probe: npt.NDArray[np.float32], rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the comparison score of *probe* with each of *rows*.

    The score is cosine similarity: the dot product of two unit vectors, rounded to float32. Its
    distance from the true dot product is at most :func:`rounding_error`.

    Args:
        probe: float32, shape (d,), length 1 within 1e-4.
        rows: float32, shape (n, d), each of length 1 within 1e-4.

    Returns:
        float32, shape (n,), in [-1.0002, 1.0002].

    Example:
        >>> rows = np.array([[0.6, 0.8], [0.8, -0.6]], np.float32)
        >>> [round(float(score), 6) for score in scores(rows[0], rows)]
        [1.0, 0.0]
    """
    scaled = probe.astype(np.float64) * GRID
    out = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        products = rows[start : start + ROWS_AT_A_TIME].astype(np.float64)
        products *= scaled
        np.rint(products, out=products)
        sums = products.sum(axis=1)
        sums /= GRID
        out[start : start + ROWS_AT_A_TIME] = sums
    return out


def rounding_error(dimension: int) -> float:
    """Return how far a score may lie from the true dot product of its two vectors.

    *dimension* products, each rounded to the nearest multiple of 2**-51, and one rounding of a number
    below 2 to float32.

    Example:
        >>> 5e-8 < rounding_error(512) < 7e-8
        True
    """
    return dimension * 2.0**-52 + 2.0**-24
