"""The SCRFD detectors of the InsightFace layout: exports differ in names, dimensions and input size."""

import numpy as np

from lookalike.domain.errors import InvalidInput
from lookalike.domain.frames import Pixels
from lookalike.recognition.detections import Detections, join
from lookalike.recognition.inference import Floats, Model
from lookalike.recognition.rasters import enlarge, reduce, to_batch

STRIDES = (8, 16, 32)
_WIDTHS = (1, 4, 10)
_MEAN, _SCALE = 127.5, 1 / 128


class Scrfd:
    """SCRFD with five points. Outputs are told apart by shape, never by name or order.

    For each stride there are scores (last dimension 1), distances to the box's sides (4) and points (10), in units of
    the stride, from anchors at ``cell * stride``; two- or three-dimensional. The input is RGB,
    ``(x - 127.5) / 128``, of a fixed size (then the picture is reduced into its upper left corner) or of any.

    Source: J. Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        if len(model.output_names) != len(STRIDES) * len(_WIDTHS):
            raise InvalidInput("These are not the outputs of an SCRFD with points.", remedy="Use a *_bnkps file.")
        height, width = model.input_shape[2:]
        self._fixed = (int(width), int(height)) if isinstance(width, int) and isinstance(height, int) else None

    def find(self, pixels: Pixels, lowest_score: float) -> Detections:
        """Return every detection in *pixels* (uint8, shape (height, width, 3), RGB) at or above *lowest_score*."""
        canvas, scale = self._fit(pixels)
        batch = to_batch([canvas], mean=_MEAN, scale=_SCALE, step=STRIDES[-1])
        size = (batch.shape[3], batch.shape[2])
        parts = []
        for stride, (scores, distances, points) in zip(STRIDES, _bind(self._model.run(batch)), strict=True):
            kept = np.flatnonzero(scores[:, 0] >= lowest_score)
            anchors = _anchors(len(scores), size, stride)[kept]
            sides = distances[kept] * stride
            boxes = np.concatenate([anchors - sides[:, :2], anchors + sides[:, 2:]], axis=1)
            five = anchors[:, None] + points[kept].reshape(-1, 5, 2) * stride
            parts.append(Detections(scores[kept, 0], boxes.astype(np.float32), five.astype(np.float32)))
        return join(parts).moved((1 / scale[0], 1 / scale[1]), (0, 0))

    def find_best(self, canvases: list[Pixels], expected: Floats, reach: float) -> list[Floats | None]:
        """Return the points of the best face near the expected place on each canvas, or ``None``."""
        best: list[Floats | None] = []
        for canvas, place in zip(canvases, expected, strict=True):
            found = self.find(canvas, 0.5)
            distances = np.hypot(*np.moveaxis(found.points - place, 2, 0)).mean(axis=1)
            near = np.flatnonzero(distances <= reach)
            best.append(found.points[near[found.scores[near].argmax()]] if len(near) else None)
        return best

    def _fit(self, pixels: Pixels) -> tuple[Pixels, tuple[float, float]]:
        """Return the picture as the model takes it, and by how much it was scaled in x and y."""
        height, width = pixels.shape[:2]
        if self._fixed is None:
            return pixels, (1.0, 1.0)
        factor = min(self._fixed[0] / width, self._fixed[1] / height)
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        scaled = reduce(pixels, *size) if factor < 1 else enlarge(pixels, *size)
        canvas = np.zeros((self._fixed[1], self._fixed[0], 3), np.uint8)
        canvas[: size[1], : size[0]] = scaled
        return canvas, (size[0] / width, size[1] / height)


def _bind(outputs: list[Floats]) -> list[tuple[Floats, Floats, Floats]]:
    """Return scores, distances and points of each stride, finest first."""
    flat = [output.reshape(-1, output.shape[-1]) for output in outputs]
    kinds = [sorted((o for o in flat if o.shape[1] == width), key=len, reverse=True) for width in _WIDTHS]
    lengths = [[len(output) for output in kind] for kind in kinds]
    if not (lengths[0] == lengths[1] == lengths[2] and len(set(lengths[0])) == len(STRIDES)):
        raise InvalidInput("The outputs are not those of an SCRFD with points.", remedy="Use a *_bnkps file.")
    return list(zip(*kinds, strict=True))


def _anchors(count: int, size: tuple[int, int], stride: int) -> Floats:
    """Return anchor centres in pixels, float32, shape (count, 2): row by row, all of a cell together."""
    columns, rows = size[0] // stride, size[1] // stride
    if count % (columns * rows):
        raise InvalidInput("The outputs do not fit the input's size.", remedy="Use a published file.")
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    cells = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32) * stride
    return cells.repeat(count // (columns * rows), axis=0)
