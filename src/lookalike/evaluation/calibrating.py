"""From counted scores to a pack's calibration."""

import numpy as np

from lookalike.domain.calibration import Calibration
from lookalike.domain.errors import InvalidInput
from lookalike.domain.identifiers import Fingerprint
from lookalike.evaluation.counting import ScoreCounts, edge_at

FEWEST = 10
"""Non-mated comparisons that must stand at or above the last table point."""


def calibration_from_scores(
    counts: ScoreCounts, *, fingerprint: Fingerprint, data_set: str, points: int = 60
) -> Calibration:
    """Return the calibration that *counts* give: false match rates from one half to the last 10 comparisons.

    The table's scores are spaced so that the rates fall evenly in their logarithm; each rate is exact: comparisons at
    or above the score over all comparisons.

    Args:
        counts: Exact counts.
        fingerprint: The model pack whose scores they are.
        data_set: What was measured, in words.
        points: Table length wished for; fewer where scores coincide.

    Raises:
        InvalidInput: There are fewer than 40 non-mated comparisons, or all score alike.
    """
    total = int(counts.non_mated.sum())
    if total < 4 * FEWEST:
        raise InvalidInput(f"A calibration needs {4 * FEWEST} non-mated comparisons or more, not {total}.")
    above = np.cumsum(counts.non_mated[::-1])[::-1]
    table: list[tuple[float, float]] = []
    for wanted in np.geomspace(0.5, FEWEST / total, points):
        # The highest edge that still has the wanted count at or above it, so that no rate is understated.
        at = int(np.flatnonzero(above >= max(FEWEST, wanted * total))[-1])
        score, rate = edge_at(at), int(above[at]) / total
        if not table or (score > table[-1][0] and rate < table[-1][1]):
            table.append((score, rate))
    return Calibration(
        fingerprint=fingerprint,
        data_set=data_set,
        non_mated=total,
        scores=tuple(score for score, _ in table),
        rates=tuple(rate for _, rate in table),
    )
