"""Specimens for sheets: records with drawn pictures, calm or hostile."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from lookalike.domain.calibration import Calibration
from lookalike.domain.candidates import Certificate
from lookalike.domain.cases import Case, CaseState, Exhibit, ExhibitFace
from lookalike.domain.faces import DetectedFace, Quality, QualityReason, WhyNot
from lookalike.domain.frames import Origin
from lookalike.domain.galleries import Purpose
from lookalike.domain.geometry import Box, Landmarks
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
from lookalike.domain.packs import PackInfo
from lookalike.domain.probes import ProbeKind
from lookalike.domain.references import Provenance
from lookalike.domain.searches import Candidate, Outcome, Receipt, SearchedGallery, SearchRecord, SearchSettings
from lookalike.domain.statements import LEAD_STATEMENT
from lookalike.media import encode_jpeg
from lookalike.reports import AnswerSheet, CandidateView, FaceMark, FacesSheet, PictureView

NOW = datetime(2026, 11, 23, 10, 31, 52, tzinfo=UTC)
PRINT = Fingerprint("a0f177c2" * 8)
TAIL = Calibration(
    PRINT, "20,000 photographs", 13_500_000, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), (0.1, 0.02, 2e-3, 1e-4, 4e-6, 1e-7)
)
PACK = PackInfo("yunet-sface", PRINT, 128, (), "Undisclosed.", "unclear", "", TAIL)


def jpeg(width: int, height: int, grey: int = 200) -> bytes:
    """Return an even picture as JPEG."""
    return encode_jpeg(np.full((height, width, 3), grey, np.uint8))


def view(upright_width: int = 1200, upright_height: int = 900, reduction: int = 4) -> PictureView:
    """Return a picture reduced so many times."""
    width, height = round(upright_width / reduction), round(upright_height / reduction)
    return PictureView(jpeg(width, height), width, height, upright_width, upright_height)


def landmarks(box: Box) -> Landmarks:
    """Return plausible points within *box*."""
    at = [(box.x + box.width * x, box.y + box.height * y) for x, y in ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6))]
    low = [(box.x + box.width * x, box.y + box.height * 0.8) for x in (0.35, 0.65)]
    return Landmarks(at[0], at[1], at[2], low[0], low[1])


def quality(*reasons: QualityReason) -> Quality:
    """Return a middling quality."""
    return Quality(61.7, 14.2, 48.4, reasons)


BOXES = (Box(100.5, 120.25, 210.125, 260.0), Box(700, 80, 180, 240), Box(-12.5, 700, 90, 250.75))


def marks() -> tuple[FaceMark, ...]:
    """Return three faces: one chosen, one acquired, one not and cut off by the picture's edge."""
    return (
        FaceMark(1, BOXES[0], landmarks(BOXES[0]), True, quality(), None),
        FaceMark(2, BOXES[1], landmarks(BOXES[1]), False, quality(QualityReason.DARK), None),
        FaceMark(3, BOXES[2], landmarks(BOXES[2]), False, None, WhyNot.TOO_FEW_PIXELS),
    )


def faces_sheet(text: str = "proof-03.tif") -> FacesSheet:
    """Return a sheet of one picture with three faces, one without any, and one that could not be read."""
    return FacesSheet(
        title=f"Faces in {text}",
        pictures=((text, view(), marks(), (jpeg(60, 60),) * 3), (f"2 {text}", view(900, 1200), (), ())),
        unreadable=((text, f"truncated {text}"),),
        made_at=NOW,
        statement=LEAD_STATEMENT,
        version="0.1.0",
    )


def answer_sheet(
    scores: tuple[float, ...] = (0.71, 0.44, 0.39),
    *,
    size: int = 12_345,
    text: str = "",
    is_calibrated: bool = True,
    target_fpir: float = 0.01,
) -> AnswerSheet:
    """Return an answer with candidates of these *scores*; *text* stands in every field that holds any."""
    threshold = TAIL.threshold(target_fpir=target_fpir, gallery_size=size) if is_calibrated and size else None
    candidates = tuple(
        _candidate(rank, score, size, threshold.value if threshold else None, text)
        for rank, score in enumerate(scores, start=1)
    )
    settings = SearchSettings(max(2, len(scores)), target_fpir, Seq(183), thorough=False)
    galleries = (SearchedGallery(GalleryId(7), text or "portraits", Seq(57), size),)
    record = SearchRecord(
        id=SearchId(text or "S-0192"),
        case=CaseId("c1"),
        case_ref=text or "A-2031",
        exhibit=ExhibitId("e1"),
        exhibit_label=text or "E1",
        made_at=NOW,
        made_by=Actor(text or "os:ada"),
        receipt=Receipt(Digest("3f9c01d2" * 8), 1, PRINT, galleries, settings, Digest("5f2c91e0" * 8)),
        threshold=threshold,
        outcome=_outcome(candidates, is_calibrated=is_calibrated),
        certificate=_certificate(scores, size),
        candidates=candidates,
        seq=Seq(184),
    )
    return AnswerSheet(
        record=record,
        case=_case(text),
        exhibit=_exhibit(text),
        probe=view(),
        probe_crop=jpeg(90, 120),
        candidates=tuple(
            CandidateView(candidate, jpeg(64, 80), None, BOXES[0], text or ("9 y 4 m" if candidate.rank == 1 else None))
            for candidate in candidates
        ),
        pack=replace(
            PACK, id=text or PACK.id, training_data=text or "Undisclosed.", calibration=TAIL if is_calibrated else None
        ),
        entry_root="77d012fe" * 8,
        statement=LEAD_STATEMENT,
        home=text,
        version=text or "0.1.0",
    )


def _certificate(scores: tuple[float, ...], size: int) -> Certificate:
    if size == len(scores):
        return Certificate(size, size, None, scores[-1] if scores else None, "exact")
    return Certificate(size, min(size, 512), scores[-1] - 0.01, scores[-1], "8-bit")


def _outcome(candidates: tuple[Candidate, ...], *, is_calibrated: bool) -> Outcome:
    if not is_calibrated:
        return Outcome.UNCALIBRATED
    return Outcome.WORTH_REVIEW if any(each.above_operating_point for each in candidates) else Outcome.NONE_WORTH_REVIEW


def _candidate(rank: int, score: float, size: int, threshold: float | None, text: str) -> Candidate:
    return Candidate(
        rank=rank,
        face=FaceId(900 + rank),
        reference=ReferenceId(500 + rank),
        external_id=text or f"W00080{rank}",
        gallery=text or "portraits",
        score=score,
        expected_strangers=None if threshold is None else TAIL.expected_strangers(score, gallery_size=size),
        above_operating_point=None if threshold is None else score >= threshold,
        provenance=Provenance(
            source_page=text or f"https://example.org/people/{rank}",
            picture_address=text,
            captured="2015-06",
            published="2016",
            licence=text or "CC0-1.0",
            notes=text,
            file_name=text or f"{rank}.jpg",
        ),
        original=Digest(f"{rank:08x}" * 8),
    )


def _case(text: str) -> Case:
    return Case(
        id=CaseId("c1"),
        ref=text or "A-2031",
        purpose=Purpose.ARCHIVE_RESEARCH,
        matter=text or "Unnamed sitters",
        legal_basis=text or "Archives Act s. 14",
        requester=text or "T. Brandt",
        state=CaseState.OPEN,
        opened_at=NOW,
        opened_by=Actor(text or "os:ada"),
        opened_seq=Seq(9),
    )


def _exhibit(text: str) -> Exhibit:
    return Exhibit(
        id=ExhibitId("e1"),
        case=CaseId("c1"),
        label=text or "E1",
        kind=ProbeKind.PHOTOGRAPH,
        origin=text or "box 4, folder 7",
        file_name=text or "proof-03.tif",
        original=Digest("3f9c01d2" * 8),
        picture=Origin("TIFF", 1200, 900, 1, "srgb", 1, 1),
        analysed_size=(1200, 900),
        faces=tuple(
            ExhibitFace(mark.number, DetectedFace(mark.box, landmarks(mark.box), 0.9), mark.quality, mark.why_not)
            for mark in marks()
        ),
        added_at=NOW,
        added_by=Actor(text or "os:ada"),
        added_seq=Seq(10),
    )
