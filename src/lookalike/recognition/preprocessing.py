"""How pictures are prepared for the models: every number that can move a template, in one frozen value.

The value describes itself as JSON, and that description is part of a pack's fingerprint: whoever changes a number here
makes templates that are not comparable with older ones, and the fingerprint says so.
"""

import json
from dataclasses import asdict, dataclass

ANALYSED_SIDE = 1920
"""Frames are looked at with their long side at this many pixels, or fewer where the picture is smaller."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A small upright picture of one face, on which its points are found once more.

    Attributes:
        side: Width and height in pixels; a multiple of 32.
        face: Pixels that the crop's 112 x 112 square takes on it.
        is_mirrored: Whether it shows the face in a mirror.
        turn: Degrees by which the face is turned on it, clockwise as seen.
    """

    side: int
    face: float
    is_mirrored: bool = False
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """One crop of a face, embedded on its own.

    Attributes:
        points: Which points it is cut by: ``mean``, or the number of a single set, 0 for the first points.
        is_mirrored: Whether it is embedded as a mirror shows it.
        zoom: How much larger the face is in it than in the usual crop.
    """

    points: str | int = "mean"
    is_mirrored: bool = False
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Everything between a frame's pixels and the two models' inputs.

    Attributes:
        analysed_side: Long side in pixels of the largest frame looked at.
        small_side: Long side in pixels of the second, smaller look at a larger frame.
        confirmed_side: Longer side of a face, in pixels of the smaller look, from which it must show there as well.
        confirming_score: Detector score that is enough for that.
        confirming_overlap: Intersection over union of the two boxes that is enough.
        lowest_score: Detections below this detector score are dropped.
        overlap: Two boxes whose intersection over union is above this are one face.
        tile: Side in frame pixels of a tile of the thorough mode.
        tile_overlap: Pixels that neighbouring tiles share.
        tile_enlargement: How much a tile is enlarged.
        least_spread: Diagonal in frame pixels of the rectangle around the five points below which no template is made.
        canvases: Where each face's points are found again; averaged with the first ones.
        most_rounds: How often a tilted face is put upright again at most.
        restless_turn: Degrees of turn between two rounds' points from which it is.
        canvas_reach: How far a re-detection's points may lie from the expected ones, as a share of the canvas's face.
        least_sampling: Large faces are first reduced by a whole number, to this many times the crop's size or more.
        crop_side: Width and height in pixels of the embedder's input.
        crop_points: Where the five points lie in the crop, in continuous pixels.
        probe_views: What a probe's template is the mean of; the first is the one view of a reference.
    """

    analysed_side: int = ANALYSED_SIDE
    small_side: int = 640
    confirmed_side: float = 64.0
    confirming_score: float = 0.3
    confirming_overlap: float = 0.5
    lowest_score: float = 0.6
    overlap: float = 0.3
    tile: int = 640
    tile_overlap: int = 128
    tile_enlargement: int = 2
    least_spread: float = 8.0
    canvases: tuple[Canvas, ...] = (Canvas(128, 80), Canvas(128, 96))
    most_rounds: int = 4
    restless_turn: float = 4.0
    canvas_reach: float = 0.25
    least_sampling: float = 1.25
    crop_side: int = 112
    crop_points: tuple[tuple[float, float], ...] = (
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    )
    probe_views: tuple[View, ...] = (View(), View(is_mirrored=True), View(0), View(zoom=0.95))

    def describe(self) -> dict[str, object]:
        """Return the description that goes into a fingerprint, exactly as JSON would give it back."""
        described: dict[str, object] = json.loads(json.dumps(asdict(self)))
        return described


def for_pack(detector: str, embedder: str) -> Preprocessing:
    """Return the preprocessing of packs with these kinds of detector and embedder.

    Points are averaged only where the detector takes small canvases: YuNet's do.
    """
    del embedder  # all kinds take the same crop
    if detector == "yunet":
        return Preprocessing()
    return Preprocessing(lowest_score=0.5, overlap=0.4, canvases=(), probe_views=(View(), View(is_mirrored=True)))
