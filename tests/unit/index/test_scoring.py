"""A pair's score is the same number whatever it is computed with, and close to the true dot product."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.index.scoring import rounding_error, scores


def units(rows: int, dimension: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((rows, dimension))
    lengths = np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.asarray(drawn / lengths, np.float32)


@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3, 17, 128, 512, 1000]))
def test_a_score_lies_within_the_stated_error_of_the_true_dot_product(seed: int, dimension: int) -> None:
    rows = units(9, dimension, seed)
    for row, score in zip(rows, scores(rows[0], rows), strict=True):
        true = math.fsum(float(a) * float(b) for a, b in zip(rows[0], row, strict=True))
        assert abs(float(score) - true) <= rounding_error(dimension)


@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3, 31, 128, 512]), st.integers(1, 40))
def test_batch_position_and_order_of_coordinates_change_nothing(seed: int, dimension: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    vectors = units(rows, dimension, seed)
    probe = units(1, dimension, seed + 1)[0]
    together = scores(probe, vectors)
    alone = np.concatenate([scores(probe, vectors[number : number + 1]) for number in range(rows)])
    shuffled = random.permutation(dimension)
    spread = np.empty((rows, 2 * dimension), np.float32)[:, ::2]
    spread[:] = vectors[:, shuffled]
    assert together.tobytes() == alone.tobytes()
    assert together.tobytes() == scores(probe[shuffled], spread).tobytes()


def test_rows_beyond_one_portion_are_scored_alike() -> None:
    rows = np.repeat(units(2, 5, 3), 5000, axis=0)
    found = scores(rows[0], rows)
    assert len(set(found[:5000].tolist())) == len(set(found[5000:].tolist())) == 1
    assert found[0] == pytest.approx(1.0, abs=1e-6)


def test_a_score_does_not_depend_on_which_of_the_two_is_the_probe() -> None:
    one, other = units(2, 512, 7)
    assert scores(one, other[np.newaxis]) == scores(other, one[np.newaxis])


def test_zero_has_one_form() -> None:
    score = scores(np.array([1, 0], np.float32), np.array([[-0.0, -1]], np.float32))
    assert score.tobytes() == np.zeros(1, np.float32).tobytes()


def test_products_are_rounded_before_they_are_added() -> None:
    # 97/128 * 172961/2**18 lies half-way between two float32 numbers; what would tip it is below the grid.
    probe = np.array([97 / 128, 2.0**-27], np.float32)
    row = np.array([172_961 / 2**18, 0.9 * 2.0**-26], np.float32)
    assert scores(probe, row[np.newaxis]).tolist() == [0.5]
