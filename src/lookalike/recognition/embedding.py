"""Crops into un-normalised templates."""

import numpy as np

from lookalike.domain.errors import InvalidInput
from lookalike.domain.frames import Pixels
from lookalike.recognition.inference import Floats, Model
from lookalike.recognition.rasters import to_batch

_CROPS_A_RUN = 4


class Embedder:
    """SFace or a network of the ArcFace family: 112 x 112 crops in, vectors out.

    Args:
        model: The network.
        kind: ``sface`` (it normalises its input itself) or ``arcface`` (it expects ``(x - 127.5) / 127.5``).

    Raises:
        InvalidInput: *kind* is neither.
    """

    def __init__(self, model: Model, kind: str) -> None:
        if kind not in {"sface", "arcface"}:
            raise InvalidInput(f"There is no embedder kind {kind!r}.", remedy="Use sface or arcface.")
        self._model = model
        self._mean, self._scale = (127.5, 1 / 127.5) if kind == "arcface" else (0.0, 1.0)
        batch = model.input_shape[0]
        self._per_run = batch if isinstance(batch, int) and batch > 0 else _CROPS_A_RUN

    def embed(self, crops: list[Pixels]) -> Floats:
        """Return one un-normalised vector a crop.

        Args:
            crops: uint8, shape (112, 112, 3), RGB.

        Returns:
            float32, shape (n, dimension).
        """
        parts = []
        for start in range(0, len(crops), self._per_run):
            part = crops[start : start + self._per_run]
            spare = self._per_run - len(part) if self._is_fixed else 0
            batch = to_batch(part + part[-1:] * spare, mean=self._mean, scale=self._scale)
            parts.append(self._model.run(batch)[0][: len(part)])
        return np.concatenate(parts)

    @property
    def _is_fixed(self) -> bool:
        return isinstance(self._model.input_shape[0], int)
