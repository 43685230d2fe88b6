"""Error rates of ISO/IEC 19795-1, from exact counts."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.domain.errors import InvalidInput
from lookalike.evaluation.counting import BINS, Labels, Matrix, ScoreCounts, bin_at, edge_at


@dataclass(frozen=True, slots=True)
class VerificationPoint:
    """What one threshold gives in one-to-one comparisons.

    Attributes:
        threshold: Comparison score, inclusive.
        tar: True accept rate: share of mated comparisons at or above it.
        fmr: False match rate: share of non-mated comparisons at or above it.
    """

    threshold: float
    tar: float
    fmr: float


def rates_at(counts: ScoreCounts, threshold: float) -> VerificationPoint:
    """Return the rates at *threshold*, moved up to the next bin's edge (by less than 0.00001).

    Example:
        >>> mated, non_mated = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
        >>> mated[150_000], non_mated[100_000], non_mated[150_000] = 4, 3, 1
        >>> rates_at(ScoreCounts(mated, non_mated), 0.5)
        VerificationPoint(threshold=0.5, tar=1.0, fmr=0.25)
    """
    at = bin_at(threshold)
    return VerificationPoint(edge_at(at), _share(counts.mated, at), _share(counts.non_mated, at))


def tar_at_fmr(counts: ScoreCounts, fmr: float) -> VerificationPoint:
    """Return the rates at the lowest threshold whose false match rate is at most *fmr*.

    Raises:
        InvalidInput: *fmr* is outside (0, 1), or there are no comparisons of one kind.
    """
    if not 0 < fmr < 1:
        raise InvalidInput(f"A false match rate lies between 0 and 1, not at {fmr}.")
    above = np.cumsum(counts.non_mated[::-1])[::-1]
    allowed = np.flatnonzero(above <= fmr * counts.non_mated.sum())
    at = int(allowed[0]) if len(allowed) else BINS
    return VerificationPoint(edge_at(at), _share(counts.mated, at), _share(counts.non_mated, at))


def _share(counts: npt.NDArray[np.int64], at: int) -> float:
    total = int(counts.sum())
    if not total:
        raise InvalidInput("A rate needs mated and non-mated comparisons.")
    return int(counts[at:].sum()) / total


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """What searches of a gallery gave, reduced to what the rates need.

    Attributes:
        gallery_size: N, the number of references.
        mate_ranks: int64, shape (mated probes,): rank of the best mate, from 1.
        mate_scores: float32, shape (mated probes,): its comparison score.
        top_scores: float32, shape (non-mated probes,): the highest score each of them got.
    """

    gallery_size: int
    mate_ranks: Labels
    mate_scores: npt.NDArray[np.float32]
    top_scores: npt.NDArray[np.float32]


def identify(probes: Matrix, references: Matrix, probe_people: Labels, reference_people: Labels) -> Identification:
    """Search every probe in the gallery of all references.

    A probe is mated where the gallery holds its person. Ties count against the mate.

    Args:
        probes: float32, shape (n, dimension), rows of length 1.
        references: float32, shape (m, dimension), rows of length 1.
        probe_people: int64, shape (n,).
        reference_people: int64, shape (m,).
    """
    ranks, mates, tops = [], [], []
    for probe, person in zip(probes, probe_people, strict=True):
        scores = references @ probe
        is_mate = reference_people == person
        if is_mate.any():
            best = scores[is_mate].max()
            ranks.append(1 + int((scores[~is_mate] >= best).sum()))
            mates.append(best)
        else:
            tops.append(scores.max())
    return Identification(
        len(references), np.array(ranks, np.int64), np.array(mates, np.float32), np.array(tops, np.float32)
    )


def cmc(found: Identification, rank: int) -> float:
    """Return the share of mated probes whose mate is among the first *rank* (CMC)."""
    return _mean(found.mate_ranks <= rank)


def fnir(found: Identification, threshold: float, *, rank: int) -> float:
    """Return FNIR(N, R, T): mated probes whose mate is below *threshold* or outside the first *rank*."""
    return _mean((found.mate_scores < threshold) | (found.mate_ranks > rank))


def fpir(found: Identification, threshold: float) -> float:
    """Return FPIR(N, T): non-mated probes for which any reference scores at or above *threshold*."""
    return _mean(found.top_scores >= threshold)


def threshold_at_fpir(found: Identification, target: float) -> float:
    """Return the lowest threshold among the scores seen (and just above the highest) with FPIR at most *target*."""
    if not len(found.top_scores):
        raise InvalidInput("FPIR needs non-mated probes.")
    falling = np.sort(found.top_scores)[::-1]
    allowed = math.floor(target * len(falling))
    if allowed >= len(falling):
        return -1.0
    return float(np.nextafter(falling[allowed], np.float32(2)))


def _mean(values: npt.NDArray[np.bool_]) -> float:
    if not len(values):
        raise InvalidInput("A rate needs at least one probe of its kind.")
    return float(values.mean())
