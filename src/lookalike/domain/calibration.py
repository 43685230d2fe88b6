"""What a comparison score means: how often strangers score as high.

A calibration belongs to one model pack. It holds the measured false match rate FMR(s) (ISO/IEC 19795-1) as a table
over scores, and the slope of its tail, so that a score beyond the table gets an *extrapolated* value that says so.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from lookalike.domain.errors import InvalidInput
from lookalike.domain.identifiers import Fingerprint


@dataclass(frozen=True, slots=True)
class ExpectedStrangers:
    """How many non-mated references are expected to score at least as high in one search.

    Attributes:
        count: Gallery size times FMR at the score; 0 or more.
        is_extrapolated: The score lies beyond what was measured, and the tail was continued.
    """

    count: float
    is_extrapolated: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A comparison score with its provenance; inclusive: kept when ``score >= value``.

    Attributes:
        value: Comparison score.
        fingerprint: The model pack whose scores it applies to.
        calibration: The calibration's data set and size, in words.
        target_fpir: FPIR(N, T) that the value was made for, in (0, 1).
        gallery_size: N, the number of references compared.
        is_extrapolated: The value lies beyond the measured scores.
    """

    value: float
    fingerprint: Fingerprint
    calibration: str
    target_fpir: float
    gallery_size: int
    is_extrapolated: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """The measured tail of non-mated comparison scores of one model pack.

    Attributes:
        fingerprint: The model pack.
        data_set: What was measured, in words.
        non_mated: Number of non-mated comparisons behind the table.
        scores: Ascending comparison scores.
        rates: FMR at each of *scores* (share of non-mated comparisons at or above it), strictly falling, in (0, 1].

    Raises:
        InvalidInput: The table is short, unordered or holds impossible rates.

    Example:
        >>> tail = Calibration(Fingerprint("a"), "example", 1000, (0.1, 0.2, 0.3), (0.1, 0.01, 0.001))
        >>> tail.expected_strangers(0.2, gallery_size=500).count
        5.0
        >>> round(tail.rate(0.25), 6)
        0.003162
        >>> tail.expected_strangers(0.4, gallery_size=500).is_extrapolated
        True
        >>> round(tail.threshold(target_fpir=0.05, gallery_size=50).value, 6)
        0.3
    """

    fingerprint: Fingerprint
    data_set: str
    non_mated: int
    scores: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.scores) < 2 or len(self.scores) != len(self.rates):
            raise InvalidInput("A calibration needs at least two scores, and a rate for each.")
        rising = all(a < b for a, b in pairwise(self.scores))
        falling = all(a > b for a, b in pairwise(self.rates))
        if not (rising and falling and self.rates[-1] > 0 and self.rates[0] <= 1):
            raise InvalidInput("A calibration needs rising scores and falling rates in (0, 1].")

    def rate(self, score: float) -> float:
        """Return FMR at *score*: log-linear between table points, continued beyond both ends, and never above 1.

        Raises:
            InvalidInput: *score* is not a finite number.
        """
        if not math.isfinite(score):
            raise InvalidInput(f"Not a comparison score: {score}.")
        at = bisect_left(self.scores, score)
        if at == len(self.scores):
            return min(self.rates[-1], self._on_line(score, self._tail_anchor, at - 1))
        if self.scores[at] == score:
            return self.rates[at]
        if at == 0:
            return min(1.0, max(self.rates[0], self._on_line(score, 0, 1)))
        return min(self.rates[at - 1], max(self.rates[at], self._on_line(score, at - 1, at)))

    def _on_line(self, score: float, low: int, high: int) -> float:
        """Return the value at *score* of the line through two table points, rates taken logarithmically."""
        upper = math.log(self.rates[high])
        slope = (upper - math.log(self.rates[low])) / (self.scores[high] - self.scores[low])
        return math.exp(min(0.0, upper + slope * (score - self.scores[high])))

    @property
    def _tail_anchor(self) -> int:
        """The table point from which the tail's slope is taken: two decades above the last rate, where there are."""
        wanted = self.rates[-1] * 100
        return max(i for i in range(len(self.rates) - 1) if self.rates[i] >= wanted or i == 0)

    def expected_strangers(self, score: float, *, gallery_size: int) -> ExpectedStrangers:
        """Return how many of *gallery_size* non-mated references are expected at or above *score*."""
        return ExpectedStrangers(gallery_size * self.rate(score), score > self.scores[-1])

    def threshold(self, *, target_fpir: float, gallery_size: int) -> Threshold:
        """Return the lowest score at which FPIR(N, T) stays at or below *target_fpir*.

        FPIR(N, T) is taken as N x FMR(T), its upper bound (Boole); the scores of one search are not independent.

        Raises:
            InvalidInput: *target_fpir* is outside (0, 1) or *gallery_size* below 1.
        """
        if not (0 < target_fpir < 1) or gallery_size < 1:
            raise InvalidInput("A threshold needs a target FPIR between 0 and 1 and a gallery of 1 or more.")
        low, high = -1.0, 2.0
        for _ in range(60):
            middle = (low + high) / 2
            if gallery_size * self.rate(middle) <= target_fpir:
                high = middle
            else:
                low = middle
        return Threshold(
            value=high,
            fingerprint=self.fingerprint,
            calibration=f"{self.data_set} ({self.non_mated:,} non-mated comparisons)",
            target_fpir=target_fpir,
            gallery_size=gallery_size,
            is_extrapolated=high > self.scores[-1],
        )
