"""A calibration's table is exact, falls strictly, and ends where ten comparisons are left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput
from lookalike.domain.identifiers import Fingerprint
from lookalike.evaluation import ScoreCounts, calibration_from_scores
from lookalike.evaluation.counting import BINS, bin_at


def _counts(scores: np.typing.NDArray[np.float64]) -> ScoreCounts:
    bins = [bin_at(float(score)) for score in scores]
    return ScoreCounts(np.zeros(BINS, np.int64), np.bincount(bins, minlength=BINS))


def test_the_table_holds_exact_rates_down_to_ten_comparisons() -> None:
    scores = np.random.default_rng(1).normal(0.0, 0.1, 50_000)
    bins = np.array([bin_at(float(score)) for score in scores])
    made = calibration_from_scores(_counts(scores), fingerprint=Fingerprint("a"), data_set="made up")
    assert len(made.scores) == 60
    assert made.non_mated == 50_000
    assert made.rates[0] == pytest.approx(0.5, abs=0.01)
    assert made.rates[-1] == pytest.approx(10 / 50_000, rel=0.2)
    for score, rate in zip(made.scores, made.rates, strict=True):
        assert rate == (bins >= bin_at(score)).mean()


@given(st.integers(40, 500), st.integers(1, 80))
def test_any_scores_make_a_valid_table(count: int, points: int) -> None:
    scores = np.random.default_rng(count).normal(0.0, 0.2, count).clip(-1, 1)
    made = calibration_from_scores(_counts(scores), fingerprint=Fingerprint("a"), data_set="x", points=points + 1)
    assert made.rates[-1] * count >= 10 - 1e-9


def test_too_few_comparisons_make_no_calibration() -> None:
    with pytest.raises(InvalidInput):
        calibration_from_scores(_counts(np.zeros(39)), fingerprint=Fingerprint("a"), data_set="x")
