"""Counts are exact: every pair, compared with a plain double loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput
from lookalike.evaluation import count_cross, count_pairs, counting
from lookalike.evaluation.counting import BINS, bin_at, edge_at


def _set(seed: int, rows: int, people: int) -> tuple[counting.Matrix, counting.Labels]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(rows, 6))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit, rng.integers(0, people, rows)


@given(seed=st.integers(0, 1000), rows=st.integers(2, 40))
def test_pairs_equal_a_double_loop(seed: int, rows: int) -> None:
    templates, people = _set(seed, rows, 5)
    counts = count_pairs(templates, people)
    mated = [(i, j) for i in range(rows) for j in range(i + 1, rows) if people[i] == people[j]]
    assert counts.mated.sum() == len(mated)
    assert counts.mated.sum() + counts.non_mated.sum() == rows * (rows - 1) // 2
    for threshold in (-0.3, 0.0, 0.4):
        plain = sum(float(templates[i] @ templates[j]) >= threshold for i, j in mated)
        assert counts.mated[bin_at(threshold) :].sum() == pytest.approx(plain, abs=1)


def test_blocks_do_not_change_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    probes, people = _set(3, 300, 7)
    references, others = _set(4, 70, 7)
    whole = count_cross(probes, references, people, others)
    monkeypatch.setattr(counting, "_ROWS_A_BLOCK", 17)
    parts = count_cross(probes, references, people, others)
    assert abs(whole.mated - parts.mated).sum() <= 2
    assert whole.mated.sum() + whole.non_mated.sum() == 300 * 70
    assert parts.non_mated.sum() == whole.non_mated.sum()


def test_a_photograph_is_never_compared_with_itself() -> None:
    templates, people = _set(5, 30, 4)
    counts = count_cross(templates, templates, people, people, is_same_set=True)
    twice = count_pairs(templates, people)
    assert counts.mated.sum() == 2 * twice.mated.sum()
    assert counts.mated[-1] == 0
    assert count_cross(templates, templates, people, people).mated.sum() == counts.mated.sum() + 30


def test_counts_add_up() -> None:
    templates, people = _set(6, 20, 3)
    counts = count_pairs(templates, people)
    assert ((counts + counts).non_mated == 2 * counts.non_mated).all()


@pytest.mark.parametrize("at", [0, 1, 100_000, 150_003, BINS - 1])
def test_edges_and_bins_agree(at: int) -> None:
    assert bin_at(edge_at(at)) == at
    assert bin_at(edge_at(at) + 4e-6) == min(at + 1, BINS)


def test_templates_must_be_unit_vectors() -> None:
    with pytest.raises(InvalidInput):
        count_pairs(np.full((2, 3), 2, np.float32), np.arange(2))
    with pytest.raises(InvalidInput):
        count_pairs(np.eye(3, dtype=np.float32), np.arange(2))
