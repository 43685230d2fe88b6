"""Searches as recorded: settings, receipt, candidates, outcome. What a page shows is what the record holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookalike.domain.calibration import ExpectedStrangers, Threshold
from lookalike.domain.candidates import Certificate
from lookalike.domain.identifiers import (
    Actor,
    CaseId,
    Digest,
    ExhibitId,
    FaceId,
    Fingerprint,
    GalleryId,
    ReferenceId,
    SearchId,
    Seq,
)
from lookalike.domain.references import Provenance


class Outcome(StrEnum):
    """What an answer says about its list; never about a person."""

    WORTH_REVIEW = "candidates worth review"
    NONE_WORTH_REVIEW = "no candidate worth review"
    UNCALIBRATED = "scores not calibrated"
    NOTHING_COMPARED = "nothing was compared"


@dataclass(frozen=True, slots=True)
class SearchedGallery:
    """A gallery as it took part in a search.

    Attributes:
        version: Its version at the position searched.
        compared: References of it that were compared.
    """

    id: GalleryId
    name: str
    version: Seq
    compared: int


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Everything that may change an answer, besides probe, pack and galleries.

    Attributes:
        limit: List size, 2 to 50.
        target_fpir: FPIR(N, T) that the operating point is made for.
        as_of: The log position searched; the gallery as it stood once that entry was written.
        thorough: Whether faces were looked for in enlarged tiles as well.
    """

    limit: int
    target_fpir: float
    as_of: Seq
    thorough: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a candidate list, as it was when the search was made.

    Attributes:
        rank: From 1.
        score: Comparison score, cosine similarity in [-1, 1].
        expected_strangers: Non-mated references expected to score as high in a gallery of this size; ``None`` where the
            model pack is not calibrated.
        above_operating_point: Whether the score reaches the threshold; ``None`` where there is none.
        original: Digest of the enrolled picture's bytes.
    """

    rank: int
    face: FaceId
    reference: ReferenceId
    external_id: str
    gallery: str
    score: float
    expected_strangers: ExpectedStrangers | None
    above_operating_point: bool | None
    provenance: Provenance
    original: Digest


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is needed to make the same search again and get the same list (behaviour O13).

    Attributes:
        probe: Digest of the exhibit's original bytes.
        face_number: Which face of the exhibit.
        fingerprint: The model pack.
        list_digest: SHA-256 over the canonical candidate list.
    """

    probe: Digest
    face_number: int
    fingerprint: Fingerprint
    galleries: tuple[SearchedGallery, ...]
    settings: SearchSettings
    list_digest: Digest


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """A search as it happened.

    Attributes:
        threshold: The operating point; ``None`` where the model pack is not calibrated.
        seq: Log position of its audit entry.
    """

    id: SearchId
    case: CaseId
    case_ref: str
    exhibit: ExhibitId
    exhibit_label: str
    made_at: datetime
    made_by: Actor
    receipt: Receipt
    threshold: Threshold | None
    outcome: Outcome
    certificate: Certificate
    candidates: tuple[Candidate, ...]
    seq: Seq
