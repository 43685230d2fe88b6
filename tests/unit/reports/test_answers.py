"""Answer sheets: the sentence first, every number from the record, hostile text inert, boxes where they belong."""

import re
import xml.etree.ElementTree as ET
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from conftest_sheets import BOXES, TAIL, answer_sheet, faces_sheet, jpeg, marks, view
from lookalike.domain.errors import InvalidInput
from lookalike.domain.geometry import Box
from lookalike.domain.identifiers import CaseId, ExhibitId, Fingerprint
from lookalike.domain.statements import LEAD_STATEMENT
from lookalike.reports import FacesSheet, PictureView, answer_html, faces_html
from lookalike.reports.drawings import drawing

AT = "at or above the operating point, among"

VOID = {"meta", "img", "br", "link", "input", "hr", "base", "embed", "area", "source"}


class Reading(HTMLParser):
    """The page as a browser reads it: elements with their attributes, text by element, and how they nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    @property
    def text(self) -> str:
        return " ".join(" ".join(data for tag, data in self.texts if tag != "style").split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(page: str) -> Reading:
    return Reading(page)


@pytest.mark.parametrize(
    ("scores", "size", "expected"),
    [
        ((0.71, 0.44, 0.39), 12_345, f"One of 3 candidates stands {AT} 12,345 references."),
        ((0.71, 0.70, 0.39), 12_345, f"2 of 3 candidates stand {AT} 12,345 references."),
        ((0.44, 0.39), 812_334, "No candidate worth review among 812,334 references."),
        ((0.2,), 1, "No candidate worth review among 1 reference."),
        ((), 0, "No reference was compared: the galleries searched hold no face."),
    ],
)
def test_the_sentence_comes_first_and_is_the_records(scores: tuple[float, ...], size: int, expected: str) -> None:
    page = read(answer_html(answer_sheet(scores, size=size)))
    assert [data for tag, data in page.texts if tag == "h1"] == [expected]
    assert page.text.index(expected) < page.text.index(LEAD_STATEMENT) < page.text.index("Probe: exhibit")


def test_an_answer_without_calibration_says_so_and_draws_no_strip() -> None:
    page = answer_html(answer_sheet(is_calibrated=False))
    assert "3 candidates among 12,345 references, and nothing to say what their scores mean." in page
    assert "never measured on strangers" in page
    assert 'class="axis"' not in page
    assert read(page).text.count("not calibrated") == 3


def test_an_empty_answer_shows_no_list_and_no_success() -> None:
    text = read(answer_html(answer_sheet((), size=0))).text
    assert "Nothing can be concluded" in text
    assert "Nothing was compared." in text
    assert "Complete." not in text
    assert "Candidates" not in text
    assert "worth review" not in text


def test_no_candidate_is_no_proof_of_absence() -> None:
    text = read(answer_html(answer_sheet((0.39, 0.3), size=100_000))).text
    assert "The best score here, 0.390, is one that about 13 strangers in 100,000 can be expected to reach." in text
    assert "This does not show that the person is not enrolled." in text


def test_everything_needed_to_check_it_stands_on_the_sheet() -> None:
    sheet = answer_sheet()
    text = read(answer_html(replace(sheet, home="/srv/my home"))).text
    receipt = sheet.record.receipt
    for needed in (
        receipt.probe,
        receipt.fingerprint,
        receipt.list_digest,
        sheet.entry_root,
        *(candidate.original for candidate in sheet.record.candidates),
        *(candidate.external_id for candidate in sheet.record.candidates),
        "12,345 references compared, all of them; the list is proven complete",
        "none outside it can score above 0.380",
        "Gallery portraits , version 57",
        "2026-11-23 10:31:52 UTC",
        "target FPIR 0.01",
        "as of entry 183",
        "lookalike search replay S-0192 --home '/srv/my home'",
        "lookalike audit verify --home '/srv/my home'",
        "Archives Act s. 14",
        "captured 2015-06, 9 y 4 m apart ; published 2016",
        "example.org/people/1",
        "could not be acquired",
    ):
        assert " ".join(needed.split()) in text, needed


def test_scores_and_expected_strangers_are_the_records() -> None:
    text = read(answer_html(answer_sheet((0.71, 0.44, 0.39)))).text
    assert "0.710 fewer than 0.002 strangers expected extrapolated beyond what was measured" in text
    assert "0.440 0.3 strangers expected one in about 3 such searches" in text
    assert "0.390 1.7 strangers expected in each such search" in text


def test_the_strip_has_one_axis_for_all_rows() -> None:
    page = read(answer_html(answer_sheet((0.71, 0.44, 0.39))))
    lines = [line for line in page.all("line") if line["class"] in {"px-one", "px-point"}]
    assert len({line["x1"] for line in lines if line["class"] == "px-one"}) == 1
    assert len({line["x1"] for line in lines if line["class"] == "px-point"}) == 1
    assert len(lines) == 2 * (1 + 3)
    dots = page.all("circle")
    assert [float(dot["cx"].rstrip("%")) for dot in dots] == sorted(
        (float(dot["cx"].rstrip("%")) for dot in dots), reverse=True
    )
    assert [dot["class"] for dot in dots] == ["px-dot open", "px-dot", "px-dot"]


@pytest.mark.parametrize(
    "never",
    [r"\bmatch", r"\bhits?\b", r"identif", r"confiden", r"suspec", r"accura", r"\d\s?%", r"probab", r"likely"],
)
def test_words_that_are_never_used(never: str) -> None:
    for page in (
        answer_html(answer_sheet()),
        answer_html(answer_sheet((0.4, 0.39))),
        answer_html(answer_sheet(is_calibrated=False)),
        faces_html(faces_sheet()),
    ):
        text = read(page).text
        assert not re.search(never, text, re.IGNORECASE), re.search(never, text, re.IGNORECASE)


def test_alternative_text_is_the_id_and_describes_nobody() -> None:
    page = read(answer_html(answer_sheet()))
    names = [attributes["alt"] for attributes in page.all("img")]
    assert names == ["Exhibit E1, face 1", "Reference W000801", "Reference W000802", "Reference W000803"]
    assert [svg["aria-label"] for svg in page.all("svg") if svg.get("class") == "shot"] == ["Exhibit E1"]


def test_nothing_is_fetched_and_nothing_runs() -> None:
    for text in (answer_html(answer_sheet()), faces_html(faces_sheet())):
        page = read(text)
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        policy = page.all("meta")[1]["content"]
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )
        addresses = [each[key] for _, each in page.elements for key in ("src", "href") if key in each]
        assert all(address.startswith(("data:image/jpeg;base64,", "https://example.org/")) for address in addresses)
        assert not {"script", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in page.elements}
        assert not any(name == "style" or name.startswith("on") for _, each in page.elements for name in each)
        assert "url(" not in style.replace('url("#hatch")', "")
        assert "@import" not in style


HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '"\' onmouseover=alert(1) x="',
    "style": "</style></title><style>*{display:none}</style>",
    "css": '"; } body { display: none } @import url(https://evil.example/x); a { b: "',
    "formula": "=cmd|' /C calc'!A0",
    "address": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "half address": 'https://evil.example/" onclick="alert(1)',
    "right to left": "\u202egpj.exe\u2066 ابجد",
    "template": "{{ 7 * 7 }}{% raw %}",
    "controls": "\0\x1b[2J\x08\r\n\ud800",
    "long": "x" * 10_000,
    "long words": "word " * 2_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    calm, hostile = read(answer_html(answer_sheet(text="plain"))), answer_html(answer_sheet(text=text))
    hostile.encode()  # halves of surrogate pairs are gone
    page = read(hostile)
    assert [(tag, sorted(each)) for tag, each in page.elements] == [(tag, sorted(each)) for tag, each in calm.elements]
    assert not page.all("a")
    assert "\0" not in hostile
    assert len(hostile) < len(answer_html(answer_sheet())) + 60_000


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text_on_a_sheet_of_faces(text: str) -> None:
    calm, hostile = read(faces_html(faces_sheet())), faces_html(faces_sheet(text))
    hostile.encode()
    page = read(hostile)
    assert [(tag, sorted(each)) for tag, each in page.elements] == [(tag, sorted(each)) for tag, each in calm.elements]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=40))
def test_any_text_stays_text(text: str) -> None:
    page = faces_html(faces_sheet(text))
    page.encode()
    assert [tag for tag, _ in read(page).elements] == [tag for tag, _ in read(faces_html(faces_sheet())).elements]


@pytest.mark.parametrize(
    ("address", "is_linked"),
    [
        ("https://example.org/a?b=c&d=%20#e", True),
        ("HTTP://example.org", True),
        ("https://", False),
        ("ftp://example.org/a", False),
        ("//example.org", False),
        ("https://example.org/a b", False),
        (" https://example.org", False),
    ],
)
def test_only_web_addresses_are_linked_and_tell_nothing_of_us(address: str, is_linked: bool) -> None:
    sheet = answer_sheet((0.4,), size=1)
    candidate = sheet.record.candidates[0]
    candidate = replace(candidate, provenance=replace(candidate.provenance, source_page=address))
    sheet = replace(
        sheet,
        record=replace(sheet.record, candidates=(candidate,)),
        candidates=(replace(sheet.candidates[0], candidate=candidate),),
    )
    links = read(answer_html(sheet)).all("a")
    assert [link["href"] for link in links] == ([address] if is_linked else [])
    assert all("noreferrer" in link["rel"] for link in links)


def boxes_of(svg: str) -> dict[int, tuple[Box, Box]]:
    """Read the two rectangles of each face back from a drawn picture."""
    tree = ET.fromstring(svg)  # noqa: S314  # our own page
    found = {}
    for group in tree.findall("g"):
        edge, box = (
            Box(*(float(cast("str", rect.get(name))) for name in ("x", "y", "width", "height")))
            for rect in group.findall("rect")[:2]
        )
        found[int(cast("str", group.get("data-face")))] = edge, box
    return found


def pictures_of(page: str) -> list[str]:
    return re.findall(r'<svg class="shot".*?</svg>', page, re.DOTALL)


def test_a_box_is_drawn_where_it_was_found_on_both_axes() -> None:
    (svg,) = pictures_of(answer_html(answer_sheet()))
    tree = ET.fromstring(svg)  # noqa: S314  # our own page
    assert tree.get("viewBox") == "0 0 1200 900"
    (image,) = tree.findall("image")
    assert [image.get(name) for name in ("x", "y", "width", "height")] == [None, None, "1200", "900"]
    assert image.get("preserveAspectRatio") == "none"  # a rounded side of the reduced picture shifts nothing
    assert boxes_of(svg) == {number: (box, box) for number, box in enumerate(BOXES, start=1)}


finite = st.floats(-5000, 5000, allow_nan=False)
sides = st.floats(0.01, 5000, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.builds(Box, finite, finite, sides, sides))
def test_any_box_reads_back_as_it_was(box: Box) -> None:
    (face,) = drawing("a", view(), (replace(marks()[0], box=box),)).faces
    assert Box(float(face.x), float(face.y), float(face.width), float(face.height)) == box
    assert "e" not in face.x + face.y + face.width + face.height
    tag = face.tag
    assert 0 <= tag.x <= 1200 - tag.width + 0.01
    assert 0 <= tag.y <= 900 - tag.height + 0.01


def test_the_chosen_face_lies_on_top_and_says_so() -> None:
    (svg,) = pictures_of(answer_html(answer_sheet()))
    assert list(boxes_of(svg)) == [2, 3, 1]
    assert re.findall(r"<text[^>]*>([^<]*)</text>", svg) == ["2", "3", "1 chosen"]
    assert svg.count('class="cross"') == 1


def test_crosses_are_left_out_where_they_would_hide_the_face() -> None:
    (face,) = drawing("a", view(9600, 7200, 32), (marks()[0],)).faces
    assert face.crosses == ""


def test_whole_enrolled_pictures_are_shown_where_they_are_given() -> None:
    sheet = answer_sheet()
    first = replace(sheet.candidates[0], picture=view(600, 800))
    svgs = pictures_of(answer_html(replace(sheet, candidates=(first, *sheet.candidates[1:]))))
    assert len(svgs) == 2
    assert 'viewBox="0 0 600 800"' in svgs[1]
    assert boxes_of(svgs[1]) == {1: (BOXES[0], BOXES[0])}


def test_a_sheet_of_faces_counts_what_failed() -> None:
    page = read(faces_html(faces_sheet()))
    text = page.text
    assert "3 faces found in 2 pictures; 1 could not be acquired. 1 picture could not be looked at." in text
    assert "not acquired: too few pixels" in text
    assert "No face was found in this picture." in text
    assert "truncated proof-03.tif" in text
    assert "better than 61 of 100 faces measured; eyes 48 px apart" in text
    assert text.index(LEAD_STATEMENT) < text.index("truncated")


def test_a_sheet_of_no_face_says_so() -> None:
    sheet = replace(faces_sheet(), pictures=(), unreadable=(("a.jpg", "truncated"),))
    assert "No face found in 0 pictures. 1 picture could not be looked at." in read(faces_html(sheet)).text


@pytest.mark.parametrize(
    "change",
    [
        {"statement": " "},
        {"candidates": ()},
        {"probe_crop": b"<svg/>"},
        {"entry_root": "77d0"},
    ],
)
def test_a_sheet_that_would_not_be_the_record_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        replace(answer_sheet(), **change)  # type: ignore[arg-type]


def test_another_case_exhibit_pack_or_face_is_refused() -> None:
    sheet = answer_sheet()
    with pytest.raises(InvalidInput):
        replace(sheet, case=replace(sheet.case, id=CaseId("c2")))
    with pytest.raises(InvalidInput):
        replace(sheet, exhibit=replace(sheet.exhibit, id=ExhibitId("e2")))
    with pytest.raises(InvalidInput):
        replace(sheet, pack=replace(sheet.pack, fingerprint=Fingerprint("b"), calibration=None))
    with pytest.raises(InvalidInput):
        replace(sheet, exhibit=replace(sheet.exhibit, faces=()))


@pytest.mark.parametrize(
    ("width", "height", "upright"),
    [(300, 225, (900, 1200)), (300, 220, (1200, 900)), (0, 0, (0, 0)), (300, 225, (1200, 1200))],
)
def test_a_picture_of_another_shape_is_refused(width: int, height: int, upright: tuple[int, int]) -> None:
    """A turned or squeezed picture would put every box in the wrong place."""
    with pytest.raises(InvalidInput):
        PictureView(jpeg(8, 8), width, height, *upright)


@pytest.mark.parametrize(
    ("width", "height", "upright"), [(960, 1, (65_500, 1)), (333, 250, (1331, 999)), (1, 1, (1, 1))]
)
def test_a_picture_whose_sides_were_rounded_is_taken(width: int, height: int, upright: tuple[int, int]) -> None:
    assert PictureView(jpeg(8, 8), width, height, *upright).width == width


def test_crops_and_faces_are_one_to_one() -> None:
    sheet = faces_sheet()
    name, shown, faces, crops = sheet.pictures[0]
    for wrong in (crops[:-1], (*crops, crops[0])):
        with pytest.raises(InvalidInput):
            FacesSheet("a", ((name, shown, faces, wrong),), (), sheet.made_at, "b")
    with pytest.raises(InvalidInput):
        replace(sheet, statement="")


def test_the_tail_of_the_specimens_is_extrapolated_where_the_tests_say() -> None:
    assert TAIL.expected_strangers(0.71, gallery_size=12_345).is_extrapolated
    assert not TAIL.expected_strangers(0.44, gallery_size=12_345).is_extrapolated
