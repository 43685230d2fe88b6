"""Comparison scores of whole sets, counted exactly: every pair, no sampling.

Scores fall into bins of 0.00001; the counts at and above each bin's lower edge are exact, so every rate derived from
them is exact at an edge. Sets are compared block by block, so that memory stays small.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.domain.errors import InvalidInput

Matrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]

BINS_PER_UNIT = 100_000
BINS = 2 * BINS_PER_UNIT + 1
_ROWS_A_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCounts:
    """How many mated and non-mated comparisons scored how high.

    Attributes:
        mated: int64, shape (200001,): comparisons of the same person with a score in bin *i*, that is from
            ``i / 100000 - 1`` up to the next bin's edge.
        non_mated: int64, shape (200001,): comparisons of two people.
    """

    mated: Counts
    non_mated: Counts

    def __post_init__(self) -> None:
        for counts in (self.mated, self.non_mated):
            if counts.shape != (BINS,) or counts.dtype != np.int64 or (counts < 0).any():
                raise InvalidInput(f"Counts must be int64 of shape ({BINS},), none negative.")

    def __add__(self, other: "ScoreCounts") -> "ScoreCounts":
        """Return the counts of both sets of comparisons."""
        return ScoreCounts(self.mated + other.mated, self.non_mated + other.non_mated)


def edge_at(bin_index: int) -> float:
    """Return the lower edge of a bin, a comparison score.

    Example:
        >>> edge_at(150_000)
        0.5
    """
    return bin_index / BINS_PER_UNIT - 1.0


def bin_at(score: float) -> int:
    """Return the first bin all of whose scores are at or above *score*, rounding to the nearest edge within 1e-9."""
    return int(np.clip(np.ceil((score + 1.0) * BINS_PER_UNIT - 1e-4), 0, BINS))


def count_pairs(templates: Matrix, people: Labels) -> ScoreCounts:
    """Count all pairs within one set, each once, none with itself.

    Args:
        templates: float32, shape (n, dimension), rows of length 1.
        people: int64, shape (n,): who each row is.

    Example:
        >>> counts = count_pairs(np.eye(3, dtype=np.float32), np.array([0, 0, 1]))
        >>> int(counts.mated.sum()), int(counts.non_mated.sum())
        (1, 2)
    """
    _check(templates, people)
    total = ScoreCounts(np.zeros(BINS, np.int64), np.zeros(BINS, np.int64))
    for start in range(0, len(templates), _ROWS_A_BLOCK):
        rows = np.arange(start, min(start + _ROWS_A_BLOCK, len(templates)))
        scores = templates[rows] @ templates[start:].T
        columns = np.arange(start, len(templates))
        total += _count(scores, people[rows, None] == people[None, columns], columns[None] > rows[:, None])
    return total


def count_cross(
    probes: Matrix,
    references: Matrix,
    probe_people: Labels,
    reference_people: Labels,
    *,
    is_same_set: bool = False,
) -> ScoreCounts:
    """Count all comparisons of each probe with each reference.

    Args:
        probes: float32, shape (n, dimension), rows of length 1.
        references: float32, shape (m, dimension), rows of length 1.
        probe_people: int64, shape (n,).
        reference_people: int64, shape (m,).
        is_same_set: Row *i* of both comes from the same photograph; it is not compared with itself.

    Example:
        >>> counts = count_cross(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), np.arange(2), np.arange(2))
        >>> int(counts.mated[-1]), int(counts.non_mated[100_000])
        (2, 2)
    """
    _check(probes, probe_people)
    _check(references, reference_people)
    total = ScoreCounts(np.zeros(BINS, np.int64), np.zeros(BINS, np.int64))
    columns = np.arange(len(references))
    for start in range(0, len(probes), _ROWS_A_BLOCK):
        rows = np.arange(start, min(start + _ROWS_A_BLOCK, len(probes)))
        scores = probes[rows] @ references.T
        is_compared = rows[:, None] != columns[None] if is_same_set else np.ones(scores.shape, bool)
        total += _count(scores, probe_people[rows, None] == reference_people[None], is_compared)
    return total


def _count(scores: Matrix, is_mated: npt.NDArray[np.bool_], is_compared: npt.NDArray[np.bool_]) -> ScoreCounts:
    bins = np.floor((np.clip(scores, -1, 1).astype(np.float64) + 1.0) * BINS_PER_UNIT + 1e-4).astype(np.int64)
    return ScoreCounts(
        np.bincount(bins[is_mated & is_compared], minlength=BINS).astype(np.int64),
        np.bincount(bins[~is_mated & is_compared], minlength=BINS).astype(np.int64),
    )


def _check(templates: Matrix, people: Labels) -> None:
    if templates.ndim != 2 or people.shape != (len(templates),):
        raise InvalidInput("Templates need shape (n, dimension), and a person for each row.")
    if len(templates) and not np.allclose(np.linalg.norm(templates, axis=1), 1.0, atol=1e-3):
        raise InvalidInput("Templates must have length 1.")
