"""Values refuse what they must not hold, and boxes find their way back."""

from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain import errors, policy
from lookalike.domain.candidates import Certificate, CertifiedList, RankedFace
from lookalike.domain.cases import Case, CaseState
from lookalike.domain.errors import IncomparableTemplates, InvalidInput
from lookalike.domain.frames import Frame, Origin
from lookalike.domain.galleries import Gallery, GalleryState, NewGallery, Purpose, SubjectCategory
from lookalike.domain.geometry import Box, Landmarks, to_stored
from lookalike.domain.identifiers import Actor, CaseId, FaceId, Fingerprint, GalleryId, Seq
from lookalike.domain.references import Provenance
from lookalike.domain.templates import Template

# How EXIF orientation n turns the stored picture into the upright one (EXIF 2.32, tag 0x0112).
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.T,
    6: lambda a: a[::-1].T,
    7: lambda a: a[::-1, ::-1].T,
    8: lambda a: a[:, ::-1].T,
}


@given(
    st.sampled_from(sorted(UPRIGHT)),
    st.integers(4, 20),
    st.integers(4, 20),
    st.tuples(*(st.floats(0, 1) for _ in range(4))),
)
def test_a_box_covers_the_same_pixels_in_the_file(
    orientation: int, width: int, height: int, place: tuple[float, float, float, float]
) -> None:
    stored = np.arange(width * height).reshape(height, width)
    upright = UPRIGHT[orientation](stored)
    rows, columns = upright.shape
    x, y = int(place[0] * (columns - 1)), int(place[1] * (rows - 1))
    w, h = 1 + int(place[2] * (columns - x - 1)), 1 + int(place[3] * (rows - y - 1))
    box = to_stored(Box(x, y, w, h), orientation=orientation, width=width, height=height)
    left, top = int(box.x), int(box.y)
    found = stored[top : top + int(box.height), left : left + int(box.width)]
    assert set(found.ravel()) == set(upright[y : y + h, x : x + w].ravel())


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_an_orientation_that_is_none_is_refused(orientation: int) -> None:
    with pytest.raises(InvalidInput):
        to_stored(Box(0, 0, 1, 1), orientation=orientation, width=5, height=5)


@pytest.mark.parametrize("box", [(0, 0, 0, 1), (0, 0, 1, -1), (float("nan"), 0, 1, 1), (0, float("inf"), 1, 1)])
def test_what_is_no_box_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidInput):
        Box(*box)


@given(st.lists(st.tuples(st.integers(-10_000, 10_000), st.integers(-10_000, 10_000)), min_size=5, max_size=5))
def test_landmarks_survive_the_record(points: list[tuple[int, int]]) -> None:
    marks = Landmarks(*((x / 100, y / 100) for x, y in points))
    assert Landmarks.from_list(marks.as_list()) == marks


@pytest.mark.parametrize(
    "vector",
    [
        np.array([np.nan, 1], np.float32),
        np.array([2, 0], np.float32),
        np.zeros(2, np.float32),
        np.array([1, 0], np.float64),
        np.array([[1, 0]], np.float32),
    ],
)
def test_what_is_no_template_is_refused(vector: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        Template(vector, Fingerprint("a"))


def test_a_template_is_a_copy_nobody_can_change() -> None:
    vector = np.array([1, 0], np.float32)
    template = Template(vector, Fingerprint("a"))
    vector[0] = 0
    assert template.vector[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        template.vector[0] = 0


def test_templates_of_two_packs_are_never_compared() -> None:
    vector = np.array([1, 0], np.float32)
    with pytest.raises(IncomparableTemplates):
        Template(vector, Fingerprint("a")).compare(Template(vector, Fingerprint("b")))


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.float32), np.zeros((0, 2, 3), np.uint8)]
)
def test_what_is_no_frame_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        Frame(pixels, Origin("PNG", 2, 2, 1, "assumed", 1, 1))


def test_a_turned_picture_has_its_sides_swapped() -> None:
    assert Origin("JPEG", 400, 300, 6, "srgb", 1, 1).upright_size == (300, 400)


@pytest.mark.parametrize("faces", [((1, 0.5), (2, 0.6)), ((2, 0.5), (1, 0.5)), ((1, 0.5), (1, 0.5))])
def test_a_list_out_of_order_is_refused(faces: tuple[tuple[int, float], ...]) -> None:
    certificate = Certificate(2, 2, None, 0.5, "exact")
    with pytest.raises(InvalidInput):
        CertifiedList(tuple(RankedFace(FaceId(face), score) for face, score in faces), certificate)


@pytest.mark.parametrize(
    ("bound", "last", "rescored"),
    [(0.5, 0.5, 5), (0.6, 0.5, 5), (float("nan"), 0.5, 5), (0.1, None, 5), (None, 0.5, 5)],
)
def test_a_certificate_that_proves_nothing_is_refused(bound: float | None, last: float | None, rescored: int) -> None:
    with pytest.raises(InvalidInput):
        Certificate(compared=9, rescored=rescored, outside_bound=bound, last_score=last, codes="fp16")


@pytest.mark.parametrize("text", ["yesterday", "2015-6", "15-06-30", "2015-06-30 noon", "2015-06-30\n"])
def test_a_date_of_no_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Provenance(captured=text)


@pytest.mark.parametrize("text", ["2015", "2015-06", "2015-06-30", "2015-06-30T12:30:00Z", "2015-06-30 12:30+02:00"])
def test_dates_of_reduced_precision_are_dates(text: str) -> None:
    assert Provenance(published=text).published == text


@pytest.mark.parametrize("name", ["", "a b", "../x", "é", "x" * 65, "a/b"])
def test_a_gallery_has_a_plain_name(name: str) -> None:
    with pytest.raises(InvalidInput):
        _declared(name)


def _declared(name: str = "g", until: date | None = None, *purposes: Purpose) -> NewGallery:
    return NewGallery(name, "o", "b", SubjectCategory.ARCHIVE, purposes or (Purpose.JOURNALISM,), until)


NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001  # never compared


def _gallery(state: GalleryState = GalleryState.OPEN, until: date | None = None, *purposes: Purpose) -> Gallery:
    return Gallery(GalleryId(1), _declared("g", until, *purposes), state, NOON, Actor("a"), Seq(0), None)


def _case(state: CaseState = CaseState.OPEN) -> Case:
    return Case(CaseId("c"), "C", Purpose.JOURNALISM, "m", "b", "r", state, NOON, Actor("a"), Seq(0))


TODAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("case", "gallery", "rule"),
    [
        (_case(CaseState.CLOSED), _gallery(), "O1"),
        (_case(), _gallery(GalleryState.CLOSED), "O3"),
        (_case(), _gallery(until=date(2025, 12, 31)), "O3"),
        (_case(), _gallery(GalleryState.OPEN, None, Purpose.EVALUATION), "O3"),
    ],
)
def test_entitlement_is_refused_by_its_rule(case: Case, gallery: Gallery, rule: str) -> None:
    refused = policy.entitlement(case, gallery, today=TODAY)
    assert refused is not None
    assert refused.rule == rule


def test_a_gallery_may_be_searched_through_its_last_day() -> None:
    assert policy.entitlement(_case(), _gallery(until=TODAY), today=TODAY) is None
    assert policy.entitled(_case(), [_gallery(), _gallery(GalleryState.CLOSED)], today=TODAY) == (_gallery(),)


def test_every_error_has_its_own_code_exit_and_status() -> None:
    def below(kind: type[errors.LookalikeError]) -> list[type[errors.LookalikeError]]:
        return [kind, *(inner for child in kind.__subclasses__() for inner in below(child))]

    kinds = [kind for kind in below(errors.LookalikeError) if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in kinds)
    statuses = {(kind.http_status, kind.exit_status) for kind in kinds[1:]}
    assert statuses == {(422, 2), (404, 3), (409, 4), (403, 5), (500, 6), (503, 7)}
