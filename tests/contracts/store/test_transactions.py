"""What is committed, what is not, and in which order, on both dialects."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from conftest_store import ADA, KEY, NOW, acquired, append, declared, furnish, picture, refused, template, undone
from lookalike.domain.errors import Conflict, IntegrityError, InvalidInput, LookalikeError, Unavailable
from lookalike.domain.identifiers import Actor, GalleryId, Seq
from lookalike.store import Database, Unit, open_database

WRITER = Path(__file__).with_name("writer.py")
TESTS = Path(__file__).parents[2]


def start_writer(url: str, name: str, units: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, str(WRITER), url, name, str(units)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_an_exception_rolls_everything_back(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")

    def write(unit: Unit) -> None:
        seq = append(unit)
        unit.galleries.add(declared("other"), at=NOW, actor=ADA, seq=seq)
        unit.references.add(picture(gallery, "a", acquired(1, template(1))), seq=seq)

    undone(database, write)
    with database.read() as reading:
        assert reading.log.head().size == 1
        assert [each.name for each in reading.galleries.list()] == ["staff"]
        assert reading.galleries.counts(gallery).references == 0
        assert reading.totals()["references"] == 0
    with database.begin() as unit:  # the ids come again: nothing at all is left of them
        assert unit.galleries.add(declared("third"), at=NOW, actor=ADA, seq=append(unit)).id == gallery + 1


def test_a_fact_is_not_committed_without_its_entry(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit)
    with pytest.raises(IntegrityError, match="audit entry"), database.begin() as unit:
        unit.galleries.add(declared(), at=NOW, actor=ADA, seq=Seq(unit.log.head().size))
    with database.read() as reading:
        assert reading.galleries.list() == ()
    with database.begin() as unit:  # the fact may come before its entry, within one unit
        unit.galleries.add(declared(), at=NOW, actor=ADA, seq=Seq(unit.log.head().size))
        append(unit)


def test_a_fact_is_not_committed_for_an_unknown_actor(database: Database) -> None:
    with pytest.raises(IntegrityError, match="actor"), database.begin() as unit:
        unit.galleries.add(declared(), at=NOW, actor=Actor("os:nobody"), seq=append(unit))


def test_a_swallowed_failure_is_not_committed(database: Database) -> None:
    with database.begin() as unit:
        (gallery,) = furnish(unit, "staff")
    twice = [picture(gallery, "a"), picture(gallery, "a")]

    def swallow(unit: Unit) -> None:
        with pytest.raises(Conflict):
            unit.references.add_many(twice, seq=append(unit))

    refused(database, IntegrityError, swallow, "regardless")
    with database.read() as reading:
        assert reading.log.head().size == 1


def test_a_conflict_found_by_looking_leaves_the_unit_usable(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit, "staff")
        with pytest.raises(Conflict):
            unit.galleries.add(declared("STAFF"), at=NOW, actor=ADA, seq=Seq(0))
    with database.read() as reading:
        assert len(reading.galleries.list()) == 1


def test_a_snapshot_does_not_move(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit)
    with database.read() as reading:
        assert reading.log.head().size == 1
        with database.begin() as unit:
            append(unit)
        assert reading.log.head().size == 1
        assert len(list(reading.log.entries())) == 1
    with database.read() as reading:
        assert reading.log.head().size == 2


def test_a_reading_cannot_write(database: Database) -> None:
    with database.begin() as unit:
        furnish(unit)
    with database.read() as reading, pytest.raises(LookalikeError):
        reading.galleries._statements.take_ids("gallery", 1)
    with database.begin() as unit:  # the same connection writes again
        append(unit)


def test_a_second_writer_waits_and_then_says_so(url: str, database: Database) -> None:
    other = open_database(url, KEY, patience_s=0.2)
    with database.begin():
        with pytest.raises(Unavailable) as caught, other.begin():
            pass
        assert caught.value.remedy
        with other.read() as reading:  # readers never wait
            assert reading.log.head().size == 0
    with other.begin() as unit:
        append(unit)
    other.close()


def test_two_processes_write_at_once(url: str, database: Database) -> None:
    units = 25
    writers = {name: start_writer(url, name, units) for name in ("one", "two")}
    seen = 0
    while any(writer.poll() is None for writer in writers.values()):
        with database.read() as reading:  # at every moment the log is whole: a commit is never seen before an earlier
            size = reading.log.head().size
            assert [entry.seq for entry in reading.log.entries()] == list(range(size))
            assert len(reading.actors.list()) == 3 * size
            assert size >= seen
            seen = size
        time.sleep(0.05)
    told = {name: [line.split() for line in writer.communicate()[0].splitlines()] for name, writer in writers.items()}
    with database.read() as reading:
        data = [entry.data.decode() for entry in reading.log.entries()]
    assert len(data) == 2 * units
    for name, lines in told.items():
        assert writers[name].returncode == 0
        assert len(lines) == units
        assert all(data[int(seq)] == f"{name} {number}" for number, seq in lines)
    assert Counter(line.split()[0] for line in data) == {"one": units, "two": units}


@pytest.mark.parametrize("acknowledged", [1, 9])
def test_a_killed_writer_leaves_nothing_partial(url: str, database: Database, acknowledged: int) -> None:
    writer = start_writer(url, "doomed", 100_000)
    assert writer.stdout is not None
    last = [writer.stdout.readline() for _ in range(acknowledged)][-1]
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate()
    told = int((last + rest).splitlines()[-1].split()[0]) + 1 if (last + rest).endswith("\n") else acknowledged
    with database.begin() as unit:  # the dead writer holds no lock
        append(unit, b"after")
    with database.read() as reading:
        entries = [entry.data for entry in reading.log.entries()]
        assert len(entries) - 1 in (told, told + 1)  # one may be committed and not told yet
        assert entries == [f"doomed {number}".encode() for number in range(len(entries) - 1)] + [b"after"]
        assert len(reading.actors.list()) == 3 * (len(entries) - 1)


def test_numbers_too_large_for_the_database_are_invalid_input(database: Database) -> None:
    for number in (2**63, 2**70):
        with database.read() as reading, pytest.raises(InvalidInput):
            reading.galleries.get(GalleryId(number))
