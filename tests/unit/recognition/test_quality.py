"""Reasons are given for what can be seen, and for nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from lookalike.domain.faces import QualityReason
from lookalike.recognition.preprocessing import Preprocessing
from lookalike.recognition.quality import LEAST_SHARPNESS, Appearance, assess, look, percentile

POINTS = np.array(Preprocessing().crop_points)
CLEAN = Appearance(eye_distance=60, sharpness=0.3, light=180, clipped=0.0, turn=0.05, tilt=3, cut_off=0.0)


def _noise(low: int, high: int) -> np.typing.NDArray[np.uint8]:
    return np.random.default_rng(1).integers(low, high, (112, 112, 3), np.uint8)


def test_a_clean_face_has_no_reason() -> None:
    assert CLEAN.reasons == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eye_distance": 8.0}, QualityReason.TOO_SMALL),
        ({"sharpness": 0.01}, QualityReason.BLURRED),
        ({"light": 20.0}, QualityReason.DARK),
        ({"clipped": 0.5}, QualityReason.CLIPPED),
        ({"turn": 0.8}, QualityReason.TURNED),
        ({"tilt": 60.0}, QualityReason.TILTED),
        ({"cut_off": 0.4}, QualityReason.CUT_OFF),
    ],
)
def test_each_defect_has_its_own_reason(change: dict[str, float], reason: QualityReason) -> None:
    assert replace(CLEAN, **change).reasons == (reason,)


def test_numbers_are_those_of_the_picture() -> None:
    dark = look(_noise(0, 30), POINTS * 2, POINTS, (224, 224))
    assert dark.light < 31
    assert dark.eye_distance == pytest.approx(2 * np.hypot(*(POINTS[1] - POINTS[0])))
    assert dark.cut_off == 0
    assert dark.tilt < 1
    assert dark.turn < 0.05
    assert look(np.full((112, 112, 3), 255, np.uint8), POINTS, POINTS, (112, 112)).clipped == 1
    assert look(_noise(90, 110), POINTS, POINTS, (112, 56)).cut_off == pytest.approx(0.5)
    assert look(_noise(90, 110), POINTS + np.array([56, 0]), POINTS, (112, 112)).cut_off == pytest.approx(0.5)


def test_blur_lowers_the_sharpness() -> None:
    sharp = _noise(0, 255)
    y, x = np.mgrid[:112, :112]
    wave = (127 + 100 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)
    coarse = np.repeat(wave[:, :, None], 3, axis=2)
    sharpness = [look(picture, POINTS, POINTS, (112, 112)).sharpness for picture in (sharp, coarse)]
    assert sharpness[0] > 0.8
    assert sharpness[1] < LEAST_SHARPNESS
    assert look(np.full((112, 112, 3), 9, np.uint8), POINTS, POINTS, (112, 112)).sharpness == 0


@pytest.mark.parametrize("degrees", [-40, 40, 170])
def test_a_turned_head_and_a_tilted_one_are_told_apart(degrees: int) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = look(_noise(90, 110), (POINTS - 56) @ turn.T + 56, POINTS, (112, 112))
    assert tilted.tilt == pytest.approx(abs(degrees), abs=1)
    assert tilted.turn < 0.05
    profile = POINTS.copy()
    profile[2, 0] += 0.5 * (POINTS[1, 0] - POINTS[0, 0])
    assert look(_noise(90, 110), profile, POINTS, (112, 112)).turn == pytest.approx(0.5, abs=0.05)


def test_the_percentile_rests_on_the_norm_alone() -> None:
    norms = tuple(float(norm) for norm in range(101))
    assert assess(CLEAN, 37.0, norms) == replace(assess(replace(CLEAN, light=5.0), 37.0, norms), reasons=())
    assert percentile(37.0, norms) == 37.0
    assert (percentile(-1.0, norms), percentile(1e9, norms)) == (0.0, 100.0)
    assert percentile(3.0, ()) == 50.0
