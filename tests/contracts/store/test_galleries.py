"""Galleries, their versions and their model packs, on both dialects."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from conftest_store import (
    ADA,
    DIMENSION,
    FINGERPRINT,
    NOW,
    PACK,
    acquired,
    append,
    declared,
    furnish,
    not_acquired,
    picture,
    refused,
    template,
)
from lookalike.domain.errors import Conflict, IncomparableTemplates, InvalidInput, NotFound
from lookalike.domain.galleries import GalleryCounts, GalleryState
from lookalike.domain.identifiers import Fingerprint, GalleryId, Seq
from lookalike.store import Database


def test_a_gallery_comes_back_as_it_was_declared(database: Database) -> None:
    at = datetime(2026, 7, 1, 12, 0, 0, 123456, timezone(timedelta(hours=2)))
    with database.begin() as unit:
        furnish(unit)
        seq = append(unit)
        made = unit.galleries.add(declared(), at=at, actor=ADA, seq=seq)
    with database.read() as reading:
        kept = reading.galleries.by_name("StAfF")
        assert kept == made == reading.galleries.get(made.id)
        assert reading.galleries.list() == (made,)
    assert kept.declared == declared()
    assert (kept.registered_at, kept.registered_at.tzinfo) == (at, UTC)
    assert (kept.registered_by, kept.version, kept.state, kept.fingerprint) == (ADA, seq, GalleryState.OPEN, None)


def test_a_gallery_without_an_end_comes_back_so(database: Database) -> None:
    endless = replace(declared(), retain_until=None)
    with database.begin() as unit:
        furnish(unit)
        assert unit.galleries.add(endless, at=NOW, actor=ADA, seq=append(unit)).declared == endless


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = NOW.replace(tzinfo=None)
    refused(
        database,
        InvalidInput,
        lambda unit: unit.galleries.add(declared(), at=naive, actor=ADA, seq=append(unit)),
        "zone",
    )


def test_what_is_not_there_is_not_found(database: Database) -> None:
    nothing = GalleryId(7)
    with database.begin() as unit:
        for ask in (
            lambda: unit.galleries.by_name("staff"),
            lambda: unit.galleries.get(nothing),
            lambda: unit.galleries.version_at(nothing, Seq(0)),
            lambda: unit.galleries.set_state(nothing, GalleryState.CLOSED),
            lambda: unit.galleries.touch(nothing, Seq(0), None),
        ):
            with pytest.raises(NotFound):
                ask()
        assert unit.galleries.list() == ()


def test_a_gallery_is_closed_and_opened(database: Database) -> None:
    with database.begin() as unit:
        (id_,) = furnish(unit, "staff")
        for state in (GalleryState.CLOSED, GalleryState.OPEN):
            unit.galleries.set_state(id_, state)
            assert unit.galleries.get(id_).state is state


def test_counts_are_of_what_is_enrolled_now(database: Database) -> None:
    with database.begin() as unit:
        first, second = furnish(unit, "first", "second")
        seq = append(unit)
        unit.references.add(picture(first, "a", acquired(1, template(1)), not_acquired(2)), seq=seq)
        gone, _ = unit.references.add(picture(first, "b", acquired(1, template(2)), acquired(2, template(3))), seq=seq)
        unit.references.add(picture(first, "c"), seq=seq)
        assert unit.galleries.counts(first) == GalleryCounts(references=3, faces=3)
        unit.references.remove(gone, seq=append(unit))
        assert unit.galleries.counts(first) == GalleryCounts(references=2, faces=1)
        assert unit.galleries.counts(second) == GalleryCounts(references=0, faces=0)


def test_the_version_is_the_last_change(database: Database) -> None:
    with database.begin() as unit:
        first, second = furnish(unit, "first", "second")  # 0
        append(unit)  # 1
        id_, _ = unit.references.add(picture(first, "a", acquired(1, template(1))), seq=append(unit))  # 2
        unit.references.add(picture(second, "a"), seq=append(unit))  # 3
        unit.references.remove(id_, seq=append(unit))  # 4
        append(unit)  # 5
        assert [unit.galleries.version_at(first, Seq(n)) for n in range(7)] == [0, 0, 2, 2, 4, 4, 4]
        assert [unit.galleries.version_at(second, Seq(n)) for n in range(7)] == [0, 0, 0, 3, 3, 3, 3]
        assert [gallery.version for gallery in unit.galleries.list()] == [4, 3]
        late = unit.galleries.add(declared("late"), at=NOW, actor=ADA, seq=append(unit))  # 6
        with pytest.raises(NotFound, match="after log position 5"):
            unit.galleries.version_at(late.id, Seq(5))


def test_a_gallery_holds_templates_of_one_pack(database: Database) -> None:
    other = Fingerprint("0" * 64)
    with database.begin() as unit:
        first, second = furnish(unit, "first", "second")
        unit.packs.add(replace(PACK, fingerprint=other, calibration=None), accepted_by=ADA, at=NOW, seq=append(unit))
        unit.references.add(picture(first, "a"), seq=append(unit))
        assert unit.galleries.get(first).fingerprint is None  # nothing was acquired yet
        unit.references.add(picture(first, "b", acquired(1, template(1))), seq=append(unit))
        assert unit.galleries.get(first).fingerprint == FINGERPRINT
        foreign = acquired(1, template(1, other))
        with pytest.raises(IncomparableTemplates):
            unit.references.add(picture(first, "c", foreign), seq=append(unit))
        with pytest.raises(IncomparableTemplates):
            unit.galleries.touch(first, Seq(0), other)
        assert unit.galleries.get(first).version == 3  # what was refused changed nothing
        mixed = picture(second, "c", foreign, acquired(2, template(2)))
        with pytest.raises(IncomparableTemplates):
            unit.references.add(mixed, seq=append(unit))


def test_touching_says_what_enrolment_said(database: Database) -> None:
    with database.begin() as unit:
        (id_,) = furnish(unit, "staff")
        seq = append(unit)
        unit.references.add(picture(id_, "a", acquired(1, template(1))), seq=seq)
        before = unit.galleries.get(id_)
        unit.galleries.touch(id_, seq, FINGERPRINT)
        unit.galleries.touch(id_, Seq(0), None)
        assert unit.galleries.get(id_) == before


def test_templates_of_an_unknown_pack_are_refused(database: Database) -> None:
    with database.begin() as unit:
        (id_,) = furnish(unit, "staff")
        with pytest.raises(NotFound, match="model pack"):
            unit.references.add(picture(id_, "a", acquired(1, template(1, Fingerprint("9" * 64)))), seq=append(unit))


def test_templates_of_another_dimension_are_refused(database: Database) -> None:
    with database.begin() as unit:
        (id_,) = furnish(unit, "staff")
        wide = acquired(1, template(1, dimension=DIMENSION + 1))
        with pytest.raises(InvalidInput, match="8 numbers, not of 9"):
            unit.references.add(picture(id_, "a", wide), seq=append(unit))
        with pytest.raises(InvalidInput, match="one dimension"):
            unit.references.add(picture(id_, "a", acquired(2, template(1)), wide), seq=append(unit))


def test_a_name_is_taken_once(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit, "staff")
        with pytest.raises(Conflict):
            unit.galleries.add(declared("Staff"), at=NOW, actor=ADA, seq=Seq(0))
