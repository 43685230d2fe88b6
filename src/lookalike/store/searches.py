"""Searches as rows: settings, receipt, candidates, outcome, each exactly as recorded."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, insert, select

from lookalike.domain.calibration import ExpectedStrangers, Threshold
from lookalike.domain.candidates import Certificate
from lookalike.domain.errors import NotFound
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
from lookalike.domain.searches import (
    Candidate,
    Outcome,
    Receipt,
    SearchedGallery,
    SearchRecord,
    SearchSettings,
)
from lookalike.store import schema
from lookalike.store.rows import Columns, provenance_columns, provenance_of
from lookalike.store.statements import Statements

_SEARCH = schema.search
_GALLERY = schema.searched_gallery
_CANDIDATE = schema.candidate
_THRESHOLD_FIELDS = tuple(field.name for field in fields(Threshold))


class Searches:
    """Searches as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def get(self, id_: SearchId) -> SearchRecord:
        """Return a search as it happened.

        Raises:
            NotFound: There is none with this id.
        """
        row = self._statements.first(select(_SEARCH).where(_SEARCH.c.id == id_))
        if row is None:
            raise NotFound(f"There is no search {id_!r}.", remedy="Run: lookalike search run", id=id_)
        return self._record_of(row)

    def list(self, case_id: CaseId | None = None) -> tuple[SearchRecord, ...]:
        """Return the searches of a case, or of all cases, in the order of the log."""
        query = select(_SEARCH).order_by(_SEARCH.c.seq, _SEARCH.c.id)
        if case_id is not None:
            query = query.where(_SEARCH.c.case == case_id)
        return tuple(self._record_of(row) for row in self._statements.all(query))

    def _record_of(self, row: Row[Any]) -> SearchRecord:
        galleries = self._statements.all(
            select(_GALLERY).where(_GALLERY.c.search == row.id).order_by(_GALLERY.c.position)
        )
        candidates = self._statements.all(
            select(_CANDIDATE).where(_CANDIDATE.c.search == row.id).order_by(_CANDIDATE.c.rank)
        )
        return SearchRecord(
            id=SearchId(row.id),
            case=CaseId(row.case),
            case_ref=row.case_ref,
            exhibit=ExhibitId(row.exhibit),
            exhibit_label=row.exhibit_label,
            made_at=row.made_at,
            made_by=Actor(row.made_by),
            receipt=Receipt(
                probe=Digest(row.probe),
                face_number=row.face_number,
                fingerprint=Fingerprint(row.fingerprint),
                galleries=tuple(
                    SearchedGallery(GalleryId(each.gallery), each.name, Seq(each.version), each.compared)
                    for each in galleries
                ),
                settings=SearchSettings(row.list_limit, row.target_fpir, Seq(row.as_of), row.thorough),
                list_digest=Digest(row.list_digest),
            ),
            threshold=_threshold_of(row),
            outcome=Outcome(row.outcome),
            certificate=Certificate(row.compared, row.rescored, row.outside_bound, row.last_score, row.codes),
            candidates=tuple(_candidate_of(each) for each in candidates),
            seq=Seq(row.seq),
        )


class WritableSearches(Searches):
    """Searches as written to."""

    def add(self, record: SearchRecord) -> None:
        """Record a search with its candidates."""
        self._statements.run(insert(_SEARCH).values(_search_columns(record)))
        galleries = [
            {
                "search": record.id,
                "position": position,
                "gallery": each.id,
                "name": each.name,
                "version": each.version,
                "compared": each.compared,
            }
            for position, each in enumerate(record.receipt.galleries)
        ]
        candidates = [{"search": record.id} | _candidate_columns(each) for each in record.candidates]
        for table, rows in ((_GALLERY, galleries), (_CANDIDATE, candidates)):
            if rows:
                self._statements.run(insert(table), rows)


def _search_columns(record: SearchRecord) -> Columns:
    receipt, certificate = record.receipt, record.certificate
    return {
        "id": record.id,
        "case": record.case,
        "case_ref": record.case_ref,
        "exhibit": record.exhibit,
        "exhibit_label": record.exhibit_label,
        "made_at": record.made_at,
        "made_by": record.made_by,
        "probe": receipt.probe,
        "face_number": receipt.face_number,
        "fingerprint": receipt.fingerprint,
        "list_limit": receipt.settings.limit,
        "target_fpir": receipt.settings.target_fpir,
        "as_of": receipt.settings.as_of,
        "thorough": receipt.settings.thorough,
        "list_digest": receipt.list_digest,
        "outcome": record.outcome.value,
        "compared": certificate.compared,
        "rescored": certificate.rescored,
        "outside_bound": certificate.outside_bound,
        "last_score": certificate.last_score,
        "codes": certificate.codes,
        "seq": record.seq,
    } | _threshold_columns(record.threshold)


def _threshold_columns(threshold: Threshold | None) -> Columns:
    values = asdict(threshold) if threshold else dict.fromkeys(_THRESHOLD_FIELDS)
    return {f"threshold_{name}": value for name, value in values.items()}


def _threshold_of(row: Row[Any]) -> Threshold | None:
    if row.threshold_value is None:
        return None
    return Threshold(**{name: getattr(row, f"threshold_{name}") for name in _THRESHOLD_FIELDS})


def _candidate_columns(candidate: Candidate) -> Columns:
    strangers = candidate.expected_strangers
    return {
        "rank": candidate.rank,
        "face": candidate.face,
        "reference": candidate.reference,
        "external_id": candidate.external_id,
        "gallery": candidate.gallery,
        "score": candidate.score,
        "expected_strangers": None if strangers is None else strangers.count,
        "expected_is_extrapolated": None if strangers is None else strangers.is_extrapolated,
        "above_operating_point": candidate.above_operating_point,
        "original": candidate.original,
    } | provenance_columns(candidate.provenance)


def _candidate_of(row: Row[Any]) -> Candidate:
    return Candidate(
        rank=row.rank,
        face=FaceId(row.face),
        reference=ReferenceId(row.reference),
        external_id=row.external_id,
        gallery=row.gallery,
        score=row.score,
        expected_strangers=None
        if row.expected_strangers is None
        else ExpectedStrangers(row.expected_strangers, row.expected_is_extrapolated),
        above_operating_point=row.above_operating_point,
        provenance=provenance_of(row),
        original=Digest(row.original),
    )
