"""Running model files: bytes whose SHA-256 was checked, on the CPU, and the same numbers every time."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from lookalike.domain.errors import InvalidInput

Floats = npt.NDArray[np.float32]
_UNUSABLE = (
    failures.Fail,
    failures.InvalidArgument,
    failures.InvalidGraph,
    failures.InvalidProtobuf,
    failures.NotImplemented,
    failures.RuntimeException,
)


class Model:
    """One ONNX model on the CPU.

    Args:
        data: The file's bytes, already checked.
        threads: Threads inside the model, 1 or more. One is best where several workers run side by side.

    Raises:
        InvalidInput: ONNX Runtime cannot run the file.
    """

    def __init__(self, data: bytes, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except _UNUSABLE as error:
            raise InvalidInput("ONNX Runtime cannot run this model file.", remedy=str(error)[:300]) from error
        self._input = self._session.get_inputs()[0].name

    @property
    def input_shape(self) -> tuple[Any, ...]:
        """The input's shape as the file states it: numbers, and names or ``None`` where it is free."""
        return tuple(self._session.get_inputs()[0].shape)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs, in the file's order."""
        return tuple(output.name for output in self._session.get_outputs())

    def run(self, batch: Floats) -> list[Floats]:
        """Return all outputs for *batch*: float32, shape (batch, channels, height, width)."""
        outputs: list[Floats] = self._session.run(None, {self._input: batch})
        return outputs
