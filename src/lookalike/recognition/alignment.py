"""Five points of each face, found again on small upright canvases and averaged.

A detector's points carry noise: a change of 2 % in the picture's size moves the template to a cosine of 0.967 with
itself. The first points put the face upright and centred on small canvases; the detector finds the points there
again, and the mean of all has much less noise. See docs/adr/0003-averaged-landmarks.md.
"""

import math
from dataclasses import dataclass

import numpy as np

from lookalike.domain.frames import Pixels
from lookalike.recognition.detection import Detector
from lookalike.recognition.inference import Floats
from lookalike.recognition.preprocessing import Canvas, Preprocessing, View
from lookalike.recognition.rasters import mirror
from lookalike.recognition.similarity import (
    Affine,
    Patch,
    Points,
    chain,
    cut_patch,
    fit_similarity,
    invert,
    transform,
    warp,
)

_CANVASES_A_RUN = 16
_MARGIN = 3.2
_MIRRORED_ORDER = [1, 0, 2, 4, 3]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a face's points are, by every pass.

    Attributes:
        patch: The face's surroundings.
        sets: float64, shape (n, 5, 2), in frame pixels: the points that placed the last round's canvases, then a set
            of each pass that found the face there.
    """

    patch: Patch
    sets: Points

    @property
    def mean(self) -> Points:
        """The averaged points, shape (5, 2)."""
        return average(self.sets)


def average(sets: Points) -> Points:
    """Return the mean of sets of points, shape (n, 5, 2), as one set, shape (5, 2)."""
    mean: Points = sets.sum(axis=0) / len(sets)
    return mean


def align(pixels: Pixels, first: list[Points], detector: Detector, settings: Preprocessing) -> list[Alignment]:
    """Return an alignment for each face of a frame.

    A detector's points lean towards upright faces; a face whose points turn when it is put upright is put upright
    again by its new points, until they rest.

    Args:
        pixels: uint8, shape (height, width, 3), RGB.
        first: The detector's own points of each face, float64, shape (5, 2), in frame pixels.
        detector: What finds the points again.
        settings: Canvases and limits.
    """
    template = np.array(settings.crop_points)
    wanted = math.dist(template[0], template[1]) * settings.least_sampling
    patches = [cut_patch(pixels, points, least_eye_distance=wanted, margin=_MARGIN) for points in first]
    sets = [points[None] for points in first]
    moving = list(range(len(first)))
    for _ in range(settings.most_rounds):
        found = _run_round([patches[at] for at in moving], [sets[at] for at in moving], detector, settings)
        turned = []
        for at, again in zip(moving, found, strict=True):
            if len(again):
                start = sets[at][0] if len(sets[at]) == 1 else average(sets[at][1:])
                sets[at] = np.concatenate([start[None], again])
                if abs(_turn_between(start, average(again))) > settings.restless_turn:
                    turned.append(at)
        moving = turned
        if not moving:
            break
    return [Alignment(patch, each) for patch, each in zip(patches, sets, strict=True)]


def _turn_between(points: Points, others: Points) -> float:
    """Return by how many degrees *others* are turned against *points*."""
    affine = fit_similarity(points, others)
    return math.degrees(math.atan2(affine[1, 0], affine[0, 0]))


def _run_round(patches: list[Patch], sets: list[Points], detector: Detector, settings: Preprocessing) -> list[Points]:
    """Return the points that the passes of one round find for each face, shape (passes that found it, 5, 2).

    The canvases are placed by the face's first set where that is the only one, and by the mean of the others after it.
    """
    template = np.array(settings.crop_points)
    upright = [fit_similarity(each[0] if len(each) == 1 else average(each[1:]), template) for each in sets]
    found: list[list[Points]] = [[] for _ in sets]
    for side in dict.fromkeys(canvas.side for canvas in settings.canvases):
        canvases = [canvas for canvas in settings.canvases if canvas.side == side]
        jobs = [(face, canvas) for face in range(len(sets)) for canvas in canvases]
        for start in range(0, len(jobs), _CANVASES_A_RUN):
            part = jobs[start : start + _CANVASES_A_RUN]
            for (face, _), points in zip(part, _find_again(part, patches, upright, detector, settings), strict=True):
                if points is not None:
                    found[face].append(points)
    return [np.array(each).reshape(-1, 5, 2) for each in found]


def _find_again(
    jobs: list[tuple[int, Canvas]],
    patches: list[Patch],
    upright: list[Affine],
    detector: Detector,
    settings: Preprocessing,
) -> list[Points | None]:
    pictures, places, expected = [], [], []
    for face, canvas in jobs:
        affine = chain(upright[face], canvas_place(canvas, settings))
        target = transform(canvas_place(canvas, settings), np.array(settings.crop_points))
        picture = warp(patches[face], affine, canvas.side)
        if canvas.is_mirrored:
            picture = mirror(picture)
            target = _mirror(target, canvas.side)
        pictures.append(picture)
        places.append(affine)
        expected.append(target)
    reach = settings.canvas_reach * min(canvas.face for _, canvas in jobs)
    found = detector.find_best(pictures, np.array(expected, np.float32), reach)
    return [
        None if points is None else _to_frame(points, canvas, affine)
        for (_, canvas), affine, points in zip(jobs, places, found, strict=True)
    ]


def canvas_place(canvas: Canvas, settings: Preprocessing) -> Affine:
    """Return the transform from the crop's pixels to those of *canvas*, before any mirroring; shape (2, 3)."""
    scale, angle = canvas.face / settings.crop_side, math.radians(canvas.turn)
    along, across = scale * math.cos(angle), scale * math.sin(angle)
    middle, centre = settings.crop_side / 2, canvas.side / 2
    return np.array(
        [
            [along, -across, centre - (along - across) * middle],
            [across, along, centre - (along + across) * middle],
        ]
    )


def _mirror(points: Points, side: int) -> Points:
    mirrored: Points = points[_MIRRORED_ORDER] * [-1, 1] + [side, 0]
    return mirrored


def _to_frame(points: Floats, canvas: Canvas, affine: Affine) -> Points:
    on_canvas = points.astype(np.float64)
    if canvas.is_mirrored:
        on_canvas = _mirror(on_canvas, canvas.side)
    return transform(invert(affine), on_canvas)


def view_of(alignment: Alignment, view: View, settings: Preprocessing) -> Pixels:
    """Return one of the embedder's pictures of a face: uint8, shape (112, 112, 3), RGB.

    A set of points that a pass did not give is replaced by the mean.
    """
    points = alignment.mean
    if isinstance(view.points, int) and view.points < len(alignment.sets):
        points = alignment.sets[view.points]
    middle = settings.crop_side / 2
    place = (np.array(settings.crop_points) - middle) * view.zoom + middle
    picture = warp(alignment.patch, fit_similarity(points, place), settings.crop_side)
    return mirror(picture) if view.is_mirrored else picture
