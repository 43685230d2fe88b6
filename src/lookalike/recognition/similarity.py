"""Similarity transforms between sets of points, and pictures warped by them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.domain.frames import Pixels
from lookalike.recognition.rasters import reduce, warp_affine

Points = npt.NDArray[np.float64]
Affine = npt.NDArray[np.float64]


def fit_similarity(source: Points, target: Points) -> Affine:
    """Return the similarity transform that brings *source* nearest to *target* in the least-squares sense.

    Args:
        source: float64, shape (n, 2), n of 2 or more, not all the same point.
        target: float64, shape (n, 2).

    Returns:
        float64, shape (2, 3): rotation, uniform scale and shift; never a reflection.

    Example:
        >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
        >>> fit_similarity(square, square * 2 + [3, 4]).round(6) + 0.0
        array([[2., 0., 3.],
               [0., 2., 4.]])

    Source: S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE TPAMI
    13(4), 1991; in the plane it is a complex regression.
    """
    source_mean = source.sum(axis=0) / len(source)
    target_mean = target.sum(axis=0) / len(target)
    centred = source - source_mean
    (along, across), (across_too, along_too) = (centred.T @ (target - target_mean)).tolist()
    spread = float((centred * centred).sum())
    cosine, sine = (along + along_too) / spread, (across - across_too) / spread
    (x, y), (u, v) = source_mean.tolist(), target_mean.tolist()
    return np.array([[cosine, -sine, u - cosine * x + sine * y], [sine, cosine, v - sine * x - cosine * y]])


def transform(affine: Affine, points: Points) -> Points:
    """Return *points*, shape (..., 2), after *affine*."""
    moved: Points = points @ affine[:, :2].T + affine[:, 2]
    return moved


def invert(affine: Affine) -> Affine:
    """Return the inverse of *affine*, shape (2, 3)."""
    (a, b, x), (c, d, y) = affine.tolist()
    area = a * d - b * c
    inverse: Affine = np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) / area
    return inverse


def chain(first: Affine, second: Affine) -> Affine:
    """Return the transform that does *first*, then *second*."""
    chained: Affine = second[:, :2] @ first
    chained[:, 2] += second[:, 2]
    return chained


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of a frame around one face, reduced where the face is much larger than needed.

    Attributes:
        pixels: uint8, shape (height, width, 3), RGB.
        from_frame: Frame pixels to patch pixels, shape (2, 3).
    """

    pixels: Pixels
    from_frame: Affine


def cut_patch(frame: Pixels, points: Points, *, least_eye_distance: float, margin: float) -> Patch:
    """Return the surroundings of *points*; a large face is reduced by area averaging, so that no warp skips pixels.

    Args:
        frame: uint8, shape (height, width, 3), RGB.
        points: float64, shape (5, 2), in frame pixels, the eyes first.
        least_eye_distance: Pixels between the eyes that are kept; the reduction is the largest whole number that does.
        margin: How much to keep on every side of the points' centre, in eye distances of an upright face.
    """
    height, width = frame.shape[:2]
    spread = _spread(points)
    centre = points.mean(axis=0)
    reach = margin * spread
    left, top = np.floor(np.maximum(centre - reach, 0)).astype(int)
    right, bottom = np.ceil(np.minimum(centre + reach, (width, height))).astype(int)
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    step = max(1, min(int(spread / least_eye_distance), right - left, bottom - top))
    size = ((right - left) // step, (bottom - top) // step)
    part = frame[top : top + size[1] * step, left : left + size[0] * step]
    if step > 1:
        part = reduce(part, *size)
    return Patch(part, np.array([[1 / step, 0.0, -left / step], [0.0, 1 / step, -top / step]]))


def _spread(points: Points) -> float:
    """Return the eye distance of an upright face as large as *points*: turned faces count as large as they are."""
    upright = np.array([[0.0, 0.0], [1.0, 0.0], [0.503, 0.572], [0.092, 1.157], [0.92, 1.152]])
    affine = fit_similarity(upright, points)
    return float(np.hypot(affine[0, 0], affine[1, 0]))


def warp(patch: Patch, affine: Affine, side: int) -> Pixels:
    """Return a square picture of *side* pixels: *patch* after *affine*, which maps frame pixels to its pixels.

    Coordinates are continuous (pixel 0 reaches from 0 to 1); outside the frame it is black.
    """
    return warp_affine(patch.pixels, chain(invert(patch.from_frame), affine), side)
