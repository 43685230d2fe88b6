"""What a sheet shows, as values: pictures with their faces, an answer with its candidates."""

import re
from dataclasses import dataclass
from datetime import datetime

from lookalike.domain.cases import Case, Exhibit
from lookalike.domain.errors import InvalidInput
from lookalike.domain.faces import Quality, WhyNot
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.packs import PackInfo
from lookalike.domain.searches import Candidate, SearchRecord

_ROOT = re.compile("[0-9a-f]{64}")
JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class PictureView:
    """A whole upright picture, reduced and encoded anew to be looked at.

    Attributes:
        jpeg: The reduced picture's bytes.
        width: Its width in pixels.
        height: Its height in pixels.
        upright_width: Width in pixels of the upright original; boxes are in these pixels.
        upright_height: Height likewise.

    Raises:
        InvalidInput: The bytes are not JPEG's, a size is not positive, or the two sizes are of different shapes.
    """

    jpeg: bytes
    width: int
    height: int
    upright_width: int
    upright_height: int

    def __post_init__(self) -> None:
        _check_jpeg(self.jpeg)
        if min(self.width, self.height, self.upright_width, self.upright_height) < 1:
            raise InvalidInput("A picture to be shown needs positive sizes.")
        # A side was rounded to whole pixels, so the scales of the two axes may differ by one pixel of the shorter side.
        across, down = self.upright_width / self.width, self.upright_height / self.height
        if abs(across - down) > max(across, down) * 1.5 / min(self.width, self.height):
            raise InvalidInput(
                f"A picture of {self.width} x {self.height} pixels cannot show one of "
                f"{self.upright_width} x {self.upright_height}: the shapes differ."
            )


@dataclass(frozen=True, slots=True)
class FaceMark:
    """A face to be boxed.

    Attributes:
        number: 1 for the first face of the picture, in reading order.
        box: In pixels of the upright original.
        landmarks: Likewise; drawn where given.
        chosen: Whether this is the face that is searched.
        quality: ``None`` where the face was not acquired.
        why_not: ``None`` where the face was acquired.
    """

    number: int
    box: Box
    landmarks: Landmarks | None
    chosen: bool
    quality: Quality | None
    why_not: WhyNot | None


ShownPicture = tuple[str, PictureView, tuple[FaceMark, ...], tuple[bytes, ...]]
"""A name, the picture, every face found in it, and a JPEG crop for each of those faces in their order."""


@dataclass(frozen=True, slots=True)
class FacesSheet:
    """Faces found in pictures; nothing was searched and nothing was stored.

    Attributes:
        unreadable: Pictures that could not be looked at: name and reason.
        statement: The sentence that leaves with the sheet.
        version: The version of the software that made it.

    Raises:
        InvalidInput: A picture does not have one crop for each face, or there is no statement.
    """

    title: str
    pictures: tuple[ShownPicture, ...]
    unreadable: tuple[tuple[str, str], ...]
    made_at: datetime
    statement: str
    version: str = ""

    def __post_init__(self) -> None:
        _check_statement(self.statement)
        for name, _, faces, crops in self.pictures:
            if len(faces) != len(crops):
                raise InvalidInput(f"{name!r} needs one crop for each of its {len(faces)} faces, not {len(crops)}.")
            for crop in crops:
                _check_jpeg(crop)


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A candidate with its pictures.

    Attributes:
        crop_jpeg: A square-ish crop around the enrolled face.
        picture: The whole enrolled picture; ``None`` to show the crop alone.
        box: The enrolled face in pixels of the upright original.
        age_gap: Time between the enrolled picture and the probe, e.g. ``9 y 4 m``; ``None`` where it is not known.
    """

    candidate: Candidate
    crop_jpeg: bytes
    picture: PictureView | None
    box: Box
    age_gap: str | None

    def __post_init__(self) -> None:
        _check_jpeg(self.crop_jpeg)


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """An answer as recorded, with the pictures it speaks of.

    Attributes:
        probe: The whole exhibit.
        probe_crop: A JPEG around the chosen face.
        candidates: One for each candidate of the record, in its order.
        pack: The model pack that made the templates.
        entry_root: The log's root once the search's entry was written, in 64 hexadecimal digits.
        statement: The lead statement.
        home: How the home is named on the command line; empty for the usual one.
        version: The version of the software that made the sheet.

    Raises:
        InvalidInput: Candidates, exhibit or case are not those of the record.
    """

    record: SearchRecord
    case: Case
    exhibit: Exhibit
    probe: PictureView
    probe_crop: bytes
    candidates: tuple[CandidateView, ...]
    pack: PackInfo
    entry_root: str
    statement: str
    home: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        _check_jpeg(self.probe_crop)
        _check_statement(self.statement)
        if tuple(view.candidate for view in self.candidates) != self.record.candidates:
            raise InvalidInput("The candidates shown are not the candidates on record.")
        if self.record.case != self.case.id or self.record.exhibit != self.exhibit.id:
            raise InvalidInput("The case or the exhibit shown is not the one on record.")
        if self.record.receipt.fingerprint != self.pack.fingerprint:
            raise InvalidInput("The model pack shown is not the one on record.")
        if not _ROOT.fullmatch(self.entry_root):
            raise InvalidInput("The log's root has 64 hexadecimal digits.")
        if self.record.receipt.face_number not in {face.number for face in self.exhibit.faces}:
            raise InvalidInput("The face on record is not one of the exhibit's.")


def _check_jpeg(data: bytes) -> None:
    if not data.startswith(JPEG_START):
        raise InvalidInput("A sheet shows JPEG pictures, and this is none.")


def _check_statement(statement: str) -> None:
    if not statement.strip():
        raise InvalidInput("No sheet is made without its statement.")
