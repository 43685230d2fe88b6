"""Frames in, templates out."""

from pathlib import Path
from typing import Self

import numpy as np

from lookalike.domain.errors import Conflict, InvalidInput
from lookalike.domain.faces import Acquired, Acquisition, DetectedFace, NotAcquired, WhyNot
from lookalike.domain.frames import Frame, Pixels
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.packs import PackInfo
from lookalike.domain.templates import Template
from lookalike.recognition.alignment import Alignment, align, view_of
from lookalike.recognition.detection import Detector, find_faces
from lookalike.recognition.detections import Detections
from lookalike.recognition.embedding import Embedder
from lookalike.recognition.files import read_checked
from lookalike.recognition.inference import Floats, Model
from lookalike.recognition.manifests import read_manifest
from lookalike.recognition.preprocessing import Preprocessing, for_pack
from lookalike.recognition.quality import assess, look
from lookalike.recognition.rasters import settle
from lookalike.recognition.scrfd import Scrfd
from lookalike.recognition.similarity import Points
from lookalike.recognition.yunet import Yunet


class Recogniser:
    """A model pack at work. Safe to share between threads.

    Attributes:
        info: The pack.
    """

    def __init__(
        self,
        info: PackInfo,
        detector: Detector,
        embedder: Embedder,
        settings: Preprocessing,
        norms: tuple[float, ...],
    ) -> None:
        settle()
        self.info = info
        self._detector = detector
        self._embedder = embedder
        self._settings = settings
        self._norms = norms

    @classmethod
    def load(cls, pack_folder: Path, *, threads: int = 1) -> Self:
        """Return the pack in *pack_folder*, ready to run on the CPU.

        Args:
            pack_folder: One pack's folder, as `write_pack` made it.
            threads: Threads inside each model. One is best where several workers run side by side.

        Raises:
            InvalidInput: The folder holds no pack, or *threads* is below 1.
            ModelDigestMismatch: A file is not what the manifest names.
            Conflict: The pack was made for another way of preparing pictures.
        """
        if threads < 1:
            raise InvalidInput(f"A model runs on one thread or more, not {threads}.")
        manifest = read_manifest(pack_folder)
        info = manifest.info
        kinds = {file.role: file.kind for file in info.files}
        settings = for_pack(kinds["detector"], kinds["embedder"])
        if settings.describe() != manifest.preprocessing:
            raise Conflict(
                f"The pack {info.id!r} was made for another way of preparing pictures.",
                remedy="Add the pack again from its source, and enrol its galleries again.",
                fingerprint=info.fingerprint,
            )
        models = {
            file.role: Model(read_checked(pack_folder / file.name, file.sha256), threads=threads) for file in info.files
        }
        detector = (Yunet if kinds["detector"] == "yunet" else Scrfd)(models["detector"])
        return cls(info, detector, Embedder(models["embedder"], kinds["embedder"]), settings, manifest.norms)

    def detect(self, frame: Frame, *, thorough: bool = False) -> tuple[DetectedFace, ...]:
        """Return the faces in *frame* in reading order, with the detector's own first points.

        Args:
            frame: Long side at most `ANALYSED_SIDE`.
            thorough: Look for tiny faces too, in tiles enlarged twice; some ten times slower.

        Raises:
            InvalidInput: The frame is larger.
        """
        found = self._find(frame, thorough=thorough)
        return tuple(_face(found, at, found.points[at].astype(np.float64)) for at in range(len(found)))

    def acquire(self, frame: Frame, *, thorough: bool = False) -> tuple[Acquisition, ...]:
        """Return what became of every face in *frame*, in reading order: for references.

        Args:
            frame: Long side at most `ANALYSED_SIDE`.
            thorough: Look for tiny faces too.

        Raises:
            InvalidInput: The frame is larger.
        """
        return self._acquire(frame, thorough=thorough, is_probe=False)

    def acquire_probe(self, frame: Frame, *, thorough: bool = False) -> tuple[Acquisition, ...]:
        """Return the same faces in the same order as `acquire`, with templates averaged over several sets of points.

        Probes are few, so they may cost more; their averaged templates are compared with the plain ones of references.
        """
        return self._acquire(frame, thorough=thorough, is_probe=True)

    def _find(self, frame: Frame, *, thorough: bool) -> Detections:
        if max(frame.width, frame.height) > self._settings.analysed_side:
            raise InvalidInput(
                f"The frame is larger than {self._settings.analysed_side} pixels.",
                remedy="Reduce it to ANALYSED_SIDE first.",
                width=frame.width,
                height=frame.height,
            )
        return find_faces(frame.pixels, self._detector, self._settings, thorough=thorough)

    def _acquire(self, frame: Frame, *, thorough: bool, is_probe: bool) -> tuple[Acquisition, ...]:
        found = self._find(frame, thorough=thorough)
        first = [points.astype(np.float64) for points in found.points]
        refusals = [_why_not(points, self._settings) for points in first]
        usable = [at for at, refusal in enumerate(refusals) if refusal is None]
        aligned = dict(
            zip(usable, align(frame.pixels, [first[at] for at in usable], self._detector, self._settings), strict=True)
        )
        views = {at: self._views(alignment, is_probe=is_probe) for at, alignment in aligned.items()}
        crops = [picture for at in usable for picture in views[at]]
        vectors = iter(self._embedder.embed(crops)) if crops else iter(())
        outcomes: list[Acquisition] = []
        for at, refusal in enumerate(refusals):
            if refusal is not None:
                outcomes.append(NotAcquired(_face(found, at, first[at]), refusal))
                continue
            raw = np.stack([next(vectors) for _ in views[at]])
            face = _face(found, at, aligned[at].mean)
            outcomes.append(self._conclude(face, raw, views[at][0], aligned[at].mean, (frame.width, frame.height)))
        return tuple(outcomes)

    def _views(self, alignment: Alignment, *, is_probe: bool) -> list[Pixels]:
        """Return the crops to embed: the one by the averaged points first, for a probe the others after it."""
        wanted = self._settings.probe_views if is_probe else self._settings.probe_views[:1]
        return [view_of(alignment, view, self._settings) for view in wanted]

    def _conclude(
        self, face: DetectedFace, raw: Floats, picture: Pixels, points: Points, frame_size: tuple[int, int]
    ) -> Acquisition:
        """Return the outcome for one face from its un-normalised vectors, the plain one first."""
        lengths = np.linalg.norm(raw.astype(np.float64), axis=1)
        if not (np.isfinite(lengths).all() and (lengths > 0).all()):
            return NotAcquired(face, WhyNot.TEMPLATE_UNUSABLE)
        mean = (raw / lengths[:, None]).mean(axis=0)
        vector = (mean / np.linalg.norm(mean)).astype(np.float32)
        seen = look(picture, points, np.array(self._settings.crop_points), frame_size)
        quality = assess(seen, float(lengths[0]), self._norms)
        return Acquired(face, Template(vector, self.info.fingerprint), quality)


def _why_not(points: Points, settings: Preprocessing) -> WhyNot | None:
    """Return why no template can be made from a face with these points."""
    if not np.isfinite(points).all():
        return WhyNot.LANDMARKS_UNUSABLE
    spread = float(np.hypot(*np.ptp(points, axis=0)))
    if spread < settings.least_spread:
        return WhyNot.TOO_FEW_PIXELS
    return None


def _face(found: Detections, at: int, points: Points) -> DetectedFace:
    left, top, right, bottom = (float(side) for side in found.boxes[at])
    five = [(float(x), float(y)) for x, y in points]
    return DetectedFace(
        Box(left, top, right - left, bottom - top),
        Landmarks(five[0], five[1], five[2], five[3], five[4]),
        min(1.0, float(found.scores[at])),
    )
