"""Faces as a detector gives them: plain arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookalike.recognition.inference import Floats


@dataclass(frozen=True, slots=True)
class Detections:
    """Faces found in one picture, unordered.

    Attributes:
        scores: float32, shape (n,), 0 to 1.
        boxes: float32, shape (n, 4): left, top, right, bottom in pixels.
        points: float32, shape (n, 5, 2): eyes, nose, mouth corners in pixels, the picture's left first.
    """

    scores: Floats
    boxes: Floats
    points: Floats

    def __len__(self) -> int:
        """Return how many faces there are."""
        return len(self.scores)

    def take(self, chosen: npt.NDArray[np.generic]) -> "Detections":
        """Return the faces that *chosen*, indices or a mask, names."""
        return Detections(self.scores[chosen], self.boxes[chosen], self.points[chosen])

    def moved(self, scale: tuple[float, float], shift: tuple[float, float]) -> "Detections":
        """Return the faces after a scale in x and y, then a shift in pixels."""
        factor, offset = np.array(scale, np.float32), np.array(shift, np.float32)
        boxes = self.boxes.reshape(-1, 2, 2) * factor + offset
        return Detections(self.scores, boxes.reshape(-1, 4), self.points * factor + offset)


def join(parts: list[Detections]) -> Detections:
    """Return all faces of *parts* in one value, order kept."""
    return Detections(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.points for part in parts]),
    )


def nothing() -> Detections:
    """Return no faces."""
    return Detections(np.empty(0, np.float32), np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32))
