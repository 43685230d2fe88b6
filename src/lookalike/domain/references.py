"""References: enrolled pictures, where they come from, and the faces in them."""

import re
from dataclasses import dataclass

from lookalike.domain.errors import InvalidInput
from lookalike.domain.faces import DetectedFace, Quality, WhyNot
from lookalike.domain.frames import Origin
from lookalike.domain.identifiers import Digest, FaceId, GalleryId, ReferenceId, Seq
from lookalike.domain.templates import Template

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a reference comes from, as its source states it; empty text where nothing was stated.

    Attributes:
        source_page: Address of the page that published the picture.
        picture_address: Address of the picture itself.
        captured: ISO 8601 date of the photograph, of reduced precision where that is all there is (``2015``).
        published: ISO 8601 date of publication, likewise.
        licence: Licence or legal basis for holding this picture.
        notes: Anything else.
        file_name: The name under which the picture arrived.

    Raises:
        InvalidInput: A date is not of ISO 8601's form.
    """

    source_page: str = ""
    picture_address: str = ""
    captured: str = ""
    published: str = ""
    licence: str = ""
    notes: str = ""
    file_name: str = ""

    def __post_init__(self) -> None:
        for field, value in (("captured", self.captured), ("published", self.published)):
            if value and not _DATE.fullmatch(value):
                raise InvalidInput(
                    f"{field!r} must be an ISO 8601 date such as 2015, 2015-06 or 2015-06-30, not {value!r}."
                )


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face of a picture to be stored: all faces found are, acquired or not.

    Attributes:
        number: 1 for the first face of the picture, in reading order.
        face: Box and landmarks in pixels of the whole upright picture.
        template: ``None`` where the face was not acquired.
        quality: ``None`` where the face was not acquired.
        why_not: ``None`` where the face was acquired.
    """

    number: int
    face: DetectedFace
    template: Template | None
    quality: Quality | None
    why_not: WhyNot | None


@dataclass(frozen=True, slots=True, eq=False)
class NewReference:
    """A picture to be enrolled, with everything found in it."""

    gallery: GalleryId
    external_id: str
    provenance: Provenance
    original: Digest
    origin: Origin
    analysed_size: tuple[int, int]
    faces: tuple[NewFace, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """An enrolled picture as stored.

    Attributes:
        added_seq: Log position of its enrolment.
        removed_seq: Log position of its removal; ``None`` while it is enrolled.
        analysed_size: Width and height in pixels at which faces were looked for.
    """

    id: ReferenceId
    gallery: GalleryId
    gallery_name: str
    external_id: str
    provenance: Provenance
    original: Digest
    origin: Origin
    analysed_size: tuple[int, int]
    added_seq: Seq
    removed_seq: Seq | None


@dataclass(frozen=True, slots=True)
class ReferenceFace:
    """One enrolled face with the picture it stands in; what a candidate shows."""

    id: FaceId
    number: int
    reference: Reference
    face: DetectedFace
    quality: Quality
