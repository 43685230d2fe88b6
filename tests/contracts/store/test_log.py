"""The audit log's rows, on both dialects."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest_store import ADA, NOW, append, refused
from lookalike.domain.errors import IntegrityError, NotFound
from lookalike.domain.identifiers import Seq
from lookalike.domain.log import LogHead, StoredEntry
from lookalike.store import Database, Unit


def entry(seq: int, data: bytes = b"{}") -> StoredEntry:
    return StoredEntry(Seq(seq), "case.opened", data, bytes([seq % 256]) * 32)


def head(size: int, seed: int = 0) -> LogHead:
    return LogHead(size, tuple(bytes([seed + bit]) * 32 for bit in range(size.bit_count())))


def test_an_empty_log(database: Database) -> None:
    with database.read() as reading:
        assert reading.log.head() == LogHead(0, ())
        assert list(reading.log.entries()) == []
        with pytest.raises(NotFound):
            reading.log.get(0)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6))
def test_entries_and_heads_come_back_exactly(database: Database, contents: list[bytes]) -> None:
    with database.begin() as unit:
        start = unit.log.head().size
        added = [entry(seq, data) for seq, data in enumerate(contents, start)]
        for each in added:
            unit.log.append(each, at=NOW, actor=ADA, head=head(each.seq + 1, seed=7))
            assert unit.log.head() == head(each.seq + 1, seed=7)
    with database.read() as reading:
        assert list(reading.log.entries(start)) == added
        assert [reading.log.get(each.seq) for each in added] == added
        assert list(reading.log.entries(start, start + 1)) == added[:1]
        assert list(reading.log.entries(start, start)) == []


def test_a_long_log_is_read_whole(database: Database) -> None:
    with database.begin() as unit:
        for _ in range(603):
            append(unit)
    with database.read() as reading:
        assert [each.seq for each in reading.log.entries()] == list(range(603))
        assert [each.seq for each in reading.log.entries(300, 550)] == list(range(300, 550))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: (entry(0), head(1)),  # again
        lambda: (entry(0), head(2)),
        lambda: (entry(5), head(2)),
        lambda: (entry(2), head(3)),  # a gap
        lambda: (entry(1), head(1)),  # the head before it
        lambda: (entry(1), head(3)),
        lambda: (entry(1), LogHead(2, ())),  # no head of that size
        lambda: (entry(1), LogHead(2, head(3).peaks)),
    ],
)
def test_what_does_not_continue_the_log_is_refused(
    database: Database, wrong: Callable[[], tuple[StoredEntry, LogHead]]
) -> None:
    with database.begin() as unit:
        append(unit)
    bad, grown = wrong()
    refused(
        database,
        IntegrityError,
        lambda unit: unit.log.append(bad, at=NOW, actor=ADA, head=grown),
        "does not continue",
    )
    with database.read() as reading:
        assert reading.log.head().size == 1


def test_a_leaf_of_another_length_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as unit:
        unit.log.append(StoredEntry(Seq(0), "case.opened", b"{}", b"short"), at=NOW, actor=ADA, head=head(1))


def test_a_damaged_head_is_noticed(database: Database) -> None:
    with database.begin() as unit:
        append(unit)

    def damage(unit: Unit) -> None:
        unit.log._statements._connection.exec_driver_sql("UPDATE log_head SET size = 7")
        unit.log.head()

    refused(database, IntegrityError, damage, "damaged")
