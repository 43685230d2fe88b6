"""The index that searches use: built from the store, kept up with it, never written to disk."""

import threading

import numpy as np

from lookalike.domain.identifiers import Fingerprint, Seq
from lookalike.index import ExhaustiveIndex
from lookalike.store import Database


class LiveIndex:
    """One index for one model pack, brought up to the log's position before each search.

    Thread-safe: one caller at a time reads the store; searches go on meanwhile on what is there.
    """

    def __init__(self, database: Database, fingerprint: Fingerprint, dimension: int, *, threads: int = 1) -> None:
        self._database = database
        self._fingerprint = fingerprint
        self._index = ExhaustiveIndex(fingerprint, dimension, threads=threads)
        self._last_face = 0
        self._seen = Seq(-1)
        self._lock = threading.Lock()

    def current(self) -> tuple[ExhaustiveIndex, Seq]:
        """Return the index holding everything up to the log's last entry, and that entry's position."""
        with self._lock, self._database.read() as reading:
            latest = Seq(reading.log.head().size - 1)
            if latest > self._seen:
                for block in reading.references.templates(fingerprint=self._fingerprint, after_face=self._last_face):
                    self._index.add(block.faces, block.vectors, galleries=block.galleries, added=block.added)
                    for at in np.unique(block.removed[block.removed >= 0]):
                        self._index.remove(block.faces[block.removed == at], removed=int(at))
                    self._last_face = int(block.faces.max(initial=self._last_face))
                if self._seen >= 0:
                    for at, faces in reading.references.removals(fingerprint=self._fingerprint, after=self._seen):
                        self._index.remove(faces, removed=at)
                self._seen = latest
            return self._index, latest
