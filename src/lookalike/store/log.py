"""The audit log as rows: its head and its entries."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import insert, select, update

from lookalike.domain.errors import IntegrityError, NotFound
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import LogHead, StoredEntry
from lookalike.store import schema
from lookalike.store.statements import Statements

_ENTRY = schema.entry
_HEAD = schema.log_head
_BLOCK = 250
_PEAK_BYTES = 32


class Log:
    """The log as read."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def head(self) -> LogHead:
        """Return the Merkle tree's state.

        Raises:
            IntegrityError: The stored state cannot be that of any tree.
        """
        row = self._statements.first(select(_HEAD.c.size, _HEAD.c.peaks))
        if row is None or len(row.peaks) != _PEAK_BYTES * row.size.bit_count():
            raise IntegrityError("The stored head of the audit log is damaged.", remedy="Restore the last backup.")
        peaks = tuple(row.peaks[i : i + _PEAK_BYTES] for i in range(0, len(row.peaks), _PEAK_BYTES))
        return LogHead(row.size, peaks)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[StoredEntry]:
        """Yield the entries from *start* up to, not including, *stop*, in order; a block at a time is held."""
        columns = (_ENTRY.c.seq, _ENTRY.c.kind, _ENTRY.c.data, _ENTRY.c.leaf)
        while True:
            block = select(*columns).where(_ENTRY.c.seq >= start).order_by(_ENTRY.c.seq).limit(_BLOCK)
            if stop is not None:
                block = block.where(_ENTRY.c.seq < stop)
            rows = self._statements.all(block)
            for row in rows:
                yield StoredEntry(Seq(row.seq), row.kind, _octets(row.data), _octets(row.leaf))
            if len(rows) < _BLOCK:
                return
            start = rows[-1].seq + 1

    def get(self, seq: int) -> StoredEntry:
        """Return one entry.

        Raises:
            NotFound: The log is not that long.
        """
        for found in self.entries(seq, seq + 1):
            return found
        raise NotFound(f"The audit log has no entry {seq}.", remedy="Run: lookalike audit verify", seq=seq)


def _octets(cell: bytes | str) -> bytes:
    """Return a cell's bytes. SQLite keeps what an edit by other means put there, text too: the verifier judges it."""
    return cell.encode() if isinstance(cell, str) else bytes(cell)


class WritableLog(Log):
    """The log as written to."""

    def append(self, entry: StoredEntry, *, at: datetime, actor: Actor, head: LogHead) -> None:
        """Add *entry* and keep *head*, the tree's state with it.

        Args:
            entry: Its ``seq`` is the size of the stored head.
            at: When; kept beside the entry for queries (the hashed bytes say it too).
            actor: Who; likewise.
            head: Its ``size`` is ``entry.seq + 1``.

        Raises:
            IntegrityError: *entry* or *head* does not continue the stored log.
        """
        size = self.head().size
        if entry.seq != size or head.size != size + 1 or len(head.peaks) != head.size.bit_count():
            raise IntegrityError(
                f"Entry {entry.seq} with a head of {head.size} does not continue a log of {size} entries.",
                remedy="Run: lookalike audit verify",
                seq=entry.seq,
                size=size,
            )
        row = {"seq": entry.seq, "kind": entry.kind, "data": entry.data, "leaf": entry.leaf, "at": at, "actor": actor}
        self._statements.run(insert(_ENTRY).values(row))
        self._statements.run(update(_HEAD).values(size=head.size, peaks=b"".join(head.peaks)))
