"""References, faces and templates, on both dialects."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest_store import (
    FACE,
    FINGERPRINT,
    ORIGIN,
    QUALITY,
    acquired,
    append,
    digest,
    furnish,
    not_acquired,
    picture,
    refused,
    template,
    undone,
)
from lookalike.domain.errors import Conflict, IntegrityError, InvalidInput, LookalikeError, NotFound
from lookalike.domain.faces import DetectedFace, Quality, QualityReason, WhyNot
from lookalike.domain.frames import Origin
from lookalike.domain.geometry import Box, Landmarks
from lookalike.domain.identifiers import Digest, FaceId, Fingerprint, GalleryId, ReferenceId, Seq
from lookalike.domain.references import NewFace, Provenance
from lookalike.store import Database, TemplateBlock, Unit

number = st.floats(allow_nan=False, allow_infinity=False)
above_zero = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
point = st.tuples(number, number)
detected = st.builds(
    DetectedFace,
    st.builds(Box, number, number, above_zero, above_zero),
    st.builds(Landmarks, point, point, point, point, point),
    st.floats(0, 1),
)
quality = st.builds(Quality, number, number, number, st.lists(st.sampled_from(QualityReason)).map(tuple))
fields = ("source_page", "picture_address", "licence", "notes", "file_name")
provenance = st.builds(Provenance, captured=st.sampled_from(["", "2015", "2015-06"]), **dict.fromkeys(fields, words))
origin = st.builds(
    Origin, words, *[st.integers(0, 2**31 - 1)] * 2, st.integers(1, 8), words, *[st.integers(0, 2**31 - 1)] * 2
)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_reference_comes_back_exactly(database: Database, data: st.DataObject) -> None:
    found = data.draw(st.lists(st.tuples(detected, st.none() | quality, st.sampled_from(WhyNot), seeds), max_size=3))
    faces = tuple(
        NewFace(n, face, None, None, why_not) if good is None else NewFace(n, face, template(seed), good, None)
        for n, (face, good, why_not, seed) in enumerate(found, 1)
    )

    def write_and_read(unit: Unit) -> None:
        (gallery,) = furnish(unit, "staff")
        new = replace(
            picture(gallery, data.draw(words), *faces),
            provenance=data.draw(provenance),
            origin=data.draw(origin),
            analysed_size=data.draw(st.tuples(st.integers(1, 99999), st.integers(1, 99999))),
        )
        seq = append(unit)
        id_, face_ids = unit.references.add(new, seq=seq)
        kept = unit.references.get(id_)
        assert kept.external_id == new.external_id
        assert kept.provenance == new.provenance
        assert kept.origin == new.origin
        assert kept.analysed_size == new.analysed_size
        assert (kept.gallery, kept.gallery_name, kept.original) == (gallery, "staff", new.original)
        assert (kept.added_seq, kept.removed_seq) == (seq, None)
        assert [face_id is None for face_id in face_ids] == [face.template is None for face in faces]
        shown = unit.references.faces([each for each in face_ids if each is not None])
        for face_id, face in zip(face_ids, faces, strict=True):
            if face_id is not None:
                one = shown[face_id]
                assert (one.id, one.number, one.reference) == (face_id, face.number, kept)
                assert (one.face, one.quality) == (face.face, face.quality)
        assert len(shown) == sum(face.template is not None for face in faces)

    undone(database, write_and_read)


def test_enrolled_is_what_was_not_removed(database: Database) -> None:
    with database.begin() as unit:
        first, second = furnish(unit, "first", "second")
        seq = append(unit)
        same = digest("same picture")
        kept, _ = unit.references.add(picture(first, "a", original=same), seq=seq)
        gone, _ = unit.references.add(picture(first, "a", original=digest("other")), seq=seq)
        elsewhere, _ = unit.references.add(picture(second, "a", original=same), seq=seq)
        removed_at = append(unit)
        unit.references.remove(gone, seq=removed_at)
    with database.read() as reading:
        references = reading.references
        assert references.find(first, "a", same) == kept
        assert references.find(second, "a", same) == elsewhere
        assert references.find(first, "a", digest("other")) is None
        assert references.find(first, "A", same) is None
        assert [each.id for each in references.by_external_id(first, "a")] == [kept]
        assert [each.id for each in references.by_original(same)] == [kept, elsewhere]
        assert [each.id for each in references.by_original(digest("other"))] == [gone]
        assert [each.id for each in references.list(first)] == [kept]
        assert list(references.enrolled_keys(first)) == [("a", same)]
        assert references.get(gone).removed_seq == removed_at


def test_a_removed_picture_is_enrolled_again_as_a_new_reference(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        first, (face,) = unit.references.add(picture(gallery, "a", acquired(1, template(1))), seq=append(unit))
        unit.references.remove(first, seq=append(unit))
        second, (other_face,) = unit.references.add(picture(gallery, "a", acquired(1, template(1))), seq=append(unit))
        assert (first, face) != (second, other_face)
        assert unit.references.find(gallery, "a", digest("a")) == second


def test_a_picture_is_enrolled_once(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        unit.references.add(picture(gallery, "a"), seq=append(unit))
    with pytest.raises(Conflict), database.begin() as unit:
        unit.references.add(picture(gallery, "a"), seq=append(unit))


def test_removing_is_done_once_and_later(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        id_, _ = unit.references.add(picture(gallery, "a"), seq=append(unit))
        unit.references.remove(id_, seq=append(unit))
        with pytest.raises(Conflict):
            unit.references.remove(id_, seq=append(unit))
        with pytest.raises(NotFound):
            unit.references.remove(ReferenceId(99), seq=append(unit))

    def remove_at_once(unit: Unit) -> None:
        seq = append(unit)
        id_, _ = unit.references.add(picture(gallery, "b"), seq=seq)
        unit.references.remove(id_, seq=seq)

    refused(database, IntegrityError, remove_at_once)


def test_what_is_not_there_is_not_found(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        _, (good, bad) = unit.references.add(
            picture(gallery, "a", acquired(1, template(1)), not_acquired(2)), seq=append(unit)
        )
        assert good is not None
        assert bad is None
        with pytest.raises(NotFound):
            unit.references.get(ReferenceId(99))
        assert unit.references.faces([]) == {}
        for missing in (good + 1, 99):  # a failure to acquire has a row, and is no face to be shown
            with pytest.raises(NotFound, match="1 of 2"):
                unit.references.faces([good, FaceId(missing)])
        with pytest.raises(LookalikeError):
            unit.references.add(picture(GalleryId(99), "a"), seq=append(unit))


def test_faces_of_many_pictures(database: Database) -> None:
    count = 1203
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        news = [picture(gallery, f"p{n}", acquired(1, template(n))) for n in range(count)]
        enrolled = unit.references.add_many(news, seq=append(unit))
        ids = [face for _, (face,) in enrolled if face is not None]
        shown = unit.references.faces(ids)
        assert [shown[id_].reference.external_id for id_ in ids] == [new.external_id for new in news]
        assert len(list(unit.references.enrolled_keys(gallery))) == count
        pages = [unit.references.list(gallery, 500)]
        while pages[-1]:
            pages.append(unit.references.list(gallery, 500, pages[-1][-1].id))
        assert [len(page) for page in pages] == [500, 500, 203, 0]
        assert unit.references.add_many([], seq=append(unit)) == ()


def test_inconsistent_faces_are_refused(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        seq = append(unit)
        for wrong in (
            NewFace(1, FACE, template(1), QUALITY, WhyNot.TOO_FEW_PIXELS),
            NewFace(1, FACE, template(1), None, None),
            NewFace(1, FACE, None, None, None),
            NewFace(1, FACE, None, QUALITY, None),
        ):
            with pytest.raises(InvalidInput):
                unit.references.add(picture(gallery, "a", wrong), seq=seq)
    for wrong_picture in (
        picture(gallery, "a", not_acquired(1), not_acquired(1)),  # one number twice
        picture(gallery, "a", not_acquired(0)),
        replace(picture(gallery, "a"), origin=replace(ORIGIN, orientation=9)),
        replace(picture(gallery, "a"), original=Digest(digest("a")[:-1])),
    ):
        with pytest.raises((IntegrityError, Conflict)), database.begin() as unit:
            unit.references.add(wrong_picture, seq=append(unit))


@pytest.mark.parametrize("name", ["nul\0", "half a pair \udc80"])
def test_text_that_cannot_be_stored_is_invalid_input(database: Database, name: str) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
    wrong = picture(gallery, name, original=digest("x"))
    refused(database, InvalidInput, lambda unit: unit.references.add(wrong, seq=append(unit)))
    with database.read() as reading, pytest.raises(InvalidInput):
        reading.references.find(GalleryId(1), name, digest("x"))


def test_not_a_number_is_invalid_input(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
    poor = picture(gallery, "a", NewFace(1, FACE, template(1), replace(QUALITY, norm=math.nan), None))
    refused(database, InvalidInput, lambda unit: unit.references.add(poor, seq=append(unit)), "NaN")


def test_numbers_of_numpy_are_stored_as_numbers(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        score = np.float32(0.1)
        face = DetectedFace(FACE.box, FACE.landmarks, score)  # type: ignore[arg-type]
        new = NewFace(np.int64(1), face, template(1), QUALITY, None)  # type: ignore[arg-type]
        _, (id_,) = unit.references.add(picture(gallery, "a", new), seq=append(unit))
        assert id_ is not None
        shown = unit.references.faces([FaceId(np.int64(id_))])[id_]  # type: ignore[arg-type]
        assert (shown.number, shown.face.score) == (1, float(score))


def joined(blocks: list[TemplateBlock]) -> dict[str, list[int]]:
    names = ("faces", "galleries", "added", "removed")
    return {name: np.concatenate([getattr(block, name) for block in blocks]).tolist() for name in names}


def test_templates_for_an_index(database: Database) -> None:
    with database.begin() as unit:
        first, second = furnish(unit, "first", "second")  # 0
        seq = append(unit)  # 1
        unit.references.add(picture(first, "a", not_acquired(1), acquired(2, template(1))), seq=seq)
        gone, _ = unit.references.add(picture(second, "b", acquired(1, template(2)), acquired(2, template(3))), seq=seq)
        unit.references.add(picture(second, "c", acquired(1, template(4))), seq=append(unit))  # 2
        unit.references.remove(gone, seq=append(unit))  # 3
    with database.read() as reading:
        blocks: list[TemplateBlock] = []
        for size in (1, 2, 4, 20_000):
            blocks = list(reading.references.templates(fingerprint=FINGERPRINT, block=size))
            assert joined(blocks) == {
                "faces": [2, 3, 4, 5],
                "galleries": [first, second, second, second],
                "added": [1, 1, 1, 2],
                "removed": [-1, 3, 3, -1],
            }
            vectors = np.concatenate([block.vectors for block in blocks])
            assert vectors.tobytes() == np.stack([template(n).vector for n in (1, 2, 3, 4)]).tobytes()
        (whole,) = blocks
        kinds = {name: str(getattr(whole, name).dtype) for name in whole.__slots__}
        assert kinds == {
            "faces": "int64",
            "vectors": "float32",
            "galleries": "int32",
            "added": "int64",
            "removed": "int64",
        }
        (rest,) = reading.references.templates(fingerprint=FINGERPRINT, after_face=4)
        assert rest.faces.tolist() == [5]
        assert list(reading.references.templates(fingerprint=FINGERPRINT, after_face=5)) == []
        assert list(reading.references.templates(fingerprint=Fingerprint("9" * 64))) == []
        assert [
            (at, faces.tolist()) for at, faces in reading.references.removals(fingerprint=FINGERPRINT, after=Seq(0))
        ] == [(3, [3, 4])]
        assert list(reading.references.removals(fingerprint=FINGERPRINT, after=Seq(3))) == []
        assert list(reading.references.removals(fingerprint=Fingerprint("9" * 64), after=Seq(0))) == []


def test_a_vector_altered_in_its_row_is_noticed(database: Database) -> None:
    """On a server by its seal; in a file the pages are sealed, and here only the length can be wrong."""
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        for name, seed in (("a", 1), ("b", 2)):
            unit.references.add(picture(gallery, name, acquired(1, template(seed))), seq=append(unit))
    changes = ["UPDATE template SET vector = substr(vector, 2) WHERE face = 1"]
    if database.dialect == "postgresql":
        changes += [
            "UPDATE template SET vector = set_byte(vector, 20, get_byte(vector, 20) # 1) WHERE face = 1",
            "UPDATE template SET vector = (SELECT o.vector FROM template o WHERE o.face = 2) WHERE face = 1",
            "UPDATE template SET vector = '' WHERE face = 1",
        ]

    def alter_and_read(unit: Unit, change: str) -> None:
        unit.references._statements._connection.exec_driver_sql(change)
        list(unit.references.templates(fingerprint=FINGERPRINT))

    for change in changes:
        refused(database, IntegrityError, partial(alter_and_read, change=change))


def test_a_server_never_sees_a_vector(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
        unit.references.add(picture(gallery, "a", acquired(1, template(1))), seq=append(unit))
        (kept,) = unit.references._statements._connection.exec_driver_sql("SELECT vector FROM template").one()
    assert (template(1).vector.tobytes() in bytes(kept)) == (database.dialect == "sqlite")
