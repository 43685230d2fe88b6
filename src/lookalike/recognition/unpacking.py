"""Model files into the form in which they are run: fp32, few nodes, any picture size.

The block-quantised builds that travel in packages cannot be run by ONNX Runtime as they are. Unpacking folds
their dequantisation away, folds batch normalisation into the layer beside it, writes each PReLU with operations that
ONNX Runtime runs several times faster, and lets the detector take any batch, height and width. It happens once, when a
pack is added. Same bytes in, same bytes out: all folding is element by element in IEEE double precision, and the only
sums are correctly rounded ones.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import helper, numpy_helper

from lookalike.domain.errors import InvalidInput

UNPACKER_VERSION = 1
"""Raised with every change that can change an unpacked file; part of a pack's fingerprint."""

_IR_VERSION = 10
Array = npt.NDArray[np.generic]
Doubles = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Graph:
    """A graph being rewritten: nodes in order, and every tensor that is known beforehand."""

    nodes: list[onnx.NodeProto]
    constants: dict[str, Array]
    outputs: frozenset[str]
    fresh: int = field(default=0)

    def sole_consumer(self, tensor: str) -> onnx.NodeProto | None:
        """Return the only node that reads *tensor*; ``None`` where several do, or the graph gives it out."""
        if tensor in self.outputs:
            return None
        readers = [node for node in self.nodes if tensor in node.input]
        return readers[0] if len(readers) == 1 else None

    def add_constant(self, stem: str, values: Array) -> str:
        """Keep *values* under a new name and return the name."""
        self.fresh += 1
        name = f"{stem}~{self.fresh}"
        self.constants[name] = values
        return name


def unpack(model: bytes, *, any_size: bool) -> bytes:
    """Return *model* in the form in which it is run.

    Args:
        model: An ONNX file's bytes, opset 11 or later, one graph, block-quantised or fp32.
        any_size: Whether the input's batch, height and width become free (the detector's do).

    Returns:
        An ONNX file's bytes, fp32, IR version 10, the same opset.

    Raises:
        InvalidInput: The bytes are no ONNX file, or hold something that cannot be folded.

    Source: the ONNX operator specification (DequantizeLinear 21, BatchNormalization 15, PRelu 16).
    """
    try:
        proto = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise InvalidInput("Not an ONNX file.", remedy="Check that the file arrived whole.") from error
    if not proto.graph.node:
        raise InvalidInput("The ONNX file holds no graph.", remedy="Check that the file arrived whole.")
    source = proto.graph
    graph = _Graph(
        nodes=list(source.node),
        constants={tensor.name: numpy_helper.to_array(tensor) for tensor in source.initializer},
        outputs=frozenset(output.name for output in source.output),
    )
    _fold_constants(graph)
    _fold_normalisation(graph)
    _rewrite_prelu(graph)
    if any_size:
        _free_the_batch(graph)
    return _serialise(graph, proto, any_size=any_size)


def _attributes(node: onnx.NodeProto) -> dict[str, object]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _fold_constants(graph: _Graph) -> None:
    """Replace every node whose inputs are all known by its value; drop what does nothing at run time."""
    folded: dict[str, Callable[[onnx.NodeProto, list[Array]], Array]] = {
        "DequantizeLinear": _dequantise,
        "Reshape": lambda _, given: _reshape(given[0], given[1]),
        "Constant": lambda node, _: numpy_helper.to_array(node.attribute[0].t),
    }
    kept = []
    renamed: dict[str, str] = {}
    for node in graph.nodes:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type in {"Dropout", "Identity"}:
            renamed[node.output[0]] = node.input[0]
            continue
        is_known = all(name in graph.constants for name in node.input if name)
        if is_known and node.op_type in folded:
            given = [graph.constants[name] for name in node.input if name]
            graph.constants[node.output[0]] = folded[node.op_type](node, given)
        else:
            kept.append(node)
    graph.nodes[:] = kept
    if renamed.keys() & graph.outputs:
        raise InvalidInput("The model gives out what its last dropped node made.", remedy="Use the published file.")


def _reshape(values: Array, shape: Array) -> Array:
    wanted = [values.shape[i] if size == 0 else int(size) for i, size in enumerate(shape)]
    return values.reshape(wanted)


def _dequantise(node: onnx.NodeProto, given: list[Array]) -> Array:
    """Return ``(x - zero point) * scale`` in float32, with one scale a tensor, a channel or a block."""
    attributes = _attributes(node)
    quantised, scales = given[0], given[1].astype(np.float32)
    zero = given[2] if len(given) > 2 else np.zeros(scales.shape, quantised.dtype)
    if scales.size == 1:
        scales, zero = scales.reshape(()), zero.reshape(())
    else:
        axis = int(str(attributes.get("axis", 1))) % quantised.ndim
        block = int(str(attributes.get("block_size", 0)))
        if block:
            length = quantised.shape[axis]
            scales = np.repeat(scales, block, axis).take(np.arange(length), axis)
            zero = np.repeat(zero, block, axis).take(np.arange(length), axis)
        else:
            along = [-1 if i == axis else 1 for i in range(quantised.ndim)]
            scales, zero = scales.reshape(along), zero.reshape(along)
    centred = quantised.astype(np.int32) - zero.astype(np.int32)
    values: Array = centred.astype(np.float32) * scales
    return values


def _fold_normalisation(graph: _Graph) -> None:
    """Fold each BatchNormalization into the Conv or Gemm before it, or into the Flatten and Gemm behind it."""
    makers = {name: node for node in graph.nodes for name in node.output}
    for node in [node for node in graph.nodes if node.op_type == "BatchNormalization"]:
        gamma, beta, mean, variance = (graph.constants[name].astype(np.float64) for name in node.input[1:5])
        epsilon = float(str(_attributes(node).get("epsilon", 1e-5)))
        scale = gamma / np.sqrt(variance + epsilon)
        shift = beta - mean * scale
        before = makers.get(node.input[0])
        if before is not None and before.op_type in {"Conv", "Gemm"} and graph.sole_consumer(node.input[0]) is node:
            _scale_outputs(graph, before, scale, shift)
            before.output[0] = node.output[0]
            makers[node.output[0]] = before
            graph.nodes.remove(node)
        elif (behind := _flattened_gemm(graph, node)) is not None:
            flatten, gemm = behind
            _scale_inputs(graph, gemm, scale, shift)
            flatten.input[0] = node.input[0]
            graph.nodes.remove(node)


def _flattened_gemm(graph: _Graph, node: onnx.NodeProto) -> tuple[onnx.NodeProto, onnx.NodeProto] | None:
    flatten = graph.sole_consumer(node.output[0])
    if flatten is None or flatten.op_type != "Flatten":
        return None
    gemm = graph.sole_consumer(flatten.output[0])
    return (flatten, gemm) if gemm is not None and gemm.op_type == "Gemm" else None


def _weights(graph: _Graph, node: onnx.NodeProto) -> tuple[Doubles, Doubles]:
    weight = graph.constants[node.input[1]].astype(np.float64)
    if node.op_type == "Gemm":
        attributes = _attributes(node)
        is_plain = attributes.get("transB") == 1 and attributes.get("alpha", 1.0) == attributes.get("beta", 1.0) == 1.0
        if not is_plain:
            raise InvalidInput("A fully connected layer of this form cannot be folded.", remedy="Use a published file.")
    has_bias = len(node.input) > 2
    bias = graph.constants[node.input[2]].astype(np.float64) if has_bias else np.zeros(weight.shape[0])
    return weight, bias


def _replace_weights(graph: _Graph, node: onnx.NodeProto, weight: Doubles, bias: Doubles) -> None:
    names = [
        graph.add_constant(f"{node.op_type}.{kind}", values.astype(np.float32))
        for kind, values in (("weight", weight), ("bias", bias))
    ]
    node.input[:] = [node.input[0], *names]


def _scale_outputs(graph: _Graph, node: onnx.NodeProto, scale: Doubles, shift: Doubles) -> None:
    weight, bias = _weights(graph, node)
    along = (-1,) + (1,) * (weight.ndim - 1)
    _replace_weights(graph, node, weight * scale.reshape(along), bias * scale + shift)


def _scale_inputs(graph: _Graph, gemm: onnx.NodeProto, scale: Doubles, shift: Doubles) -> None:
    weight, bias = _weights(graph, gemm)
    each = weight.shape[1] // len(scale)
    shifted = weight * np.repeat(shift, each)
    added = np.array([math.fsum(row) for row in shifted.tolist()])
    _replace_weights(graph, gemm, weight * np.repeat(scale, each), bias + added)


def _rewrite_prelu(graph: _Graph) -> None:
    """Write PReLU(x) as ``Relu(x) * (1 - s) + x * s``."""
    kept = []
    for node in graph.nodes:
        if node.op_type != "PRelu" or node.input[1] not in graph.constants:
            kept.append(node)
            continue
        slope = graph.constants[node.input[1]].astype(np.float64)
        x, y = node.input[0], node.output[0]
        above = graph.add_constant("PRelu.above", (1.0 - slope).astype(np.float32))
        below = graph.add_constant("PRelu.below", slope.astype(np.float32))
        kept += [
            helper.make_node("Relu", [x], [f"{y}~relu"]),
            helper.make_node("Mul", [f"{y}~relu", above], [f"{y}~above"]),
            helper.make_node("Mul", [x, below], [f"{y}~below"]),
            helper.make_node("Add", [f"{y}~above", f"{y}~below"], [y]),
        ]
    graph.nodes[:] = kept


def _free_the_batch(graph: _Graph) -> None:
    """Let reshapes keep the batch they are given (a 0) instead of asking for a batch of one."""
    for node in graph.nodes:
        if node.op_type == "Reshape":
            shape = graph.constants[node.input[1]]
            if shape[0] != 1 or -1 not in shape[1:]:
                raise InvalidInput("The detector's outputs have another form than known.", remedy="Use a known file.")
            node.input[1] = graph.add_constant("shape", np.array([0, *shape[1:]], np.int64))


def _serialise(graph: _Graph, proto: onnx.ModelProto, *, any_size: bool) -> bytes:
    needed = {name for node in graph.nodes for name in node.input}
    initialisers = [
        numpy_helper.from_array(np.ascontiguousarray(values), name)
        for name, values in graph.constants.items()
        if name in needed
    ]
    inputs = [value for value in proto.graph.input if value.name in needed and value.name not in graph.constants]
    if len(inputs) != 1:
        raise InvalidInput("A model with one input is needed.", remedy="Use a published file.")
    sizes = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    shape: list[int | str] = ["batch", sizes[1], "height", "width"] if any_size else ["batch", *sizes[1:]]
    built = helper.make_graph(
        graph.nodes,
        "lookalike",
        [helper.make_tensor_value_info(inputs[0].name, onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, None) for value in proto.graph.output],
        initialisers,
    )
    opsets = [helper.make_opsetid(each.domain, each.version) for each in proto.opset_import]
    model = helper.make_model(built, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="lookalike")
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised
