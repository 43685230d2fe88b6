"""Rates of small sets whose answers can be written down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput
from lookalike.evaluation import (
    Identification,
    ScoreCounts,
    cmc,
    fnir,
    fpir,
    identify,
    rates_at,
    tar_at_fmr,
    threshold_at_fpir,
)
from lookalike.evaluation.counting import BINS, bin_at


def _counts(mated: list[float], non_mated: list[float]) -> ScoreCounts:
    return ScoreCounts(*(np.bincount([bin_at(s) for s in scores], minlength=BINS) for scores in (mated, non_mated)))


def test_tar_at_fmr_takes_the_lowest_threshold_that_keeps_the_rate() -> None:
    counts = _counts([0.2, 0.4, 0.6, 0.8], [-0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.5])
    point = tar_at_fmr(counts, 0.1)
    assert point.fmr == 0.1
    assert 0.3 < point.threshold <= 0.5
    assert point.tar == 0.75
    assert tar_at_fmr(counts, 0.09).tar == 0.5
    assert tar_at_fmr(counts, 0.09).fmr == 0.0


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=50), st.floats(0.01, 0.99))
def test_the_allowed_rate_is_never_passed(scores: list[float], allowed: float) -> None:
    counts = _counts(scores, scores)
    point = tar_at_fmr(counts, allowed)
    assert point.fmr <= allowed
    assert rates_at(counts, point.threshold).fmr == point.fmr


def test_rates_need_comparisons_and_a_rate() -> None:
    with pytest.raises(InvalidInput):
        tar_at_fmr(_counts([0.5], [0.1]), 1.0)
    with pytest.raises(InvalidInput):
        tar_at_fmr(ScoreCounts(np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)), 0.1)


def _unit(degrees: float) -> list[float]:
    return [float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))]


def test_identification_ranks_mates_and_counts_strangers() -> None:
    references = np.array([_unit(0), _unit(40), _unit(90)], np.float32)
    probes = np.array([_unit(5), _unit(30), _unit(60)], np.float32)
    found = identify(probes, references, np.array([0, 0, 9]), np.array([0, 1, 2]))
    assert found.mate_ranks.tolist() == [1, 2]
    assert found.gallery_size == 3
    assert found.top_scores.tolist() == pytest.approx([np.cos(np.radians(20))])
    assert (cmc(found, 1), cmc(found, 2)) == (0.5, 1.0)
    assert fnir(found, 0.9, rank=20) == 0.5
    assert fnir(found, 0.0, rank=1) == 0.5
    assert fnir(found, 0.0, rank=2) == 0.0
    assert (fpir(found, 0.93), fpir(found, 0.95)) == (1.0, 0.0)


def test_ties_count_against_the_mate() -> None:
    same = np.array([_unit(0), _unit(0)], np.float32)
    assert identify(same[:1], same, np.array([0]), np.array([0, 1])).mate_ranks.tolist() == [2]


def test_the_threshold_keeps_fpir() -> None:
    tops = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95], np.float32)
    found = Identification(10, np.array([1]), np.array([0.5], np.float32), tops)
    for target in (0.0, 0.1, 0.25, 0.5):
        threshold = threshold_at_fpir(found, target)
        assert fpir(found, threshold) == np.floor(target * 10) / 10
    assert threshold_at_fpir(found, 1.0) == -1.0
