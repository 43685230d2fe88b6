"""What a scan returns for a row is never below its true score; and the 8-bit scan is exact arithmetic."""

import math
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.domain.errors import Unavailable
from lookalike.index.blocks import Block, Columns, Piece
from lookalike.index.codes import CodeKind, ScanProbe, codec, exact_scan
from lookalike.index.product import best_of_many
from lookalike.index.scan import Scanner, translated

KINDS: list[CodeKind] = ["fp16", "8-bit"]
DIMENSIONS = [1, 2, 3, 16, 31, 32, 33, 64, 100, 128, 512]
SHAPES = ["spread", "one axis", "close together", "small parts", "outliers"]


def units(rows: Any) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def drawn(shape: str, rows: int, dimension: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    spread = random.standard_normal((rows, dimension))
    axes = np.eye(dimension)[random.integers(0, dimension, rows)] * random.choice([-1, 1], (rows, 1))
    match shape:
        case "spread":
            return units(spread)
        case "one axis":
            return units(axes)
        case "close together":
            return units(spread[:1] + 1e-7 * spread)
        case "small parts":
            return units(axes + 1e-9 * spread)
        case _:
            return units(np.where(random.random((rows, 1)) < 0.05, axes, units(spread)))


def block_of(kind: CodeKind, vectors: np.ndarray) -> Block:
    rows = len(vectors)
    block = Block(codec(kind, vectors.shape[1]), vectors.shape[1], rows, grows=False)
    numbers = np.arange(rows)
    block.write(Columns(vectors, numbers, np.ones(rows, np.int64), numbers))
    block.show(rows)
    return block


def true_score(probe: np.ndarray, row: np.ndarray) -> float:
    return math.fsum(float(a) * float(b) for a, b in zip(probe, row, strict=True))


@given(
    st.sampled_from(KINDS),
    st.sampled_from(DIMENSIONS),
    st.sampled_from(SHAPES),
    st.sampled_from(SHAPES),
    st.integers(0, 2**32),
)
@settings(max_examples=150, deadline=None)
def test_no_row_scores_above_the_bound_that_the_scan_gives_it(
    kind: CodeKind, dimension: int, shape: str, probe_shape: str, seed: int
) -> None:
    one, other = (block_of(kind, drawn(shape, 20, dimension, seed + n)) for n in range(2))
    probe = drawn(probe_shape, 1, dimension, seed + 2)[0]
    seen = np.arange(20) % 3 > 0
    some = Piece(one, 0, 20, 13, seen, np.packbits(seen, bitorder="little"))
    pieces = [Piece(one, 0, 20, 20), some, Piece(other, 5, 15, 15)]
    bounds = codec(kind, dimension).prepare(probe, [one, one, other])
    found = Scanner(codec(kind, dimension), 1).best(pieces, bounds, 60)
    places = sorted(zip(found.pieces.tolist(), found.rows.tolist(), strict=True))
    assert places == [(number, row) for number, piece in enumerate(pieces) for row in piece.visible_rows().tolist()]
    for value, number, row in zip(found.values, found.pieces, found.rows, strict=True):
        assert true_score(probe, pieces[number].vectors[row]) <= bounds.ceiling(float(value))


@given(st.sampled_from(DIMENSIONS), st.sampled_from(SHAPES), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_no_row_scores_above_the_bound_of_the_product(dimension: int, shape: str, seed: int) -> None:
    block = block_of("8-bit", drawn(shape, 30, dimension, seed))
    probes = drawn("spread", 3, dimension, seed + 1)
    bounds = exact_scan(dimension)
    seen = np.arange(30) % 4 != 1
    piece = Piece(block, 0, 30, int(seen.sum()), seen)
    few = best_of_many([piece], probes, 4)
    for probe, found, best in zip(probes, best_of_many([piece], probes, 30), few, strict=True):
        assert sorted(found.rows.tolist()) == piece.visible_rows().tolist()
        assert best.values.tolist() == found.values[:4].tolist()
        for value, row in zip(found.values, found.rows, strict=True):
            assert abs(true_score(probe, block.vectors[row]) - float(value)) <= bounds.slack


@given(st.sampled_from([*DIMENSIONS, 700, 1024, 2048]), st.integers(0, 2**32), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_8_bit_scan_is_exact_in_whole_numbers(dimension: int, seed: int, extreme: bool) -> None:
    random = np.random.default_rng(seed)
    signs = random.choice([-1, 1], (10, dimension))
    vectors = units(signs if extreme else random.standard_normal((10, dimension)))
    block = block_of("8-bit", vectors)
    bounds = codec("8-bit", dimension).prepare(vectors[0], [block])
    found = Scanner(codec("8-bit", dimension), 1).best([Piece(block, 0, 10, 10)], bounds, 10)
    numbers = block.codes.astype(np.int64) - 128
    query = bounds.queries[0].astype(np.int64)
    assert (bounds.queries[0] == query).all()
    assert np.abs(numbers).max() <= 127
    assert np.abs(query).max() <= 127
    assert (numbers @ query)[found.rows].tolist() == (found.values.astype(np.int64) - int(bounds.biases[0])).tolist()
    assert (np.abs(numbers) @ np.abs(query)).max() + bounds.biases[0] < 2**24


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32), place=st.integers(0, 59))
@settings(max_examples=30, deadline=None)
def test_everything_above_a_radius_is_returned_and_the_rest_scores_below(kind: CodeKind, seed: int, place: int) -> None:
    vectors = drawn("spread", 60, 32, seed)
    block = block_of(kind, vectors)
    pieces = [Piece(block, 0, 40, 40), Piece(block, 40, 20, 20)]
    bounds = codec(kind, 32).prepare(vectors[0], [block, block])
    scanner = Scanner(codec(kind, 32), 1)
    score = true_score(vectors[0], vectors[place])
    radius = bounds.radius(score)
    above = scanner.above(pieces, bounds, radius)
    every = scanner.best(pieces, bounds, 60)
    assert above.values.tolist() == every.values[every.values > radius].tolist()
    assert place in (above.pieces * 40 + above.rows).tolist()
    outside = {*range(60)} - {*(above.pieces * 40 + above.rows).tolist()}
    assert all(true_score(vectors[0], vectors[row]) < score for row in outside)


@given(st.floats(1e-3, 2.0**21), st.floats(0, 1e-3), st.floats(-1, 1), st.integers(-(2**20), 2**20))
def test_the_bound_at_a_radius_lies_below_the_score(scale: float, slack: float, score: float, steps: int) -> None:
    nothing = np.empty((0, 0), np.float32)
    bounds = ScanProbe(nothing, nothing[0:0], scale, slack)
    for near in (score, bounds.ceiling(float(np.float32(steps)))):  # the second is a bound of some value itself
        assert bounds.ceiling(bounds.radius(near)) < near


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32), shape=st.sampled_from(SHAPES))
@settings(max_examples=30, deadline=None)
def test_the_residual_covers_every_row_however_it_was_written(kind: CodeKind, seed: int, shape: str) -> None:
    vectors = np.concatenate(
        [drawn("spread", 15, 64, seed), drawn("spread", 5, 64, seed + 1), drawn(shape, 9, 64, seed)]
    )
    block = Block(codec(kind, 64), 64, 40, grows=True)
    for start, stop in ((0, 15), (15, 20), (20, 29)):
        rows = vectors[start:stop]
        numbers = np.arange(len(rows))
        block.write(Columns(rows, numbers, numbers, numbers))
        block.show(len(rows))
        codes = block.codes[:stop]
        decoded = codes.view(np.float16)[:, :64] if kind == "fp16" else (codes.astype(int) - 128) * block.fit.steps
        errors = vectors[:stop].astype(np.float64) - decoded.astype(np.float64)
        assert np.linalg.norm(errors, axis=1).max() <= block.residual
        if kind == "8-bit":
            assert np.linalg.norm(codes.astype(int) - 128, axis=1).max() <= block.code_norm
            assert block.residual < 0.1  # steps were chosen anew for rows that lay out of reach


def test_the_codes_are_close() -> None:
    vectors = drawn("spread", 2000, 512, 1)
    assert block_of("fp16", vectors).residual < 0.0004
    assert block_of("8-bit", vectors).residual < 0.013


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_lie_out_of_reach_of_the_steps_only_raise_the_residual(kind: CodeKind) -> None:
    usual = drawn("spread", 100, 64, 1)
    made = codec(kind, 64)
    encoded = made.encode(np.eye(64, dtype=np.float32), made.fit(usual))
    assert encoded.residual == pytest.approx(0.0, abs=1e-3) if kind == "fp16" else encoded.residual > 0.5


def test_what_the_library_raises_is_translated() -> None:
    with pytest.raises(Unavailable, match="no list"), translated():
        faiss.IndexFlatIP(2).reconstruct(5)
