"""What a score means: monotone, consistent with the threshold, honest beyond the table."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.calibration import Calibration
from lookalike.domain.errors import InvalidInput
from lookalike.domain.identifiers import Fingerprint

PACK = Fingerprint("a" * 64)


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    size = draw(st.integers(2, 30))
    steps = draw(st.lists(st.floats(0.001, 0.1), min_size=size, max_size=size))
    falls = draw(st.lists(st.floats(0.05, 3.0), min_size=size, max_size=size))
    scores = [-0.2 + sum(steps[: i + 1]) for i in range(size)]
    rates = [math.exp(-sum(falls[: i + 1])) for i in range(size)]
    return Calibration(PACK, "drawn", 1_000_000, tuple(scores), tuple(rates))


@given(calibrations(), st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_score_is_never_commoner_among_strangers(tail: Calibration, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert tail.rate(high) <= tail.rate(low) <= 1


@given(calibrations(), st.floats(0.001, 0.5), st.integers(1, 10_000_000))
def test_a_threshold_is_the_lowest_score_that_keeps_its_promise(tail: Calibration, target: float, size: int) -> None:
    threshold = tail.threshold(target_fpir=target, gallery_size=size)
    if -1 < threshold.value < 2:
        assert tail.rate(threshold.value) * size <= target * (1 + 1e-9)
        assert tail.rate(threshold.value - 1e-6) * size > target * (1 - 1e-4)
    assert threshold.is_extrapolated == (threshold.value > tail.scores[-1])


@given(calibrations(), st.integers(1, 1000), st.integers(2, 1000))
def test_thresholds_rise_with_the_gallery(tail: Calibration, size: int, factor: int) -> None:
    small = tail.threshold(target_fpir=0.01, gallery_size=size)
    large = tail.threshold(target_fpir=0.01, gallery_size=size * factor)
    assert large.value >= small.value


@given(calibrations())
def test_the_table_is_returned_at_its_own_points(tail: Calibration) -> None:
    assert [tail.rate(score) for score in tail.scores] == list(tail.rates)


def test_beyond_the_table_the_last_two_decades_go_on() -> None:
    tail = Calibration(PACK, "x", 10**7, (0.2, 0.3, 0.4, 0.5), (1e-1, 1e-3, 1e-5, 1e-6))
    assert tail.rate(0.6) == pytest.approx(1e-6 * 10 ** (-1.5))  # from 0.3 to 0.5 three decades: 1.5 a tenth
    strangers = tail.expected_strangers(0.6, gallery_size=10**6)
    assert strangers.is_extrapolated
    assert not tail.expected_strangers(0.5, gallery_size=10**6).is_extrapolated


@pytest.mark.parametrize(
    ("scores", "rates"),
    [
        ((0.1,), (0.5,)),
        ((0.2, 0.1), (0.5, 0.1)),
        ((0.1, 0.2), (0.1, 0.5)),
        ((0.1, 0.2), (1.5, 0.1)),
        ((0.1, 0.2), (0.1, 0)),
    ],
)
def test_an_impossible_table_is_refused(scores: tuple[float, ...], rates: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInput):
        Calibration(PACK, "x", 10, scores, rates)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_what_is_no_score_is_refused(score: float) -> None:
    tail = Calibration(PACK, "x", 10, (0.1, 0.2), (0.5, 0.1))
    with pytest.raises(InvalidInput):
        tail.rate(score)


@pytest.mark.parametrize(("target", "size"), [(0.0, 5), (1.0, 5), (-0.1, 5), (math.nan, 5), (0.01, 0)])
def test_a_threshold_needs_a_target_and_a_gallery(target: float, size: int) -> None:
    tail = Calibration(PACK, "x", 10, (0.1, 0.2), (0.5, 0.1))
    with pytest.raises(InvalidInput):
        tail.threshold(target_fpir=target, gallery_size=size)
