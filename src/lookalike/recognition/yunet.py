"""The YuNet detector: what its outputs mean."""

import numpy as np
import numpy.typing as npt

from lookalike.domain.errors import InvalidInput
from lookalike.domain.frames import Pixels
from lookalike.recognition.detections import Detections, join, nothing
from lookalike.recognition.inference import Floats, Model
from lookalike.recognition.rasters import to_batch

STRIDES = (8, 16, 32)
_KINDS = ("cls", "obj", "bbox", "kps")
OUTPUTS = tuple(f"{kind}_{stride}" for kind in _KINDS for stride in STRIDES)
"""Names of the outputs."""


class Yunet:
    """YuNet 2023mar in its any-size form: outputs ``cls``, ``obj``, ``bbox``, ``kps`` at strides 8, 16 and 32.

    Source: W. Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023; score is ``sqrt(cls * obj)``, centres
    are ``(cell + offset) * stride``, sizes ``exp(v) * stride``; input BGR, 0 to 255, no mean.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        names = model.output_names
        try:
            self._order = [[names.index(f"{kind}_{stride}") for kind in _KINDS] for stride in STRIDES]
        except ValueError as error:
            raise InvalidInput("These are not YuNet's outputs.", remedy="Use a published file.") from error

    def find(self, pixels: Pixels, lowest_score: float) -> Detections:
        """Return every detection in *pixels* (uint8, shape (height, width, 3), RGB) at or above *lowest_score*."""
        batch = to_batch([pixels], is_bgr=True, step=STRIDES[-1])
        outputs = self._model.run(batch)
        parts = []
        for stride, order in zip(STRIDES, self._order, strict=True):
            cls, obj, bbox, kps = (outputs[i][0] for i in order)
            product = cls[:, 0] * obj[:, 0]
            kept = np.flatnonzero(product >= lowest_score * lowest_score)
            if not len(kept):
                continue
            cells = _cells(kept, batch.shape[3] // stride)
            parts.append(_decode(product[kept], bbox[kept], kps[kept], cells, stride))
        return join(parts) if parts else nothing()

    def find_best(self, canvases: list[Pixels], expected: Floats, reach: float) -> list[Floats | None]:
        """Return the points of the best face near the expected place on each canvas, or ``None``.

        Args:
            canvases: Pictures of one size, uint8, shape (side, side, 3), RGB; side is a multiple of 32.
            expected: float32, shape (n, 5, 2): where each canvas's points should be.
            reach: Largest mean distance in pixels between found and expected points.
        """
        outputs = self._model.run(to_batch(canvases, is_bgr=True))
        side = canvases[0].shape[1]
        found: list[Floats | None] = []
        for at in range(len(canvases)):
            best: Floats | None = None
            best_score = 0.25
            for stride, order in zip(STRIDES, self._order, strict=True):
                cls, obj, _, kps = (outputs[i][at] for i in order)
                product = cls[:, 0] * obj[:, 0]
                top = int(product.argmax())
                if product[top] <= best_score:
                    continue
                cell = np.array([top % (side // stride), top // (side // stride)], np.float32)
                points = (kps[top].reshape(5, 2) + cell) * stride
                away = points - expected[at]
                if float(np.sqrt((away * away).sum(axis=1)).sum()) <= 5 * reach:
                    best, best_score = points, float(product[top])
            found.append(best)
        return found


def _cells(kept: npt.NDArray[np.intp], columns: int) -> Floats:
    return np.stack([kept % columns, kept // columns], axis=1).astype(np.float32)


def _decode(product: Floats, bbox: Floats, kps: Floats, cells: Floats, stride: int) -> Detections:
    centre = (cells + bbox[:, :2]) * stride
    half = np.exp(bbox[:, 2:]) * (stride / 2)
    points = (kps.reshape(-1, 5, 2) + cells[:, None]) * stride
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return Detections(np.sqrt(product), boxes, points.astype(np.float32))
