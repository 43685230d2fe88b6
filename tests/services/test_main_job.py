"""Enrol, search, answer, replay: the main job, on real portraits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from lookalike.bootstrap import Application
from lookalike.domain.errors import Conflict, InvalidInput, NoFaceChosen, NotFound
from lookalike.domain.identifiers import SearchId, Seq
from lookalike.domain.log import EntryKind
from lookalike.domain.probes import ProbeKind
from lookalike.domain.searches import Outcome
from lookalike.index import ExhaustiveIndex
from lookalike.services.cases import AddExhibit
from lookalike.services.live_index import LiveIndex
from lookalike.services.replaying import Verdict
from services.conftest import Portraits, World

pytestmark = pytest.mark.faces


@pytest.fixture
def searched(world: World, portraits: Portraits) -> World:
    """A gallery of 24 portraits, and a case whose first exhibit shows the first sitter nine years later."""
    world.gallery()
    world.enrol(portraits("gallery", "mated", 24))
    world.case()
    world.exhibit(portraits("probe", "mated", 1)[0])
    return world


def test_the_mate_comes_first_with_its_meaning_and_its_record(searched: World, portraits: Portraits) -> None:
    record = searched.search()
    first = record.candidates[0]
    assert first.external_id == portraits("probe", "mated", 1)[0].stem
    assert record.outcome is Outcome.WORTH_REVIEW
    assert first.above_operating_point
    assert first.expected_strangers is not None
    assert first.expected_strangers.count < 0.01
    assert record.candidates[-1].expected_strangers is not None
    assert record.candidates[-1].expected_strangers.count > 1
    assert len(record.candidates) == 20
    assert record.certificate.compared == 24
    assert record.threshold is not None
    assert record.threshold.gallery_size == 24
    assert searched.application.records.show(record.id, actor=searched.application.actor) == record


def test_somebody_not_enrolled_has_no_candidate_worth_review_and_the_list_stays(
    searched: World, portraits: Portraits
) -> None:
    stranger = searched.exhibit(portraits("probe", "nonmated", 1)[0])
    record = searched.search(stranger.label)
    assert record.outcome is Outcome.NONE_WORTH_REVIEW
    assert len(record.candidates) == 20
    assert not any(candidate.above_operating_point for candidate in record.candidates)


def test_every_act_leaves_exactly_its_entry(searched: World) -> None:
    before = searched.kinds()
    record = searched.search()
    searched.application.records.show(record.id, actor=searched.application.actor)
    searched.application.replays.run(record.id, actor=searched.application.actor)
    searched.application.sheets.answer(record, actor=searched.application.actor)
    assert searched.kinds()[len(before) :] == [
        EntryKind.SEARCH_PERFORMED,
        EntryKind.SEARCH_VIEWED,
        EntryKind.SEARCH_REPLAYED,
        EntryKind.SHEET_EXPORTED,
    ]
    assert searched.entries()[record.seq].facts["list"] == record.receipt.list_digest


def test_no_answer_leaves_when_its_record_cannot_be_kept(searched: World) -> None:
    """Two searches with one id: the second cannot be recorded, so there is no second answer, and no entry."""
    service = replace(searched.application.searches, new_id=lambda: "thesamesearch")
    twice = World(searched.application)
    searched.application.__dict__["searches"] = service
    twice.search()
    before = searched.kinds()
    with pytest.raises(Conflict):
        twice.search()
    assert searched.kinds() == before


def test_a_replay_is_identical_whatever_happened_since(searched: World, portraits: Portraits) -> None:
    record = searched.search()
    searched.enrol(portraits("gallery", "distractor", 8))
    gone = record.candidates[0].external_id
    searched.application.galleries.remove("archive", gone, reason="withdrawn", actor=searched.application.actor)
    report = searched.application.replays.run(record.id, actor=searched.application.actor)
    assert (report.verdict, report.changes, report.largest_difference) == (Verdict.IDENTICAL, (), 0.0)
    assert report.compared == 24


def test_a_replay_says_what_changed(searched: World) -> None:
    """Another list under the same receipt: as if the record had been made by other means."""
    record = searched.search(limit=5)
    other = replace(
        record,
        id=SearchId("anothersearch"),
        seq=record.seq,
        candidates=tuple(replace(c, score=c.score + 0.01) for c in record.candidates[:4]),
    )
    with searched.application.database.begin() as unit:
        unit.searches.add(other)
    report = searched.application.replays.run("anothersearch", actor=searched.application.actor)
    assert report.verdict is Verdict.DIFFERS
    assert report.changes[0] == "New in the list: 1 faces (" + str(record.candidates[4].face) + ")."
    assert "Scores differ by up to 0.010000" in report.changes[1]


def test_a_removed_reference_is_never_returned_and_stands_as_of_then(searched: World) -> None:
    before = searched.search(limit=2)
    mate = before.candidates[0].external_id
    searched.application.galleries.remove("archive", mate, reason="withdrawn", actor=searched.application.actor)
    after = searched.search(limit=50)
    assert mate not in {candidate.external_id for candidate in after.candidates}
    assert after.certificate.compared == 23
    assert after.receipt.galleries[0].version > before.receipt.galleries[0].version
    then = searched.search(limit=2, as_of=before.receipt.settings.as_of)
    assert [(c.face, c.score) for c in then.candidates] == [(c.face, c.score) for c in before.candidates]


def test_the_home_opened_anew_gives_the_same_list(searched: World) -> None:
    record = searched.search()
    with Application(searched.application.settings) as elsewhere:
        again = World(elsewhere).search()
    assert again.receipt.list_digest == record.receipt.list_digest


def test_a_picture_with_several_faces_needs_a_choice(world: World, group_picture: Path, portraits: Portraits) -> None:
    world.gallery()
    world.enrol(portraits("gallery", "mated", 6))
    world.case()
    exhibit = world.exhibit(group_picture)
    assert len(exhibit.faces) == 3
    centres = [face.face.box.x + face.face.box.width / 2 for face in exhibit.faces]
    assert centres == sorted(centres)
    with pytest.raises(NoFaceChosen) as refused:
        world.search()
    assert refused.value.values["faces"] == 3
    with pytest.raises(NotFound):
        world.search(face=4)
    names = [picture.stem for picture in portraits("probe", "mated", 3)]
    found = [world.search(face=number).candidates[0].external_id for number in (1, 2, 3)]
    assert found == names


def test_positions_outside_the_log_are_refused(searched: World) -> None:
    with pytest.raises(InvalidInput):
        searched.search(as_of=10_000)


def test_the_same_exhibit_twice_is_one_and_never_under_another_origin(searched: World, portraits: Portraits) -> None:
    picture = portraits("probe", "mated", 1)[0]
    assert searched.exhibit(picture).label == "E1"
    with searched.application.database.read() as reading:
        case = reading.cases.by_ref("C-1")
        assert [e.kind for e in reading.exhibits.list(case.id)] == [ProbeKind.PHOTOGRAPH]
    other = AddExhibit("C-1", "photograph", "found in the street", picture.name, picture.read_bytes())
    with pytest.raises(Conflict):
        searched.application.exhibits.add(other, actor=searched.application.actor)


def test_thorough_belongs_to_the_exhibit_so_that_a_number_means_one_face(
    world: World, portraits: Portraits, tmp_path: Path
) -> None:
    """A tiny second face shows in the thorough exhibit only; the large one is found and searched in both."""
    world.gallery()
    world.enrol(portraits("gallery", "mated", 6))
    large, tiny = portraits("probe", "mated", 2)
    canvas = Image.new("RGB", (1000, 700), (118, 118, 118))
    with Image.open(tiny) as picture:
        canvas.paste(picture.convert("RGB").resize((22, 27)), (60, 60))
    with Image.open(large) as picture:
        canvas.paste(picture.convert("RGB"), (500, 200))
    path = tmp_path / "two.png"
    canvas.save(path)
    counts = []
    for case, thorough in (("C-1", False), ("C-2", True)):
        world.case(case)
        stated = AddExhibit(case, "photograph", "album", path.name, path.read_bytes(), thorough)
        exhibit = world.application.exhibits.add(stated, actor=world.application.actor)
        counts.append(len(exhibit.faces))
        number = max(exhibit.faces, key=lambda face: face.face.box.width).number
        record = world.search(case_ref=case, face=number)
        assert record.candidates[0].external_id == large.stem
        assert record.receipt.settings.thorough is thorough
        assert world.application.replays.run(record.id, actor=world.application.actor).verdict is Verdict.IDENTICAL
    assert counts == [1, 2]


class _RemovingIndex:
    """The live index, and somebody who removes a reference just after it was brought up."""

    def __init__(self, live: LiveIndex, remove: Callable[[], object]) -> None:
        self._live = live
        self._remove: Callable[[], object] | None = remove

    def current(self) -> tuple[ExhaustiveIndex, Seq]:
        found = self._live.current()
        if self._remove is not None:
            act, self._remove = self._remove, None
            act()
        return found


def test_a_removal_acknowledged_during_a_search_is_respected(searched: World, portraits: Portraits) -> None:
    application = searched.application
    mate = portraits("probe", "mated", 1)[0].stem
    assert searched.search(limit=2).candidates[0].external_id == mate
    index = _RemovingIndex(
        application.index,
        lambda: application.galleries.remove("archive", mate, reason="withdrawn", actor=application.actor),
    )
    application.__dict__["searches"] = replace(application.searches, index=cast("LiveIndex", index))
    record = searched.search(limit=50)
    assert mate not in {candidate.external_id for candidate in record.candidates}
    assert record.certificate.compared == 23
