"""Cost of the audit log: sealing an entry, and verifying a whole log. Hashing only, no disk; processor time.

Run: ``.venv/bin/python benchmarks/audit.py [ENTRIES]``; the table goes to docs/measurements/audit.md.
"""

import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lookalike.audit import EMPTY_HEAD, Entry, leaf_hash, seal, verify_entries
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import EntryKind, LogHead, StoredEntry

START = datetime(2026, 1, 1, tzinfo=UTC)


def entry(seq: int) -> Entry:
    """Return an entry about as large as one of a search: ids, digests, settings, 700 bytes."""
    return Entry(
        Seq(seq),
        EntryKind.SEARCH_PERFORMED,
        START + timedelta(seconds=seq),
        Actor("os:ada"),
        {
            "search": f"S-{seq:08}",
            "case": "A-2031",
            "exhibit": "E-014",
            "probe": "3f9c01d2" * 8,
            "fingerprint": "a0f177c2" * 8,
            "list": "5f2c91e0" * 8,
            "galleries": [{"id": 7, "version": 41, "compared": 48216}, {"id": 3, "version": 112, "compared": 764118}],
            "settings": {"limit": 20, "target_fpir": 0.1, "as_of": seq, "thorough": False},
            "outcome": "no candidate worth review",
        },
    )


def main() -> None:
    """Seal, then verify; print one table."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    entries: list[StoredEntry] = []
    head: LogHead = EMPTY_HEAD
    spent: list[float] = []
    for seq in range(size):
        made = entry(seq)
        began = time.process_time()
        stored, head = seal(made, head)
        spent.append(time.process_time() - began)
        entries.append(stored)
    spent.sort()
    began = time.process_time()
    report = verify_entries(iter(entries), head)
    took = time.process_time() - began
    floor = _hash_floor(iter(entries))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, one thread")
    print(f"{size:,} entries of {len(entries[-1].data)} bytes\n")
    print("| what | value |")
    print("|---|---|")
    print(f"| seal, median | {spent[size // 2] * 1e6:.0f} us |")
    print(f"| seal, 99th of 100 | {spent[size * 99 // 100] * 1e6:.0f} us |")
    print(f"| verify, whole log | {took:.1f} s |")
    print(f"| verify, entries a second | {report.size / took:,.0f} |")
    print(f"| verify, ratio to hashing the leaves alone | {took / floor:.1f} |")


def _hash_floor(entries: Iterator[StoredEntry]) -> float:
    began = time.process_time()
    for stored in entries:
        leaf_hash(stored.data)
    return time.process_time() - began


if __name__ == "__main__":
    main()
