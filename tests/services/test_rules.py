"""Intake, entitlement and the other rules that hold from the first day; refusals are on the record."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from lookalike.domain.errors import IncomparableTemplates, NotFound, PolicyRefusal
from lookalike.domain.galleries import Purpose
from lookalike.domain.geometry import Box
from lookalike.domain.identifiers import Fingerprint
from lookalike.domain.log import EntryKind
from lookalike.domain.searches import Outcome
from lookalike.domain.statements import FACES_STATEMENT, LEAD_STATEMENT
from lookalike.services.cases import AddExhibit, OpenCase
from services.conftest import Portraits, World

HONEST = {"ref": "C-9", "purpose": "journalism", "matter": "caption", "legal_basis": "Press law", "requester": "Ada"}


def _last_refusal(world: World) -> dict[str, object]:
    last = world.entries()[-1]
    assert last.kind is EntryKind.ACT_REFUSED
    return dict(last.facts)


@pytest.mark.parametrize("missing", ["ref", "purpose", "matter", "legal_basis", "requester"])
def test_a_case_needs_all_of_its_intake_and_a_refusal_is_recorded(world: World, missing: str) -> None:
    with pytest.raises(PolicyRefusal) as refused:
        world.application.cases.open(OpenCase(**(HONEST | {missing: "  "})), actor=world.application.actor)
    assert refused.value.values["rule"] == "O1"
    assert _last_refusal(world)["act"] == "open case"
    with pytest.raises(NotFound):
        world.application.cases.show("C-9")


def test_a_purpose_outside_the_closed_set_is_refused(world: World) -> None:
    with pytest.raises(PolicyRefusal):
        world.application.cases.open(OpenCase(**(HONEST | {"purpose": "curiosity"})), actor=world.application.actor)


@pytest.mark.faces
@pytest.mark.parametrize(
    ("kind", "origin", "rule"),
    [("sketch", "artist", "O4"), ("composite", "desk", "O4"), ("photograph", " ", "O1"), ("", "album", "O4")],
)
def test_an_exhibit_states_its_origin_and_is_a_photograph(
    world: World, portraits: Portraits, kind: str, origin: str, rule: str
) -> None:
    world.case()
    picture = portraits("probe", "mated", 1)[0]
    with pytest.raises(PolicyRefusal) as refused:
        world.application.exhibits.add(
            AddExhibit("C-1", kind, origin, picture.name, picture.read_bytes()), actor=world.application.actor
        )
    assert refused.value.values["rule"] == rule
    assert _last_refusal(world)["rule"] == rule


@pytest.mark.faces
@pytest.mark.parametrize("limit", [-1, 0, 1, 51, 1000])
def test_a_list_holds_two_to_fifty(world: World, portraits: Portraits, limit: int) -> None:
    world.gallery()
    world.case()
    world.exhibit(portraits("probe", "mated", 1)[0])
    with pytest.raises(PolicyRefusal) as refused:
        world.search(limit=limit)
    assert refused.value.values["rule"] == "O6"
    assert _last_refusal(world)["rule"] == "O6"


@pytest.mark.faces
def test_only_entitled_galleries_are_searched(world: World, portraits: Portraits) -> None:
    mated = portraits("gallery", "mated", 4)
    world.gallery("ours")
    world.enrol(mated[:2], "ours")
    world.gallery("press", purpose=Purpose.JOURNALISM)
    world.enrol(mated[2:], "press")
    world.gallery("old", until=date(2026, 6, 2))
    world.enrol(portraits("gallery", "distractor", 2), "old")
    world.case()
    world.exhibit(portraits("probe", "mated", 3)[2])
    record = world.search()
    assert [gallery.name for gallery in record.receipt.galleries] == ["ours"]
    for name in ("press", "old"):
        with pytest.raises(PolicyRefusal) as refused:
            world.search(galleries=("ours", name))
        assert refused.value.values["rule"] == "O3"
        assert _last_refusal(world)["galleries"] == ("ours", name)
    with pytest.raises(NotFound):
        world.search(galleries=("nowhere",))


@pytest.mark.faces
def test_no_gallery_to_search_is_a_refusal_and_not_an_empty_answer(world: World, portraits: Portraits) -> None:
    world.case()
    world.exhibit(portraits("probe", "mated", 1)[0])
    with pytest.raises(PolicyRefusal, match="no gallery to search"):
        world.search()


@pytest.mark.faces
def test_an_empty_gallery_gives_no_answer_about_anybody(world: World, portraits: Portraits) -> None:
    world.gallery()
    world.case()
    world.exhibit(portraits("probe", "mated", 1)[0])
    record = world.search()
    assert (record.outcome, record.candidates, record.threshold) == (Outcome.NOTHING_COMPARED, (), None)


@pytest.mark.faces
def test_an_expired_gallery_takes_no_more_references(world: World, portraits: Portraits) -> None:
    world.gallery(until=date(2026, 5, 31))
    with pytest.raises(PolicyRefusal):
        world.enrol(portraits("gallery", "mated", 1))
    assert _last_refusal(world)["act"] == "enrol"


@pytest.mark.faces
def test_a_probe_is_never_enrolled(world: World, portraits: Portraits) -> None:
    world.gallery()
    world.case()
    probe = portraits("probe", "mated", 1)[0]
    world.exhibit(probe)
    report = world.enrol([probe, *portraits("gallery", "mated", 1)])
    assert report.enrolled == 1
    assert [item.reason for item in report.refused] == ["is an exhibit of a case; a probe is never enrolled (rule O5)"]


@pytest.mark.faces
def test_another_model_pack_is_never_mixed_in(world: World, portraits: Portraits) -> None:
    world.gallery()
    world.enrol(portraits("gallery", "mated", 2))
    honest = world.application.enrolment
    foreign = replace(honest, fingerprint=Fingerprint("0" * 64))
    world.application.__dict__["enrolment"] = foreign
    with pytest.raises(IncomparableTemplates):
        world.enrol(portraits("gallery", "mated", 3))


def test_the_statement_cannot_be_empty() -> None:
    assert "not evidence of who anybody is" in LEAD_STATEMENT


@pytest.mark.faces
def test_every_sheet_carries_its_statement(world: World, portraits: Portraits) -> None:
    world.gallery()
    world.enrol(portraits("gallery", "mated", 3))
    world.case()
    exhibit = world.exhibit(portraits("probe", "mated", 1)[0])
    actor = world.application.actor
    assert LEAD_STATEMENT in world.application.sheets.answer(world.search(), actor=actor)
    assert FACES_STATEMENT in world.application.sheets.exhibit(exhibit, actor=actor)


@pytest.mark.faces
def test_a_tiny_face_in_a_large_picture_has_its_crop(world: World, portraits: Portraits, tmp_path: Path) -> None:
    """A crop of the usual size would ask for a larger picture than there is, or than any decoder makes."""
    large = Image.new("RGB", (12_000, 1_200), (118, 118, 118))
    with Image.open(portraits("probe", "mated", 1)[0]) as picture:
        large.paste(picture.convert("RGB").resize((600, 734)), (6_000, 200))
    path = tmp_path / "large.png"
    large.save(path)
    world.case()
    exhibit = world.exhibit(path)
    assert len(exhibit.faces) == 1
    tiny = replace(exhibit.faces[0], face=replace(exhibit.faces[0].face, box=Box(6_100, 400, 20, 20)))
    page = world.application.sheets.exhibit(replace(exhibit, faces=(tiny,)), actor=world.application.actor)
    assert page.count("data:image/jpeg") == 2
