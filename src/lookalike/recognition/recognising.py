"""Telling what an unknown model file is from its inputs and outputs."""

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from lookalike.recognition.yunet import OUTPUTS

_CROP = 112
_SCRFD_OUTPUTS = 9
_LOOKED_AT = 8


def recognise(data: bytes) -> tuple[str, str] | None:
    """Return role and kind of a model file, or ``None`` where it is neither a detector nor an embedder.

    - ``yunet``: outputs named as YuNet's.
    - ``scrfd``: nine outputs, and a square or free picture as the input.
    - ``sface``: one output, a 112 x 112 input, and a subtraction and a multiplication at the beginning.
    - ``arcface``: one output and a 112 x 112 input.
    """
    try:
        graph = onnx.load_model_from_string(data).graph
    except DecodeError:
        return None
    known = {tensor.name for tensor in graph.initializer}
    used = {name for node in graph.node for name in node.input}
    inputs = [value for value in graph.input if value.name not in known and value.name in used]
    if len(inputs) != 1:
        return None
    shape = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    if len(shape) != 4:
        return None
    names = [output.name for output in graph.output]
    if set(names) == set(OUTPUTS):
        return "detector", "yunet"
    if len(names) == _SCRFD_OUTPUTS:
        return "detector", "scrfd"
    if len(names) == 1 and shape[2:] == [_CROP, _CROP]:
        return "embedder", "sface" if _normalises_itself(graph) else "arcface"
    return None


def _normalises_itself(graph: onnx.GraphProto) -> bool:
    """Say whether the graph subtracts and scales its input itself, as exports from MXNet do."""
    ops = [node.op_type for node in graph.node if node.op_type not in {"DequantizeLinear", "Reshape", "Constant"}]
    return {"Sub", "Mul"} <= set(ops[:_LOOKED_AT])
