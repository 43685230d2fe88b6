"""The index: every reference compared, and each list with the proof that it is complete."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from lookalike.domain.candidates import CertifiedList
from lookalike.domain.errors import (
    Conflict,
    IncomparableTemplates,
    IntegrityError,
    InvalidInput,
    NotFound,
    Unavailable,
)
from lookalike.domain.identifiers import Fingerprint, GalleryId, Seq
from lookalike.domain.templates import UNIT_TOLERANCE, Template
from lookalike.index.blocks import NEVER, Block, Columns, Numbers
from lookalike.index.codes import CodeKind, Floats, codec, exact_scan
from lookalike.index.gate import Gate
from lookalike.index.product import best_of_many
from lookalike.index.proof import Plan, Unproven, certify
from lookalike.index.scan import Scanner

LONGEST_DIMENSION = 4096
FEW_ROWS = 256  # up to here every score is simply computed
SPARE_ROWS_OF_MANY = 32
PLANS_KEPT = 64
MANY_PROBES = 4  # from here on one pass over the templates beats a scan of the codes for each probe
CHECKED_AT_A_TIME = 4096


class ExhaustiveIndex:
    """All templates of one model pack, in memory, searched in full.

    A search scans short codes of every visible row for upper bounds of the comparison scores, computes
    the scores themselves (see :mod:`lookalike.index.scoring`) where the bounds are greatest, and goes on
    until no other row can reach the list. What it returns is what comparing everything would return, to
    the last bit and with ties by rising face id, and the certificate carries the bound that shows it.

    Any number of threads may search at once; a change waits for them and they for it, so a search sees
    a change entirely or not at all. Nothing is ever written to disk.

    Args:
        fingerprint: The model pack whose templates these are.
        dimension: Numbers a template, 1 to 4096.
        codes: What is scanned: ``fp16`` (2 bytes a number) or ``8-bit`` (1 byte). ``None`` chooses
            8-bit, which was the faster at 128 and at 512 numbers; the lists are the same.
        threads: Threads that one search may use.
        block_rows: Rows kept together. Fewer make changes cheaper, more make searches faster.

    Raises:
        InvalidInput: The dimension, the number of threads or the rows of a block are out of range.

    Example:
        >>> pack = Fingerprint("a")
        >>> index = ExhaustiveIndex(pack, 2)
        >>> index.add(
        ...     np.array([7, 8]),
        ...     np.array([[1, 0], [0, 1]], np.float32),
        ...     galleries=np.array([1, 1], np.int32),
        ...     added=np.array([0, 0]),
        ... )
        >>> probe = Template(np.array([0.6, 0.8], np.float32), pack)
        >>> (found,) = index.search([probe], galleries=frozenset({GalleryId(1)}), limit=1)
        >>> found.faces[0].face, round(found.faces[0].score, 6), found.certificate.compared
        (8, 0.8, 2)
    """

    def __init__(
        self,
        fingerprint: Fingerprint,
        dimension: int,
        *,
        codes: CodeKind | None = None,
        threads: int = 1,
        block_rows: int = 65_536,
    ) -> None:
        if not 1 <= dimension <= LONGEST_DIMENSION:
            raise InvalidInput(f"Templates have 1 to {LONGEST_DIMENSION} numbers, not {dimension}.")
        if threads < 1 or block_rows < 1:
            raise InvalidInput("A search needs at least 1 thread, and a block at least 1 row.")
        self._fingerprint = fingerprint
        self._dimension = dimension
        self._block_rows = block_rows
        self._codec = codec(codes or "8-bit", dimension)
        self._scanner = Scanner(self._codec, threads)
        self._gate = Gate()
        self._blocks: list[Block] = []
        self._whereabouts: dict[int, Block] = {}
        self._plans: dict[frozenset[int], Plan] = {}

    @property
    def fingerprint(self) -> Fingerprint:
        """The model pack whose templates are here."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Numbers a template."""
        return self._dimension

    def __len__(self) -> int:
        """Rows held, removed ones included, erased ones not."""
        return len(self._whereabouts)

    @property
    def memory_bytes(self) -> int:
        """Bytes that templates, codes and row data take, room for growth included."""
        with self._gate.searching():
            return sum(block.memory_bytes for block in self._blocks)

    def add(
        self,
        faces: Numbers,
        vectors: Floats,
        *,
        galleries: npt.NDArray[np.int32],
        added: npt.NDArray[np.int64],
    ) -> None:
        """Add faces; all of them or none.

        Args:
            faces: Shape (n,): ids that are not in the index, removed rows included.
            vectors: Shape (n, dimension): templates of length 1 within 1e-4. Copied.
            galleries: Shape (n,): the gallery of each face.
            added: Shape (n,): the log position of each face's enrolment, 0 or more.

        Raises:
            InvalidInput: Shapes disagree, or a template is not a unit vector of finite numbers.
            Conflict: A face id is present already, or stands here twice.
            Unavailable: There is not enough memory.
        """
        try:
            columns = Columns(vectors, _whole(faces), _whole(galleries), _whole(added))
            self._check(columns)
            order = np.lexsort((columns.galleries, columns.added))
            with self._gate.changing():
                self._check_new(columns.faces)
                self._add(columns, order)
        except MemoryError as error:
            raise Unavailable("There is not enough memory for these templates.", rows=len(faces)) from error

    def remove(self, faces: npt.NDArray[np.int64], *, removed: int) -> None:
        """Mark faces removed at log position *removed*; all of them or none.

        A search as of a position before it still sees them; no other does.

        Raises:
            NotFound: A face id is not here.
            Conflict: A face was removed at another position, or added at or after *removed*.
        """
        with self._gate.changing():
            missing = [face for face in np.asarray(faces).tolist() if face not in self._whereabouts]
            if missing:
                raise NotFound("A face that is to be removed is not in the index.", faces=missing[:10])
            places = self._places(faces)
            for block, rows in places:
                before = block.removed[rows]
                if bool(((before != NEVER) & (before != removed)).any()):
                    raise Conflict("A face was removed before.", removed=removed)
                if bool((block.added[rows] >= removed).any()):
                    raise Conflict("A face cannot be removed before it was added.", removed=removed)
            self._plans.clear()
            for block, rows in places:
                block.remove(rows, removed)

    def erase(self, faces: npt.NDArray[np.int64]) -> None:
        """Take faces out of memory: no search at any position sees them again.

        Their templates and codes are overwritten. Ids that are not here are gone already, so an erasure
        that was interrupted can simply be repeated.
        """
        with self._gate.changing():
            self._plans.clear()
            for block, rows in self._places(faces):
                for face in block.faces[rows].tolist():
                    del self._whereabouts[face]
                block.erase(rows)
            self._blocks = [block for block in self._blocks if block.count]

    def count(self, galleries: Iterable[GalleryId], as_of: Seq | None = None) -> dict[GalleryId, int]:
        """Return how many faces of each gallery a search as of *as_of* would compare."""
        with self._gate.searching():
            return {gallery: self._plan(frozenset({gallery}), as_of).visible for gallery in galleries}

    def search(
        self, probes: Sequence[Template], *, galleries: frozenset[GalleryId], limit: int, as_of: Seq | None = None
    ) -> tuple[CertifiedList, ...]:
        """Return, for each probe, the *limit* faces with the greatest comparison scores.

        A face is compared if its gallery is one of *galleries*, it was added at or before *as_of* and
        it was not removed at or before *as_of*; ``None`` is the latest. Equal scores stand by rising
        face id. Four probes or more are compared together, which takes less time; lists and scores do
        not depend on it.

        Raises:
            InvalidInput: *limit* is below 1, or a probe has another dimension.
            IncomparableTemplates: A probe was made by another model pack.
            Unavailable: The scan failed.
        """
        if limit < 1:
            raise InvalidInput(f"A list needs at least one place, not {limit}.")
        for probe in probes:
            self._check_probe(probe)
        with self._gate.searching():
            plan = self._plan(frozenset(galleries), as_of)
            if plan.visible <= max(FEW_ROWS, limit):
                return tuple(self._compare_all(probe, plan, limit) for probe in probes)
            if len(probes) < MANY_PROBES:
                return tuple(self._search_one(probe, plan, limit) for probe in probes)
            return self._search_many(probes, plan, limit)

    def _search_one(self, probe: Template, plan: Plan, limit: int) -> CertifiedList:
        bounds = self._codec.prepare(probe.vector, [piece.block for piece in plan.pieces])
        # Twice the dimension was enough for a proof in one scan; a longer heap slows every scan.
        wanted = min(plan.scanned, max(FEW_ROWS, 2 * self._dimension, 4 * limit))
        found = self._scanner.best(plan.pieces, bounds, wanted)
        outside = None if wanted == plan.scanned else bounds.ceiling(float(found.values[-1]))
        answer = certify(probe, plan, limit, found, bounds, outside, self._codec.name)
        if isinstance(answer, Unproven) and answer.last_score is not None:
            # Every row that could still reach the list, in one more scan, however many there are.
            radius = bounds.radius(answer.last_score)
            found = self._scanner.above(plan.pieces, bounds, radius)
            answer = certify(probe, plan, limit, found, bounds, bounds.ceiling(radius), self._codec.name)
        return self._compare_all(probe, plan, limit) if isinstance(answer, Unproven) else answer

    def _search_many(self, probes: Sequence[Template], plan: Plan, limit: int) -> tuple[CertifiedList, ...]:
        wanted = min(plan.visible, limit + SPARE_ROWS_OF_MANY)
        every = best_of_many(plan.pieces, np.stack([probe.vector for probe in probes]), wanted)
        bounds = exact_scan(self._dimension)
        lists = []
        for probe, found in zip(probes, every, strict=True):
            outside = None if wanted == plan.visible else bounds.ceiling(float(found.values[-1]))
            answer = certify(probe, plan, limit, found, bounds, outside, "fp32")
            lists.append(self._search_one(probe, plan, limit) if isinstance(answer, Unproven) else answer)
        return tuple(lists)

    def _compare_all(self, probe: Template, plan: Plan, limit: int) -> CertifiedList:
        answer = certify(probe, plan, limit, plan.everything(), exact_scan(self._dimension), None, "exact")
        if isinstance(answer, Unproven):
            raise IntegrityError("A list could not be proven complete, so it is withheld.")
        return answer

    def _plan(self, galleries: frozenset[int], as_of: int | None) -> Plan:
        plan = self._plans.get(galleries) if as_of is None else None
        if plan is None:
            plan = Plan(tuple(piece for block in self._blocks for piece in block.pieces(galleries, as_of)))
            if as_of is None:
                if len(self._plans) >= PLANS_KEPT:
                    self._plans.clear()
                self._plans[galleries] = plan
        return plan

    def _places(self, faces: npt.NDArray[np.int64]) -> list[tuple[Block, Numbers]]:
        """Return the blocks that hold *faces*, and their rows there; ids that are not here are left out."""
        wanted = np.unique(np.asarray(faces, np.int64))
        blocks = {id(block): block for face in wanted.tolist() if (block := self._whereabouts.get(face)) is not None}
        return [(block, np.flatnonzero(np.isin(block.faces[: block.count], wanted))) for block in blocks.values()]

    def _add(self, columns: Columns, order: Numbers) -> None:
        written: list[tuple[Block, Numbers]] = []
        try:
            self._write(columns, order, written)
            self._whereabouts |= {face: block for block, rows in written for face in columns.faces[rows].tolist()}
        except MemoryError:
            for block, _ in written:
                block.forget_unshown()
            raise
        self._plans.clear()
        for block, rows in written:
            if not block.count:
                self._blocks.append(block)
            block.show(len(rows))
            if not block.room:
                with suppress(MemoryError):  # unsorted, a block is only slower
                    block.sort()

    def _write(self, columns: Columns, order: Numbers, written: list[tuple[Block, Numbers]]) -> None:
        """Write rows, in this order, into the last block and as many new ones as they need."""
        block = self._blocks[-1] if self._blocks else None
        while len(order):
            if block is None or not block.room:
                block = Block(self._codec, self._dimension, self._block_rows, grows=not (self._blocks or written))
            here, order = order[: block.room], order[block.room :]
            here = here[np.argsort(columns.galleries[here], kind="stable")]
            written.append((block, here))
            block.write(
                Columns(columns.vectors[here], columns.faces[here], columns.galleries[here], columns.added[here])
            )
            block = None

    def _check(self, columns: Columns) -> None:
        faces, vectors, added = columns.faces, columns.vectors, columns.added
        if vectors.dtype != np.float32 or vectors.shape != (len(faces), self._dimension):
            raise InvalidInput(f"Templates must be float32 of shape ({len(faces)}, {self._dimension}).")
        if not faces.shape == columns.galleries.shape == added.shape == (len(faces),):
            raise InvalidInput("Faces, galleries and positions must be as many as templates.")
        if bool((added < 0).any()) or bool((columns.galleries < 1).any()):
            raise InvalidInput("Galleries are numbered from 1 and log positions from 0.")
        for start in range(0, len(vectors), CHECKED_AT_A_TIME):
            part = vectors[start : start + CHECKED_AT_A_TIME].astype(np.float64)
            lengths = np.sqrt(np.einsum("ij,ij->i", part, part))
            if not bool((np.abs(lengths - 1.0) <= UNIT_TOLERANCE).all()):  # written so that NaN is refused
                raise InvalidInput("A template needs a vector of length 1 of finite numbers.")

    def _check_new(self, faces: Numbers) -> None:
        ids = faces.tolist()
        present = [face for face in ids if face in self._whereabouts]
        if present:
            raise Conflict("A face that is to be added is in the index already.", faces=present[:10])
        if len(set(ids)) != len(ids):
            raise Conflict("A face that is to be added is named twice.")

    def _check_probe(self, probe: Template) -> None:
        if probe.fingerprint != self._fingerprint:
            raise IncomparableTemplates(
                "The probe was made by another model pack than the references.",
                remedy="Enrol the gallery again with the model pack in use.",
                first=probe.fingerprint,
                second=self._fingerprint,
            )
        if probe.dimension != self._dimension:
            raise InvalidInput(f"The probe has {probe.dimension} numbers, the references have {self._dimension}.")


def _whole(numbers: npt.NDArray[np.integer]) -> Numbers:
    if not np.issubdtype(numbers.dtype, np.integer):
        raise InvalidInput("Faces, galleries and positions must be whole numbers.")
    return numbers.astype(np.int64)
