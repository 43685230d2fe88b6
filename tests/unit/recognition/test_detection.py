"""What detectors' outputs mean, and how several looks become one list."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput
from lookalike.domain.frames import Pixels
from lookalike.recognition.detection import find_faces, sort_for_reading, starts, suppress
from lookalike.recognition.detections import Detections
from lookalike.recognition.inference import Floats, Model
from lookalike.recognition.preprocessing import Preprocessing
from lookalike.recognition.scrfd import Scrfd
from lookalike.recognition.unpacking import unpack
from lookalike.recognition.yunet import Yunet


def _black(width: int, height: int) -> np.typing.NDArray[np.uint8]:
    return np.zeros((height, width, 3), np.uint8)


def test_yunet_places_boxes_and_points_on_both_axes(small_yunet: bytes) -> None:
    picture = _black(100, 60)  # neither side is a multiple of 32
    picture[40:48, 64:72] = 255
    found = Yunet(Model(unpack(small_yunet, any_size=True))).find(picture, 0.9)
    assert len(found) == 1
    assert found.scores[0] == pytest.approx(1.0, abs=1e-5)
    # The cell is column 8, row 5; its centre lies at its corner plus no offset, its size is exp(0) cells.
    assert found.boxes[0].tolist() == pytest.approx([60, 36, 68, 44])
    assert found.points[0].ravel().tolist() == pytest.approx(
        [66.4, 43.2, 69.6, 43.2, 68, 44.8, 66.8, 46.4, 69.2, 46.4], abs=1e-4
    )


def test_yunet_finds_points_again_on_each_canvas(small_yunet: bytes) -> None:
    detector = Yunet(Model(unpack(small_yunet, any_size=True)))
    canvases = [_black(96, 96) for _ in range(3)]
    canvases[0][40:48, 48:56] = 255
    canvases[1][0:8, 0:8] = 255  # far from the expected place
    expected = np.tile(np.array([[52, 46]], np.float32), (3, 5, 1))
    found = detector.find_best(canvases, expected, 12.0)
    assert found[0] is not None
    assert found[0][0].tolist() == pytest.approx([50.4, 43.2], abs=1e-4)
    assert found[1] is None
    assert found[2] is None


def test_another_model_is_no_yunet(small_arcface: bytes) -> None:
    with pytest.raises(InvalidInput):
        Yunet(Model(small_arcface))
    with pytest.raises(InvalidInput):
        Scrfd(Model(small_arcface))


@pytest.mark.parametrize("is_flat", [True, False])
@pytest.mark.parametrize("size", [None, 128])
def test_scrfd_outputs_are_bound_by_shape(small_scrfd: Callable[..., bytes], is_flat: bool, size: int | None) -> None:
    picture = _black(128, 96)
    picture[32:48, 64:80] = 255
    found = Scrfd(Model(small_scrfd(is_flat=is_flat, size=size))).find(picture, 0.9)
    # Four cells of stride 8 and one of stride 16 are white; of two anchors, one scores.
    assert len(found) == 5
    at = int(np.ptp(found.boxes, axis=1).argmax())
    assert found.boxes[at].tolist() == pytest.approx([64 - 8, 32 - 4, 64 + 24, 32 + 28])
    assert found.points[at, 0].tolist() == pytest.approx([64 + 1.6, 32 + 3.2], abs=1e-3)


def test_scrfd_of_a_fixed_size_gives_boxes_in_the_pictures_own_pixels(small_scrfd: Callable[..., bytes]) -> None:
    picture = _black(512, 256)
    picture[128:192, 256:320] = 255
    found = Scrfd(Model(small_scrfd(is_flat=True, size=128))).find(picture, 0.9)
    at = int((found.boxes[:, 2] - found.boxes[:, 0]).argmax())
    assert found.boxes[at].tolist() == pytest.approx([256 - 32, 128 - 16, 256 + 96, 128 + 112])


def _detections(boxes: list[list[float]], scores: list[float]) -> Detections:
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(np.array(scores, np.float32), corners, np.zeros((len(corners), 5, 2), np.float32))


def test_of_overlapping_boxes_the_best_stays() -> None:
    found = _detections([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [8, 0, 18, 10]], [0.7, 0.9, 0.6, 0.8])
    assert suppress(found, 0.3).scores.tolist() == pytest.approx([0.9, 0.8, 0.6])
    assert len(suppress(found, 0.1)) == 2


@given(st.permutations(range(6)))
def test_the_order_is_that_of_reading(order: list[int]) -> None:
    boxes = [[0, 5, 10, 25], [20, 0, 30, 20], [40, 8, 50, 28], [5, 40, 15, 60], [25, 42, 35, 62], [0, 90, 9, 99]]
    found = _detections([list(map(float, boxes[at])) for at in order], [0.9] * 6)
    assert sort_for_reading(found).boxes.tolist() == boxes


def test_no_face_is_an_empty_list(small_yunet: bytes) -> None:
    detector = Yunet(Model(unpack(small_yunet, any_size=True)))
    assert len(find_faces(_black(700, 500), detector, Preprocessing(), thorough=True)) == 0


def test_a_larger_frame_is_looked_at_twice_and_each_face_is_listed_once(small_yunet: bytes) -> None:
    detector = Yunet(Model(unpack(small_yunet, any_size=True)))
    picture = _black(1280, 640)
    picture[256:272, 512:528] = 255  # one cell of stride 16 at full size, one of stride 8 at half size
    found = find_faces(picture, detector, Preprocessing(lowest_score=0.9), thorough=False)
    wide = found.boxes[:, 2] - found.boxes[:, 0]
    assert (wide == 16).sum() == 1
    assert found.boxes[wide == 16][0].tolist() == pytest.approx([504, 248, 520, 264])


@given(st.integers(1, 4000), st.integers(64, 700))
def test_tiles_cover_everything_and_overlap(length: int, tile: int) -> None:
    overlap = tile // 5
    begin = starts(length, tile, overlap)
    assert begin[0] == 0
    assert begin[-1] + tile >= length
    assert all(b - a <= tile - overlap + 1 for a, b in pairwise(begin))
    assert length <= tile or begin[-1] + tile == length


class Stub:
    """Finds one box, the same in every picture but those of the frame's own size."""

    def __init__(self, box: list[float], frame: tuple[int, int]) -> None:
        self.box, self.frame = box, frame

    def find(self, pixels: Pixels, lowest_score: float) -> Detections:
        """Return the box, or nothing for the whole frame."""
        is_frame = pixels.shape[:2] in {self.frame, (round(640 * self.frame[0] / self.frame[1]), 640)}
        return _detections([] if is_frame else [self.box], [] if is_frame else [lowest_score])

    def find_best(self, canvases: list[Pixels], expected: Floats, reach: float) -> list[Floats | None]:
        """Not asked for here."""
        raise AssertionError(len(canvases), expected.shape, reach)


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ([1270.0, 100.0, 1290.0, 120.0], [895.0]),  # over the right edge: whole only where that is the frame's edge
        ([-10.0, 100.0, 10.0, 120.0], [-5.0]),
        ([100.0, 100.0, 120.0, 120.0], [50.0, 310.0]),
    ],
)
def test_what_an_inner_edge_of_a_tile_cuts_is_left_to_its_neighbour(box: list[float], kept: list[float]) -> None:
    found = find_faces(_black(900, 300), Stub(box, (300, 900)), Preprocessing(), thorough=True)
    assert found.boxes[:, 0].tolist() == kept


def test_thorough_looks_at_enlarged_tiles(small_yunet: bytes) -> None:
    detector = Yunet(Model(unpack(small_yunet, any_size=True)))
    picture = _black(900, 300)
    picture[100:104, 800:804] = 255  # half a cell of stride 8: found only when enlarged twice
    settings = Preprocessing(lowest_score=0.5)
    assert len(find_faces(picture, detector, settings, thorough=False)) == 0
    found = find_faces(picture, detector, settings, thorough=True)
    assert len(found) == 1
    assert found.boxes[0].tolist() == pytest.approx([798, 98, 802, 102], abs=0.6)


def test_a_large_face_of_the_finer_look_must_show_in_the_coarse_one(small_yunet: bytes) -> None:
    detector = Yunet(Model(unpack(small_yunet, any_size=True)))
    picture = _black(1280, 640)
    picture[256:264, 512:520] = 255  # a whole cell at full size, a quarter of one at half size
    for limit, faces in ((4.5, 1), (3.5, 0)):
        settings = Preprocessing(lowest_score=0.9, confirmed_side=limit)
        assert len(find_faces(picture, detector, settings, thorough=False)) == faces
    settings = Preprocessing(lowest_score=0.9, confirmed_side=3.5, confirming_score=0.2, confirming_overlap=0.2)
    assert len(find_faces(picture, detector, settings, thorough=False)) == 1
