"""Points found again on canvases come back to the frame's own pixels."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.frames import Pixels
from lookalike.recognition.alignment import Alignment, align, canvas_place, view_of
from lookalike.recognition.detections import Detections
from lookalike.recognition.inference import Floats
from lookalike.recognition.preprocessing import Canvas, Preprocessing, View
from lookalike.recognition.similarity import (
    Points,
    chain,
    cut_patch,
    fit_similarity,
    invert,
    transform,
    warp,
)

CROP = np.array(Preprocessing().crop_points)


class Finder:
    """Finds the brightest spot of each canvas and takes it for every point, moved as the expected points are."""

    def __init__(self, answer: Callable[[Floats], Floats | None]) -> None:
        self.answer = answer
        self.canvases: list[Pixels] = []

    def find(self, pixels: Pixels, lowest_score: float) -> Detections:
        """Not asked for here."""
        raise AssertionError(pixels.shape, lowest_score)

    def find_best(self, canvases: list[Pixels], expected: Floats, reach: float) -> list[Floats | None]:
        """Answer with the expected points, changed."""
        self.canvases += canvases
        assert (expected[:, 0, 0] < expected[:, 1, 0]).all()  # the picture's left eye comes first, mirrored or not
        assert (expected[:, 3, 0] < expected[:, 4, 0]).all()
        assert reach > 0
        return [self.answer(points) for points in expected]


def _face(scale: float = 1.0, degrees: float = 0.0, x: float = 0.0, y: float = 0.0) -> Points:
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points: Points = (CROP - 56) @ turn.T + [x, y]
    return points


@given(st.floats(0.2, 5), st.floats(-180, 180), st.floats(-500, 500), st.floats(-500, 500))
def test_similarities_are_recovered(scale: float, degrees: float, x: float, y: float) -> None:
    points = _face(scale, degrees, x, y)
    affine = fit_similarity(CROP, points)
    assert np.abs(transform(affine, CROP) - points).max() < 1e-6
    assert np.abs(transform(invert(affine), points) - CROP).max() < 1e-6
    both = chain(affine, invert(affine))
    assert np.abs(both - [[1, 0, 0], [0, 1, 0]]).max() < 1e-6


CANVASES = [Canvas(128, 80), Canvas(128, 96, is_mirrored=True), Canvas(160, 90, turn=12.0)]


@pytest.mark.parametrize("canvas", CANVASES)
def test_points_found_where_expected_are_the_fitted_ones(canvas: Canvas) -> None:
    first = _face(1.7, 20, 150, 140)  # exactly a similarity of the template, so that the fit is perfect
    picture = np.zeros((300, 320, 3), np.uint8)
    found = align(picture, [first], Finder(lambda points: points), Preprocessing(canvases=(canvas,)))
    assert found[0].sets.shape == (2, 5, 2)
    assert np.abs(found[0].sets[1] - first).max() < 1e-3


def test_a_mirrored_canvas_shows_a_mirrored_picture() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    plain, mirrored = Finder(lambda points: points), Finder(lambda points: points)
    align(picture, [_face(1, 0, 100, 100)], plain, Preprocessing(canvases=(Canvas(128, 80),)))
    align(picture, [_face(1, 0, 100, 100)], mirrored, Preprocessing(canvases=(Canvas(128, 80, is_mirrored=True),)))
    assert (plain.canvases[0][:, ::-1] == mirrored.canvases[0]).all()


def test_a_pass_that_finds_nothing_is_left_out() -> None:
    settings = Preprocessing(canvases=(Canvas(128, 80), Canvas(128, 96)))
    found = align(np.zeros((99, 99, 3), np.uint8), [_face(1, 0, 50, 50)], Finder(lambda _: None), settings)
    assert found[0].sets.shape == (1, 5, 2)
    assert (found[0].mean == _face(1, 0, 50, 50)).all()


def test_the_mean_is_of_all_sets() -> None:
    moved = Finder(lambda points: points + np.float32(10))
    found = align(
        np.zeros((112, 112, 3), np.uint8), [CROP], moved, Preprocessing(canvases=(Canvas(192, 112), Canvas(192, 112)))
    )
    assert np.abs(found[0].mean - CROP - 20 / 3).max() < 1e-3


def test_a_face_is_put_upright_again_until_its_points_rest() -> None:
    """A finder that sees half of a face's tilt needs several rounds; one that sees all of it needs one."""
    upright = _face(1, 0, 128, 128)

    def lean(share: float) -> Callable[[Floats], Floats]:
        def answer(expected: Floats) -> Floats:
            # The true face stands upright in the frame; the first points are turned by 40 degrees.
            rounds.append(1)
            remaining.append(remaining[-1] * (1 - share))
            angle = np.radians(-remaining[-2] * share)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            middle = expected.mean(axis=0)
            turned: Floats = ((expected - middle) @ turn.T + middle).astype(np.float32)
            return turned

        return answer

    picture = np.zeros((256, 256, 3), np.uint8)
    for share, expected_rounds in ((1.0, 2), (0.5, 4), (0.02, 1)):
        rounds: list[int] = []
        remaining = [40.0]
        settings = Preprocessing(canvases=(Canvas(128, 80),))
        align(picture, [_face(1, 40, 128, 128)], Finder(lean(share)), settings)
        assert len(rounds) == expected_rounds
    rounds, remaining = [], [40.0]
    found = align(picture, [_face(1, 40, 128, 128)], Finder(lean(1.0)), Preprocessing(canvases=(Canvas(128, 80),)))
    tilt = found[0].mean[1] - found[0].mean[0]
    wanted = upright[1] - upright[0]
    assert np.degrees(np.arctan2(tilt[1], tilt[0]) - np.arctan2(wanted[1], wanted[0])) == pytest.approx(0, abs=0.5)


def test_more_faces_than_a_run_holds_keep_their_order() -> None:
    faces = [_face(1, 0, 60 + 3 * at, 70) for at in range(20)]
    found = align(
        np.zeros((140, 200, 3), np.uint8), faces, Finder(lambda p: p), Preprocessing(canvases=(Canvas(96, 64),) * 2)
    )
    assert [round(float(each.mean[0, 0] - found[0].mean[0, 0])) for each in found] == [3 * at for at in range(20)]


def test_faces_stand_in_the_middle_of_a_canvas() -> None:
    same = canvas_place(Canvas(160, 112), Preprocessing())
    assert np.abs(transform(same, CROP) - CROP - 24).max() < 1e-9
    turned = canvas_place(Canvas(128, 56, turn=90), Preprocessing())
    assert transform(turned, np.array([[56.0, 56.0], [112.0, 56.0]])).round(6).tolist() == [[64, 64], [64, 92]]


@pytest.mark.parametrize("scale", [0.6, 1.0, 2.4, 2.6, 9.0])
def test_a_crop_shows_the_same_at_every_size(scale: float) -> None:
    """A smooth picture drawn at any size gives one crop: large faces are averaged, none is shifted."""
    side = int(160 * scale)
    y, x = (np.mgrid[:side, :side] + 0.5) / scale
    wave = 127 + 60 * np.sin(x / 6) * np.cos(y / 9)
    picture = np.repeat(wave[:, :, None], 3, axis=2).round().astype(np.uint8)
    points = (CROP + 20) * scale
    patch = cut_patch(picture, points, least_eye_distance=44, margin=3.2)
    y, x = np.mgrid[:112, :112] + 20.5
    wanted = 127 + 60 * np.sin(x / 6) * np.cos(y / 9)
    crop = view_of(Alignment(patch, points[None]), View(), Preprocessing())
    assert np.abs(crop[:, :, 0] - wanted).max() < (6 if scale < 1 else 3)


def test_views_differ_as_they_say() -> None:
    picture = np.random.default_rng(3).integers(0, 255, (112, 112, 3), np.uint8)
    patch = cut_patch(picture, CROP, least_eye_distance=44, margin=3.2)
    alignment = Alignment(patch, np.stack([CROP - 3, CROP + 3]))
    settings = Preprocessing()
    plain = view_of(alignment, View(), settings)
    assert (plain[2:-2, 2:-2] == picture[2:-2, 2:-2]).all()
    assert (view_of(alignment, View(is_mirrored=True), settings) == plain[:, ::-1]).all()
    assert (view_of(alignment, View(0), settings)[10:90, 10:90] == picture[7:87, 7:87]).all()
    assert (view_of(alignment, View(7), settings) == plain).all()
    assert abs(int(view_of(alignment, View(zoom=2.0), settings)[56, 56, 0]) - int(picture[56, 56, 0])) < 130


def test_outside_the_frame_it_is_black() -> None:
    picture = np.full((50, 50, 3), 200, np.uint8)
    patch = cut_patch(picture, _face(1, 0, 0, 25), least_eye_distance=44, margin=3.2)
    seen = warp(patch, fit_similarity(_face(1, 0, 0, 25), CROP), 112)
    assert seen[56, 30].max() == 0
    assert seen[56, 80].min() == 200
