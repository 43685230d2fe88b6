"""Cases, exhibits and searches, on both dialects: each record comes back as it was made, to the last bit."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest_store import (
    ADA,
    FINGERPRINT,
    NOW,
    ORIGIN,
    acquired,
    append,
    digest,
    furnish,
    picture,
    refused,
    template,
    undone,
)
from lookalike.domain.calibration import ExpectedStrangers, Threshold
from lookalike.domain.candidates import Certificate
from lookalike.domain.cases import Case, CaseState, Exhibit, ExhibitFace
from lookalike.domain.errors import Conflict, IntegrityError, NotFound
from lookalike.domain.faces import DetectedFace, Quality, QualityReason, WhyNot
from lookalike.domain.galleries import Purpose
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.identifiers import CaseId, Digest, ExhibitId, FaceId, GalleryId, ReferenceId, SearchId, Seq
from lookalike.domain.probes import ProbeKind
from lookalike.domain.references import Provenance
from lookalike.domain.searches import (
    Candidate,
    Outcome,
    Receipt,
    SearchedGallery,
    SearchRecord,
    SearchSettings,
)
from lookalike.store import Database, Unit


def complete(compared: int, codes: str) -> Certificate:
    """Make the certificate of a search that rescored everything."""
    return Certificate(compared, compared, None, None, codes)


number = st.floats(allow_nan=False, allow_infinity=False)
above_zero = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
counts = st.integers(0, 2**63 - 1)
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map(Digest)
point = st.tuples(number, number)
detected = st.builds(
    DetectedFace,
    st.builds(Box, number, number, above_zero, above_zero),
    st.builds(Landmarks, point, point, point, point, point),
    st.floats(0, 1),
)
quality = st.builds(Quality, number, number, number, st.lists(st.sampled_from(QualityReason)).map(tuple))
exhibit_face = st.one_of(
    st.builds(ExhibitFace, st.just(1), detected, quality, st.none()),
    st.builds(ExhibitFace, st.just(1), detected, st.none(), st.sampled_from(WhyNot)),
)
provenance = st.builds(Provenance, source_page=words, licence=words, notes=words, captured=st.just("2015"))
candidate = st.builds(
    Candidate,
    rank=st.just(1),
    face=st.sampled_from([FaceId(1), FaceId(2)]),
    reference=st.just(ReferenceId(1)),
    external_id=words,
    gallery=words,
    score=st.floats(-1, 1),
    expected_strangers=st.none() | st.builds(ExpectedStrangers, number, st.booleans()),
    above_operating_point=st.none() | st.booleans(),
    provenance=provenance,
    original=digests,
)
receipt = st.builds(
    Receipt,
    probe=digests,
    face_number=st.integers(1, 99),
    fingerprint=st.just(FINGERPRINT),
    galleries=st.lists(st.builds(SearchedGallery, st.just(GalleryId(1)), words, counts, counts), max_size=3).map(tuple),
    settings=st.builds(SearchSettings, st.integers(2, 50), number, counts, st.booleans()),
    list_digest=digests,
)
threshold = st.builds(Threshold, number, st.just(FINGERPRINT), words, number, counts, st.booleans())
certificate = st.one_of(
    st.builds(Certificate, counts, counts, st.floats(-1, 0.4), st.floats(0.5, 1), words),
    st.builds(complete, counts, words),
)

CASE = Case(
    CaseId("c" * 32),
    "2026/117",
    Purpose.MISSING_PERSON,
    "missing",
    "Act 3",
    "",
    CaseState.OPEN,
    NOW,
    ADA,
    Seq(0),
)
EXHIBIT = Exhibit(
    ExhibitId("e" * 32),
    CASE.id,
    "E1",
    ProbeKind.PHOTOGRAPH,
    "found",
    "a.jpg",
    digest("probe"),
    ORIGIN,
    (480, 640),
    (),
    NOW,
    ADA,
    Seq(0),
)


def open_case(unit: Unit) -> None:
    """Add a gallery with two faces, a case and an exhibit."""
    (gallery,) = furnish(unit, "staff")
    unit.references.add(picture(gallery, "a", acquired(1, template(1)), acquired(2, template(2))), seq=append(unit))
    unit.cases.add(CASE)
    unit.exhibits.add(EXHIBIT)


def test_cases(database: Database) -> None:
    second = replace(CASE, id=CaseId("d"), ref="2026/118", requester="Commissioner", purpose=Purpose.JOURNALISM)
    with database.begin() as unit:
        furnish(unit)
        unit.cases.add(CASE)
        unit.cases.add(replace(second, opened_seq=append(unit)))
        with pytest.raises(Conflict):
            unit.cases.add(replace(CASE, id=CaseId("x")))
        with pytest.raises(NotFound):
            unit.cases.close(CaseId("x"))
    with database.read() as reading:
        assert reading.cases.by_ref("2026/117") == reading.cases.get(CASE.id) == CASE
        assert reading.cases.list() == (CASE, replace(second, opened_seq=Seq(1)))
        for missing in ("2026/119", ""):
            with pytest.raises(NotFound):
                reading.cases.by_ref(missing)
        with pytest.raises(NotFound):
            reading.cases.get(CaseId("x"))
    with database.begin() as unit:
        unit.cases.close(CASE.id)
        unit.cases.close(CASE.id)
        assert unit.cases.get(CASE.id) == replace(CASE, state=CaseState.CLOSED)


def test_exhibits(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit)
        unit.cases.add(CASE)
        assert unit.exhibits.next_label(CASE.id) == "E1"
        unit.exhibits.add(EXHIBIT)
        assert unit.exhibits.next_label(CASE.id) == "E2"
        second = replace(EXHIBIT, id=ExhibitId("f"), label="E2", added_seq=append(unit))
        unit.exhibits.add(second)
    with database.read() as reading:
        assert reading.exhibits.by_label(CASE.id, "E1") == reading.exhibits.get(EXHIBIT.id) == EXHIBIT
        assert reading.exhibits.list(CASE.id) == (EXHIBIT, second) == reading.exhibits.by_original(EXHIBIT.original)
        assert reading.exhibits.list(CaseId("x")) == reading.exhibits.by_original(digest("other")) == ()
        for case, label in ((CASE.id, "E3"), (CaseId("x"), "E1")):
            with pytest.raises(NotFound):
                reading.exhibits.by_label(case, label)
        with pytest.raises(NotFound):
            reading.exhibits.get(ExhibitId("x"))
    with pytest.raises(Conflict), database.begin() as unit:
        unit.exhibits.add(replace(EXHIBIT, id=ExhibitId("g")))


def test_an_exhibit_belongs_to_a_case(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit)
    refused(database, IntegrityError, lambda unit: unit.exhibits.add(EXHIBIT))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(exhibit_face, max_size=3), words, words)
def test_an_exhibit_comes_back_exactly(
    database: Database, faces: list[ExhibitFace], origin: str, file_name: str
) -> None:
    numbered = tuple(replace(face, number=n) for n, face in enumerate(faces, 1))
    exhibit = replace(EXHIBIT, faces=numbered, origin=origin, file_name=file_name)

    def write_and_read(unit: Unit) -> None:
        furnish(unit)
        unit.cases.add(CASE)
        unit.exhibits.add(exhibit)
        assert unit.exhibits.get(exhibit.id) == exhibit

    undone(database, write_and_read)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(receipt, st.none() | threshold, st.sampled_from(Outcome), certificate, st.lists(candidate, max_size=3))
def test_a_search_comes_back_exactly(
    database: Database,
    made: Receipt,
    point_: Threshold | None,
    outcome: Outcome,
    proof: Certificate,
    listed: list[Candidate],
) -> None:
    def write_and_read(unit: Unit) -> None:
        open_case(unit)
        record = SearchRecord(
            id=SearchId("s"),
            case=CASE.id,
            case_ref=CASE.ref,
            exhibit=EXHIBIT.id,
            exhibit_label=EXHIBIT.label,
            made_at=NOW,
            made_by=ADA,
            receipt=made,
            threshold=point_,
            outcome=outcome,
            certificate=proof,
            candidates=tuple(replace(each, rank=rank) for rank, each in enumerate(listed, 1)),
            seq=append(unit),
        )
        unit.searches.add(record)
        assert unit.searches.get(record.id) == record
        assert unit.searches.list() == unit.searches.list(CASE.id) == (record,)
        assert unit.searches.list(CaseId("x")) == ()

    undone(database, write_and_read)


def test_searches_are_listed_in_the_order_of_the_log(database: Database) -> None:
    with database.begin() as unit:
        open_case(unit)
        record = SearchRecord(
            SearchId("z"),
            CASE.id,
            CASE.ref,
            EXHIBIT.id,
            EXHIBIT.label,
            NOW,
            ADA,
            Receipt(digest("probe"), 1, FINGERPRINT, (), SearchSettings(20, 0.01, Seq(1), thorough=False), digest("")),
            None,
            Outcome.UNCALIBRATED,
            Certificate(0, 0, None, None, "exact"),
            (),
            append(unit),
        )
        later = replace(record, id=SearchId("a"), seq=append(unit))
        for each in (later, record):
            unit.searches.add(each)
    with database.read() as reading:
        assert reading.searches.list() == (record, later)
        with pytest.raises(NotFound):
            reading.searches.get(SearchId("x"))
