"""Sheets: what a record holds, with the pictures it speaks of, as one HTML page. Every one that leaves is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from lookalike.audit import EMPTY_HEAD, appended, root
from lookalike.domain.cases import Exhibit, ExhibitFace
from lookalike.domain.errors import IntegrityError
from lookalike.domain.frames import Origin, Pixels
from lookalike.domain.geometry import Box
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import EntryKind
from lookalike.domain.references import NewFace, ReferenceFace
from lookalike.domain.searches import SearchRecord
from lookalike.domain.statements import FACES_STATEMENT, LEAD_STATEMENT
from lookalike.media import Decoder, encode_jpeg
from lookalike.reports import (
    AnswerSheet,
    CandidateView,
    FaceMark,
    FacesSheet,
    PictureView,
    answer_html,
    faces_html,
)
from lookalike.services.analysis import AnalysedPicture
from lookalike.services.journal import Journal
from lookalike.services.pictures import Pictures
from lookalike.store import Database

VIEW_SIDE = 960
"""Longest side in pixels of a whole picture on a sheet."""
CROP_SIDE = 288
"""Side in pixels that a face's crop is made to have, where the picture holds that many."""
CROP_MARGIN = 1.7
"""Side of a crop for each side of its face box."""


@dataclass(frozen=True, slots=True)
class SheetService:
    """Composes sheets from records and kept originals."""

    database: Database
    journal: Journal
    decoder: Decoder
    pictures: Pictures

    def answer(self, record: SearchRecord, *, actor: Actor) -> str:
        """Return a search's answer as a page, once its leaving is recorded.

        Raises:
            MediaDigestMismatch: A picture is no longer what it was.
            IntegrityError: A candidate's face stands in another picture than the record says.
        """
        with self.database.read() as reading:
            case = reading.cases.get(record.case)
            exhibit = reading.exhibits.get(record.exhibit)
            pack = reading.packs.get(record.receipt.fingerprint)
            shown = reading.references.faces([candidate.face for candidate in record.candidates])
            head = EMPTY_HEAD
            for entry in reading.log.entries(0, Seq(record.seq + 1)):
                head = appended(head, entry.leaf)
        for candidate in record.candidates:
            reference = shown[candidate.face].reference
            if (reference.id, reference.original) != (candidate.reference, candidate.original):
                raise IntegrityError(
                    f"Candidate {candidate.rank} of search {record.id} now leads to another picture than was recorded.",
                    remedy="Run: lookalike audit verify",
                )
        data = self.pictures.original(exhibit.original)
        chosen = exhibit.faces[record.receipt.face_number - 1]
        sheet = AnswerSheet(
            record=record,
            case=case,
            exhibit=exhibit,
            probe=self._view(data, exhibit.file_name),
            probe_crop=self._crop(data, exhibit.file_name, chosen.face.box, exhibit.picture),
            candidates=tuple(
                CandidateView(
                    candidate=candidate,
                    crop_jpeg=self._reference_crop(shown[candidate.face]),
                    picture=None,
                    box=shown[candidate.face].face.box,
                    age_gap=None,  # an exhibit states no date yet, so there is nothing to subtract
                )
                for candidate in record.candidates
            ),
            pack=pack,
            entry_root=root(head).hex(),
            statement=LEAD_STATEMENT,
            version=version("lookalike"),
        )
        html = answer_html(sheet)
        self._record(actor, {"search": record.id, "case": record.case})
        return html

    def exhibit(self, exhibit: Exhibit, *, actor: Actor) -> str:
        """Return an exhibit with its faces boxed and numbered, once its leaving is recorded."""
        data = self.pictures.original(exhibit.original)
        html = self._faces(f"Exhibit {exhibit.label}", ((exhibit.file_name, data, exhibit.picture, exhibit.faces),), ())
        self._record(actor, {"exhibit": exhibit.id, "case": exhibit.case})
        return html

    def faces(
        self, pictures: Sequence[tuple[str, bytes, AnalysedPicture]], unreadable: Sequence[tuple[str, str]]
    ) -> str:
        """Return pictures with their faces; nothing was stored or searched, so nothing is recorded."""
        found = tuple((name, data, picture.origin, picture.faces) for name, data, picture in pictures)
        return self._faces("Faces found", found, tuple(unreadable))

    def _faces(
        self,
        title: str,
        pictures: Sequence[tuple[str, bytes, Origin, Sequence[NewFace] | Sequence[ExhibitFace]]],
        unreadable: tuple[tuple[str, str], ...],
    ) -> str:
        return faces_html(
            FacesSheet(
                title=title,
                pictures=tuple(
                    (
                        name,
                        self._view(data, name),
                        tuple(_mark(face) for face in faces),
                        tuple(self._crop(data, name, face.face.box, origin) for face in faces),
                    )
                    for name, data, origin, faces in pictures
                ),
                unreadable=unreadable,
                made_at=self.journal.now(),
                statement=FACES_STATEMENT,
                version=version("lookalike"),
            )
        )

    def _view(self, data: bytes, name: str) -> PictureView:
        frame = self.decoder.decode(data, name=name, side=VIEW_SIDE)
        width, height = frame.origin.upright_size
        return PictureView(encode_jpeg(frame.pixels), frame.width, frame.height, width, height)

    def _reference_crop(self, shown: ReferenceFace) -> bytes:
        reference = shown.reference
        data = self.pictures.original(reference.original)
        return self._crop(data, reference.provenance.file_name, shown.face.box, reference.origin)

    def _crop(self, data: bytes, name: str, box: Box, origin: Origin) -> bytes:
        """Cut a square around *box*, decoded large enough for a crop of `CROP_SIDE` pixels where the picture is."""
        side = max(box.width, box.height) * CROP_MARGIN
        full = max(origin.upright_size)
        wanted = min(full, round(full * CROP_SIDE / side))
        frame = self.decoder.decode(data, name=name, side=max(VIEW_SIDE, wanted))
        return encode_jpeg(square_around(frame.pixels, box.scaled(frame.scale), side * frame.scale))

    def _record(self, actor: Actor, facts: dict[str, str]) -> None:
        with self.database.begin() as unit:
            self.journal.write(unit, EntryKind.SHEET_EXPORTED, actor, facts)


def square_around(pixels: Pixels, box: Box, side: float) -> Pixels:
    """Return the part of *pixels* in a square of *side* pixels centred on *box*, cut at the picture's edges.

    Example:
        >>> import numpy as np
        >>> square_around(np.zeros((100, 200, 3), np.uint8), Box(90, 0, 20, 20), 40).shape
        (30, 40, 3)
    """
    height, width = pixels.shape[:2]
    x, y = box.x + box.width / 2, box.y + box.height / 2
    left, top = (min(max(0, round(middle - side / 2)), size - 1) for middle, size in ((x, width), (y, height)))
    right, bottom = (max(edge + 1, min(round(middle + side / 2), size)) for edge, middle, size in (
        (left, x, width), (top, y, height)
    ))  # fmt: skip
    return pixels[top:bottom, left:right]


def _mark(face: NewFace | ExhibitFace) -> FaceMark:
    return FaceMark(face.number, face.face.box, face.face.landmarks, False, face.quality, face.why_not)
