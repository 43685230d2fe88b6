"""Unpacked files compute what the published ones compute."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lookalike.domain.errors import InvalidInput
from lookalike.recognition.carriers import read_models
from lookalike.recognition.inference import Model
from lookalike.recognition.unpacking import unpack

UNPACKED = {
    "face_detection_yunet_2023mar_int8bq.onnx": "71851b66d8fb54f6dc61b49560558d165a278980900f6ba1b794e2b6c8d37afd",
    "face_recognition_sface_2021dec_int8bq.onnx": "1611f530e99b3132e79d7a762aca3310d0e4b1e4d48f1d98e594e54f173816a1",
}


def _small_network(*, is_published: bool) -> bytes:
    """Return a network with everything that unpacking folds; as published, or as ONNX Runtime takes it."""
    rng = np.random.default_rng(7)
    values = {
        "mean": np.array([127.5], np.float32),
        "scale": np.array([0.0078125], np.float32),
        "conv.q": rng.integers(-127, 128, (8, 27), np.int8),
        "conv.s": rng.uniform(0.001, 0.01, (8, 4)).astype(np.float32),
        "conv.z": rng.integers(-3, 4, (8, 4), np.int8),
        "conv.shape": np.array([8, 3, 3, 3], np.int64),
        "slope": rng.uniform(-0.5, 1.1, (8, 1, 1)).astype(np.float32),
        "fc.q": rng.integers(-127, 128, (5, 8 * 36), np.int8),
        "fc.s": np.array(0.003, np.float32),
        "fc.z": np.array(2, np.int8),
        "fc.b": rng.normal(size=5).astype(np.float32),
    }
    for name, width in (("bn1", 8), ("bn2", 8), ("bn3", 5)):
        values[f"{name}.g"] = rng.uniform(0.5, 2, width).astype(np.float32)
        values[f"{name}.b"] = rng.normal(size=width).astype(np.float32)
        values[f"{name}.m"] = rng.normal(size=width).astype(np.float32)
        values[f"{name}.v"] = rng.uniform(0.5, 2, width).astype(np.float32)
    scalar_scale = {"block_size": 64} if is_published else {}

    def normalise(name: str, given: str, made: str) -> onnx.NodeProto:
        parts = [f"{name}.{part}" for part in "gbmv"]
        return helper.make_node("BatchNormalization", [given, *parts], [made], epsilon=0.001)

    nodes = [
        helper.make_node("DequantizeLinear", ["conv.q", "conv.s", "conv.z"], ["conv.f"], axis=1, block_size=7),
        helper.make_node("Reshape", ["conv.f", "conv.shape"], ["conv.w"]),
        helper.make_node("DequantizeLinear", ["fc.q", "fc.s", "fc.z"], ["fc.w"], **scalar_scale),  # type: ignore[arg-type]
        helper.make_node("Sub", ["picture", "mean"], ["a"]),
        helper.make_node("Mul", ["a", "scale"], ["b"]),
        helper.make_node("Conv", ["b", "conv.w"], ["c"], kernel_shape=[3, 3]),
        normalise("bn1", "c", "d"),
        helper.make_node("PRelu", ["d", "slope"], ["e"]),
        normalise("bn2", "e", "f"),
        helper.make_node("Dropout", ["f"], ["g"]),
        helper.make_node("Flatten", ["g"], ["h"]),
        helper.make_node("Gemm", ["h", "fc.w", "fc.b"], ["i"], transB=1),
        normalise("bn3", "i", "vector"),
    ]
    extra = ["conv.q", "mean"] if is_published else []
    inputs = [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 8, 8])]
    inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in extra]
    graph = helper.make_graph(
        nodes,
        "small",
        inputs,
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, 5])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    saved: bytes = model.SerializeToString()
    return saved


def test_everything_folded_computes_the_same() -> None:
    unpacked = unpack(_small_network(is_published=True), any_size=False)
    picture = np.random.default_rng(1).uniform(0, 255, (1, 3, 8, 8)).astype(np.float32)
    plain = Model(_small_network(is_published=False)).run(picture)[0]
    assert np.abs(Model(unpacked).run(picture)[0] - plain).max() < 1e-5 * np.abs(plain).max()
    ops = {node.op_type for node in onnx.load_model_from_string(unpacked).graph.node}
    assert ops == {"Sub", "Mul", "Conv", "Relu", "Add", "Flatten", "Gemm"}


def test_several_pictures_at_once_compute_the_same() -> None:
    model = Model(unpack(_small_network(is_published=True), any_size=False))
    pictures = np.random.default_rng(2).uniform(0, 255, (3, 3, 8, 8)).astype(np.float32)
    one_by_one = np.concatenate([model.run(pictures[at : at + 1])[0] for at in range(3)])
    assert np.abs(model.run(pictures)[0] - one_by_one).max() < 1e-5


def test_same_bytes_in_same_bytes_out() -> None:
    source = _small_network(is_published=True)
    assert unpack(source, any_size=False) == unpack(source, any_size=False)


@pytest.mark.parametrize("damaged", [b"", b"no model", b"\x08\x07\x12\x04none"])
def test_what_is_no_model_is_refused(damaged: bytes) -> None:
    with pytest.raises(InvalidInput):
        unpack(damaged, any_size=False)


def test_the_usual_files_unpack_to_the_same_bytes_everywhere(carrier: Path) -> None:
    for path, data in read_models(carrier).items():
        name = Path(path).name
        made = unpack(data, any_size="yunet" in name)
        assert hashlib.sha256(made).hexdigest() == UNPACKED[name]


def test_sface_unpacked_computes_what_the_published_file_computes(carrier: Path) -> None:
    source = next(data for path, data in read_models(carrier).items() if "sface" in path)
    picture = np.random.default_rng(3).uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)
    published = _run_as_published(source, picture)[0]
    unpacked = Model(unpack(source, any_size=False)).run(picture)[0]
    assert np.abs(unpacked - published).max() < 1e-5


def test_yunet_unpacked_computes_what_the_published_file_computes(carrier: Path) -> None:
    source = next(data for path, data in read_models(carrier).items() if "yunet" in path)
    picture = np.random.default_rng(4).uniform(0, 255, (1, 3, 640, 640)).astype(np.float32)
    published = _run_as_published(source, picture)
    model = Model(unpack(source, any_size=True))
    for ours, theirs in zip(model.run(picture), published, strict=True):
        assert np.abs(ours - theirs).max() < 1e-4
    assert model.run(picture[:, :, :96, :160])[0].shape == (1, 12 * 20, 1)


def _run_as_published(source: bytes, picture: np.typing.NDArray[np.float32]) -> list[np.typing.NDArray[np.float32]]:
    """Run a block-quantised file with ONNX Runtime's own dequantisation, mended only where it cannot be loaded."""
    proto = onnx.load_model_from_string(source)
    graph = proto.graph
    scalars = {tensor.name for tensor in graph.initializer if tuple(tensor.dims) in {(), (1,)}}
    used = {name for node in graph.node for name in node.input}
    known = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name in used - known]
    del graph.input[:]
    graph.input.extend(inputs)
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[1] in scalars:
            del node.attribute[:]
    proto.ir_version = 10
    return Model(proto.SerializeToString()).run(picture)
