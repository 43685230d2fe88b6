"""Actors, model packs and the index of stored objects, on both dialects."""

from dataclasses import replace
from pathlib import Path

import pytest

from conftest_store import ADA, FINGERPRINT, KEY, NOW, PACK, append, digest, furnish, refused
from lookalike.domain.errors import Conflict, NotFound
from lookalike.domain.identifiers import Actor, Fingerprint, Seq
from lookalike.store import BlobStore, Database, StoredBlob


def test_actors_are_added_once(database: Database) -> None:
    eve = Actor("os:eve")
    with database.begin() as unit:
        assert not unit.actors.exists(ADA)
        for actor in (eve, ADA):
            unit.actors.add(actor, at=NOW, seq=append(unit))
        with pytest.raises(Conflict):
            unit.actors.add(eve, at=NOW, seq=Seq(0))
    with database.read() as reading:
        assert reading.actors.list() == (eve, ADA)
        assert reading.actors.exists(ADA)
        assert not reading.actors.exists(Actor("OS:ADA"))


def test_packs_come_back_exactly(database: Database) -> None:
    other = replace(PACK, id="other", fingerprint=Fingerprint("0" * 64), calibration=None, files=())
    with database.begin() as unit:
        furnish(unit)
        unit.packs.add(other, accepted_by=ADA, at=NOW, seq=append(unit))
        with pytest.raises(Conflict):
            unit.packs.add(PACK, accepted_by=ADA, at=NOW, seq=Seq(0))
    with database.read() as reading:
        assert reading.packs.list() == (PACK, other)
        assert reading.packs.get(FINGERPRINT) == PACK
        with pytest.raises(NotFound):
            reading.packs.get(Fingerprint("1" * 64))


def test_blob_rows_come_back_exactly(database: Database, tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs", KEY)
    one, two, again = store.put(b"one"), store.put(b"two"), store.put(b"one")
    with database.begin() as unit:
        for blob in (one, two):
            unit.blobs.add(blob)
        with pytest.raises(Conflict):
            unit.blobs.add(again)
    with database.read() as reading:
        assert set(reading.blobs.list()) == {one, two}
        assert store.get(reading.blobs.get(one.sha256)) == b"one"
        assert reading.blobs.exists(two.sha256)
        assert not reading.blobs.exists(digest("three"))
        with pytest.raises(NotFound):
            reading.blobs.get(digest("three"))


def test_two_objects_never_share_a_file(database: Database) -> None:
    with database.begin() as unit:
        unit.blobs.add(StoredBlob(digest("a"), 1, "name", b"key"))
    refused(database, Conflict, lambda unit: unit.blobs.add(StoredBlob(digest("b"), 1, "name", b"key")))


def test_totals(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit, "a", "b")
        assert unit.totals() == {
            "actors": 1,
            "packs": 1,
            "galleries": 2,
            "references": 0,
            "removed references": 0,
            "cases": 0,
            "exhibits": 0,
            "searches": 0,
        }
