"""Looking for faces in a frame: which sizes are looked at, and how several looks become one list."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lookalike.domain.frames import Pixels
from lookalike.recognition.detections import Detections, join
from lookalike.recognition.inference import Floats
from lookalike.recognition.preprocessing import Preprocessing
from lookalike.recognition.rasters import enlarge, reduce


class Detector(Protocol):
    """A face detector: YuNet or SCRFD."""

    def find(self, pixels: Pixels, lowest_score: float) -> Detections:
        """Return every detection at or above *lowest_score*, overlapping ones included."""

    def find_best(self, canvases: list[Pixels], expected: Floats, reach: float) -> list[Floats | None]:
        """Return the five points of the best face near the expected place on each canvas, or ``None``."""


def find_faces(pixels: Pixels, detector: Detector, settings: Preprocessing, *, thorough: bool) -> Detections:
    """Return the faces in a frame, each once, in reading order.

    The coarse look is at the frame reduced to ``small_side``, or as it is where it is smaller; a larger frame is looked
    at in full as well, and *thorough* adds enlarged tiles. The finer looks find small faces; on parts of a very large
    face they also find faces that are none, so a face that the coarse look cannot miss must show there too. The sizes
    are a function of the frame alone.

    Args:
        pixels: uint8, shape (height, width, 3), RGB, long side at most ``analysed_side``.
        detector: What looks.
        settings: Sizes and limits.
        thorough: Whether enlarged tiles are looked at as well.

    Returns:
        Detections in pixels of the frame.
    """
    factor = min(1.0, settings.small_side / max(pixels.shape[:2]))
    coarse = _look_coarsely(pixels, detector, settings, factor)
    looks = [coarse.take(coarse.scores >= settings.lowest_score)]
    finer = [detector.find(pixels, settings.lowest_score)] if factor < 1 else []
    if thorough:
        finer += _look_at_tiles(pixels, detector, settings)
    for found in finer:
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0) * factor
        is_small = sides < settings.confirmed_side
        is_seen = (_overlaps(found.boxes, coarse.boxes) > settings.confirming_overlap).any(axis=1)
        looks.append(found.take(is_small | is_seen))
    return sort_for_reading(suppress(join(looks), settings.overlap))


def _look_coarsely(pixels: Pixels, detector: Detector, settings: Preprocessing, factor: float) -> Detections:
    """Return what is found in the reduced frame, down to the score that is enough to confirm a finer look."""
    lowest = min(settings.confirming_score, settings.lowest_score)
    if factor == 1:
        return detector.find(pixels, lowest)
    height, width = pixels.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return detector.find(reduce(pixels, *size), lowest).moved((width / size[0], height / size[1]), (0, 0))


def _overlaps(boxes: Floats, others: Floats) -> Floats:
    """Return the intersection over union of each of *boxes*, shape (n, 4), with each of *others*, shape (m, 4)."""
    corners = np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - np.maximum(boxes[:, None, :2], others[None, :, :2])
    shared = np.clip(corners, 0, None).prod(axis=2)
    areas, other_areas = ((each[:, 2:] - each[:, :2]).prod(axis=1) for each in (boxes, others))
    overlaps: Floats = shared / np.maximum(areas[:, None] + other_areas[None] - shared, np.float32(1e-6))
    return overlaps


def _look_at_tiles(pixels: Pixels, detector: Detector, settings: Preprocessing) -> Iterator[Detections]:
    """Yield what is found in each enlarged tile, without what an inner edge cuts off."""
    height, width = pixels.shape[:2]
    scale = settings.tile_enlargement
    for top in starts(height, settings.tile, settings.tile_overlap):
        for left in starts(width, settings.tile, settings.tile_overlap):
            tile = pixels[top : top + settings.tile, left : left + settings.tile]
            down, right = tile.shape[:2]
            large = enlarge(tile, right * scale, down * scale)
            found = detector.find(large, settings.lowest_score).moved((1 / scale, 1 / scale), (left, top))
            is_whole = (
                ((found.boxes[:, 0] > left) | (left == 0))
                & ((found.boxes[:, 1] > top) | (top == 0))
                & ((found.boxes[:, 2] < left + right) | (left + right == width))
                & ((found.boxes[:, 3] < top + down) | (top + down == height))
            )
            yield found.take(is_whole)


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Return where tiles of *tile* begin so that they cover *length* and share at least *overlap* pixels.

    Example:
        >>> starts(1920, 640, 128), starts(500, 640, 128)
        ([0, 427, 853, 1280], [0])
    """
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def suppress(found: Detections, overlap: float) -> Detections:
    """Return *found* without faces that a better-scored one overlaps by more than *overlap* (IoU), best first."""
    order = np.argsort(-found.scores, kind="stable")
    boxes = found.boxes[order].astype(np.float64)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    is_open = np.ones(len(order), bool)
    kept = []
    for at in range(len(order)):
        if not is_open[at]:
            continue
        kept.append(at)
        rest = np.flatnonzero(is_open)
        sides = np.minimum(boxes[at, 2:], boxes[rest, 2:]) - np.maximum(boxes[at, :2], boxes[rest, :2])
        shared = np.clip(sides, 0, None).prod(axis=1)
        is_open[rest[shared > overlap * (areas[at] + areas[rest] - shared)]] = False
        is_open[at] = False
    return found.take(order[kept])


def sort_for_reading(found: Detections) -> Detections:
    """Return *found* line by line from the top, each line from the left.

    A line is the highest face left and every face whose centre lies above that one's lower edge.
    """
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    left: list[int] = np.lexsort((centres[:, 0], centres[:, 1])).tolist()
    order: list[int] = []
    while left:
        lower_edge = found.boxes[left[0], 3]
        line = [at for at in left if centres[at, 1] < lower_edge]
        order += sorted(line, key=lambda at: (float(centres[at, 0]), float(centres[at, 1])))
        taken = set(line)
        left = [at for at in left if at not in taken]
    chosen: npt.NDArray[np.intp] = np.array(order, np.intp)
    return found.take(chosen)
