"""From scanned rows to a candidate list and the proof that it is complete.

A scan gives every visible row a bound that its comparison score cannot exceed. Rows are rescored from
the greatest bound downwards. Let t be the score at the list's end among the rows rescored so far: once
every other row has a bound below t, none of them can stand in the list, not even by a tie.
"""

from dataclasses import dataclass

import numpy as np

from lookalike.domain.candidates import Certificate, CertifiedList, RankedFace
from lookalike.domain.identifiers import FaceId
from lookalike.domain.templates import Template
from lookalike.index.blocks import Numbers, Piece
from lookalike.index.codes import Floats, ScanProbe
from lookalike.index.found import Found
from lookalike.index.scoring import ROWS_AT_A_TIME, scores

FIRST_RESCORED = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search looks at: pieces of blocks."""

    pieces: tuple[Piece, ...]

    @property
    def visible(self) -> int:
        """Rows that the search compares."""
        return sum(piece.visible for piece in self.pieces)

    @property
    def scanned(self) -> int:
        """Rows that a scan returns values for, some of them not visible."""
        return sum(piece.scanned for piece in self.pieces)

    def everything(self) -> Found:
        """Return every visible row, as if scanned without any bound."""
        rows = [piece.visible_rows() for piece in self.pieces]
        numbers = np.repeat(np.arange(len(rows)), np.array([len(some) for some in rows], np.int64))
        every = np.concatenate([np.empty(0, np.int64), *rows])
        return Found(np.full(len(every), np.inf, np.float32), numbers, every)

    def only_visible(self, found: Found) -> Found:
        """Return *found* without the rows that were scanned because leaving them out would cost more."""
        kept = np.ones(len(found.values), np.bool_)
        for number, piece in enumerate(self.pieces):
            if piece.seen is not None:
                here = np.flatnonzero(found.pieces == number)
                kept[here] = piece.seen[found.rows[here]]
        return found if bool(kept.all()) else Found(found.values[kept], found.pieces[kept], found.rows[kept])


@dataclass(frozen=True, slots=True)
class Unproven:
    """No proof yet: a row that was not returned by the scan may still belong in the list.

    Attributes:
        last_score: The list's end among what was rescored, and the true end is no lower; ``None`` if that was
            less than a list.
    """

    last_score: float | None


def certify(
    probe: Template, plan: Plan, limit: int, found: Found, bounds: ScanProbe, outside: float | None, codes: str
) -> CertifiedList | Unproven:
    """Rescore rows of *found* until the list is proven, or all are rescored.

    Args:
        probe: What is searched.
        plan: What *found* was scanned from.
        limit: Places in the list.
        found: The rows with the greatest values of the scan, visible or not.
        bounds: Turns their values into bounds.
        outside: The bound of every row that is not in *found*; ``None`` where there is none.
        codes: What was scanned, for the certificate.
    """
    found = plan.only_visible(found)
    scored = np.empty(0, np.float32)
    faces = np.empty(0, np.int64)
    wanted = min(len(found.values), max(FIRST_RESCORED, limit))
    last = -np.inf
    while len(scored) < wanted:
        more_scores, more_faces = rescore(probe, plan, found, len(scored), wanted)
        scored = np.concatenate([scored, more_scores])
        faces = np.concatenate([faces, more_faces])
        if len(scored) >= limit:
            last = float(-np.partition(-scored, limit - 1)[limit - 1])
        wanted = max(wanted, _reaching(found.values, bounds, last))
    if len(scored) < len(found.values):
        outside = bounds.ceiling(float(found.values[len(scored)]))
    elif len(scored) == plan.visible:
        outside = None
    elif outside is None or not outside < last:
        return Unproven(last if len(scored) >= limit else None)
    order = np.lexsort((faces, -scored))[:limit]
    ranked = tuple(
        RankedFace(FaceId(face), score)
        for face, score in zip(faces[order].tolist(), scored[order].tolist(), strict=True)
    )
    return CertifiedList(
        ranked,
        Certificate(
            compared=plan.visible,
            rescored=len(scored),
            outside_bound=outside,
            last_score=ranked[-1].score if ranked else None,
            codes=codes,
        ),
    )


def rescore(probe: Template, plan: Plan, found: Found, start: int, stop: int) -> tuple[Floats, Numbers]:
    """Return the comparison scores and face ids of the rows *start* to *stop* of *found*."""
    scored = np.empty(stop - start, np.float32)
    faces = np.empty(stop - start, np.int64)
    for begin in range(start, stop, ROWS_AT_A_TIME):
        part = slice(begin, min(begin + ROWS_AT_A_TIME, stop))
        numbers, rows = found.pieces[part], found.rows[part]
        vectors = np.empty((len(rows), probe.dimension), np.float32)
        ids = np.empty(len(rows), np.int64)
        for number in np.unique(numbers).tolist():
            here = np.flatnonzero(numbers == number)
            piece = plan.pieces[number]
            vectors[here] = piece.vectors[rows[here]]
            ids[here] = piece.faces[rows[here]]
        scored[begin - start : part.stop - start] = scores(probe.vector, vectors)
        faces[begin - start : part.stop - start] = ids
    return scored, faces


def _reaching(values: Floats, bounds: ScanProbe, score: float) -> int:
    """Return how many of *values*, falling, have a bound that is not below *score*."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if bounds.ceiling(float(values[middle])) < score:
            high = middle
        else:
            low = middle + 1
    return low
