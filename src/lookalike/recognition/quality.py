"""How useful a face is: a percentile of the template's length, and reasons that a person can see.

The un-normalised template of SFace is shorter for poor samples, and ranks them better than any measure made by hand; so
the percentile rests on it alone. The reasons explain, and never change it. They are named after components of
ISO/IEC 29794-5; no conformance is claimed. Their limits, and how often real photographs reach them, are in
docs/measurements/recognition.md.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.domain.faces import Quality, QualityReason
from lookalike.domain.frames import Pixels
from lookalike.recognition.rasters import blur, to_luma
from lookalike.recognition.similarity import Affine, Points, fit_similarity, invert, transform

SMALLEST_EYE_DISTANCE = 15.0
"""Pixels of the frame; a face some 40 pixels high."""
LEAST_SHARPNESS = 0.19
"""Contrast of fine details over that of coarser ones; see `_sharpness`."""
DARKEST = 70.0
"""Luma, 0 to 255, that a twentieth of the face's pixels exceeds: even its lightest parts are dark."""
MOST_CLIPPED = 0.10
"""Share of the face's pixels at either end of the range."""
MOST_TURNED = 0.35
"""Distance of the nose from the middle between the eyes, along the line between them, in eye distances."""
MOST_TILTED = 25.0
"""Degrees between the line through the eyes and the horizontal."""
MOST_CUT_OFF = 0.10
"""Share of the crop that lies outside the frame."""

_BLACKEST, _WHITEST = 4, 251


@dataclass(frozen=True, slots=True)
class Appearance:
    """What can be seen of a face, in numbers.

    Attributes:
        eye_distance: Pixels of the frame.
        sharpness: 0 to about 1.
        light: Luma, 0 to 255, of the face's lightest twentieth.
        clipped: Share, 0 to 1.
        turn: Eye distances, 0 for a face that looks straight ahead.
        tilt: Degrees, 0 to 180.
        cut_off: Share, 0 to 1.
    """

    eye_distance: float
    sharpness: float
    light: float
    clipped: float
    turn: float
    tilt: float
    cut_off: float

    @property
    def reasons(self) -> tuple[QualityReason, ...]:
        """The reasons why this is a poor sample, in the order of `QualityReason`."""
        found = {
            QualityReason.TOO_SMALL: self.eye_distance < SMALLEST_EYE_DISTANCE,
            QualityReason.BLURRED: self.sharpness < LEAST_SHARPNESS,
            QualityReason.DARK: self.light < DARKEST,
            QualityReason.CLIPPED: self.clipped > MOST_CLIPPED,
            QualityReason.TURNED: self.turn > MOST_TURNED,
            QualityReason.TILTED: self.tilt > MOST_TILTED,
            QualityReason.CUT_OFF: self.cut_off > MOST_CUT_OFF,
        }
        return tuple(reason for reason in QualityReason if found[reason])


def look(crop: Pixels, points: Points, crop_points: Points, frame_size: tuple[int, int]) -> Appearance:
    """Return what can be seen of a face.

    Args:
        crop: The aligned crop, uint8, shape (side, side, 3), RGB.
        points: The averaged points, float64, shape (5, 2), in frame pixels.
        crop_points: Where they lie in the crop.
        frame_size: The frame's width and height in pixels.
    """
    side = crop.shape[0]
    luma = to_luma(crop)
    face = luma[_OVAL if side == len(_OVAL) else _oval(side)]
    at = len(face) * 95 // 100
    eyes = points[1] - points[0]
    eye_distance = float(np.hypot(*eyes))
    along = (points[2] - points[:2].mean(axis=0)) @ eyes / max(eye_distance, 1e-6) ** 2
    return Appearance(
        eye_distance=eye_distance,
        sharpness=_sharpness(luma),
        light=float(np.partition(face, at)[at]),
        clipped=float(((face <= _BLACKEST) | (face >= _WHITEST)).mean()),
        turn=float(abs(along)),
        tilt=float(abs(np.degrees(np.arctan2(eyes[1], eyes[0])))),
        cut_off=_cut_off(invert(fit_similarity(points, crop_points)), side, frame_size),
    )


def _oval(side: int) -> npt.NDArray[np.bool_]:
    """Return the part of the crop that shows the face itself, not hair or background."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    mask: npt.NDArray[np.bool_] = ((x - 0.5) / 0.36) ** 2 + ((y - 0.58) / 0.42) ** 2 <= 1
    return mask


_OVAL = _oval(112)


def _sharpness(luma: Pixels) -> float:
    """Return the contrast of details finer than about 2 pixels, as a share of that of details of about 3 to 12."""
    plain = luma.astype(np.float32)
    fine, coarse = blur(plain, 1.0), blur(plain, 4.0)
    rows, columns = slice(20, -16), slice(20, -20)
    wide, narrow = (fine - coarse)[rows, columns], (plain - fine)[rows, columns]
    contrast = _deviation(wide)
    return _deviation(narrow) / contrast if contrast > 0 else 0.0


def _deviation(values: npt.NDArray[np.float32]) -> float:
    centred = (values - values.mean()).ravel()
    return math.sqrt(float(centred @ centred))


def _cut_off(to_frame: Affine, side: int, frame_size: tuple[int, int]) -> float:
    corners = transform(to_frame, np.array([[0.0, 0.0], [side, 0.0], [0.0, side], [side, side]]))
    if (corners >= 0).all() and (corners <= frame_size).all():
        return 0.0
    steps = (np.arange(16) + 0.5) * side / 16
    grid = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    placed = transform(to_frame, grid)
    return float(((placed < 0) | (placed > frame_size)).any(axis=1).mean())


def assess(appearance: Appearance, norm: float, norms: tuple[float, ...]) -> Quality:
    """Return a face's quality.

    Args:
        appearance: What can be seen of it.
        norm: Length of its un-normalised template.
        norms: The pack's table: lengths at percentiles 0 to 100 in equal steps; empty where the pack has none.
    """
    return Quality(percentile(norm, norms), norm, appearance.eye_distance, appearance.reasons)


def percentile(norm: float, norms: tuple[float, ...]) -> float:
    """Return the share, 0 to 100, of calibration faces with a shorter template; 50 where there is no table.

    Example:
        >>> percentile(9.0, (5.0, 10.0, 12.0))
        40.0
    """
    if not norms:
        return 50.0
    above = bisect_left(norms, norm)
    if above in {0, len(norms)}:
        return 0.0 if above == 0 else 100.0
    below = above - 1
    part = (norm - norms[below]) / (norms[above] - norms[below])
    return 100.0 * (below + part) / (len(norms) - 1)
