"""Whoever edits the log is found, and the first bad position is named."""

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lookalike.audit import EMPTY_HEAD, Entry, leaf_hash, root, seal, verify, verify_entries
from lookalike.domain.errors import AuditLogBroken
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import EntryKind, LogHead, StoredEntry

Log = tuple[list[StoredEntry], LogHead]
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def entry(seq: int, note: str = "") -> Entry:
    kind = list(EntryKind)[seq % len(EntryKind)]
    return Entry(Seq(seq), kind, START + timedelta(seconds=seq), Actor("os:ada"), {"note": note or f"act {seq}"})


def log(size: int, *, heads: list[LogHead] | None = None) -> Log:
    entries, head = [], EMPTY_HEAD
    for seq in range(size):
        stored, head = seal(entry(seq), head)
        entries.append(stored)
        if heads is not None:
            heads.append(head)
    return entries, head


def broken(entries: Sequence[StoredEntry], head: LogHead, *, kept: Sequence[LogHead] = ()) -> tuple[object, object]:
    with pytest.raises(AuditLogBroken) as refusal:
        verify_entries(entries, head, kept=kept)
    position = refusal.value.values["position"]
    assert f"position {position:,}" in str(refusal.value)
    return position, refusal.value.values["reason"]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 20, 33])
def test_an_untouched_log_re_derives(size: int) -> None:
    heads: list[LogHead] = []
    entries, head = log(size, heads=heads)
    report = verify_entries(iter(entries), head, kept=[EMPTY_HEAD, *heads])
    assert (report.size, report.root) == (size, root(head).hex())
    assert sum(report.counts.values()) == size
    if size:
        assert (report.first_at, report.last_at) == (START, START + timedelta(seconds=size - 1))
        assert report.counts[EntryKind.HOME_CREATED] == -(-size // len(EntryKind))


def test_order_is_by_position_and_a_clock_may_go_backwards() -> None:
    first, head = seal(entry(0), EMPTY_HEAD)
    second, head = seal(replace(entry(1), at=START - timedelta(days=1)), head)
    assert verify_entries([first, second], head).last_at == START - timedelta(days=1)


def flips(original: bytes) -> list[bytes]:
    """*original* with one bit of each of its bytes flipped, in turn."""
    flipped = []
    for at in range(len(original)):
        spoiled = bytearray(original)
        spoiled[at] ^= 1 << (at % 8)
        flipped.append(bytes(spoiled))
    return flipped


def test_every_single_flipped_bit_of_the_bytes_and_of_the_leaf_is_found() -> None:
    entries, head = log(5)
    for position, stored in enumerate(entries):
        forgeries = [replace(stored, data=data) for data in flips(stored.data)]
        forgeries += [replace(stored, leaf=leaf) for leaf in flips(stored.leaf)]
        for forged in forgeries:
            assert broken([*entries[:position], forged, *entries[position + 1 :]], head) == (position, "leaf")


def test_every_single_flipped_bit_is_found_even_when_its_leaf_is_made_anew() -> None:
    """The leaf agrees with the forged bytes; the tree does not, or the bytes are none that were ever written."""
    entries, head = log(4)
    for position, stored in enumerate(entries):
        for data in flips(stored.data):
            forged = replace(stored, data=data, leaf=leaf_hash(data))
            where, why = broken([*entries[:position], forged, *entries[position + 1 :]], head)
            assert where == (0 if why == "tree" else position)


@pytest.mark.parametrize("position", [0, 4, 8])
def test_an_entry_dropped(position: int) -> None:
    entries, head = log(9)
    del entries[position]
    expected = (position, "position") if position < 8 else (8, "missing")
    assert broken(entries, head) == expected


def test_an_entry_repeated() -> None:
    entries, head = log(9)
    entries.insert(4, entries[3])
    assert broken(entries, head) == (4, "position")


def test_an_entry_repeated_at_the_end() -> None:
    entries, head = log(9)
    assert broken([*entries, entries[-1]], head) == (9, "surplus")


def test_entries_moved() -> None:
    entries, head = log(9)
    entries[2], entries[6] = entries[6], entries[2]
    assert broken(entries, head) == (2, "position")


def test_entries_moved_and_their_rows_renumbered() -> None:
    entries, head = log(9)
    entries[2], entries[6] = replace(entries[6], seq=Seq(2)), replace(entries[2], seq=Seq(6))
    assert broken(entries, head) == (2, "position")


def test_entries_in_reverse_are_found_at_the_first() -> None:
    entries, head = log(9)
    assert broken([*entries[:2], *reversed(entries[2:])], head) == (2, "position")


@pytest.mark.parametrize(("position", "start"), [(0, 0), (7, 0), (8, 8), (9, 8), (10, 10)])
def test_an_entry_replaced_by_another_valid_one(position: int, start: int) -> None:
    """A tree of 11 falls into subtrees of 8, 2 and 1 entries; the first that disagrees is named."""
    entries, head = log(11)
    forged, _ = seal(entry(position, "a neighbour was never looked up"), log(position)[1])
    entries[position] = forged
    assert broken(entries, head) == (start, "tree")


def test_the_kind_of_a_row_is_that_of_its_bytes() -> None:
    entries, head = log(9)
    entries[5] = replace(entries[5], kind="search.viewed")
    assert broken(entries, head) == (5, "kind")


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda data: data.replace(b'"v":1', b'"v":9'), "version"),
        (lambda data: data.replace(b'"kind":"', b'"kind":"x'), "kind"),
        (lambda data: data.replace(b'"facts"', b'"fact"'), "fields"),
        (lambda data: b" " + data, "canonical"),
        (lambda data: data[:-1], "bytes"),
    ],
)
def test_bytes_no_writer_makes(forge: Callable[[bytes], bytes], reason: str) -> None:
    entries, head = log(9)
    data = forge(entries[6].data)
    entries[6] = replace(entries[6], data=data, leaf=leaf_hash(data))
    assert broken(entries, head) == (6, reason)


@pytest.mark.parametrize("left", [0, 3, 8])
def test_a_tail_cut_off(left: int) -> None:
    entries, head = log(9)
    assert broken(entries[:left], head) == (left, "missing")


def test_an_old_head_put_back() -> None:
    _, old = log(5)
    entries, _ = log(9)
    assert broken(entries, old) == (5, "surplus")


def test_a_log_rolled_back_with_its_head_is_found_by_a_head_kept_elsewhere() -> None:
    entries, noted = log(9)
    shorter, old = log(5)
    assert verify_entries(shorter, old).size == 5  # within itself it is a good log: nothing else can tell
    assert broken(shorter, old, kept=[noted]) == (5, "kept")
    assert verify_entries(entries, noted, kept=[old, noted]).size == 9


def test_a_log_written_anew_from_some_position_is_found_by_a_head_kept_elsewhere() -> None:
    _, noted = log(6)
    entries, head = log(3)
    for seq in range(3, 12):
        stored, head = seal(entry(seq, "history, improved"), head)
        entries.append(stored)
    assert verify_entries(entries, head).size == 12
    assert broken(entries, head, kept=[noted]) == (0, "kept")


@pytest.mark.parametrize(
    "head", [LogHead(2, ()), LogHead(1, (b"short",)), LogHead(-1, (b"\0" * 32,)), LogHead(3, (b"\0" * 32,) * 3)]
)
def test_a_head_of_another_shape(head: LogHead) -> None:
    assert broken([], head) == (0, "head")
    assert broken([], EMPTY_HEAD, kept=[head]) == (0, "head")


def test_a_peak_of_the_head_changed() -> None:
    entries, head = log(11)  # subtrees of 8, 2 and 1
    for at, start in enumerate((0, 8, 10)):
        peaks = [*head.peaks]
        peaks[at] = bytes(32)
        assert broken(entries, LogHead(11, tuple(peaks))) == (start, "tree")


def test_the_verifier_imports_the_domain_and_the_standard_library_only() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    assert names
    foreign = [
        name
        for name in names
        if not name.startswith("lookalike.domain.") and name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert not foreign
